"""The agent's behavior: requests for turns, contributions from answers, another try for those that
say nothing.
"""

from __future__ import annotations

from hypothesis import given

from dialectic_actors.actors.agent import AgentBehavior
from dialectic_actors.actors.messages import DEBATE, AgentMessage, Ended, Order, Read, Take, Tell
from dialectic_actors.core.briefs import Brief
from dialectic_actors.core.commands import AskAgain, Contribute, FailCall, PlaceCall
from dialectic_actors.core.prompts import Renderer
from dialectic_actors.core.roles import Role
from dialectic_actors.testing.matching import ANY, some
from dialectic_actors.testing.playbooks import playbook
from dialectic_actors.testing.strategies import words
from dialectic_events.calls import CallAnswered, CallFailed, CallRequested, Message
from dialectic_events.parts import refer, references
from dialectic_events.turns import ProposalMade, Turn
from support.casts import TEMPLATES

TURN = Turn(id="debate/r1/proposal/a", kind="proposal", speaker="a", round=1)
BRIEF = Brief(TURN, "A problem.", (), ())
CALL = f"{TURN.id}#1"


def requested(*messages: Message) -> CallRequested:
    """The agent's call, with these words."""
    return CallRequested(
        call=CALL, turn=TURN.id, provider="p", model="m", messages=messages, deadline_s=1.0
    )


REQUEST = requested(Message("system", ("s:1",)), Message("user", ("u:1",)))


def agent() -> AgentBehavior:
    """An agent that remembers nothing yet."""
    role = Role("architect", "an architect", "You are an architect.")
    return AgentBehavior(Renderer(role, TEMPLATES, {"a": "A"}, {}))


def answered(text: str) -> CallAnswered:
    """The agent's call was answered."""
    return CallAnswered(call=CALL, text=text, model="m")


def order(message: AgentMessage, behavior: AgentBehavior | None = None) -> Order:
    """The one order that the agent gives the debate."""
    (tell,) = (behavior or agent()).receive(message)
    assert isinstance(tell.message, Order)
    return tell.message


def tells(command: object, step: str = f"{CALL}/end") -> Tell:
    """What the agent does: it tells the debate a command, with whatever texts that needs."""
    return Tell(DEBATE, some(Order, id=step, command=command))


def test_a_turn_is_answered_with_a_request_and_its_texts() -> None:
    """Every reference that is named for the first time comes with its text."""
    placed = order(Take(TURN, BRIEF))

    assert isinstance(placed.command, PlaceCall)
    assert TURN.id == placed.command.turn
    pieces = [ref for message in placed.command.messages for ref in message.parts]
    named = set(references(pieces))
    assert named == placed.parts.keys()
    assert all(refer(text) == ref for ref, text in placed.parts.items())


def test_a_new_agent_in_its_place_asks_the_same() -> None:
    """Nothing that an agent remembers changes what it says, only which texts come along."""
    first = order(Take(TURN, BRIEF))

    (
        playbook(agent())
        .hears(Take(TURN, BRIEF))
        .does(Tell(DEBATE, first))
        .hears(Take(TURN, BRIEF))
        .does(Tell(DEBATE, Order(first.id, first.command)))
    )


@given(words())
def test_an_answer_is_contributed_or_asked_for_again(text: str) -> None:
    """Trimmed when it says anything; the same whether it comes from the gateway or from the log,
    where an order of its own takes it up: the first may have recorded events under its id.
    """
    answer = answered(text)
    command = (
        Contribute(CALL, answer, ProposalMade(turn=TURN.id, text=text.strip(), call=CALL))
        if any(char.isalnum() for char in text)
        else AskAgain(CALL, answer, ("it says nothing",), ANY)
    )

    playbook(agent()).hears(Ended(TURN, BRIEF, REQUEST, answer)).does(tells(command))
    playbook(agent()).hears(Read(TURN, BRIEF, REQUEST, answer)).does(tells(command, f"{CALL}/read"))


def test_asking_again_shows_the_answer_and_what_it_missed() -> None:
    """The conversation goes on: the same request, the answer, what is wrong with it."""
    behavior = agent()
    first = order(Take(TURN, BRIEF), behavior)
    assert isinstance(first.command, PlaceCall)
    request = requested(*first.command.messages)
    again = order(Ended(TURN, BRIEF, request, answered(" … ")), behavior)
    assert isinstance(again.command, AskAgain)

    *asked, answer, ask = again.command.messages
    assert list(first.command.messages) == asked
    assert ("assistant", (refer(" … "),)) == (answer.role, answer.parts)
    assert "it says nothing" in again.parts[ask.parts[0]]


def test_asking_again_keeps_what_the_tools_said() -> None:
    """What was looked up need not be looked up again; of the answers that missed, only the last is
    shown.
    """
    behavior = agent()
    used = (Message("assistant", (), tools="t:2"), Message("tool", ("f:9",), answers="1"))
    asked = (*REQUEST.messages, *used)

    first = order(Ended(TURN, BRIEF, requested(*asked), answered("…")), behavior).command
    assert isinstance(first, AskAgain)
    second = order(Ended(TURN, BRIEF, requested(*first.messages), answered("?!")), behavior).command
    assert isinstance(second, AskAgain)

    assert asked == first.messages[:-2] == second.messages[:-2]
    assert (refer("?!"),) == second.messages[-2].parts


def test_a_failed_call_is_passed_on() -> None:
    """What follows from it is the core's decision."""
    ending = CallFailed(call=CALL, error="server")

    playbook(agent()).hears(Ended(TURN, BRIEF, REQUEST, ending)).does(tells(FailCall(CALL, ending)))
