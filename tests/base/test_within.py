"""A wait that ends, and that can be ended."""

import asyncio

from ampacity.base.within import within
from check import raises


async def turns(count):
    for _ in range(count):
        await asyncio.sleep(0)


async def test_the_result_or_the_error_is_passed_on():
    async def good():
        await asyncio.sleep(0)
        return 7

    async def bad():
        await asyncio.sleep(0)
        raise OSError(5)

    assert await within(good(), 5) == 7
    with raises(OSError):
        await within(bad(), 5)


async def test_a_longer_wait_is_cancelled_and_raises_a_timeout():
    ended = []

    async def slow():
        try:
            await asyncio.sleep(60)
        finally:
            ended.append(True)

    with raises(asyncio.TimeoutError):
        await within(slow(), 0.01)
    assert ended == [True]


async def test_a_cancellation_is_obeyed_at_any_moment():
    """A station that waits anew after each result would run on for ever."""
    for after in range(8):
        event = asyncio.Event()

        async def again(event=event):
            while True:
                await within(event.wait(), 60)
                event.clear()

        task = asyncio.create_task(again())
        await turns(4)
        event.set()
        await turns(after)
        task.cancel()
        await turns(12)
        assert task.done(), after
