"""Running and resuming debates as a library: `debate(...)`, `Debate` with typed events, and what
comes of them.

Whenever a run comes to rest, its state document is written beside the log, atomically.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote

from dialectic_actors.api.answering import Said, respondent
from dialectic_actors.api.files import write_atomically
from dialectic_actors.api.following import Listener, follow, follow_all
from dialectic_actors.api.outcome import Outcome
from dialectic_actors.api.persons import Desk
from dialectic_actors.api.respondent import Persons, Respondent
from dialectic_actors.api.store import Store
from dialectic_actors.api.store_checks import writable_store
from dialectic_actors.bootstrap import (
    Nearby,
    compose,
    new_run_id,
    open_system,
    preflight,
    seed_of,
)
from dialectic_actors.settings import (
    check_problem,
    effective,
    read_env_file,
    with_clarifications,
)
from dialectic_actors.settings.context import read_context
from dialectic_events.envelope import Envelope
from dialectic_events.errors import DialecticError, ExitCode
from dialectic_events.union import Event
from dialectic_replay.read import envelopes, known_event
from dialectic_replay.run import Run
from dialectic_replay.state_document import state_document, state_json

if TYPE_CHECKING:
    from dialectic_actors.api.estimate import Estimate
    from dialectic_actors.runtime.live import LiveRun
    from dialectic_actors.runtime.system import System

__all__ = ["Debate", "Listener", "continue_run", "debate", "debates"]


class Debate:
    """A debate about to be run: `run()` it, or enter it with `async with` and follow its events.

    `agents` are roles or agent ids of the configuration; `model` (`provider/model`) serves all of
    them; `offline` puts the rehearsal in place of every model; `context` is the directory whose
    files tools may read, or a file whose text joins the problem. With `clarify` the agents ask
    first, and `answers` answers them; without, a debate that is entered waits for `answer`.

    Raises DialecticError for whatever would fail later: before the first call. A `dry` debate is
    only to be estimated; what it lacks is said by `check()`. `notices` are what a person should
    know.
    """

    def __init__(
        self,
        problem: str,
        *,
        agents: Sequence[str] = (),
        rounds: int | None = None,
        model: str | None = None,
        offline: bool = False,
        config: str | Path | None = None,
        store: Store | str | Path | None = None,
        seed: int | None = None,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        context: str | Path | None = None,
        clarify: bool = False,
        answers: Said | None = None,
        state_file: bool = True,
        dry: bool = False,
    ) -> None:
        self._cwd = cwd or Path.cwd()
        self.env = read_env_file(None, self._cwd) if env is None else env
        check_problem(problem)
        self.settings = effective(
            config,
            cwd=self._cwd,
            env=self.env,
            agents=agents,
            rounds=rounds,
            model=model,
            offline=offline,
        ).settings
        if clarify:
            self.settings = with_clarifications(self.settings)
        ground = read_context(None if context is None else self._cwd / context)
        self.notices = (*self.settings.notices, *ground.notices)
        problem += ground.text
        self.opened, self._parts = compose(
            self.settings,
            problem,
            seed_of(problem, seed),
            ground.directory,
        )
        self.respondent = respondent(self.opened, answers)
        self._is_answered = answers is not None
        if not dry:
            self.check()
        self.ref = new_run_id(datetime.now().astimezone())
        self._given = store
        self._state_file = state_file
        self._desk = Desk()

    def __repr__(self) -> str:
        return f"<Debate {self.ref}>"

    def check(self) -> None:
        """Raise DialecticError (exit 4) for a provider that cannot be called."""
        preflight(self.opened, self.env)

    def estimate(self, *, answer_tokens: int = 1_000) -> Estimate:
        """What the debate would take, if no answer has more than so many tokens; nothing is called
        and nothing is stored.
        """
        from dialectic_actors.api.estimate import estimate

        return estimate(self.opened, self._parts, answer_tokens=answer_tokens)

    def run(self, listen: Listener | None = None, nearby: Nearby | None = None) -> Outcome:
        """Run the debate to its end or to where it rests; `listen` hears every event once it is
        durable, `nearby` also the words of answers on their way.

        An interrupt suspends the run cleanly: the outcome says so. A second one is raised.
        """
        with ExitStack() as stack:
            store = self.open_store(stack)
            system = stack.enter_context(self._system(store, nearby))
            run = follow(lambda each: self.start(system, each), listen)
            return self.rested(store, run)

    async def __aenter__(self) -> Self:
        from dialectic_actors.runtime.broadcast import Broadcast

        with ExitStack() as stack:
            self._running_in = self.open_store(stack)
            system = stack.enter_context(self._system(self._running_in))
            if not self._is_answered:
                self.respondent.hand_over(self._desk)
            self._broadcast = Broadcast()
            self._live = self.start(system, self._broadcast.put)
            self._live.result.add_done_callback(lambda _: self._broadcast.close())
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._stack.close()

    async def events(self, after: int = 0) -> AsyncIterator[Event]:
        """The events of the debate, from the one that follows version `after`, until it rests.

        Those of the past come first, then each as it becomes durable. Versions have no gaps: who
        has seen n events goes on with `after=n`.
        """
        async for envelope in self._broadcast.listen():
            if envelope.header.version > after:
                yield known_event(envelope)

    async def result(self) -> Outcome:
        """What came of it; waits until the debate is at rest."""
        async for _ in self._broadcast.listen():
            pass
        return self.rested(self._running_in, self._live.result.result())

    def answer(self, question: str, text: str) -> None:
        """Answer a question of a debate that was entered, by the question's id; a blank text is
        none. An agent is answered once all its questions of a pass are.

        From any thread; returns at once. Raises DialecticError (exit 2) for what nobody has asked.
        """
        self._desk.answer(question, text, self.respondent.asked.ids)

    def open_store(self, stack: ExitStack) -> Store:
        """The store that the debate is recorded in; `stack` closes it if it is opened here."""
        if not isinstance(self._given, Store):
            # Keys may come from `.env`, the place of the log may not: `ls` would look elsewhere.
            self._given = stack.enter_context(writable_store(self._given, self._cwd))
        return self._given

    def start(self, system: System, listener: Listener) -> LiveRun:
        """Begin the debate in a system that hosts its providers."""
        hearing = _hearing(self.respondent, listener)
        return system.start(self.ref, self.opened, self._parts, hearing)

    def _system(self, store: Store, nearby: Nearby | None = None) -> System:
        return open_system(store.port, {self.ref: self.opened}, self.env, self.respondent, nearby)

    def rested(self, store: Store, run: Run) -> Outcome:
        """What came of the debate, its state document written."""
        return _rested(store, self.ref, run, state_file=self._state_file)


def debate(problem: str, *, listen: Listener | None = None, **options: Any) -> Outcome:
    """Run a debate on a problem and return what came of it; the options are those of `Debate`."""
    return Debate(problem, **options).run(listen)


def debates(
    problems: Sequence[str], *, store: Store | str | Path | None = None, **options: Any
) -> list[Outcome]:
    """Run debates on several problems at once, on one loop, one connection pool and one writer.

    The options are those of `Debate`. An interrupt suspends all. Raises the first error of a
    run once the others are at rest.
    """
    if isinstance(problems, str):
        raise DialecticError(
            "`problems` is one text, not a list",
            fix="write debates([…]), or debate(…) for one",
            exit_code=ExitCode.USAGE,
        )
    planned: dict[str, Debate] = {}
    for problem in problems:
        each = Debate(problem, store=store, **options)
        while each.ref in planned:
            each.ref = new_run_id(datetime.now().astimezone())
        planned[each.ref] = each
    if not planned:
        return []
    with ExitStack() as stack:
        first = next(iter(planned.values()))
        opened = first.open_store(stack)
        openings = {ref: each.opened for ref, each in planned.items()}
        persons = Persons({ref: each.respondent for ref, each in planned.items()})
        system = stack.enter_context(open_system(opened.port, openings, first.env, persons))
        live = follow_all(lambda: [each.start(system, lambda _: None) for each in planned.values()])
        failed = [run.result.exception() for run in live]
        outcomes = [
            each.rested(opened, run.result.result())
            for each, run, error in zip(planned.values(), live, failed, strict=True)
            if error is None
        ]
    for error in filter(None, failed):
        raise error
    return outcomes


def continue_run(
    store: Store,
    ref: str,
    listen: Listener | None = None,
    *,
    env: Mapping[str, str] | None = None,
    answers: Said | Respondent | None = None,
    nearby: Nearby | None = None,
    state_file: bool = True,
) -> Outcome:
    """Take a run up where its log ends and run it to its end. No answered call is made again, and a
    run that has ended stays as it is. `answers` answers what agents ask, `nearby` hears answers on
    their way.

    Raises LeaseHeld while a living process owns the run, and DialecticError when a key is missing.
    """
    stream = store.resolve(ref).run
    run = store.replay(stream)
    if run.opened is None:
        raise DialecticError(
            "its first event does not open a run", where=stream, exit_code=ExitCode.INTEGRITY
        )
    if run.ended:
        return _rested(store, stream, run, state_file=state_file)
    environment = read_env_file(None, store.cwd) if env is None else env
    preflight(run.opened, environment)
    person = answers if isinstance(answers, Respondent) else respondent(run.opened, answers)
    for envelope in store.log(stream):
        person.hear(envelope.event)
    with open_system(store.port, {stream: run.opened}, environment, person, nearby) as system:
        run = follow(lambda each: system.resume(stream, _hearing(person, each)), listen)
        return _rested(store, stream, run, state_file=state_file)


def _hearing(respondent: Respondent, listener: Listener) -> Listener:
    def hear(envelope: Envelope) -> None:
        respondent.hear(envelope.event)
        listener(envelope)

    return hear


def _rested(store: Store, ref: str, run: Run, *, state_file: bool) -> Outcome:
    if not state_file or run.opened is None:
        return Outcome(ref, run)
    head = store.port.head(ref)
    document = state_document(envelopes(store.port, ref, last=head.version, verify=False), head)
    # A log may have been written by another program: its names are no paths.
    path = store.cwd / "debates" / f"{quote(ref, safe='%+=')}.json"
    try:
        return Outcome(ref, run, write_atomically(path, state_json(document)))
    except OSError as error:
        # Nobody asked for it, and all that it says is in the log.
        why = f"the state document {path} was not written: {error.strerror or error}"
        return Outcome(ref, run, notices=(why,))
