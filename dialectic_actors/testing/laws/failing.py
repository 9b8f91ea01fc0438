"""Laws of failures that end more than a turn: policies, and deadlines of rounds.

How often a call is tried again is judged in `attempts`.
"""

from __future__ import annotations

from collections import Counter

from dialectic_actors.testing.laws.stating import Found, Law, law
from dialectic_actors.testing.laws.witness import CONTRIBUTIONS, Witness
from dialectic_events.calls import CallRequested
from dialectic_events.runs import DeadlinePassed, RunConcluded
from dialectic_events.turns import Contribution, TurnFailed

__all__ = ["FAILING", "breaks_policy", "silenced"]

_PASSED = "the deadline of round"


def silenced(seen: Witness) -> list[str]:
    """The failed turns that took a voice out of the debate."""
    return [
        turn
        for turn, each in seen.run.results.items()
        if each.outcome == "failed" and each.turn.kind not in ("summary", "assessment")
    ]


def breaks_policy(seen: Witness) -> bool:
    """Whether a run may not go on after the turns that failed."""
    for stage in seen.run.opened.stages if seen.run.opened else ():
        if stage.failure.on_failure == "stop" and silenced(seen):
            return True
        gone = {
            (each.turn.round, each.turn.speaker)
            for each in seen.run.results.values()
            if each.outcome != "made" and each.turn.kind in ("proposal", "refinement")
        }
        most = Counter(round for round, _ in gone).values()
        if (
            gone
            and stage.failure.quorum > 1
            and len(stage.agents) - max(most, default=0) < (stage.failure.quorum)
        ):
            return True
    return False


@law(
    "fails-at-once",
    10,
    "Once its policy for failures is broken, a run asks for nothing more and does not conclude.",
    CallRequested,
    RunConcluded,
)
def fails_at_once(seen: Witness, event: CallRequested | RunConcluded) -> Found | None:
    """What comes after a failure that the policy does not allow."""
    if not breaks_policy(seen):
        return None
    return Found("the run goes on, although its policy for failures is broken")


@law(
    "deadlines-hold",
    10,
    "The deadline of a round passes once, when the opening says; then nothing of that round is "
    "asked for or contributed. A person's turns have none.",
    DeadlinePassed,
    CallRequested,
    *CONTRIBUTIONS,
    TurnFailed,
)
def deadlines_hold(
    seen: Witness, event: DeadlinePassed | CallRequested | Contribution | TurnFailed
) -> Found | None:
    """The passing itself, and what follows it."""
    opened, passed = seen.run.opened, seen.run.passed
    if isinstance(event, DeadlinePassed):
        if opened is not None and event.after_s != opened.limits.round_deadline_s:
            return Found("the run has another deadline", (seen.opened_at,))
        again = event.round in passed
        return Found(f"the deadline of round {event.round} passes again") if again else None
    turn = seen.plan.get(event.turn)
    if turn is None:
        return None
    if turn.kind in ("question", "answer", "stop"):
        late = isinstance(event, TurnFailed) and event.reason.startswith(_PASSED)
        return Found(f"{turn.id} fails for a deadline that it does not have") if late else None
    if isinstance(event, TurnFailed) or turn.round not in passed:
        return None
    return Found(f"{turn.id} comes after the deadline of its round")


FAILING: tuple[Law, ...] = (fails_at_once, deadlines_hold)
