"""A debate as it is watched: by a person before a terminal, by a program that reads JSON lines, by
nobody.
"""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

from support.loopback import serving
from support.program import dialectic, on_terminal, started
from support.terminals import terminal

PROBLEM = "Design a ledger that two regions must share"
OPTIONS = ("debate", PROBLEM, "--seed", "7", "-a", "architect,kiss", "-r", "1")


def test_a_person_sees_who_speaks_and_what_it_came_to(tmp_path: Path) -> None:
    """The picture while it goes on, the last one and the solution afterwards."""
    with serving(answers=1) as server, terminal(100, 200) as on:
        process = on_terminal(tmp_path, on, *OPTIONS, url=server.url)
        during = on.until(lambda text: "▸" in text and "1/8 turns" in text)
        server.release()
        assert 0 == process.wait(timeout=60)
        lines = on.settle().splitlines()

    assert "round 1      proposal 1/2  critique 0/2  refinement 0/2" in during.splitlines()
    (last,) = [place for place, line in enumerate(lines) if "8/8 turns" in line]
    assert lines[last + 1].startswith("round 1      proposal 2/2  critique 2/2  refinement 2/2")
    assert not any("▸" in line for line in lines)
    assert any(line.startswith("read it all: dialectic show") for line in lines[last:])


def test_an_interrupted_display_leaves_a_clean_screen(tmp_path: Path) -> None:
    """The last state, then the command that resumes; the terminal wraps lines again."""
    with serving(answers=1) as server, terminal(100, 60) as on:
        process = on_terminal(tmp_path, on, *OPTIONS, url=server.url)
        on.until(lambda text: "▸" in text and "1/8 turns" in text)
        process.send_signal(signal.SIGINT)
        assert 130 == process.wait(timeout=60)
        lines = on.settle().splitlines()

    assert lines[-1].startswith("dialectic resume deb-")
    assert 1 == sum("1/8 turns" in line for line in lines)
    assert not any("▸" in line for line in lines)
    assert on.screen.wraps


@pytest.mark.parametrize("flag", ["--plain", "-q", "--json", "--jsonl"])
def test_nothing_is_drawn_when_nobody_wants_it(flag: str, tmp_path: Path) -> None:
    """No picture, though there is a terminal: no line is ever drawn over another."""
    with terminal(200, 60) as on:
        process = on_terminal(tmp_path, on, *OPTIONS, "--offline", flag, "-o", "solution.md")
        assert 0 == process.wait(timeout=60)
        text = on.settle()

    assert "\x1b[J" not in on.raw
    assert ("-q" == flag) == ("architect" not in text)


def test_a_program_reads_launch_events_and_done(tmp_path: Path) -> None:
    """Nothing else is on stdout, and the reference in the last line shows the solution."""
    ended = dialectic(tmp_path, *OPTIONS, "--offline", "--jsonl")

    launch, *events, done = map(json.loads, ended.out.splitlines())
    assert ["launch", "done"] == [launch["line"], done["line"]]
    assert {"event"} == {each["line"] for each in events}
    assert list(range(1, len(events) + 1)) == [each["version"] for each in events]
    assert (ended.code, "concluded") == (done["exit_code"], done["status"])
    solution = dialectic(tmp_path, "show", done["solution"], "--solution").out
    assert solution == dialectic(tmp_path, "show", launch["id"], "--solution").out
    assert solution.strip()


def test_a_resumed_run_streams_what_is_new(tmp_path: Path) -> None:
    """The versions go on where the first process stopped; an ended run has nothing new."""
    with serving(answers=1) as server:
        process = started(tmp_path, *OPTIONS, "--jsonl", url=server.url)
        assert process.stdout is not None
        seen = [json.loads(process.stdout.readline()) for _ in range(4)]
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=60)
        seen += map(json.loads, out.decode().splitlines())
        server.release()
        resumed = dialectic(tmp_path, "resume", "--jsonl", url=server.url)
        again = dialectic(tmp_path, "resume", "--jsonl", url=server.url)

    launch, *events, done = map(json.loads, resumed.out.splitlines())
    assert ("done", 130) == (seen[-1]["line"], seen[-1]["exit_code"])
    assert seen[-2]["version"] == launch["after"]
    assert launch["after"] + 1 == events[0]["version"]
    assert ("concluded", 0) == (done["status"], done["exit_code"])
    assert ["launch", "done"] == [json.loads(line)["line"] for line in again.out.splitlines()]


def test_a_quiet_debate_says_only_its_solution(tmp_path: Path) -> None:
    """And on a failure what is needed to go on."""
    ended = dialectic(tmp_path, *OPTIONS, "--offline", "-q")

    assert (0, "") == (ended.code, ended.err)
    assert ended.out.strip()


def test_two_forms_of_output_are_refused_before_anything_is_done(tmp_path: Path) -> None:
    """Exit 2, and no log is begun."""
    ended = dialectic(tmp_path, *OPTIONS, "--offline", "--json", "--jsonl")

    assert (2, "") == (ended.code, ended.out)
    assert "--json and --jsonl exclude each other" in ended.err
    assert [] == list(tmp_path.iterdir())
