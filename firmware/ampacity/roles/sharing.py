"""What sharing needs of the world: the clock's quarters, and chance for start delays."""

import os

from ampacity.base.rng import Rng
from ampacity.roles.extras import Part

QUARTER_MS = 900000
LOOK_MS = 60000
COLD_REASONS = ("PowerUp", "Watchdog", "unknown")


class Quarters(Part):
    """Contracted power is a mean of the clock's quarters: tell the guard where they begin."""

    def __init__(self, guard, wallclock):
        self.guard = guard
        self.wallclock = wallclock
        self._due_ms = 0

    def step(self, now_ms):
        if now_ms >= self._due_ms:
            self._due_ms = now_ms + LOOK_MS
            unix_ms = self.wallclock.unix_ms(now_ms)
            if unix_ms is not None:
                self.guard.quarter(now_ms - unix_ms % QUARTER_MS)


class StartDelays(Part):
    """A random wait for everybody after a power failure, and for who does not charge at a tariff edge."""

    def __init__(self, guard, doors, most_ms, now_ms):
        self.guard = guard
        self.most_ms = most_ms
        rng = doors.rng() if hasattr(doors, "rng") else Rng(int.from_bytes(os.urandom(4), "big") or 1)
        self.below = rng.below
        if doors.boot.get("reason", "PowerUp") in COLD_REASONS:
            self.edge(now_ms)

    def edge(self, now_ms):
        """A tariff or schedule lets many begin in the same second."""
        self.guard.delay_starts(self.most_ms, self.below, now_ms)
