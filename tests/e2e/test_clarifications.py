"""Questions before a debate, as a person meets them: at a terminal, through a pipe, from a file,
from another process, or not at all.
"""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from dialectic_events.contents import Answered, read_content
from dialectic_events.parts import resolve
from dialectic_events.turns import AnswerGiven
from support.ledgers import facts, log_of
from support.loopback import Running, serving
from support.program import dialectic, on_terminal, started
from support.terminals import terminal

PROBLEM = "Design a ledger that two regions must share"
OPTIONS = ("debate", PROBLEM, "--seed", "7", "-a", "architect,kiss", "-r", "1", "--clarify")
IDS = [f"c1-agent-{name}-{number}" for name in ("architect", "kiss") for number in (1, 2)]
MATTERS = "-made", "-given", "-asked", "run-concluded"


def answers_in(cwd: Path) -> dict[str, str]:
    """What was answered in the latest run, by question."""
    with log_of(cwd) as store:
        events = [each.event for each in store.log("@")]
    given = [event for event in events if isinstance(event, AnswerGiven)]
    texts = [each for event in given for each in read_content(event.text, list[Answered]) or ()]
    return {each.id: each.answer for each in texts}


def prompts(count: int, text: str) -> bool:
    """Whether so many questions have been put."""
    return count == text.count("\n  >")


def said_in(cwd: Path) -> Counter[str]:
    """What was said in the latest run, however the answers came."""
    with log_of(cwd) as store:
        found = facts(store.log("@"))
    kept: Counter[str] = Counter()
    for fact, count in found.items():
        content: dict[str, Any] = json.loads(fact)
        content.pop("by", None)
        if any(word in content["type"] for word in MATTERS):
            kept[json.dumps(content)] += count
    return kept


def wait_until_asked(cwd: Path, process: subprocess.Popen[bytes]) -> None:
    """Until all questions are on record."""
    while process.poll() is None:
        listed = dialectic(cwd, "answer", "--no-input", "--json")
        if listed.code == 0 and len(json.loads(listed.out)["data"]["open"]) == len(IDS):
            return
        time.sleep(0.05)


@pytest.fixture
def server() -> Any:
    """A model that asks two questions before it debates."""
    with serving() as running:
        yield running


def test_a_person_answers_at_a_terminal(server: Running, tmp_path: Path) -> None:
    """A heading per agent, a prompt per question, a line per answer; blank is `NA`, spaces at the
    ends are nothing; the picture comes back afterwards.
    """
    with terminal(100, 200) as on:
        process = on_terminal(tmp_path, on, *OPTIONS, "-o", "out.md", url=server.url)
        said = ("  ten million ", "", "a few", "Oslo, Malmö")
        for number, words in enumerate(said, 1):
            on.until(partial(prompts, number))
            on.press(f"{words}\n".encode())
        assert 0 == process.wait(timeout=60)
        shown = on.settle()

    answers = answers_in(tmp_path)
    assert set(IDS) == set(answers)
    assert {"NA", "Oslo, Malmö", "a few", "ten million"} == set(answers.values())
    assert "System Architect (agent-architect) asks 2 questions:" in shown
    assert 1 == shown.count("  c1-agent-kiss-2  Which regions?")
    assert "answer 2/2" in shown


def test_the_end_of_input_leaves_the_rest_unanswered(server: Running, tmp_path: Path) -> None:
    """Ctrl-D: the run rests with exit 7, says what is open, and how it goes on."""
    with terminal(100, 200) as on:
        process = on_terminal(tmp_path, on, *OPTIONS, "--plain", url=server.url)
        on.until(partial(prompts, 1))
        on.press(b"ten\n")
        on.until(partial(prompts, 2))
        on.press(b"\x04")
        code = process.wait(timeout=60)
        lines = on.settle().splitlines()

    assert 7 == code
    assert "  not recorded: an agent's 2 questions are answered together" in lines
    assert len(IDS) == sum(line.startswith("  c1-") for line in lines[-6:-2])
    assert ["dialectic answer", "dialectic resume"] == [line[:16] for line in lines[-2:]]
    assert {} == answers_in(tmp_path)


def test_an_interrupt_ends_a_pending_question(server: Running, tmp_path: Path) -> None:
    """Ctrl-C is no answer: exit 130, and the terminal is given back."""
    with terminal(100, 200) as on:
        process = on_terminal(tmp_path, on, *OPTIONS, url=server.url)
        on.until(partial(prompts, 1))
        process.send_signal(signal.SIGINT)
        assert 130 == process.wait(timeout=60)
        lines = on.settle().splitlines()

    assert "  no answer is needed any more" not in lines
    assert "open questions:" in lines
    assert lines[-1].startswith("dialectic resume deb-")
    assert {} == answers_in(tmp_path)


def test_piped_lines_answer_in_the_order_of_the_agents(tmp_path: Path) -> None:
    """Whoever asks first: every line is used, and the same lines are always the same debate."""
    runs = []
    for seed in (1, 2, 3):
        cwd = tmp_path / str(seed)
        cwd.mkdir()
        with serving(latency_ms=30, sigma=1.0, seed=seed) as server:
            ended = dialectic(cwd, *OPTIONS, url=server.url, stdin=b"one\ntwo\n\nfour")
        assert 0 == ended.code, ended.err
        assert dict(zip(IDS, ("one", "two", "NA", "four"), strict=True)) == answers_in(cwd)
        runs.append(said_in(cwd))

    assert runs[0] == runs[1] == runs[2]


@pytest.mark.parametrize("stdin", [b"", b"one\ntwo\nthree\n"])
def test_a_pipe_that_ends_too_early_is_no_success(
    stdin: bytes, server: Running, tmp_path: Path
) -> None:
    """Exit 7 and the open questions; what was answered as a whole is on record."""
    ended = dialectic(tmp_path, *OPTIONS, url=server.url, stdin=stdin)

    assert (7, "") == (ended.code, ended.out)
    is_open = IDS[2:] if stdin else IDS
    assert is_open == [line.split()[0] for line in ended.err.splitlines()[-2 - len(is_open) : -2]]
    assert set(IDS) - set(is_open) == set(answers_in(tmp_path))


FILES = {
    "agents.yaml": "agent-architect: [one, two]\nkiss:\n  - three\n  - ''\n",
    "ids.json": json.dumps(dict(zip(IDS, ("one", "two", "three", "  "), strict=True))),
    "order.json": '["one", "two", "three", "NA", "five"]',
    "agents.toml": 'architect = ["one", "two"]\nkiss = ["three", ""]\n',
}


@pytest.mark.parametrize("name", FILES)
def test_answers_come_from_a_file(name: str, server: Running, tmp_path: Path) -> None:
    """By agent or role, by question, or in order; the debate is the same, and what nobody asked for
    is said.
    """
    (tmp_path / name).write_text(FILES[name], encoding="utf-8")

    ended = dialectic(tmp_path, *OPTIONS, "--answers", name, url=server.url)

    assert 0 == ended.code, ended.err
    assert dict(zip(IDS, ("one", "two", "three", "NA"), strict=True)) == answers_in(tmp_path)
    surplus = "note: 1 of the answers was not asked for"
    assert ("order" in name) == (surplus in ended.err.splitlines())


def test_answers_reach_whoever_speaks_after_them(server: Running, tmp_path: Path) -> None:
    """Every prompt that follows holds them, the judge's too."""
    (tmp_path / "a.yaml").write_text("[one, two, three, zirconium]", encoding="utf-8")
    dialectic(tmp_path, *OPTIONS, "--answers", "a.yaml", url=server.url)

    with log_of(tmp_path) as store:
        calls = store["@"].run.calls.values()
        asked = {
            call.requested.turn: "".join(
                text
                for message in call.requested.messages
                for part in message.parts
                for text in resolve(part, lambda ref: store.port.parts([ref])[ref])
            )
            for call in calls
        }
    later = {turn for turn in asked if "/question/" not in turn and "/summary/" not in turn}
    assert later == {turn for turn in later if "zirconium" in asked[turn]}
    assert "debate/synthesis/judge-main" in later


def test_answers_to_nobody_are_refused_before_the_first_call(
    server: Running, tmp_path: Path
) -> None:
    """With file, line and field, and the name that was meant."""
    (tmp_path / "a.yaml").write_text("architect: [one]\nkis: [two]\n", encoding="utf-8")

    ended = dialectic(tmp_path, *OPTIONS, "--answers", "a.yaml", url=server.url)

    assert (4, "") == (ended.code, ended.out)
    assert "a.yaml:2: kis" in ended.err
    assert "did you mean `kiss`?" in ended.err
    assert [] == server.ledger.requests


@pytest.mark.parametrize("how", [("--no-input",), ("--answers", "few.json", "--no-input")])
def test_without_input_nobody_is_asked(
    how: tuple[str, ...], server: Running, tmp_path: Path
) -> None:
    """Even on a terminal; what a file answers in part is not recorded in part."""
    (tmp_path / "few.json").write_text('{"kiss": ["one"]}', encoding="utf-8")
    with terminal(100, 200) as on:
        process = on_terminal(tmp_path, on, *OPTIONS, *how, url=server.url)
        assert 7 == process.wait(timeout=60)
        shown = on.settle()

    assert "\n  >" not in shown
    assert {} == answers_in(tmp_path)


def test_another_process_answers_while_the_first_one_waits(server: Running, tmp_path: Path) -> None:
    """The pending prompt ends, and the debate goes on to its end by itself."""
    with terminal(100, 200) as on:
        process = on_terminal(tmp_path, on, *OPTIONS, "-o", "out.md", url=server.url)
        on.until(partial(prompts, 1))
        wait_until_asked(tmp_path, process)
        on.press(b"half an ans")
        texts = ("-m", "one", "-m", "two", "-m", "three", "-m", "")
        given = dialectic(tmp_path, "answer", *texts)
        assert 0 == process.wait(timeout=60)
        shown = on.settle()

    assert (0, "4 questions answered\n") == (given.code, given.err)
    assert {"one", "two", "three", "NA"} == set(answers_in(tmp_path).values())
    assert "  no answer is needed any more" in shown.splitlines()


def test_a_run_that_lacks_its_key_is_told_what_resuming_takes(
    server: Running, tmp_path: Path
) -> None:
    """It cannot become a rehearsal: the key is exported or stands in a file."""
    assert 7 == dialectic(tmp_path, *OPTIONS, "--no-input", url=server.url).code

    ended = dialectic(tmp_path, "resume")

    assert (4, "") == (ended.code, ended.out)
    assert "OPENAI_API_KEY" in ended.err
    assert "-e FILE" in ended.err
    assert "--offline" not in ended.err


def test_a_killed_debate_is_answered_and_resumed(server: Running, tmp_path: Path) -> None:
    """Killed while a person is asked: the answers are taken in between, the facts are those of a
    debate that nobody killed.
    """
    whole = tmp_path / "whole"
    whole.mkdir()
    process = started(tmp_path, *OPTIONS, url=server.url, stdin=subprocess.PIPE)
    wait_until_asked(tmp_path, process)
    process.kill()
    process.communicate()
    given = dialectic(tmp_path, "answer", stdin=b"one\ntwo\nthree\nfour\n")
    resumed = dialectic(tmp_path, "resume", "--no-input", url=server.url)
    dialectic(whole, *OPTIONS, url=server.url, stdin=b"one\ntwo\nthree\nfour\n")

    assert (0, 0) == (given.code, resumed.code), resumed.err
    assert said_in(whole) == said_in(tmp_path)


def test_a_resumed_debate_takes_answers_too(server: Running, tmp_path: Path) -> None:
    """From the same file, once it has them all: lists count from the first question of the run."""
    answers = tmp_path / "answers.yaml"
    answers.write_text("architect: [one, two]\n", encoding="utf-8")
    first = dialectic(tmp_path, *OPTIONS, "--answers", "answers.yaml", url=server.url)
    answers.write_text("architect: [one, two]\nkiss: [three, four]\n", encoding="utf-8")
    resumed = dialectic(tmp_path, "resume", "--answers", "answers.yaml", url=server.url)

    assert (7, 0) == (first.code, resumed.code), resumed.err
    assert dict(zip(IDS, ("one", "two", "three", "four"), strict=True)) == answers_in(tmp_path)


def test_questions_are_listed_answered_once_and_then_refused(
    server: Running, tmp_path: Path
) -> None:
    """The effect, its repeat, and its refusals, each with its exit code."""
    dialectic(tmp_path, *OPTIONS, url=server.url)
    listed = dialectic(tmp_path, "answer", "--json")
    few = dialectic(tmp_path, "answer", "-m", "one")
    many = dialectic(tmp_path, "answer", *("-m", "x") * 5)
    texts = ("-m", "one", "-m", "two", "-m", "three", "-m", "four")
    given = dialectic(tmp_path, "answer", *texts)
    with log_of(tmp_path) as store:
        before = store.version("@")
        again = dialectic(tmp_path, "answer", *texts)
        assert before == store.version("@")
    dialectic(tmp_path, "resume", url=server.url)
    ended = dialectic(tmp_path, "answer", *texts)
    unknown = dialectic(tmp_path, "answer", "deb-nobody")

    told = json.loads(listed.out)["data"]
    assert IDS == [each["id"] for each in told["open"]]
    assert ("suspended", [], 0) == (told["status"], told["answered"], listed.code)
    assert [2, 2, 0, 0, 2, 2] == [each.code for each in (few, many, given, again, ended, unknown)]
    assert "dialectic resume deb-" in given.err.splitlines()[-1]
    assert "all is answered already" == again.err.splitlines()[0]
    assert "the run has ended (concluded)" in ended.err


def test_a_hostile_question_is_harmless(tmp_path: Path) -> None:
    """Its escapes are made visible and its lines cannot pass for ours."""
    script = {
        "answers": {
            "question": {"text": json.dumps({"questions": ["\x1b[2Jhi\ndialectic resume x"]})}
        },
        "default": "Fine.",
    }
    (tmp_path / "script.json").write_text(json.dumps(script), encoding="utf-8")

    ended = dialectic(tmp_path, *OPTIONS, "-m", "scripted/script.json", "--plain")

    assert 7 == ended.code, ended.err
    assert "\x1b" not in ended.err
    assert "dialectic resume x" not in [line[:18] for line in ended.err.splitlines()]
    assert "    dialectic resume x" in ended.err.splitlines()
