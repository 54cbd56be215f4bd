"""Cars that are asleep or full, while others are short: they give back all, and are tried again from time to time.

A car that needs more than it was offered looks the same. So the pause ends early where more has become possible than was tried, and
that is tried then: once for each current of learnt_minimum.py, or until a trial of it was not cut off.
"""

from ampacity.circuit.policy.queue.inhibit import InhibitTimers

if False:  # for the type checker
    from ampacity.circuit.policy.minimum_grant import SharedCapacity
    from ampacity.circuit.policy.queue.learnt_minimum import Use

IDLE_TEXT = "idle: paused, next retry in %s"
LONGER_MAX = 2  # each unsuccessful retry doubles the pause, up to four times


class IdleBackoff(InhibitTimers):
    """After its sleep each is probed: a short time at its minimum in its turn."""

    def __init__(self, count: int, wake_ms: int) -> None:
        InhibitTimers.__init__(self, count, IDLE_TEXT)
        self.wake_ms = wake_ms
        self.tries = [0] * count  # more than 0: it is to be probed
        self.woken_da = [0] * count  # the current for which its pause ended early
        self._looks_at = 0

    def send(self, evse: int, now_ms: int) -> None:
        """It drew nothing for long."""
        self.inhibit(evse, now_ms + (self.wake_ms << self.tries[evse]))
        self.tries[evse] = min(self.tries[evse] + 1, LONGER_MAX)

    def wake(self, evse: int) -> None:
        """It draws, asks, or is another car."""
        self.free(evse)
        self.tries[evse] = 0
        self.woken_da[evse] = 0

    def try_more(self, room: "SharedCapacity", demand: "Use") -> None:
        """Once a share, one EVSE after the other: ends its pause where its car can be offered more than it was tried at."""
        e = self._looks_at
        self._looks_at = (e + 1) % len(self.tries)
        if self.inhibited[e]:
            s = room.ledger.evse_states[e]
            levels = demand.levels()
            level_da = levels.untried_da(room, demand, s)
            if level_da > self.woken_da[e] or level_da and levels.is_due(s, room.now_ms):
                self.free(e)
                self.woken_da[e] = level_da
                levels.woken(demand, s, level_da)
                demand.changed = True
