"""The loop on which firmware runs in virtual time."""

import asyncio

from ampacity.base.within import within
from ampacity_host.rig.base.timeline import START_MS, START_US
from ampacity_host.rig.virtual.awaitable_timer import AwaitableTimer
from ampacity_host.rig.virtual.loop import VirtualLoop, spawn


class Owner:
    def __init__(self):
        self.tasks = set()


def test_time_starts_below_the_wrap_and_advances_only_on_request():
    loop = VirtualLoop()
    assert loop.now_ms == START_MS == 2**30 - 60_000
    loop.run_for_ms(1_000)
    assert loop.now_ms == START_MS + 1_000


def test_sleeping_tasks_wake_in_order_and_on_time():
    loop, seen = VirtualLoop(), []

    async def sleeper(name, ms):
        for _ in range(3):
            await asyncio.sleep(ms / 1000)
            seen.append((name, (loop.now_us - START_US) // 1000))
    for name, ms in (("a", 100), ("b", 150)):
        spawn(loop, None, sleeper(name, ms))
    loop.run_for_ms(1_000)
    assert seen == [("a", 100), ("b", 150), ("a", 200), ("b", 300), ("a", 300), ("b", 450)]


def test_it_runs_inside_a_running_loop():
    loop, done = VirtualLoop(), []

    async def inner():
        await within(asyncio.sleep(3_600), 7_200)
        done.append(asyncio.get_running_loop())

    async def outer():
        spawn(loop, None, inner())
        loop.run_for_ms(3_600_001)
        return asyncio.get_running_loop()
    real = asyncio.run(outer())
    assert done == [loop] and real is not loop


def test_tasks_know_their_owner_down_to_the_grandchildren():
    loop, owner = VirtualLoop(), Owner()

    async def child():
        await asyncio.sleep(10)

    async def parent():
        await asyncio.gather(child(), child())
    spawn(loop, owner, parent())
    loop.run_for_ms(10)
    assert len(owner.tasks) == 3
    loop.run_for_ms(11_000)
    assert not owner.tasks


def test_a_task_that_fails_is_kept_as_a_problem():
    loop = VirtualLoop()

    async def bad():
        raise ValueError("no")
    spawn(loop, None, bad())
    import gc
    loop.run_for_ms(10)
    gc.collect()
    assert any("ValueError('no')" in text for text in loop.problems)


def test_an_owner_that_a_slow_medium_holds_sees_the_time_at_which_it_is_free_and_sleeps_from_then_on():
    loop, owner, seen = VirtualLoop(), Owner(), []

    async def writer():
        loop.hold(owner, 600_000)
        seen.append(("written", (loop.now_of(owner) - START_US) // 1000))
        await AwaitableTimer(loop, 50_000)
        seen.append(("slept", (loop.now_of(owner) - START_US) // 1000))

    async def other():
        await AwaitableTimer(loop, 100_000)
        seen.append(("other", (loop.now_us - START_US) // 1000))
    spawn(loop, owner, writer())
    spawn(loop, None, other())
    loop.run_for_ms(2_000)
    assert seen == [("written", 600), ("other", 100), ("slept", 650)]


def test_what_a_blocked_owner_begins_meanwhile_comes_after_what_waits():
    loop, owner, seen = VirtualLoop(), Owner(), []

    async def greedy():
        for _ in range(5):
            loop.hold(owner, 300_000)
            await asyncio.sleep(0)
            seen.append("greedy")

    async def timed():
        await AwaitableTimer(loop, 10_000)
        seen.append("timed")
    spawn(loop, owner, timed())
    spawn(loop, owner, greedy())
    loop.run_for_ms(5_000)
    assert sorted(seen[:2]) == ["greedy", "timed"] and len(seen) == 6
