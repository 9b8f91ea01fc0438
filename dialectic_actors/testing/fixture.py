"""The `dialectic` fixture of the pytest plugin: debates without a network, and their cassettes.

It can be made by hand as well, outside of pytest. How a debate is run is in `playing`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from dialectic_actors.testing.cassettes import Record, Shelf
from dialectic_actors.testing.played import Played
from dialectic_events.errors import DialecticError, ExitCode

if TYPE_CHECKING:
    from dialectic_actors.llm.providers import Provider
    from dialectic_actors.testing.config import Config
    from dialectic_actors.testing.playing import Opening
    from dialectic_actors.testing.scripting import Answers
    from dialectic_events.runs import RunOpened

__all__ = ["Dialectic"]


class Dialectic:
    """Runs and replays debates for the tests in `folder`, whose cassettes are in `cassettes`
    beneath it.

    `record` says when a cassette is recorded; `command` is what a person types to have one
    recorded, up to the `=` of the option.
    """

    def __init__(
        self,
        folder: str | Path = ".",
        *,
        record: Record = "none",
        command: str = "pytest --dialectic-record",
    ) -> None:
        self._folder = Path(folder)
        self._shelf = Shelf(self._folder / "cassettes", record, command)

    def __repr__(self) -> str:
        return f"<Dialectic {self._folder}, records {self._shelf.record}>"

    def run(
        self,
        problem: str,
        *,
        agents: int | Sequence[str] | None = None,
        rounds: int | None = None,
        config: Config | str | Path | None = None,
        model: str | None = None,
        answers: Answers | None = None,
        cassette: str | None = None,
    ) -> Played:
        """Run a debate on the production system, in memory and with the network shut.

        `agents` are roles or ids, or how many (3 without a `config`); `rounds` is 1 without one.
        `config` is a `Config`, or the path of a configuration file from the test's folder.
        `answers` says what some say; all others rehearse. With a `cassette` they say what was
        recorded: only a recording asks the `model` (`provider/model`), over the network.

        Raises DialecticError for what cannot be run, CassetteMissing for a cassette that nobody has
        recorded, IntegrityError for one that was changed.
        """
        from dialectic_actors.testing.playing import opening_of
        from dialectic_actors.testing.scripting import script_of

        opening = opening_of(problem, agents, rounds, config, model, self._folder)
        script_of(answers or {}, opening[0])
        if cassette is None:
            if model is not None:
                raise DialecticError(
                    f"a test does not ask {model}: that would cost each time",
                    fix='name a cassette to record it in: cassette="…"; or leave the model out',
                    exit_code=ExitCode.USAGE,
                )
            return self._rehearsed(opening, answers)
        if not self._shelf.records(cassette):
            return self._replayed(opening, answers, cassette)
        played = (
            self._rehearsed(opening, answers) if model is None else self._asked(opening, answers)
        )
        if played.run.status == "suspended":
            raise DialecticError(
                f"the run did not come to its end, and was not recorded: {played.run.reason}",
                where=f"cassette {cassette}",
                fix="mend that and record again",
                exit_code=ExitCode.PROVIDER,
            )
        played.save(self._shelf.path(cassette))
        return played

    def replay(self, cassette: str | Path) -> Played:
        """The run of a cassette, by its name, or by a path from the test's folder (a `Path`, or
        whatever ends in `.jsonl`). Nothing is run.

        Raises CassetteMissing, or IntegrityError when it was changed.
        """
        if isinstance(cassette, Path) or cassette.endswith(".jsonl"):
            return Played.load(self._folder / cassette, self._shelf)
        return Played.load(self._shelf.existing(cassette), self._shelf)

    def _rehearsed(self, opening: Opening, answers: Answers | None) -> Played:
        from dialectic_actors.llm.providers import open_provider

        return self._performed(opening, answers, lambda name: open_provider(name, {}))

    def _asked(self, opening: Opening, answers: Answers | None) -> Played:
        """The run with models that are really asked; waits are real as well."""
        from dialectic_actors.bootstrap import preflight
        from dialectic_actors.llm.providers import open_provider
        from dialectic_actors.settings import read_env_file
        from dialectic_actors.testing.network import network_open

        env = read_env_file(None, Path.cwd())
        preflight(opening[0], env)
        with network_open():
            return self._performed(
                opening,
                answers,
                lambda name: open_provider(name, env, models=_models(opening[0], name)),
                is_hurried=False,
            )

    def _replayed(self, opening: Opening, answers: Answers | None, cassette: str) -> Played:
        """The run with recorded answers. Raises DialecticError when it asks for others."""
        from dialectic_actors.testing.playing import Tape

        path = self._shelf.existing(cassette)
        recorded = Played.load(path)
        again = f"record it again: {self._shelf.command}=all"
        _check_same_debate(recorded.opened, opening[0], path, again)
        calls = recorded.run.calls.items()
        tape = Tape({id: call.ended for id, call in calls if call.ended is not None})
        played = self._performed(opening, answers, lambda _: tape)
        if tape.missing:
            raise DialecticError(
                f"the cassette holds no answer to the call {played.short(tape.missing[0])}",
                where=str(path),
                fix=again,
                exit_code=ExitCode.USAGE,
            )
        return played

    def _performed(
        self,
        opening: Opening,
        answers: Answers | None,
        provide: Callable[[str], Provider],
        *,
        is_hurried: bool = True,
    ) -> Played:
        from dialectic_actors.testing.playing import perform, providers_of
        from dialectic_actors.testing.scripting import Prompted, script_of

        script = script_of(answers or {}, opening[0])

        def provided() -> Mapping[str, Provider]:
            return providers_of(opening[0], lambda name: Prompted(script, provide(name)))

        return Played(*perform(opening, provided, is_hurried=is_hurried), self._shelf)


def _models(opened: RunOpened, provider: str) -> set[str]:
    return {m.name for agent in opened.agents for m in agent.route if m.provider == provider}


def _check_same_debate(recorded: RunOpened, wanted: RunOpened, path: Path, fix: str) -> None:
    """Recorded answers belong to a problem and to who debates it."""
    from dialectic_actors.testing.differences import fields_that_differ

    one, other = (
        {"problem": each.problem, "stages": msgspec.to_builtins(each.stages)}
        for each in (recorded, wanted)
    )
    for field, before, now in fields_that_differ(one, other):
        raise DialecticError(
            f"the cassette was recorded for another debate: its {field} is {before!r}, not {now!r}",
            where=str(path),
            fix=fix,
            exit_code=ExitCode.USAGE,
        )
