"""Debates without a model: asks for the rehearsal debater, turn by turn.

No assertions in here; a test says what it expects.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dialectic_actors.actors.ports import Ask, Prompt
from dialectic_actors.core.briefs import Brief, Shown
from dialectic_actors.core.contracts import Terms, answer_schema
from dialectic_actors.core.roles import Role
from dialectic_actors.llm.rehearsal import rehearse
from dialectic_actors.settings import load_role
from dialectic_events.contents import Answered, ToolSpec, write_content
from dialectic_events.turns import AnswerGiven, Kind, Turn
from dialectic_replay.words import words_of

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
    prompt: str = "",
    merge: bool = False,
    tools: Sequence[ToolSpec] = (),
) -> Ask:
    """An ask of `speaker`, who speaks for `role` or for the built-in role of the same name.

    `prompt` is what the message says; `merge` wants a conclusion section by section.
    """
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
        messages=(Prompt("user", prompt),) if prompt else (),
        deadline_s=1.0,
        temperature=None,
        seed=seed,
        brief=Brief(turn=turn, problem=problem, history=(), shown=tuple(shown)),
        role=role or load_role(speaker),
        schema=answer_schema(turn, Terms(synthesis="merge" if merge else "judge")),
        tools=tuple(tools),
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
        to=turn.target.rpartition("/")[2] if turn.target else None,
    )


def answers(asker: str, given: Mapping[str, str], round: int = 1) -> Shown:
    """What a person answered to the questions of `asker`, as everybody is shown it."""
    text = write_content(
        [Answered(f"c{round}-{asker}-{n}", *each) for n, each in enumerate(given.items(), 1)]
    )
    turn = f"c{round}/answer/person>{asker}"
    words = words_of(AnswerGiven(turn=turn, text=text))
    return Shown(turn, "answer", "person", round, words, f"c{round}/question/{asker}", asker)


def debate(problem: str, roles: Sequence[str], rounds: int = 1) -> dict[str, str]:
    """Every text of a debate by the id of its turn. The judge's are `assessment`, `synthesis` and
    `merge`; `ballot/…` are by voter.
    """
    texts: dict[str, str] = {}
    refined: dict[str, Shown] = {}
    said: list[Shown] = []
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
    last = list(refined.values())
    seen = [*said, *last]
    for role in roles:
        others = [each for each in last if each.speaker != role]
        texts[f"ballot/{role}"] = rehearse(ask_for("ballot", role, problem, others))
    texts["assessment"] = rehearse(ask_for("assessment", "judge", problem, seen))
    texts["synthesis"] = rehearse(ask_for("synthesis", "judge", problem, seen))
    texts["merge"] = rehearse(ask_for("synthesis", "judge", problem, seen, merge=True))
    return texts
