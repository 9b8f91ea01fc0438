"""The strategies make what they promise: real openings, real logs of every kind, old shapes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

from dialectic_actors.core.commands import Open
from dialectic_actors.core.decide import decide, fold
from dialectic_actors.testing.config import Config
from dialectic_actors.testing.driving import EVERY_ERROR, Agents, play
from dialectic_actors.testing.stories import MISHAPS, Mishap, Setback, Story, Told
from dialectic_actors.testing.strategies import (
    configs,
    events,
    events_of,
    logs,
    logs_of_every_version,
    openings,
    problems,
    stories,
)
from dialectic_actors.testing.versions import DOWNCASTS, Downcast, Shape, Written, shapes_of
from dialectic_events import codec
from dialectic_events.calls import CallLost, CallRequested
from dialectic_events.codec import decode
from dialectic_events.envelope import read_header
from dialectic_events.parts import resolve
from dialectic_events.runs import Clarifications, Limits, RunOpened, StopRule, Summarization
from dialectic_events.stores.memory import MemoryStore
from dialectic_events.turns import ProposalMade
from dialectic_events.union import EVENT_TYPES, Event, tag_of
from dialectic_events.upcasts import UPCASTS, Upcast
from dialectic_replay.read import envelopes, known_event


@given(configs(max_agents=4, max_rounds=3))
def test_configs_keep_their_bounds(config: Config) -> None:
    """Agents and rounds as asked for."""
    assert 1 <= len(config.speakers) <= 4
    assert 1 <= config.rounds <= 3


@given(problems())
def test_a_problem_is_never_blank(problem: str) -> None:
    """There is something to debate."""
    assert problem.strip()


@given(openings())
def test_an_opening_opens_a_run(opening: RunOpened) -> None:
    """The decider takes it."""
    assert (opening,) == decide(fold(()), Open(opening))


@given(events(), st.data())
def test_events_are_made_of_every_type_alone_and_together(
    event: Event, data: st.DataObject
) -> None:
    """`events_of` makes the type that it is asked for."""
    kind = type(event)

    assert kind in EVENT_TYPES.values()
    assert kind is type(data.draw(events_of(kind)))


ENDS = ("running", "suspended", "concluded", "partial", "failed")


def traits(log: Told) -> Iterator[str]:
    """What is in a log, and how it ends."""
    yield fold(log).run.status
    for event in log:
        yield tag_of(type(event))
        if isinstance(event, CallRequested):
            yield event.why


def test_logs_hold_all_that_can_happen() -> None:
    """Every type of event, every reason for a call, every way to end, to rest or to be cut off."""
    seen: set[str] = set()

    @settings(max_examples=800, derandomize=True, database=None)
    @given(logs())
    def look(log: Told) -> None:
        seen.update(traits(log))

    look()

    assert {*EVENT_TYPES, *EVERY_ERROR, *ENDS, "first", "contract", "tools"} == seen


def test_a_log_shrinks_to_what_matters() -> None:
    """A log with a lost call can be as short as a dozen events."""
    smallest = find(
        logs(),
        lambda log: any(isinstance(event, CallLost) for event in log),
        settings=settings(
            max_examples=200,
            database=None,
            derandomize=True,
            phases=(Phase.generate, Phase.shrink),
        ),
    )

    assert len(smallest) <= 12


@given(logs(), st.integers(0, 60))
def test_a_log_can_be_continued(log: Told, cut: int) -> None:
    """It is a real one: from any of its prefixes, real agents bring the run to its end."""
    opened, texts = log.story.config.opening()

    whole = play(log[: 1 + cut % len(log)], Agents(opened, texts))

    assert fold(whole).run.ended


@given(stories())
def test_a_story_is_told_the_same_way_again(story: Story) -> None:
    """Nothing but the story decides, and what is printed tells it."""
    kinds = (Story, Config, Mishap, Limits, Clarifications, StopRule, Summarization)
    names = {kind.__name__: kind for kind in kinds}
    told = story.tell()

    assert told == eval(repr(told), names)


@given(logs())
def test_a_log_comes_with_the_texts_of_its_requests(log: Told) -> None:
    """Every part that a request or the opening names is there."""
    for event in log:
        if isinstance(event, CallRequested):
            for piece in (piece for message in event.messages for piece in message.parts):
                assert all(isinstance(text, str) for text in resolve(piece, log.parts.__getitem__))
        if isinstance(event, RunOpened):
            assert log.parts.keys() >= {source.part for source in event.sources}


@pytest.mark.parametrize("what", MISHAPS)
def test_every_mishap_leaves_its_trace(what: Setback) -> None:
    """A log in which it happens is another one."""
    calm, told = Story(Config(agents=1)), Story(Config(agents=1), (Mishap(1, what),))

    assert calm.tell() != told.tell()


# Logs of every version: a living type that had another shape, under another name before that.


def unprefixed(shape: Shape) -> Shape | None:
    """The second shape called the turn by its path inside of the stage."""
    stage, _, turn = shape["turn"].partition("/")
    return {**shape, "turn": turn} if stage == "debate" else None


def renamed(shape: Shape) -> Shape:
    """The first shape had another name, and `idea` for the text."""
    rest = {name: value for name, value in shape.items() if name not in ("type", "text")}
    return {"type": "idea-had", "idea": shape["text"], **rest}


BACK = (
    Downcast("proposal-made", 3, "proposal-made", unprefixed),
    Downcast("proposal-made", 2, "idea-had", renamed),
)
FORTH: dict[tuple[str, int], Upcast] = {
    ("idea-had", 1): lambda shape: {
        "type": "proposal-made",
        "text": shape["idea"],
        **{name: value for name, value in shape.items() if name not in ("type", "idea")},
    },
    ("proposal-made", 2): lambda shape: {**shape, "turn": f"debate/{shape['turn']}"},
}


@pytest.fixture(scope="class")
def proposals_have_a_past() -> Iterator[None]:
    """Two other shapes before today's."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ProposalMade, "schema", 3)
        patch.setattr(codec, "UPCASTS", FORTH)
        patch.setattr(codec.decode, "__kwdefaults__", {"upcasts": FORTH})
        yield


@pytest.mark.usefixtures("proposals_have_a_past")
class TestLogsOfEveryVersion:
    """Proposals were written in three shapes."""

    @given(logs_of_every_version(downcasts=BACK))
    def test_a_log_of_any_age_is_read_as_todays(self, written: Written) -> None:
        """Stored in old shapes, verified, read through the upcasts: the same events."""
        with MemoryStore() as store:
            store.append([written.batch])

            assert written.log == [known_event(each) for each in envelopes(store, "deb-1")]

    def test_every_known_shape_is_written(self) -> None:
        """The newest and each that was retired."""
        seen: set[tuple[str, int]] = set()

        @settings(max_examples=50, derandomize=True, database=None)
        @given(logs_of_every_version(downcasts=BACK))
        def look(written: Written) -> None:
            headers = map(read_header, written.batch.records)
            seen.update((header.type, header.schema) for header in headers)

        look()

        assert {("proposal-made", 3), ("proposal-made", 2), ("idea-had", 1)} <= seen

    def test_an_event_that_an_old_shape_cannot_hold_is_not_written_in_it(self) -> None:
        """The way back may say that there is none."""
        elsewhere = ProposalMade(turn="elsewhere/r1/proposal/a", text="x")

        assert [("proposal-made", 3)] == [shape[:2] for shape in shapes_of(elsewhere, {}, BACK)]


def test_every_retired_shape_has_its_way_back() -> None:
    """Who adds an upcast adds a downcast, or logs of that version would never be made again."""
    assert UPCASTS.keys() == {(down.older, down.schema - 1) for down in DOWNCASTS}


@given(logs_of_every_version())
def test_logs_are_stored_as_todays_program_stores_them(written: Written) -> None:
    """Without retired shapes there is one way to write a log."""
    for event, record in zip(written.log, written.batch.records, strict=True):
        header = read_header(record)
        assert record.payload is not None
        parts = written.batch.parts
        assert event == decode(header.type, header.schema, record.payload, parts.__getitem__)
