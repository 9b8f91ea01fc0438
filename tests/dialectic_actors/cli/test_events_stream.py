"""A run as JSON lines: programs read the launch, each event, and the end."""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialectic_actors.api.outcome import INTERRUPTED, Outcome
from dialectic_actors.cli.events_stream import SCHEMA, EventsStream, both
from dialectic_actors.testing.strategies import events
from dialectic_events.codec import Redacted, encode
from dialectic_events.envelope import Envelope
from dialectic_events.runs import RunSuspended, Stage
from dialectic_events.union import Event
from dialectic_replay.run import Run, fold
from support.told import AGENTS, RUN, envelope, envelopes, opening, telling

DEBATE = Stage("debate", "debate@1", AGENTS, "judge", 1)


def streamed(
    log: Sequence[Envelope], run: Run | None = None, *, past: Sequence[Envelope] = ()
) -> list[dict[str, Any]]:
    """What a program reads of a run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdout", out := io.StringIO())
        stream = EventsStream(RUN, "log.db", past=past)
        for each in log:
            stream(each)
        if run is not None:
            stream.done(Outcome(RUN, run))
    assert out.getvalue().endswith("\n")
    return [json.loads(line) for line in out.getvalue().split("\n")[:-1]]


@given(st.lists(events(), max_size=6))
def test_every_event_is_one_line_with_its_texts(log: list[Event]) -> None:
    """Whatever they hold; the payload is that of the log, words in place of references."""
    launch, *lines = streamed(envelopes(log))

    assert ("launch", RUN, os.getpid()) == (launch["line"], launch["id"], launch["pid"])
    assert SCHEMA == launch["schema"]
    assert list(range(1, len(log) + 1)) == [line["version"] for line in lines]
    for line, event in zip(lines, log, strict=True):
        stored = json.loads(encode(event, {}))
        assert line["payload"]["type"] == line["type"] == stored["type"]
        assert stored.keys() == line["payload"].keys()


def test_the_last_line_says_how_it_ended_and_where_the_solution_is() -> None:
    """A reference that `dialectic show` takes, and the code that the process exits with."""
    log = list(telling(opening(DEBATE)))

    *_, synthesis, _, done = streamed(envelopes(log), fold(log))

    assert ("event", "synthesis-made") == (synthesis["line"], synthesis["type"])
    assert f"{RUN}:{synthesis['version']}" == done["solution"]
    assert ("done", "concluded", 0) == (done["line"], done["status"], done["exit_code"])


def test_a_run_that_rests_has_no_solution_but_a_reason() -> None:
    """The last line comes all the same: only a process that died writes none."""
    log = [*list(telling(opening(DEBATE)))[:4], RunSuspended(reason=INTERRUPTED)]

    *_, done = streamed(envelopes(log), fold(log))

    assert (None, INTERRUPTED, 130) == (done["solution"], done["reason"], done["exit_code"])


def test_a_resumed_run_goes_on_where_its_past_ends() -> None:
    """What was written by another process is not written again; its solution is still named."""
    log = list(telling(opening(DEBATE)))
    told = envelopes(log)

    launch, *lines = streamed(told[-1:], fold(log), past=told[:-1])

    assert len(log) - 1 == launch["after"]
    assert [len(log)] == [line["version"] for line in lines if line["line"] == "event"]
    assert f"{RUN}:{len(log) - 1}" == lines[-1]["solution"]


def test_a_redacted_event_has_no_payload() -> None:
    """Its type and version are still there, so that none seems to be lost."""
    told = envelope(telling(opening(DEBATE)).__next__(), 1)

    _, line = streamed([Envelope(1, told.header, Redacted("run-opened"))])

    assert ("run-opened", 1, None) == (line["type"], line["version"], line["payload"])


def test_a_reader_who_left_does_not_stop_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """The lines go nowhere, and whoever watches the run hears on."""
    receiving, sending = os.pipe()
    os.close(receiving)
    heard: list[Envelope] = []
    log = envelopes(list(telling(opening(DEBATE))))
    with os.fdopen(sending, "w") as closed:
        monkeypatch.setattr(sys, "stdout", closed)
        listen = both(heard.append, EventsStream(RUN, "log.db"))
        for each in log:
            listen(each)

    assert log == heard


def test_nobody_but_the_watch_hears_without_a_stream() -> None:
    """The listener is the watch itself."""
    heard: list[Envelope] = []

    assert heard.append == both(heard.append, None)
