"""The pytest plugin as its user meets it: tests in a folder of their own, run by pytest."""

from __future__ import annotations

import _socket
import asyncio
import json
import socket
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from dialectic_actors.testing.config import Config
from dialectic_actors.testing.fixture import Dialectic
from dialectic_actors.testing.network import NetworkShut, network_shut
from dialectic_actors.testing.scripting import Step
from dialectic_events.errors import DialecticError
from support.checkout import ROOT, checkout_environment
from support.ledger import Fault
from support.loopback import serving
from support.pages import File, steps

pytest_plugins = ["pytester"]

PAGE = (ROOT / "docs" / "how-to" / "test-with-pytest.md").read_text(encoding="utf-8")
FILES = {step.name: step.text for step in steps(PAGE) if isinstance(step, File)}

HEADER = """
import socket
import pytest
from dialectic_actors.testing.fixture import Dialectic

def test_it(dialectic: Dialectic) -> None:
"""
RECORDING = '    played = dialectic.run("Design a cache", cassette="small")\n'
COMPARING = RECORDING + '    played.assert_matches_cassette("small")\n'


@pytest.fixture(scope="module", autouse=True)
def _everything_is_loaded() -> None:
    """An inner pytest forgets the modules that it was the first to import; the outer one would
    then go on with halves of two copies.
    """
    Dialectic().run("Design a cache", agents=1)


@pytest.fixture
def runner(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A folder for tests, and a pytest that knows no plugin but ours, however it was installed."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    return pytester


OPTIONS = ("-p", "dialectic_actors.testing.plugin", "-p", "no:cacheprovider")


def run(runner: pytest.Pytester, body: str, *options: str) -> pytest.RunResult:
    """Run a test with this body, or the tests that are there when it is empty."""
    if body:
        runner.makepyfile(test_inner=HEADER + body)
    return runner.runpytest_inprocess(*OPTIONS, *options)


def test_a_page_of_tests_does_what_it_says(runner: pytest.Pytester) -> None:
    """The tests of the how-to pass as they stand, and the wrong one fails with the words shown."""
    for name, text in FILES.items():
        runner.path.joinpath(name).write_text(text, encoding="utf-8")
    shown = PAGE.split("```text\n")[1].split("```")[0]

    run(runner, "", "test_debate.py", "test_who_saw_what.py").assert_outcomes(passed=4)
    failed = run(runner, "", "test_wrong.py")
    failed.assert_outcomes(failed=1)
    lines = [line.removeprefix("E").strip() for line in failed.outlines]
    assert [] == [line for line in shown.splitlines() if line.strip() not in lines]


def test_a_model_is_recorded_once_and_replayed_without_key_or_network(
    runner: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first run asks the model, waits included; later ones ask nobody and say the same.

    In processes of their own, because the client loads modules as it goes.
    """
    text = FILES["test_recorded.py"]
    runner.path.joinpath("test_recorded.py").write_text(text, encoding="utf-8")
    monkeypatch.setenv("OPENAI_API_KEY", "secret-key")

    with serving(faults=(Fault(status=429),)) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        for _ in range(2):
            recorded = runner.runpytest_subprocess(*OPTIONS, "--dialectic-record=once")
            recorded.assert_outcomes(passed=1)
            assert 8 == len(server.ledger.requests)
    monkeypatch.delenv("OPENAI_API_KEY")
    run(runner, "").assert_outcomes(passed=1)
    cassette = runner.path / "cassettes" / "rate_limit.jsonl"
    assert b"secret-key" not in cassette.read_bytes()


def test_a_recording_needs_its_key(runner: pytest.Pytester) -> None:
    """What is missing is said, and no cassette is left behind."""
    body = '    dialectic.run("p", model="openai/gpt-4o", cassette="x")\n'

    failed = run(runner, body, "--dialectic-record=once")

    failed.assert_outcomes(failed=1)
    failed.stdout.fnmatch_lines(["*OPENAI_API_KEY is not set*"])
    assert not (runner.path / "cassettes").exists()


def test_a_model_without_a_cassette_is_refused(runner: pytest.Pytester) -> None:
    """A test that would pay each time is told to name a cassette."""
    failed = run(runner, '    dialectic.run("p", model="openai/gpt-4o")\n')

    failed.assert_outcomes(failed=1)
    failed.stdout.fnmatch_lines(["*does not ask openai/gpt-4o*name a cassette*"])


def test_a_missing_cassette_names_the_command_that_records_it(runner: pytest.Pytester) -> None:
    """Nothing is recorded unless somebody asked for it; whoever does as told has it."""
    missing = run(runner, RECORDING)
    missing.assert_outcomes(failed=1)
    missing.stdout.fnmatch_lines(
        ["*no such cassette (record it: pytest test_inner.py::test_it --dialectic-record=once)"]
    )

    run(runner, "", "test_inner.py::test_it", "--dialectic-record=once").assert_outcomes(passed=1)
    run(runner, "").assert_outcomes(passed=1)


def test_once_keeps_a_cassette_and_all_records_it_again(runner: pytest.Pytester) -> None:
    """`once` leaves the file alone, `all` replaces it by the run of the day."""
    cassette = runner.path / "cassettes" / "small.jsonl"
    run(runner, COMPARING, "--dialectic-record=once").assert_outcomes(passed=1)
    first = cassette.read_bytes()
    run(runner, "", "--dialectic-record=once").assert_outcomes(passed=1)
    assert first == cassette.read_bytes()

    run(runner, "", "--dialectic-record=all").assert_outcomes(passed=1)
    assert first != cassette.read_bytes()
    run(runner, "").assert_outcomes(passed=1)


def test_a_run_that_differs_from_its_cassette_is_told_where(runner: pytest.Pytester) -> None:
    """The first difference is shown with its event, its field and both values."""
    comparing = '    played.assert_matches_cassette("small")\n'
    run(runner, RECORDING, "--dialectic-record=once")
    body = '    played = dialectic.run("Design a cache", answers={"security": "No."})\n'

    failed = run(runner, body + comparing)

    failed.assert_outcomes(failed=1)
    failed.stdout.fnmatch_lines(
        [
            "*the run is not what the cassette `small` holds",
            "*event:    call-answered r1/proposal/security#1",
            "*field:    text",
            "*cassette: '*Rehearsal*",
            "*run:      'No.'",
            "*if that is meant to be so: pytest test_inner.py::test_it --dialectic-record=all",
        ]
    )


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"problem": "Design a queue"}, "another debate: its problem is 'Design a cache', not"),
        ({"rounds": 2}, "another debate: its stages[0].rounds is 1, not 2"),
        ({"agents": ["architect", "kiss"]}, "its stages[0].agents[1] is 'security', not 'kiss'"),
        ({"cassette": "../small"}, "`../small` is no name of a cassette"),
        ({"cassette": "a/b"}, "`a/b` is no name of a cassette"),
        ({"cassette": ".small"}, "`.small` is no name of a cassette"),
        ({"cassette": ""}, "`` is no name of a cassette"),
        ({"problem": " "}, "the problem is blank"),
        ({"answers": {"secrity": "x"}}, "did you mean `security`?"),
        ({"answers": {"r1/critique/kiss>kiss": "x"}}, "no turn of this run is meant by"),
        ({"answers": {"security": []}}, "`security` has an empty list of answers"),
        ({"model": "opnai/x"}, "did you mean `openai`?"),
        ({"model": "openai"}, "`openai` names no model"),
        ({"agents": 0}, "nobody speaks"),
        ({"config": "none.json"}, "none.json"),
    ],
)
def test_what_cannot_be_played_is_refused(
    change: dict[str, Any], complaint: str, tmp_path: Path
) -> None:
    """A mistake in a test is an error that says what mends it, and plays nothing."""
    Dialectic(tmp_path, record="once").run("Design a cache", cassette="small")
    files = sorted(tmp_path.rglob("*"))

    with pytest.raises(DialecticError) as caught:
        Dialectic(tmp_path).run(**{"problem": "Design a cache", "cassette": "small"} | change)

    assert complaint in str(caught.value)
    assert caught.value.fix
    assert files == sorted(tmp_path.rglob("*"))


def test_a_call_that_was_never_recorded_is_named(tmp_path: Path) -> None:
    """A test that makes the run take another way than the recorded one is told to record again."""
    fails = {"r1/proposal/security": Step(error="bad-request")}
    recording = Dialectic(tmp_path, record="once")
    assert not recording.run("p", answers=fails, cassette="small").complete()

    with pytest.raises(DialecticError, match=r"no answer to the call r1/critique/.*#1 .*=all\)"):
        Dialectic(tmp_path).run("p", answers={"r1/proposal/security": "Yes."}, cassette="small")


def test_a_changed_cassette_is_refused(runner: pytest.Pytester) -> None:
    """Neither replayed nor compared nor loaded: its chain does not verify."""
    run(runner, RECORDING, "--dialectic-record=once")
    cassette = runner.path / "cassettes" / "small.jsonl"
    whole = cassette.read_bytes()
    cassette.write_bytes(whole.replace(b'"outcome":"complete"', b'"outcome":"partial"'))
    assert whole != cassette.read_bytes()
    bodies = (RECORDING, '    dialectic.replay("small")\n')

    for body in bodies:
        failed = run(runner, body)
        failed.assert_outcomes(failed=1)
        failed.stdout.fnmatch_lines(["*IntegrityError*the cassette is not what was recorded*"])


def test_a_cassette_that_leads_elsewhere_is_refused(runner: pytest.Pytester) -> None:
    """A link in the folder does not let a recording write out of it."""
    outside = runner.path / "outside.jsonl"
    outside.write_text("mine", encoding="utf-8")
    (runner.path / "cassettes").mkdir()
    (runner.path / "cassettes" / "small.jsonl").symlink_to(outside)

    failed = run(runner, RECORDING, "--dialectic-record=all")

    failed.assert_outcomes(failed=1)
    failed.stdout.fnmatch_lines(["*the cassette leads out of its folder*"])
    assert "mine" == outside.read_text(encoding="utf-8")


def test_a_cassette_is_replayed_by_name_or_path(runner: pytest.Pytester) -> None:
    """What is loaded was not run: it is the recorded run itself."""
    run(runner, RECORDING, "--dialectic-record=once")
    body = (
        '    a, b = dialectic.replay("small"), dialectic.replay("cassettes/small.jsonl")\n'
        "    assert a.ref == b.ref and a.log == b.log\n"
        '    a.assert_matches_cassette("small")\n'
    )

    run(runner, body).assert_outcomes(passed=1)


def test_a_number_of_attempts_is_not_waited_for(runner: pytest.Pytester) -> None:
    """A model that says to come back in an hour does not hold up a test."""
    body = (
        "    from dialectic_actors.testing.scripting import Step\n"
        "    wait = Step(error='rate-limited', retry_after_s=60)\n"
        "    done = Step(json={'solutionMarkdown': 'Done it.'})\n"
        "    played = dialectic.run('p', answers={'synthesis': [[wait, wait, done]]})\n"
        "    assert (played.solution.partition('\\n')[0], played.calls) == ('Done it.', 15)\n"
    )

    run(runner, body).assert_outcomes(passed=1)


def test_a_test_cannot_reach_the_network(runner: pytest.Pytester) -> None:
    """An attempt fails the test and says so."""
    failed = run(runner, "    socket.getaddrinfo('example.invalid', 80)\n")

    failed.assert_outcomes(failed=1)
    failed.stdout.fnmatch_lines(["*NetworkShut*a test tried to reach example.invalid, and the*"])


@pytest.mark.parametrize(
    "attempt",
    [
        lambda stream, _: stream.connect(("127.0.0.1", 9)),
        lambda stream, _: stream.connect_ex(("127.0.0.1", 9)),
        lambda stream, _: _socket.socket.connect(stream, ("127.0.0.1", 9)),
        lambda _, datagram: datagram.sendto(b"x", ("127.0.0.1", 9)),
        lambda _, datagram: datagram.sendmsg([b"x"], [], 0, ("127.0.0.1", 9)),
        lambda *_: socket.gethostbyname("localhost"),
        lambda *_: asyncio.run(asyncio.open_connection("127.0.0.1", 9)),
    ],
)
def test_no_way_leads_to_the_network(
    attempt: Callable[[socket.socket, socket.socket], object],
) -> None:
    """Whichever is tried, by whatever library and in any thread."""
    with (
        socket.socket() as stream,
        socket.socket(type=socket.SOCK_DGRAM) as datagram,
        network_shut(),
        ThreadPoolExecutor(1) as thread,
        pytest.raises(NetworkShut, match="the network is shut while it runs"),
    ):
        thread.submit(attempt, stream, datagram).result()


def test_the_network_is_open_again_after_the_test(runner: pytest.Pytester) -> None:
    """Only tests that use the fixture go without; local sockets are no network."""
    runner.makepyfile(
        test_inner=HEADER
        + "    one, other = socket.socketpair()\n    one.send(b'x'); one.close(); other.close()\n"
        "def test_later():\n"
        "    with socket.create_server(('127.0.0.1', 0)) as server:\n"
        "        socket.create_connection(server.getsockname()).close()\n"
    )

    run(runner, "").assert_outcomes(passed=2)


def test_a_configuration_file_is_found_beside_the_test(runner: pytest.Pytester) -> None:
    """Its agents debate, under their own ids, and rehearse whatever model they name."""
    (runner.path / "mine.json").write_text(
        json.dumps(
            {
                "agents": [
                    {"id": name, "name": name, "role": role, "model": "m", "provider": "openai"}
                    for name, role in (("ada", "security"), ("bob", "kiss"))
                ]
            }
        ),
        encoding="utf-8",
    )
    body = (
        '    played = dialectic.run("p", config="mine.json", rounds=1, answers={"kiss": "Less."})\n'
        '    assert played.agents == ("ada", "bob")\n'
        '    assert played.turn("r1/critique/kiss>security").text == "Less."\n'
        '    assert dialectic.run("p", config="mine.json", rounds=1, agents=1).agents == ("ada",)\n'
    )

    run(runner, body).assert_outcomes(passed=1)


def test_the_plugin_is_cheap_to_load() -> None:
    """Who has the package installed and does not use the fixture pays for one small module."""
    code = (
        "import sys, pytest; before = set(sys.modules); import dialectic_actors.testing.plugin; "
        "print(*sorted(set(sys.modules) - before))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code],
        env=checkout_environment(),
        capture_output=True,
        text=True,
        check=True,
    )

    loaded = set(ended.stdout.split())
    assert "dialectic_actors.testing.plugin" in loaded
    assert {"openai", "anyio", "hypothesis", "msgspec", "pykka", "yaml"}.isdisjoint(loaded)
    assert [] == [name for name in loaded if not name.startswith("dialectic_actors")]


def test_a_config_of_the_kit_is_played(tmp_path: Path) -> None:
    """What simulations are run with runs here as well; arguments go before it."""
    dialectic = Dialectic(tmp_path)

    result = dialectic.run("Why?", rounds=2, config=Config(agents=2, rounds=1, history="everyone"))

    assert (("architect", "security"), 2) == (result.agents, result.opened.stages[0].rounds)
    assert "everyone" == result.opened.stages[0].history
    assert "Why?" == result.opened.problem
