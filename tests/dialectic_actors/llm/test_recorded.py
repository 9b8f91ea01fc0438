"""Answers from a log: by call, never by content."""

from dialectic_actors.llm.recorded import Recorded
from dialectic_events.calls import CallAnswered, CallFailed
from support.asks import an_ask, endings_of


def test_a_call_ends_as_it_was_recorded_whatever_it_now_asks() -> None:
    """The call's id decides; another attempt of the turn is another call."""
    first = CallFailed(call=an_ask().call, error="server", detail="once")
    second = CallAnswered(call=an_ask(attempt=2).call, text="yes", model="m", response_id="r1")
    provider = Recorded({ending.call: ending for ending in (first, second)})
    asks = [an_ask(model="other", messages=()), an_ask(attempt=2)]
    failed, answered = endings_of(provider, asks)
    assert isinstance(failed, CallFailed)
    assert isinstance(answered, CallAnswered)
    assert (failed.error, failed.detail) == ("server", "once")
    assert (answered.text, answered.model, answered.response_id) == ("yes", "m", "r1")


def test_a_call_that_was_not_recorded_fails_and_names_itself() -> None:
    """Nothing is asked of anybody else."""
    (ending,) = endings_of(Recorded({}), [an_ask(3)])
    assert isinstance(ending, CallFailed)
    assert ending.error == "bad-request"
    assert an_ask(3).call in ending.detail


def test_tools_that_were_asked_for_are_asked_for_again() -> None:
    """An answer without a text is an answer when it was one."""
    tools = '[{"id":"a","name":"look","arguments":"{"}]'
    said = CallAnswered(call=an_ask().call, text="", model="m", tools=tools)
    (ending,) = endings_of(Recorded({said.call: said}), [an_ask()])
    assert isinstance(ending, CallAnswered)
    assert ("", tools) == (ending.text, ending.tools)
