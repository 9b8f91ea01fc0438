"""A simulated run as a small file, so that a failure found once is looked for ever after."""

from __future__ import annotations

from pathlib import Path

import msgspec
from msgspec import Struct

from dialectic_actors.testing.config import Config
from dialectic_actors.testing.simulation.faults import Faults
from dialectic_actors.testing.simulation.run import Simulated, SimulationFailed, simulate
from dialectic_actors.testing.simulation.story import Story
from dialectic_events.errors import DialecticError, ExitCode

__all__ = ["Case", "read_case", "write_case"]


class Case(Struct, frozen=True, omit_defaults=True):
    """All that repeats a run; `broke` says which law it broke when it was saved."""

    config: Config
    faults: Faults
    choices: tuple[int, ...]
    broke: str = ""

    @classmethod
    def of(cls, run: Simulated | SimulationFailed) -> Case:
        """The case of a run."""
        broke = run.summary if isinstance(run, SimulationFailed) else ""
        return cls(run.config, run.faults, run.choices, broke)

    def run(self, story: Story | None = None) -> Simulated:
        """Run it again. Raises SimulationFailed when it still breaks a law."""
        return simulate(self.config, self.faults, choices=self.choices, story=story)

    def story(self) -> str:
        """What happens in it, to the end or to the breach."""
        story = Story()
        try:
            self.run(story)
        except SimulationFailed as failure:
            story.note(0.0, "broken", failure.summary)
        return str(story)


def read_case(path: Path) -> Case:
    """The case in a file. Raises DialecticError (exit 2) when it holds none."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Case, strict=False)
    except msgspec.MsgspecError as error:
        raise DialecticError(
            f"it holds no simulated run: {error}", where=str(path), exit_code=ExitCode.USAGE
        ) from error


def write_case(path: Path, run: Simulated | SimulationFailed) -> Case:
    """Save a run, with its folder if need be."""
    case = Case.of(run)
    path.parent.mkdir(parents=True, exist_ok=True)
    text = msgspec.json.format(msgspec.json.encode(case), indent=1).decode()
    path.write_text(text + "\n", encoding="utf-8")
    return case
