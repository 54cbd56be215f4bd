"""Cars that are asleep or full, while others are short: they give back all, and are tried again from time to time.

A car that needs more than it was offered looks the same. So the pause ends early where more has become possible than was tried, and
that is tried then: once for each current of learnt_minimum.py, or until a trial of it was not cut off.
"""

from ampacity.circuit.policy.queue.inhibit import InhibitTimers

LONGER_MAX = 2  # each unsuccessful retry doubles the pause, up to four times


class IdleBackoff(InhibitTimers):
    """After its sleep each is probed: a short time at its minimum in its turn."""

    def __init__(self, count: int, wake_ms: int) -> None:
        InhibitTimers.__init__(self, count, "idle: paused, next retry in %s")
        self.wake_ms = wake_ms
        self.tries = [0] * count  # more than 0: it is to be probed

    def send(self, evse: int, now_ms: int) -> None:
        """It drew nothing for long."""
        self.inhibit(evse, now_ms + (self.wake_ms << self.tries[evse]))
        self.tries[evse] = min(self.tries[evse] + 1, LONGER_MAX)

    def wake(self, evse: int) -> None:
        """It draws, asks, or is another car."""
        self.free(evse)
        self.tries[evse] = 0
