"""What follows a failed call, for every class of failure, and how long it waits."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialectic_actors.core.retry import STOPS_THE_RUN, Attempt, first_model, next_attempt
from dialectic_actors.testing.driving import EVERY_ERROR
from dialectic_events.calls import CallAnswered, CallFailed, CallRequested, Ending, ErrorClass
from dialectic_events.runs import Agent, Limits, Model
from dialectic_replay.run import Call

WORTH_WAITING: tuple[ErrorClass, ...] = (
    "rate-limited",
    "server",
    "timeout",
    "connection",
    "empty",
    "malformed",
)
HOPELESS: tuple[ErrorClass, ...] = ("bad-request", "context-length", "filtered")
SERVER: tuple[ErrorClass, ...] = ("server", "server", "server")
UNCOUNTED: tuple[ErrorClass, ...] = ("auth", "payment", "cancelled")


def agent(*models: str) -> Agent:
    """An agent with a route."""
    return Agent("a", "A", "a", "role/a", tuple(Model("scripted", model) for model in models))


def call(number: int, model: str, error: ErrorClass, retry_after_s: float | None = None) -> Call:
    """A failed attempt."""
    ending = CallFailed(call=f"t#{number}", error=error, retry_after_s=retry_after_s)
    return ended(number, model, ending)


def ended(number: int, model: str, ending: Ending | None) -> Call:
    """An attempt."""
    request = CallRequested(
        call=f"t#{number}", turn="t", provider="scripted", model=model, messages=(), deadline_s=1
    )
    return Call(request, ending)


def tried(route: Sequence[str], limits: Limits, error: ErrorClass, most: int = 100) -> list[str]:
    """The models asked when every call fails, until the turn is given up."""
    calls = [call(1, route[0], error)]
    while (attempt := next_attempt(agent(*route), limits, 7, calls)) is not None:
        calls.append(call(len(calls) + 1, attempt.model.name, error))
        assert len(calls) <= most
    return [each.requested.model for each in calls]


def test_every_error_class_has_a_row_here() -> None:
    """The table is complete."""
    assert sorted(EVERY_ERROR) == sorted((*WORTH_WAITING, *HOPELESS, *UNCOUNTED))
    assert {"auth", "payment"} == STOPS_THE_RUN


@given(attempts=st.integers(1, 5), models=st.integers(1, 3))
def test_a_model_that_is_ready_now_is_better_than_a_wait(attempts: int, models: int) -> None:
    """Rate limited, the next model of the route is asked at once; only the last one is waited
    for.
    """
    route = ["model-a", "model-b", "model-c"][:models]

    expected = [*route[:-1], *route[-1:] * attempts]
    assert expected == tried(route, Limits(attempts=attempts), "rate-limited")


def parents(*errors: ErrorClass, answers: int = 0, model: str = "model-a") -> list[Call]:
    """The calls of the turns that a turn waits for."""
    answer = CallAnswered(call="t#1", text="x", model=model)
    return [call(n, model, error) for n, error in enumerate(errors)] + [
        ended(n, model, answer) for n in range(answers)
    ]


def test_a_model_that_only_failed_before_a_turn_is_passed_over() -> None:
    """Three failures without an answer; one answer, another reason, or a single model, and it is
    asked.
    """
    both, one = agent("model-a", "model-b"), agent("model-a")
    tired = parents("server", "timeout", "empty")

    assert (Model("scripted", "model-b"), "cool-down") == first_model(both, tired)
    filtered = parents("filtered", "filtered", "filtered")
    for others in (tired[:2], parents(*SERVER, answers=1), filtered):
        assert (Model("scripted", "model-a"), "first") == first_model(both, others)
    assert (Model("scripted", "model-a"), "first") == first_model(one, tired)
    both_tired = [*tired, *parents(*SERVER, model="model-b")]
    assert (Model("scripted", "model-a"), "first") == first_model(both, both_tired)


def test_falling_back_passes_over_a_model_that_cools_down() -> None:
    """The next one that is ready, and if none is, the next one."""
    route, failed = agent("model-a", "model-b", "model-c"), [call(1, "model-a", "bad-request")]
    tired = parents(*SERVER, model="model-b")

    attempt = next_attempt(route, Limits(), 7, failed, tired)
    assert attempt is not None
    assert "model-c" == attempt.model.name
    attempt = next_attempt(agent("model-a", "model-b"), Limits(), 7, failed, tired)
    assert attempt is not None
    assert "model-b" == attempt.model.name


def test_nobody_waits_for_a_day() -> None:
    """Who asks for more than an hour is passed over, or fails the turn with what it said."""
    day = [call(1, "model-a", "rate-limited", 86_400.0)]

    assert None is next_attempt(agent("model-a"), Limits(), 7, day)
    attempt = next_attempt(agent("model-a"), Limits(), 7, [call(1, "model-a", "server", 3_600.0)])
    assert attempt is not None
    assert 3_600.0 == attempt.delay_s


@pytest.mark.parametrize("error", [each for each in WORTH_WAITING if each != "rate-limited"])
@given(attempts=st.integers(1, 5), models=st.integers(1, 3))
def test_what_may_pass_is_tried_again_per_model(
    error: ErrorClass, attempts: int, models: int
) -> None:
    """Each model of the route as often as the limits allow, in the order of the route."""
    route = ["model-a", "model-b", "model-c"][:models]

    expected = [model for model in route for _ in range(attempts)]
    assert expected == tried(route, Limits(attempts=attempts), error)


@pytest.mark.parametrize("error", HOPELESS)
def test_what_will_not_pass_goes_to_the_next_model_at_once(error: ErrorClass) -> None:
    """No second attempt, no wait."""
    route = ("model-a", "model-b")

    assert list(route) == tried(route, Limits(attempts=5), error)
    assert Attempt(Model("scripted", "model-b"), 0.0, error) == (
        next_attempt(agent(*route), Limits(), 7, [call(1, "model-a", error)])
    )


@pytest.mark.parametrize("error", UNCOUNTED)
def test_what_says_nothing_about_the_model_is_not_counted(error: ErrorClass) -> None:
    """The same model at once, and its attempts are all still there."""
    spoiled = [call(number, "model-a", error) for number in (1, 2, 3)]
    mixed = [*spoiled, call(4, "model-a", "server")]
    limits = Limits(attempts=2)

    assert Attempt(Model("scripted", "model-a"), 0.0, error) == (
        next_attempt(agent("model-a"), limits, 7, spoiled)
    )
    assert next_attempt(agent("model-a"), limits, 7, mixed) is not None
    assert None is next_attempt(agent("model-a"), limits, 7, [*mixed, call(5, "model-a", "server")])


@pytest.mark.parametrize("error", [*WORTH_WAITING, *HOPELESS])
@given(
    route=st.lists(st.sampled_from(["a", "b"]), min_size=1, max_size=5),
    attempts=st.integers(1, 3),
)
def test_a_route_that_names_a_model_twice_comes_to_an_end(
    error: ErrorClass, route: list[str], attempts: int
) -> None:
    """A model is done with once its attempts are spent, wherever the route names it again."""
    asked = tried(route, Limits(attempts=attempts), error)

    assert list(dict.fromkeys(route)) == list(dict.fromkeys(asked))
    assert len(asked) <= attempts * len(set(route))


def test_a_model_of_another_provider_is_another_model() -> None:
    """The same name elsewhere has attempts of its own."""
    route = (Model("here", "m"), Model("there", "m"))
    request = CallRequested(
        call="t#1", turn="t", provider="here", model="m", messages=(), deadline_s=1
    )
    calls = [Call(request, CallFailed(call="t#1", error="server"))]

    attempt = next_attempt(Agent("a", "A", "a", "s", route), Limits(attempts=1), 7, calls)

    assert Attempt(Model("there", "m"), 0.0, "server") == attempt


@given(
    seed=st.integers(),
    failures=st.integers(1, 12),
    backoff_s=st.floats(0.01, 10),
    most=st.floats(0.01, 100),
)
def test_the_wait_doubles_within_its_bounds(
    seed: int, failures: int, backoff_s: float, most: float
) -> None:
    """Between half and the whole of the doubled backoff, to the millisecond, and the same whenever
    it is asked.
    """
    limits = Limits(attempts=100, backoff_s=backoff_s, backoff_max_s=most)
    calls = [call(number, "m", "server") for number in range(1, failures + 1)]

    attempt = next_attempt(agent("m"), limits, seed, calls)

    assert attempt is not None
    assert attempt == next_attempt(agent("m"), limits, seed, calls)
    whole = min(backoff_s * 2 ** (failures - 1), most)
    assert whole / 2 - 0.001 <= attempt.delay_s <= whole + 0.001


def test_waits_differ_by_run_and_by_call() -> None:
    """A crowd that failed together does not come back together."""
    delays = {
        attempt.delay_s
        for seed in range(10)
        for number in range(1, 11)
        if (
            attempt := next_attempt(
                agent("m"), Limits(attempts=99), seed, [call(number, "m", "server")]
            )
        )
    }

    assert len(delays) > 90


@given(st.floats(0, 500), st.sampled_from(WORTH_WAITING))
def test_a_provider_that_names_a_wait_is_obeyed(retry_after_s: float, error: ErrorClass) -> None:
    """Never earlier than it said, never earlier than the backoff."""
    plain = next_attempt(agent("m"), Limits(), 7, [call(1, "m", error)])
    attempt = next_attempt(agent("m"), Limits(), 7, [call(1, "m", error, retry_after_s)])

    assert plain is not None
    assert attempt is not None
    assert max(plain.delay_s, retry_after_s) == attempt.delay_s


@pytest.mark.parametrize("ending", [None, CallAnswered(call="t#1", text="x", model="m")])
def test_only_a_failure_has_a_next_attempt(ending: Ending | None) -> None:
    """Asking after anything else is a mistake of the program."""
    with pytest.raises(TypeError, match="t#1"):
        next_attempt(agent("m"), Limits(), 7, [ended(1, "m", ending)])
