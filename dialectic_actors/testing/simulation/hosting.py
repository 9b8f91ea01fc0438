"""Who runs the debate in a simulated world: processes that take it up, let go of it, or die, and
somebody who looks after it until it is over.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from itertools import count

from dialectic_actors.runtime.actor_system import ActorSystem
from dialectic_actors.runtime.live import LiveRun
from dialectic_actors.runtime.shells import DebateActor
from dialectic_actors.runtime.world import World
from dialectic_actors.testing.config import Config
from dialectic_actors.testing.simulation.person import SimulatedPerson
from dialectic_actors.testing.simulation.provider import SimulatedGateway
from dialectic_actors.testing.simulation.schedule import Plant, Schedule
from dialectic_actors.testing.simulation.store import SimulatedStore
from dialectic_actors.testing.simulation.watch import Breach, Watch
from dialectic_events.errors import DialecticError, ExitCode
from dialectic_events.store import LeaseHeld
from dialectic_replay.run import Run

__all__ = ["STREAM", "Hosting", "Process"]

STREAM = "deb-20260101-000000-sims"
"""The run that every simulation is about."""


class Process(Plant):
    """One simulated process, and the run in it while there is one. Only those on one machine see
    that another has died.
    """

    __slots__ = ("debate", "gateway", "live", "machine", "person", "system")

    gateway: SimulatedGateway
    person: SimulatedPerson
    system: ActorSystem

    def __init__(self, name: str, machine: int) -> None:
        super().__init__(name)
        self.machine = machine
        self.live: LiveRun | None = None
        self.debate: DebateActor | None = None

    @property
    def is_busy(self) -> bool:
        """Whether the run lives here and has not come to rest."""
        return self.is_alive and self.live is not None and not self.live.result.done()

    def end(self) -> None:
        """Be gone, with all actors and their mail."""
        self.is_alive = False
        for mailbox in self.mailboxes:
            mailbox.abandon()


class Hosting:
    """Starts the debate, and takes it up again until it has ended, or (`is_abandoned`) until a
    person who is `absent` would have to. `tell` hears what happens, as who and what.
    """

    def __init__(
        self,
        config: Config,
        schedule: Schedule,
        watch: Watch,
        store: SimulatedStore,
        world_of: Callable[[Process], World],
        tell: Callable[[str, str], None],
        *,
        absent: bool,
    ) -> None:
        self.processes: list[Process] = []
        self.running: Process | None = None
        self.is_over = False
        self.is_abandoned = False
        self._schedule, self._watch, self._store = schedule, watch, store
        self._world_of, self._tell, self._absent = world_of, tell, absent
        self._opening = config.opening()
        self._numbers = count(1)

    def busy(self) -> list[Process]:
        """The processes that have the run and have not let go of it."""
        return [process for process in self.processes if process.is_busy]

    def boot(self, machine: int = 0) -> Process:
        """A new process."""
        process = Process(f"p{next(self._numbers)}", machine)
        process.system = ActorSystem(self._store, self._world_of(process))
        self.processes.append(process)
        return process

    def is_gone(self, name: str, seen_from: Process) -> bool:
        """Whether a process can tell that another one is dead."""
        return any(
            each.name == name and not each.is_alive and each.machine == seen_from.machine
            for each in self.processes
        )

    def kill(self, process: Process) -> None:
        """A process dies here and now."""
        self._tell(process.name, "is killed")
        self._schedule.kill(process)
        process.end()
        self.look_after(1.0)

    def look_after(self, delay_s: float) -> None:
        """Have somebody see to the run in a while."""
        self._schedule.later(delay_s, self.take_up, None, "somebody looks after the run")

    def take_up(self) -> None:
        """Start or resume the run, unless that has been done."""
        if self.is_over or self.busy():
            return
        if self._watch.state.run.ended:
            self._rest()
            return
        idle = [each for each in self.processes if each.is_alive and not each.is_stalled]
        self.host(idle[-1] if idle else self.boot())

    def host(self, process: Process) -> None:
        """Let a process try to have the run."""
        if self.is_over or process.is_busy or self._watch.state.run.ended:
            return
        self._tell(process.name, "takes the run up")
        self.running = process
        try:
            if self._store.head(STREAM).version:
                live = process.system.resume(STREAM)
            else:
                live = process.system.start(STREAM, *self._opening)
        except LeaseHeld as held:
            self._tell(process.name, f"is refused: {held.what}")
            self.look_after(11.0)
            return
        except DialecticError as refusal:
            raise Breach(10, f"{process.name} cannot take the run up: {refusal}") from refusal
        finally:
            self.running = None
        process.live = live
        live.result.add_done_callback(lambda result: self._left(process, result))

    def _left(self, process: Process, result: Future[Run]) -> None:
        """The run has left a process: for good, at rest, or broken."""
        error = result.exception()
        if error is not None:
            self._tell(process.name, f"lets go: {error}")
            if getattr(error, "exit_code", None) is not ExitCode.RESUMABLE:
                raise Breach(10, f"{process.name} leaves the run for good: {error}")
            self.look_after(5.0)
            return
        run = result.result()
        self._tell(process.name, f"comes to rest: {run.status}")
        if run.ended:
            self._rest()
        elif self._absent:
            self.is_abandoned = True
            self._rest()
        else:
            self.look_after(60.0)

    def _rest(self) -> None:
        """It is over once no process works on it any more."""
        if self.busy():
            self.look_after(30.0)
        else:
            self.is_over = True
