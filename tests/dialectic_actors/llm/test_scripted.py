"""Answers from a file: which one follows from the ask alone."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialectic_actors.core.briefs import Brief, Shown
from dialectic_actors.core.marks import mark_of
from dialectic_actors.llm.scripted import Script, Scripted, Step, read_script
from dialectic_events.calls import CallAnswered, CallFailed, Ending
from dialectic_events.contents import ToolCall, ToolSpec, read_content
from dialectic_events.errors import DialecticError, ExitCode
from support.asks import an_ask, endings_of


def write(folder: Path, content: object) -> str:
    """A script file; its path is the model."""
    path = folder / "script.yaml"
    path.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
    return str(path)


def say(folder: Path, content: object, **ask: Any) -> Ending:
    """How a call ends by the script."""
    model = write(folder, content)
    (ending,) = endings_of(Scripted([model]), [an_ask(model=model, **ask)])
    return ending


ROUNDS = st.lists(st.lists(st.text(min_size=1), min_size=1), min_size=1)


@given(st.integers(1, 9), st.integers(1, 9), ROUNDS)
def test_the_same_ask_always_gets_the_same_step(
    round_: int, attempt: int, rounds: list[list[str]]
) -> None:
    """Rounds outside, attempts inside, the last of each stays."""
    script = Script(answers={"proposal": [list(attempts) for attempts in rounds]})
    attempts = rounds[min(round_, len(rounds)) - 1]
    expected = Step(text=attempts[min(attempt, len(attempts)) - 1])
    for _ in range(2):
        assert expected == script.step(an_ask(round=round_, attempt=attempt))


@pytest.mark.parametrize(
    "keys",
    [
        ["debate/r1/proposal/a0", "proposal/a0", "prop*/*", "a0", "proposal"],
        ["r1/proposal/a0", "*/a0", "a0", "proposal"],
        ["proposal/*", "*", "proposal"],
        ["a0", "proposal"],
    ],
)
def test_the_most_specific_key_wins(keys: list[str], tmp_path: Path) -> None:
    """Turn, kind and speaker, glob, speaker, kind; order counts only among globs."""
    order = keys if "*" in keys else keys[::-1]
    answers = {key: f"by {key}" for key in order}
    ending = say(tmp_path, {"answers": answers, "default": "by default"})
    assert isinstance(ending, CallAnswered)
    assert f"by {keys[0]}" == ending.text


def test_a_list_under_a_turn_is_one_step_per_attempt(tmp_path: Path) -> None:
    """A call that failed is answered when it is made again."""
    content = {
        "answers": {"debate/r2/proposal/a0": [{"error": "rate-limited", "retry_after_s": 1}, "yes"]}
    }
    failed = say(tmp_path, content, round=2)
    answered = say(tmp_path, content, round=2, attempt=2)
    assert isinstance(failed, CallFailed)
    assert isinstance(answered, CallAnswered)
    assert (failed.error, failed.retry_after_s, answered.text) == ("rate-limited", 1.0, "yes")


def test_a_turn_without_an_answer_fails_and_names_itself(tmp_path: Path) -> None:
    """Nothing is made up."""
    ending = say(tmp_path, {"answers": {"critique": "no"}})
    assert isinstance(ending, CallFailed)
    assert ending.error == "bad-request"
    assert "debate/r1/proposal/a0" in ending.detail


def test_a_blank_text_is_an_empty_answer(tmp_path: Path) -> None:
    """As it would be from a model."""
    ending = say(tmp_path, {"default": " \n"})
    assert isinstance(ending, CallFailed)
    assert ending.error == "empty"


def test_scripted_time_is_spent(tmp_path: Path) -> None:
    """A slow script runs into the call's deadline like a slow model."""
    ending = say(tmp_path, {"default": {"text": "late", "latency_ms": 60_000}}, deadline_s=0.02)
    assert isinstance(ending, CallFailed)
    assert ending.error == "timeout"


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ({"answers": {"proposal": {"txt": "x"}}}, "answers.proposal"),
        ({"answers": {"proposal": {"error": "unlucky"}}}, "answers.proposal"),
        ({"answers": {"proposal": {"text": "x", "error": "server"}}}, "answers.proposal"),
        ({"answers": {"proposal": [1]}}, "answers.proposal"),
        ({"answers": {"proposal": {"text": "x", "json": {}}}}, "answers.proposal"),
        ({"answers": {"proposal": {"tools": [{"name": "x"}], "error": "server"}}}, "proposal"),
        ({"answers": {"proposal": {"tools": [{"nam": "x"}]}}}, "proposal"),
        ({"answers": {"proposal": {}}}, "answers.proposal"),
        ({"answers": {"proposal": {"text": "x", "latency_ms": -1}}}, "answers.proposal"),
        ({"answers": ["x"]}, "answers"),
        ({"answer": {}}, "answer"),
        ("answers: {proposal: [", "YAML"),
        ("", "answers"),
    ],
)
def test_a_wrong_script_is_refused_with_its_file_and_field(
    content: object, named: str, tmp_path: Path
) -> None:
    """Found before the first call."""
    path = write(tmp_path, content)
    with pytest.raises(DialecticError) as caught:
        Scripted([path])
    assert caught.value.exit_code == ExitCode.CONFIGURATION
    assert path in caught.value.where
    assert named in str(caught.value)


@pytest.mark.parametrize(
    "text", ["[" * 5_000, "default: 2001-99-99", "default: !!bool maybe", "default: !!int ''"]
)
def test_a_script_that_breaks_its_reader_is_refused(text: str, tmp_path: Path) -> None:
    """As one that is no YAML."""
    path = tmp_path / "script.yaml"
    path.write_text(text, "utf-8")
    with pytest.raises(DialecticError, match="is not YAML or JSON"):
        read_script(path)


def test_a_missing_script_is_refused(tmp_path: Path) -> None:
    """With the path that was looked for."""
    with pytest.raises(DialecticError, match=r"gone\.yaml: script cannot be read"):
        read_script(tmp_path / "gone.yaml")


LOOK = ToolSpec("look", "Looks.", {"type": "object"})


def test_a_script_asks_for_tools_before_it_answers(tmp_path: Path) -> None:
    """Under a turn, attempt by attempt; arguments may be JSON or not."""
    uses = [{"name": "look", "arguments": {"term": "é"}}, {"name": "look", "arguments": "{not"}]
    content = {"answers": {"debate/r1/proposal/a0": [{"tools": uses}, "Found."]}}
    first = say(tmp_path, content, tools=(LOOK,))
    second = say(tmp_path, content, tools=(LOOK,), attempt=2)
    assert isinstance(first, CallAnswered)
    assert isinstance(second, CallAnswered)
    calls = [ToolCall("call-1-1", "look", '{"term": "é"}'), ToolCall("call-1-2", "look", "{not")]
    assert calls == read_content(first.tools, list[ToolCall])
    assert ("", "Found.", "") == (first.text, second.text, second.tools)


def test_scripted_tools_that_are_not_offered_are_no_answer(tmp_path: Path) -> None:
    """As with models; words beside them are one."""
    silent = say(tmp_path, {"default": {"tools": [{"name": "look"}]}})
    wordy = say(tmp_path, {"default": {"tools": [{"name": "look"}], "text": "Hm."}})
    assert isinstance(silent, CallFailed)
    assert isinstance(wordy, CallAnswered)
    assert ("empty", "Hm.", "") == (silent.error, wordy.text, wordy.tools)


@pytest.mark.parametrize(
    "value", [{"score": 70, "reason": "é"}, [], None, "text", {"a": [1.5, True]}]
)
def test_a_typed_answer_is_said_as_json(value: object, tmp_path: Path) -> None:
    """Written in YAML or JSON as people like it."""
    ending = say(tmp_path, {"default": {"json": value}})
    assert isinstance(ending, CallAnswered)
    assert value == json.loads(ending.text)


def test_half_a_typed_answer_is_a_text(tmp_path: Path) -> None:
    """What a model gets wrong is said as it stands."""
    ending = say(tmp_path, {"default": '{"score": 7'})
    assert isinstance(ending, CallAnswered)
    assert ending.text == '{"score": 7'


def test_a_typed_answer_cites_the_turns_that_it_was_shown(tmp_path: Path) -> None:
    """By their marks; a turn that was not shown stays a name."""
    shown = Shown("debate/r1/refinement/b", "refinement", "b", 1, "Use a queue.")
    brief = Brief(turn=an_ask().brief.turn, problem="a cart", history=(), shown=(shown,))
    names = ["mark of debate/r1/refinement/b", "mark of r1/refinement/b", "mark of nobody", "b"]
    ending = say(tmp_path, {"default": {"json": {"ranking": names}}}, brief=brief)
    assert isinstance(ending, CallAnswered)
    mark = mark_of("Use a queue.")
    assert {"ranking": [mark, mark, "mark of nobody", "b"]} == json.loads(ending.text)
