"""Finding out: one asks, the others wait for it, and nobody waits for ever."""

import asyncio

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialectic_actors.llm.inquiries import Inquiries

NEVER_S = 3600.0


@given(st.lists(st.booleans(), min_size=1, max_size=8))
def test_one_asks_at_a_time_until_it_is_known(finds: list[bool]) -> None:
    """Those who ask in vain are followed by the next; who comes after the find asks nothing."""
    asked: list[int] = []
    known: list[int] = []
    under_way: list[int] = []

    async def go() -> None:
        inquiries = Inquiries(NEVER_S)

        async def one(number: int) -> None:
            async with inquiries.into("dialect", lambda: bool(known)):
                if known:
                    return
                assert not under_way
                under_way.append(number)
                asked.append(number)
                await asyncio.sleep(0)
                under_way.clear()
                if finds[number]:
                    known.append(number)

        async with anyio.create_task_group() as tasks:
            for number in range(len(finds)):
                tasks.start_soon(one, number)

    asyncio.run(go())
    in_vain = finds.index(True) if True in finds else len(finds) - 1
    assert in_vain + 1 == len(asked)


@pytest.mark.parametrize(("patience_s", "is_answered"), [(0.0, False), (NEVER_S, True)])
def test_others_go_on_when_patience_is_over_or_the_answer_is_there(
    patience_s: float, is_answered: bool
) -> None:
    """The one that asks may take its time with the rest of its call."""
    found: list[bool] = []

    async def go() -> None:
        inquiries, known, done = Inquiries(patience_s), list[int](), anyio.Event()

        async def ask() -> None:
            async with inquiries.into("dialect", lambda: bool(known)):
                await asyncio.sleep(0)
                if is_answered:
                    known.append(1)
                    inquiries.answered("dialect")
                await done.wait()

        async def wait() -> None:
            async with inquiries.into("dialect", lambda: bool(known)):
                found.append(bool(known))
                done.set()

        with anyio.fail_after(30):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(ask)
                tasks.start_soon(wait)

    asyncio.run(go())
    assert [is_answered] == found


def test_an_asker_that_is_canceled_leaves_the_question_to_the_next() -> None:
    """Also with an error."""

    async def go() -> None:
        inquiries = Inquiries(NEVER_S)
        with pytest.raises(KeyError):
            async with inquiries.into("dialect", lambda: False):
                raise KeyError("left")
        async with inquiries.into("dialect", lambda: False):
            pass
        inquiries.answered("dialect")

    asyncio.run(go())


def test_different_questions_do_not_wait_for_each_other() -> None:
    """Each has its own gate; the same question would wait for the first."""
    under_way: list[str] = []

    async def go() -> None:
        inquiries = Inquiries(NEVER_S)
        async with inquiries.into("dialect", lambda: False):
            async with inquiries.into(("gpt-4o", "structured"), lambda: False):
                under_way.append("another question")
            with anyio.move_on_after(0):
                async with inquiries.into("dialect", lambda: False):
                    under_way.append("the same question")

    asyncio.run(go())
    assert ["another question"] == under_way
