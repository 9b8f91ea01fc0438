"""What came of a run: its solution, its spend, its exit code.

Nothing in here runs anything; what makes outcomes is in `runs`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import get_args

from dialectic_actors.api.asked import open_questions
from dialectic_events.calls import CallFailed, ErrorClass
from dialectic_events.contents import Question
from dialectic_events.errors import ExitCode
from dialectic_replay.run import Run, Status
from dialectic_replay.spend import Spend, spend

__all__ = ["INTERRUPTED", "Outcome"]

INTERRUPTED = "interrupted"
"""The reason of a run that a person stopped."""

_EXIT_CODES: Mapping[Status, int] = {
    "concluded": ExitCode.DONE,
    "partial": ExitCode.FAILED,
    "failed": ExitCode.FAILED,
    "suspended": ExitCode.RESUMABLE,
}


class Outcome:
    """A run at rest, or as it was at a point: its reference, its state, its state document, and
    what a person should know besides.
    """

    def __init__(
        self,
        ref: str,
        run: Run,
        state_file: Path | None = None,
        notices: tuple[str, ...] = (),
    ) -> None:
        self.ref = ref
        self.run = run
        self.state_file = state_file
        self.notices = notices

    def __repr__(self) -> str:
        cost = "unknown cost" if self.cost_usd is None else f"${self.cost_usd:.4f}"
        return f"<Outcome {self.ref}: {self.status}, {self.calls} calls, {cost}>"

    @property
    def status(self) -> Status:
        """How the run came to rest: concluded, partial, failed or suspended."""
        return self.run.status

    @property
    def solution(self) -> str | None:
        """The judge's synthesis, as Markdown; None when there is none."""
        made = [r for r in self.run.results.values() if r.turn.kind == "synthesis"]
        return made[0].text if made and made[0].outcome == "made" else None

    @property
    def questions(self) -> tuple[tuple[str, tuple[Question, ...]], ...]:
        """The questions that nobody has answered, by the agent that asked them."""
        return () if self.run.ended else open_questions(self.run)

    @property
    def spend(self) -> Spend:
        """Tokens, cost and latency, in all and by agent, model and kind."""
        return spend(self.run)

    @property
    def calls(self) -> int:
        """How many model calls were asked for."""
        return len(self.run.calls)

    @property
    def cost_usd(self) -> float | None:
        """The sum of the known costs, in US dollars; None when some are unknown and none is known.
        `spend.total.unpriced` counts the unknown ones.
        """
        total = self.spend.total
        return None if total.unpriced and not total.cost_usd else total.cost_usd

    @property
    def is_unheard(self) -> bool:
        """Whether calls were made, and no model answered any of them."""
        endings = [call.ended for call in self.run.calls.values()]
        return bool(endings) and all(isinstance(each, CallFailed) for each in endings)

    @property
    def exit_code(self) -> int:
        """What the command line exits with."""
        if self.run.status == "suspended":
            if self.run.reason == INTERRUPTED:
                return ExitCode.INTERRUPTED
            if self.run.reason.partition(":")[0] in get_args(ErrorClass):
                return ExitCode.PROVIDER
        if self.run.status == "failed" and self.is_unheard:
            return ExitCode.PROVIDER
        return _EXIT_CODES.get(self.run.status, ExitCode.FAILED)
