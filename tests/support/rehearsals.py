"""Debates without a model: asks for the rehearsal debater, turn by turn.

No assertions in here; a test says what it expects.
"""

from __future__ import annotations

from collections.abc import Sequence

from dialectic_actors.actors.ports import Ask
from dialectic_actors.core.briefs import Brief, Shown
from dialectic_actors.core.roles import Role
from dialectic_actors.llm.rehearsal import rehearse
from dialectic_actors.settings import load_role
from dialectic_events.turns import Kind, Turn

CART = "Design the write path of a shopping cart that must survive the loss of a data center"
MEETINGS = (
    "An organization takes its debating events online.\n\n"
    "Requirements: delegates must be able to video-chat with one another; moderators must be able "
    "to monitor any chat; recordings are kept for 30 days.\n\n"
    "Users: 500 delegates per event, dozens of moderators."
)


def ask_for(
    kind: Kind,
    speaker: str,
    problem: str,
    shown: Sequence[Shown] = (),
    *,
    role: Role | None = None,
    target: str | None = None,
    round: int = 1,
    seed: int = 7,
) -> Ask:
    """An ask of `speaker`, who speaks for `role` or for the built-in role of the same name."""
    goal = f">{target}" if kind == "critique" else ""
    turn = Turn(
        id=f"r{round}/{kind}/{speaker}{goal}",
        kind=kind,
        speaker=speaker,
        round=round,
        target=target,
    )
    return Ask(
        run="deb-1",
        call=f"{turn.id}#1",
        provider="rehearsal",
        model="rehearsal",
        messages=(),
        deadline_s=1.0,
        temperature=None,
        seed=seed,
        brief=Brief(turn=turn, problem=problem, history=(), shown=tuple(shown)),
        role=role or load_role(speaker),
    )


def contribution(ask: Ask, text: str | None = None) -> Shown:
    """What the rehearsal answers to `ask`, or `text`, as others are shown it."""
    turn = ask.brief.turn
    return Shown(
        turn=turn.id,
        kind=turn.kind,
        speaker=turn.speaker,
        round=turn.round,
        text=rehearse(ask) if text is None else text,
        target=turn.target,
    )


def debate(problem: str, roles: Sequence[str], rounds: int = 1) -> dict[str, str]:
    """Every text of a debate by the id of its turn; the judge's is `synthesis`."""
    texts: dict[str, str] = {}
    refined: dict[str, Shown] = {}
    for round in range(1, rounds + 1):
        proposals = {}
        for role in roles:
            ask = ask_for("proposal", role, problem, round=round)
            carried = refined[role].text if refined else None
            proposals[role] = contribution(ask, carried)
        critiques: dict[str, list[Shown]] = {role: [] for role in roles}
        for critic in roles:
            for author in roles:
                if critic != author:
                    goal = proposals[author]
                    ask = ask_for(
                        "critique", critic, problem, [goal], target=goal.turn, round=round
                    )
                    critiques[author].append(contribution(ask))
        for role in roles:
            shown = [proposals[role], *critiques[role]]
            ask = ask_for(
                "refinement", role, problem, shown, target=proposals[role].turn, round=round
            )
            refined[role] = contribution(ask)
        said = [*proposals.values(), *(c for each in critiques.values() for c in each)]
        texts |= {each.turn: each.text for each in (*said, *refined.values())}
    texts["synthesis"] = rehearse(ask_for("synthesis", "judge", problem, list(refined.values())))
    return texts
