"""Work that can wait leaves as much time to others as it took, and never waits without end."""

import asyncio

from helper_garage import Garage

from ampacity.roles.control.slow_work import SlowWork
from check import raises


class Clock:
    ms = 1000

    def now_ms(self):
        return self.ms


def worked(ms):
    clock = Clock()
    slow = SlowWork(clock)
    slow.began()
    clock.ms += ms
    return clock, slow


def test_a_short_piece_lets_the_next_one_begin_at_once():
    for ms in (0, 49):
        clock, slow = worked(ms)
        assert not slow.is_long() and slow.wait_ms(clock.ms) == 0


def test_a_long_piece_leaves_as_long_to_others_at_most_a_second():
    for ms, rest_ms in ((50, 50), (600, 600), (5000, 1000)):
        clock, slow = worked(ms)
        assert slow.is_long() and slow.wait_ms(clock.ms) == rest_ms
        clock.ms += rest_ms - 1
        assert slow.wait_ms(clock.ms) == 1
        clock.ms += 1
        assert slow.wait_ms(clock.ms) == 0


def test_who_has_waited_for_three_seconds_waits_no_longer():
    clock, slow = worked(700)
    asked_ms = clock.ms
    turns = 0
    while slow.is_long() and slow.wait_ms(asked_ms):  # others go first again and again
        slow.began()
        clock.ms += 700
        turns += 1
    assert clock.ms - asked_ms == 3500 and turns == 5


class Stopped(Exception):
    """Enough was seen."""


def test_the_housekeeping_leaves_as_long_to_others_as_its_pass_took():
    for took_ms, rests_ms in ((0, 200), (600, 600), (4000, 1000)):
        made = Garage()
        primary, clock, begun, paused = made.primary, made.platform.clock, [], []

        def step(now_ms, primary=primary, clock=clock, begun=begun, took_ms=took_ms):
            if len(begun) == 3:
                raise Stopped
            begun.append(now_ms)
            primary.slow_work.began()
            clock.us += 1000 * took_ms
            primary.slow_work.is_long()

        async def pause(clock=clock, paused=paused):
            clock.us += 50000
            paused.append(clock.now_ms())

        primary.step, primary._pause = step, pause
        with raises(Stopped):
            asyncio.run(primary.housekeeping())
        assert [later - before for before, later in zip(begun, begun[1:])] == [took_ms + rests_ms] * 2
        assert len(paused) == 3 * rests_ms // 50
