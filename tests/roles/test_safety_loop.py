"""The safety loop on a controller for which a share is long work: others run in between, and ticks keep their time."""

import asyncio

from ampacity.base.clock import Clock
from ampacity.roles.control.safety_loop import STRETCH_MS, TICK_MS, SafetyLoop

PIECE_MS = 5


class Worked(Clock):
    """Time passes by work and by sleep alone."""

    def __init__(self):
        self.us = 0

    def now_us(self):
        return self.us


class Watchdog:
    fed = 0

    def feed(self):
        self.fed += 1


class Platform:
    """Sleeps by setting its clock; `stretches`: ms of work between two sleeps."""

    def __init__(self, ticks):
        self.clock, self.watchdog, self.ticks = Worked(), Watchdog(), ticks
        self.stretches, self.since_us = [], 0

    async def pace(self, duration_ms):
        self.stretches.append((self.clock.us - self.since_us) // 1000)
        self.clock.us += 1000 * duration_ms
        self.since_us = self.clock.us
        if self.watchdog.fed >= self.ticks:
            raise asyncio.CancelledError


class Guard:
    """A tick takes tick_ms; each begins a share of so many pieces, if none is there."""

    feed_ok, resting, want_da = True, False, ()

    def __init__(self, clock, tick_ms, pieces):
        self.clock, self.tick_ms, self.pieces = clock, tick_ms, pieces
        self.left = self.shares = 0
        self.at_ms = []

    @property
    def sharing(self):
        return self.left > 0

    def tick(self, now_ms, whole=True):
        assert not whole
        self.at_ms.append(now_ms)
        self.clock.us += 1000 * self.tick_ms
        if not self.left:
            self.left = self.pieces

    def share_on(self):
        self.clock.us += 1000 * PIECE_MS
        self.left -= 1
        self.shares += not self.left


class Buses:
    drivers = ()

    def permit(self, until_ms):
        pass


async def ran(ticks, tick_ms, pieces):
    platform = Platform(ticks)
    guard = Guard(platform.clock, tick_ms, pieces)
    try:
        loop = SafetyLoop(guard, platform, None, [], ())
        loop.attach(Buses(), ())
        await loop.run()
    except asyncio.CancelledError:
        pass
    return platform, guard


async def test_a_short_share_finishes_in_its_tick():
    platform, guard = await ran(10, 1, 2)
    assert guard.at_ms == [TICK_MS * n for n in range(10)]
    assert guard.shares == 10 and max(platform.stretches) == 1 + 2 * PIECE_MS


async def test_a_long_share_yields_to_other_tasks_and_finishes_before_the_next_tick():
    platform, guard = await ran(10, 3, 12)
    assert guard.at_ms == [TICK_MS * n for n in range(10)]
    assert guard.shares >= 9 and max(platform.stretches) <= STRETCH_MS + PIECE_MS


async def test_a_share_that_outlasts_its_tick_continues_in_the_next():
    platform, guard = await ran(10, 3, 60)
    late_ms = [at - TICK_MS * n for n, at in enumerate(guard.at_ms)]
    assert max(late_ms) <= STRETCH_MS + PIECE_MS, late_ms
    assert guard.shares >= 2 and max(platform.stretches) <= STRETCH_MS + PIECE_MS


async def test_a_share_finishes_even_if_a_tick_takes_longer_than_its_time():
    _, guard = await ran(30, TICK_MS + 20, 20)
    assert guard.shares >= 2
