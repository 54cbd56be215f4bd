"""Work that can wait leaves as much time to others as it took, and never waits without end."""

from ampacity.roles.control.slow_work import SlowWork


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
