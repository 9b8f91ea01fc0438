"""The toolbox: every call ends as a result, whatever a model asks and whatever a tool does."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NoReturn

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialectic_actors.core.briefs import Shown
from dialectic_actors.tools import NAMES, Toolbox, Toolboxes, specs
from dialectic_actors.tools.toolbox import CALLS_LIMIT, RESULT_LIMIT
from dialectic_events.contents import ToolCall, ToolResult, ToolSpec, read_content, write_content
from dialectic_events.errors import DialecticError, ExitCode

CORPUS = (Shown("debate/r1/proposal/kiss", "proposal", "kiss", 1, "one queue"),)


class Brought:
    """A tool of somebody's own."""

    spec = ToolSpec("tickets", "Look at tickets.", {"type": "object", "properties": {"id": {}}})

    def __init__(self, act: Callable[[Mapping[str, object]], object]) -> None:
        self._act = act

    def __call__(self, arguments: Mapping[str, object]) -> object:
        """What it was made to do."""
        return self._act(arguments)


def used(box: Toolbox, name: str, arguments: str) -> tuple[str, str]:
    """The status and the words of one call."""
    (result,) = box.use([ToolCall("1", name, arguments)], CORPUS)
    assert ("1", name) == (result.id, result.name)
    return result.status, result.content


@given(
    st.lists(
        st.builds(
            ToolCall,
            st.text(max_size=4),
            st.sampled_from([*NAMES, "tickets"]) | st.text(max_size=9),
            st.text(max_size=30)
            | st.builds(
                lambda name, value: msgspec.json.encode({name: value}).decode(),
                st.sampled_from(["path", "term", "id"]),
                st.text(max_size=9) | st.integers() | st.none(),
            ),
        ),
        max_size=40,
    )
)
def test_every_call_has_a_result_that_can_be_stored(calls: list[ToolCall]) -> None:
    """In the order of the calls, each under its id, a success always being JSON."""
    box = Toolbox(None, {"tickets": Brought(dict)})

    results = tuple(box.use(calls, CORPUS))

    assert [(call.id, call.name) for call in calls] == [(each.id, each.name) for each in results]
    assert list(results) == read_content(write_content(results), list[ToolResult])
    for result in results:
        assert result.status == "error" or msgspec.json.decode(result.content) is not None


def test_each_built_in_tool_does_its_work(tmp_path: Path) -> None:
    """They are told of under the names by which they are used."""
    (tmp_path / "a.md").write_text("one\ntwo\n")
    box = Toolbox(tmp_path)

    assert NAMES == tuple(spec.name for spec in specs(NAMES))
    assert ("success", '{"content":"one\\ntwo\\n"}') == used(box, "file_read", '{"path": "a.md"}')
    assert ("success", '{"content":"two\\n","note":"lines 2 to 2, the last"}') == used(
        box, "file_read", '{"path": "a.md", "from_line": 2}'
    )
    assert ("success", '{"entries":[{"path":"a.md","type":"file"}]}') == used(
        box, "list_files", '{"path": "."}'
    )
    assert (
        "success",
        '{"matches":[{"kind":"proposal","round":1,"snippet":"one queue","speaker":"kiss"}]}',
    ) == used(box, "context_search", '{"term": "QUEUE"}')


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("file_read", '{"path": "../a"}', "'../a' leads out of the context directory"),
        ("file_read", '{"path": "a", "from_line": 0}', "`from_line` must be at least 1"),
        ("file_read", "{}", "`path` is missing"),
        ("list_files", '{"folder": "."}', "`path` is missing; there is no argument 'folder'"),
        ("context_search", '{"term": ""}', "`term` must have a length of at least 1"),
        ("context_search", "queue", "the arguments are not JSON"),
        ("read_file", "{}", "there is no tool 'read_file'; the tools are: context_search, "),
    ],
)
def test_what_goes_wrong_is_told_to_the_model(
    name: str, arguments: str, words: str, tmp_path: Path
) -> None:
    """In words that it can act on."""
    status, content = used(Toolbox(tmp_path), name, arguments)

    assert "error" == status
    assert content.startswith(words)


def test_a_tool_that_was_not_offered_is_not_used(tmp_path: Path) -> None:
    """An agent without a tool cannot use it by guessing its name."""
    (tmp_path / "a").write_text("SECRET")
    call = ToolCall("1", "file_read", '{"path": "a"}')

    (one,) = Toolbox(tmp_path).use([call], CORPUS, offered=["list_files"])
    (none,) = Toolbox(tmp_path).use([call], CORPUS, offered=())

    assert "there is no tool 'file_read'; the tools are: list_files" == one.content
    assert ("error", "there are no tools") == (none.status, none.content)


def test_an_answer_may_make_so_many_calls_and_no_more() -> None:
    """What is over the limit is told and not done."""
    box = Toolbox(None, {"tickets": Brought(dict)})

    results = tuple(box.use([ToolCall("1", "tickets", "{}")] * (CALLS_LIMIT + 2), ()))

    assert ["success"] * CALLS_LIMIT + ["error"] * 2 == [result.status for result in results]
    assert "not done: an answer may make at most 32 calls of tools" == results[-1].content


def test_a_brought_tool_gets_its_arguments_and_gives_json() -> None:
    """What JSON can hold; structs and the like are written as JSON too."""
    box = Toolbox(None, {"tickets": Brought(lambda arguments: [arguments["id"], ToolCall])})
    assert "error" == used(box, "tickets", '{"id": 7}')[0]

    box = Toolbox(None, {"tickets": Brought(lambda arguments: {"id": arguments["id"]})})
    assert ("success", '{"id":"ü"}') == used(box, "tickets", '{"id": "ü"}')


def fail(error: type[BaseException], *words: object) -> Callable[[object], NoReturn]:
    """A tool that raises."""

    def act(arguments: object) -> NoReturn:
        raise error(*words)

    return act


class Mute(Exception):
    """An error that cannot even be shown."""

    def __str__(self) -> str:
        raise ValueError


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (fail(LookupError, "no ticket 7"), "the tool failed: LookupError: no ticket 7"),
        (fail(LookupError), "the tool failed: LookupError"),
        (fail(LookupError, "\ud800"), "the tool failed: LookupError: ?"),
        (fail(LookupError, "x" * 9_000), "the tool failed: LookupError: " + "x" * 500),
        (fail(Mute), "the tool failed: Mute"),
        (fail(SystemExit, 3), "the tool failed: SystemExit: 3"),
        (lambda _: sys.setrecursionlimit(-1), "the tool failed: ValueError"),
        (lambda _: object(), "the tool failed: TypeError: Encoding objects of type object"),
        (lambda _: "\ud800", "the tool failed: UnicodeEncodeError"),
        (lambda _: "x" * RESULT_LIMIT, "the result is too long (500,002 characters"),
    ],
)
def test_a_tool_that_fails_fails_alone(
    act: Callable[[Mapping[str, object]], object], words: str
) -> None:
    """The model is told the class of the error and its message, never a traceback."""
    status, content = used(Toolbox(None, {"tickets": Brought(act)}), "tickets", "{}")

    assert "error" == status
    assert content.startswith(words)
    assert len(content) < 1_000
    assert "Traceback" not in content


def test_a_result_that_holds_itself_is_no_json() -> None:
    """And no end of the process."""
    ring: list[object] = []
    ring.append(ring)

    assert "error" == used(Toolbox(None, {"tickets": Brought(lambda _: ring)}), "tickets", "{}")[0]


def test_an_interrupt_is_no_error_of_a_tool() -> None:
    """Who presses Ctrl-C wants out."""
    box = Toolbox(None, {"tickets": Brought(fail(KeyboardInterrupt))})

    with pytest.raises(KeyboardInterrupt):
        used(box, "tickets", "{}")


def test_a_brought_tool_stands_in_for_a_built_in_one() -> None:
    """A program that brings its own `file_read` reads where it pleases."""

    class Reader(Brought):
        spec = ToolSpec("file_read", "Read elsewhere.", {"type": "object"})

    assert ("success", "1") == used(
        Toolbox(None, {"file_read": Reader(lambda _: 1)}), "file_read", "{}"
    )


def test_what_is_no_tool_is_refused_at_once() -> None:
    """Not when a model calls it. Servers take no name but of letters, digits, - and _."""

    class Misnamed(Brought):
        spec = ToolSpec("my tickets", "", {"type": "object"})

    with pytest.raises(DialecticError, match="letters, digits, - and _ make a name"):
        Toolbox(None, {"my tickets": Misnamed(dict)})
    with pytest.raises(DialecticError, match="its `spec` is of 'tickets'") as refusal:
        Toolbox(None, {"others": Brought(dict)})

    assert ExitCode.CONFIGURATION == refusal.value.exit_code


def test_each_run_of_a_system_reads_its_own_directory(tmp_path: Path) -> None:
    """Two runs in one process do not see each other's files."""
    boxes = {}
    for run in ("one", "two"):
        (tmp_path / run).mkdir()
        (tmp_path / run / "a.md").write_text(run)
        boxes[run] = Toolbox(tmp_path / run)
    call = ToolCall("1", "file_read", '{"path": "a.md"}')

    results = {run: next(Toolboxes(boxes).use(run, [call], (), ["file_read"])) for run in boxes}

    assert {run: f'{{"content":"{run}"}}' for run in boxes} == {
        run: result.content for run, result in results.items()
    }
