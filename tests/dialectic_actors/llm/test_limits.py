"""The queue before a provider: bounded, fair, and losing nothing."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialectic_actors.llm.limits import FairQueue

RUNS = st.sampled_from("abc")


@given(st.lists(st.one_of(RUNS, st.just("free")), max_size=60), st.integers(1, 4))
def test_never_more_jobs_are_out_than_there_are_slots(steps: list[str], capacity: int) -> None:
    """Whatever comes and goes, the bound holds and no job waits while a slot is free."""
    queue: FairQueue[int] = FairQueue(capacity)
    waiting = 0
    for number, step in enumerate(steps):
        if step == "free":
            if queue.out:
                queue.free()
        else:
            queue.put(step, number)
            waiting += 1
        waiting -= len(list(queue.take()))
        assert queue.out <= capacity
        assert waiting == 0 or queue.out == capacity


@given(st.lists(RUNS, max_size=40), st.integers(1, 3))
def test_every_job_comes_out_once_and_in_the_order_of_its_run(
    jobs: list[str], capacity: int
) -> None:
    """What is put in comes out, once, first come first served within a run."""
    queue: FairQueue[tuple[str, int]] = FairQueue(capacity)
    for number, run in enumerate(jobs):
        queue.put(run, (run, number))
    taken = []
    while batch := list(queue.take()):
        taken += batch
        for _ in batch:
            queue.free()
    for run in set(jobs):
        assert [n for n, r in enumerate(jobs) if r == run] == [n for r, n in taken if r == run]
    assert len(jobs) == len(taken)


@given(st.dictionaries(RUNS, st.integers(1, 20), min_size=1))
def test_while_runs_wait_none_is_served_two_jobs_ahead(sizes: dict[str, int]) -> None:
    """A run that still waits was served at most one job less than any other, however big."""
    queue: FairQueue[str] = FairQueue(1)
    for run, size in sizes.items():
        for _ in range(size):
            queue.put(run, run)
    served: Counter[str] = Counter()
    while batch := list(queue.take()):
        served.update(batch)
        queue.free()
        waiting = [run for run, size in sizes.items() if served[run] < size]
        for run in waiting:
            assert max(served.values()) - served[run] <= 1


def test_a_queue_without_bound_lets_everything_out() -> None:
    """No capacity is no waiting."""
    queue: FairQueue[int] = FairQueue()
    for number in range(1000):
        queue.put("a", number)
    assert list(range(1000)) == list(queue.take())


def test_a_queue_without_slots_is_refused() -> None:
    """It would hold every job for ever."""
    with pytest.raises(ValueError, match="never let a job out"):
        FairQueue(0)


def test_freeing_what_is_not_out_is_refused() -> None:
    """A slot cannot be returned twice."""
    with pytest.raises(ValueError, match="no job is out"):
        FairQueue(1).free()
