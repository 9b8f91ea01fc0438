"""Agents with tools on the real command: files are read on either endpoint, nothing else is, and a
tool that hangs does not hang the debate.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dialectic_events.calls import ToolsUsed
from dialectic_events.contents import ToolResult, read_content
from support.ledgers import log_of
from support.loopback import Dialect, serving
from support.program import dialectic

PROBLEM = "Design a ledger that two regions must share"
TOOLS = [{"name": "file_read"}, {"name": "list_files"}, {"name": "context_search"}]


def configured(cwd: Path, **fields: Any) -> None:
    """An architect with tools, a second agent without."""
    agents: list[dict[str, Any]] = [
        {"id": name, "name": name, "role": name, "models": ["openai/gpt-4o-mini"]}
        for name in ("architect", "kiss")
    ]
    agents[0] |= {"tools": TOOLS, **fields}
    config = {"agents": agents, "debate": {"rounds": 1}}
    (cwd / "debate-config.json").write_text(json.dumps(config), encoding="utf-8")
    (cwd / "notes").mkdir()
    (cwd / "notes" / "load.md").write_text("40 000 writes a minute\n", encoding="utf-8")
    (cwd / "secret").write_text("hidden", encoding="utf-8")


def used_in(cwd: Path) -> dict[str, list[ToolResult]]:
    """What the tools said in the latest run, by call."""
    with log_of(cwd) as store:
        events = [each.event for each in store.log("@")]
    return {
        event.call: read_content(event.results, list[ToolResult]) or []
        for event in events
        if isinstance(event, ToolsUsed)
    }


@pytest.mark.parametrize("dialect", ["chat", "responses"])
def test_an_agent_reads_files_of_the_context(dialect: Dialect, tmp_path: Path) -> None:
    """What it asked and what it was told is on record and in its next prompt; the agent without
    tools is offered none.
    """
    configured(tmp_path)
    uses = (("file_read", '{"path": "load.md"}'), ("file_read", '{"path": "../secret"}'))
    with serving(dialect=dialect, uses=uses) as server:
        ended = dialectic(tmp_path, "debate", PROBLEM, "--context", "notes", url=server.url)
        offered = [entry for entry in server.ledger.answered if "tools" in entry.wants]

    assert 0 == ended.code, ended.err
    used = used_in(tmp_path)
    turns = {f"debate/r1/{turn}" for turn in ("proposal", "critique", "refinement")}
    assert turns == {call.rpartition("/")[0] for call in used}
    assert {"architect"} == {call.rpartition("/")[2][:9] for call in used}
    for read, refused in used.values():
        assert ("success", True) == (read.status, "40 000 writes a minute" in read.content)
        assert ("error", True) == (refused.status, "leads out" in refused.content)
    assert 2 * len(used) == len(offered)
    assert "hidden" not in (tmp_path / "debates").joinpath(_state(tmp_path)).read_text("utf-8")


def test_without_a_context_file_tools_say_so(tmp_path: Path) -> None:
    """The working directory is read by nobody unless it is named."""
    configured(tmp_path)
    with serving(uses=(("list_files", '{"path": "."}'),)) as server:
        ended = dialectic(tmp_path, "debate", PROBLEM, url=server.url)

    assert 0 == ended.code, ended.err
    results = [each for results in used_in(tmp_path).values() for each in results]
    assert {"error"} == {each.status for each in results}
    assert not any("secret" in each.content for each in results)


def test_the_last_answer_has_no_tools(tmp_path: Path) -> None:
    """After as many answers as the limit allows, the agent answers without."""
    configured(tmp_path, toolCallLimit=1)
    with serving(uses=(("list_files", '{"path": "."}'),)) as server:
        ended = dialectic(tmp_path, "debate", PROBLEM, "--context", ".", url=server.url)
        offered = [entry for entry in server.ledger.answered if "tools" in entry.wants]

    assert 0 == ended.code, ended.err
    assert len(used_in(tmp_path)) == len(offered)


def test_a_rehearsal_uses_its_tools_as_well(tmp_path: Path) -> None:
    """The first run shows how it goes, without a key."""
    configured(tmp_path)

    ended = dialectic(tmp_path, "debate", PROBLEM, "--offline", "--context", "notes", network=False)

    assert 0 == ended.code, ended.err
    used = used_in(tmp_path)
    assert '{"entries":[{"path":"load.md","type":"file"}]}' == (
        used["debate/r1/proposal/architect#1"][0].content
    )


def test_a_context_file_joins_the_problem(tmp_path: Path) -> None:
    """Its beginning, under a heading, with a note when it was cut or blank."""
    (tmp_path / "long.md").write_text("word " * 2000, encoding="utf-8")
    (tmp_path / "blank.md").write_text("\n", encoding="utf-8")
    small = ("-a", "kiss", "-r", "1", "--offline", "-o", "out.md")

    long = dialectic(tmp_path, "debate", PROBLEM, *small, "--context", "long.md")
    with log_of(tmp_path) as store:
        opened = store.replay("@").opened
    blank = dialectic(tmp_path, "debate", PROBLEM, *small, "--context", "blank.md")

    assert (0, 0) == (long.code, blank.code), long.err
    assert opened is not None
    assert opened.problem.startswith(f"{PROBLEM}\n\n## Additional context\n\nword word")
    assert opened.context_dir is None
    assert (
        "note: the context long.md is cut: 5,000 of 9,999 characters are used"
        in long.err.replace(f"{tmp_path}/", "")
    )
    assert "is blank and changes nothing" in blank.err


def _state(cwd: Path) -> str:
    (found,) = (cwd / "debates").glob("deb-*.json")
    return found.name
