"""Runs checked against today's code and configuration, from files and from stores, with no socket
in reach.
"""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dialectic_actors import DialecticError, Store, bootstrap, debate
from dialectic_actors.actors.agent import AgentBehavior
from dialectic_actors.api.checks import Check, check
from dialectic_actors.api.sealed import SocketRefused, sealed
from dialectic_actors.settings import load_prompts
from dialectic_events.errors import ExitCode

REFUSED = {"error": "rate-limited", "retry_after_s": 0.001}


class Place:
    """A directory with a configuration, a script, and the runs of two agents."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.voice = {"provider": "scripted", "model": str(folder / "script.json")}
        (folder / "persona.md").write_text("You are careful.", encoding="utf-8")
        self.agents: list[dict[str, Any]] = [
            {"id": role, "name": role.title(), "role": role, **self.voice}
            for role in ("security", "kiss")
        ]
        self.agents[0]["systemPromptPath"] = "persona.md"
        self.debate: dict[str, Any] = {"rounds": 1, "limits": {"attempts": 2, "backoff_s": 0.001}}
        self.configure()

    def configure(self) -> None:
        """Write the configuration."""
        judge = {"id": "judge", "name": "Judge", "role": "judge", **self.voice}
        content = {"agents": self.agents, "judge": judge, "debate": self.debate}
        path = self.folder / "debate-config.json"
        path.write_text(json.dumps(content), encoding="utf-8")

    def run(self, answers: dict[str, Any] | None = None, **options: Any) -> Path:
        """Record a run; its exported log."""
        script = {"answers": answers or {}, "default": "A token bucket."}
        (self.folder / "script.json").write_text(json.dumps(script), encoding="utf-8")
        outcome = debate("Design a lock", cwd=self.folder, env={}, state_file=False, **options)
        path = self.folder / f"{outcome.ref}.jsonl"
        with Store(cwd=self.folder, env={}) as store:
            path.write_bytes(b"".join(store.export([outcome.ref])))
        return path

    def check(self, log: Path) -> Check:
        """Check a log against what the directory holds now."""
        (found,) = check([log], against=self.folder)
        return found


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A directory of one's own."""
    return Place(tmp_path)


def seen(found: Check) -> list[tuple[int, str, str, str | None, str | None]]:
    """What was found, without names of runs and calls."""
    return [(d.version, d.type, d.field, d.recorded, d.today) for d in found.divergences]


def test_what_was_not_changed_passes_from_a_file_and_from_a_store(place: Place) -> None:
    """By its file, by its reference, with today's configuration and without."""
    log = place.run({"r1/proposal/kiss": [REFUSED, "Two queues."]})

    with Store(cwd=place.folder, env={}) as store:
        for against in (None, place.folder, place.folder / "debate-config.json"):
            found = list(check([log, "@"], store=store, against=against))
            assert [(log.stem, True)] * 2 == [(each.ref, each.ok) for each in found]
            assert store.version("@") == found[0].events


def test_all_runs_of_a_file_are_checked_in_its_order(place: Place) -> None:
    """An exported store is one file."""
    refs = [place.run().stem, place.run(agents=["kiss"]).stem]
    both = place.folder / "both.jsonl"
    with Store(cwd=place.folder, env={}) as store:
        both.write_bytes(b"".join(store.export()))

    assert refs == [each.ref for each in check([both], against=place.folder)]


@pytest.mark.parametrize(
    "options",
    [
        {"agents": ["kiss"]},
        {"agents": ["architect", "security"]},
        {"rounds": 2},
        {"offline": True},
        {"agents": ["testing"], "rounds": 2, "offline": True, "seed": 4},
    ],
    ids=str,
)
def test_what_a_run_was_asked_for_is_no_divergence(place: Place, options: dict[str, Any]) -> None:
    """Who debates, how long, and a stand-in for models belong to the run, not to the settings."""
    assert place.check(place.run(**options)).ok


def test_a_changed_persona_is_found_in_the_opening_and_in_the_first_request(place: Place) -> None:
    """The role and its field, then the first prompt that says it."""
    log = place.run()
    (place.folder / "persona.md").write_text("You are careless.", encoding="utf-8")
    opening, decision = seen(place.check(log))

    values = ('"You are careful."', '"You are careless."')
    assert (1, "run-opened", "agents[security].role.system_prompt", *values) == opening
    assert (2, "call-requested", "messages[0].parts[0]", *values) == decision


def test_a_changed_template_is_found_in_the_first_request_of_its_kind(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The words around the change, not the digests."""
    log = place.run()
    prompts = {**load_prompts(), "critique": load_prompts()["critique"] + "Be kind.\n"}
    monkeypatch.setattr(bootstrap, "load_prompts", lambda: prompts)
    opening, decision = place.check(log).divergences

    assert (1, "sources[prompt/critique]") == (opening.version, opening.field)
    assert "critique" in decision.about
    assert decision.field.startswith("messages[1].parts[")
    assert decision.today is not None
    assert decision.recorded is not None
    assert decision.today.endswith(r'Be kind.\n"')
    assert "Be kind" not in decision.recorded


def test_a_changed_limit_is_found_where_a_turn_would_not_fail(place: Place) -> None:
    """The setting, then the event that would be another one."""
    log = place.run({"r1/critique/kiss>security": REFUSED})
    place.debate["limits"]["attempts"] = 3
    place.configure()
    opening, decision = place.check(log).divergences

    assert ("limits.attempts", "2", "3") == (opening.field, opening.recorded, opening.today)
    assert ("turn-failed", "") == (decision.type, decision.field)
    assert "call-requested debate/r1/critique/kiss>security#3" == decision.today


def test_a_changed_limit_that_decides_nothing_is_found_in_the_opening_alone(place: Place) -> None:
    """No call failed, so only the configuration differs."""
    log = place.run()
    place.debate["limits"]["attempts"] = 3
    place.configure()

    assert [(1, "run-opened", "limits.attempts", "2", "3")] == seen(place.check(log))


def _other_model(place: Place) -> None:
    place.agents[1]["model"] = "other.json"


def _no_kiss(place: Place) -> None:
    place.agents[1]["enabled"] = False


def _warmer(place: Place) -> None:
    place.agents[0]["temperature"] = 0.9


def _everyone(place: Place) -> None:
    place.debate["history"] = "everyone"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (_other_model, "agents[kiss].route[0].name"),
        (_no_kiss, "stages[debate].agents[1]"),
        (_warmer, "agents[security].temperature"),
        (_everyone, "stages[debate].history"),
    ],
)
def test_a_changed_setting_is_named(
    place: Place, change: Callable[[Place], None], field: str
) -> None:
    """The first field of the opening that would be another one today."""
    second = place.folder / "second.json"
    second.write_text('{"default": "Two queues."}', encoding="utf-8")
    place.agents[1]["model"] = str(second)
    place.configure()
    log = place.run()
    change(place)
    place.configure()
    found = place.check(log).divergences

    assert (1, field) == (found[0].version, found[0].field)


def test_a_log_that_was_changed_is_refused(place: Place) -> None:
    """Exit 5, with the file and the line."""
    log = place.run()
    log.write_bytes(log.read_bytes().replace(b"A token bucket.", b"A token basket."))
    with pytest.raises(DialecticError) as caught:
        place.check(log)

    assert ExitCode.INTEGRITY == caught.value.exit_code
    assert caught.value.where.startswith(f"{log}: line ")


@pytest.mark.parametrize(
    ("log", "against", "where"),
    [
        ("missing.jsonl", None, "missing.jsonl"),
        ("@:3", None, "@:3"),
        ("nobody", None, ""),
        ("x" * 300, None, ""),
        ("@", "missing", "missing"),
    ],
)
def test_a_mistake_of_usage_is_refused_with_a_remedy(
    log: str, against: str | None, where: str, place: Place
) -> None:
    """What was named, and what to do."""
    place.run()
    with (
        Store(cwd=place.folder, env={}) as store,
        pytest.raises(DialecticError) as caught,
    ):
        list(check([log], store=store, against=against))

    assert (ExitCode.USAGE, where) == (caught.value.exit_code, caught.value.where)
    assert caught.value.fix


@pytest.mark.parametrize("swallowed", [False, True])
def test_who_asks_for_a_socket_is_refused_and_named(
    swallowed: bool, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An agent that looks something up fails the check, even when it keeps the refusal to itself;
    afterwards sockets are as before.
    """
    receive = AgentBehavior.receive

    def looking(self: AgentBehavior, message: Any) -> Any:
        try:
            socket.getaddrinfo("model.invalid", 443)
        except SocketRefused:
            if not swallowed:
                raise
        return receive(self, message)

    log = place.run()
    monkeypatch.setattr(AgentBehavior, "receive", looking)
    with pytest.raises(SocketRefused, match=r"socket\.getaddrinfo 'model\.invalid'") as caught:
        place.check(log)

    assert ExitCode.GATE == caught.value.exit_code
    socket.socket().close()


def test_a_seal_holds_in_every_thread_and_as_long_as_anybody_needs_it() -> None:
    """Two seals overlap; the first to end does not open the other."""
    refused: list[str] = []

    def ask() -> None:
        try:
            socket.socket().close()
        except SocketRefused as error:
            refused.append(error.what)

    def work() -> None:
        with sealed():
            with sealed():
                pass
            thread = threading.Thread(target=ask)
            thread.start()
            thread.join()
            assert socket.gethostname()

    with pytest.raises(SocketRefused, match=r"socket\.__new__"):
        work()

    ask()
    assert 1 == len(refused)
