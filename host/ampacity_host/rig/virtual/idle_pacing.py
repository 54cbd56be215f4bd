"""Pacing of a run without frames: short steps while something changes, about one second otherwise.

Any change in the plant ends the long sleeps at once, so the reaction to a step is not delayed; only intervals without events
are stretched.
"""

from ampacity_host.rig.virtual.awaitable_timer import AwaitableTimer

IDLE_MS = 900          # below the time of the hardware watchdog
CLOSE_MS = 300         # between two steps while something changes
LIVELY_MS = 2_000      # duration of short steps after a change


class IdlePacing:
    """loop: the virtual loop. Every point of the plant reports changes to it."""

    def __init__(self, loop, plant):
        self._loop = loop
        self._until_us = 0
        self._sleepers = []
        for point in plant.points:
            point.listeners.append(self.stir)

    @property
    def lively(self):
        return self._loop.now_us < self._until_us

    def stir(self, point=None):
        """Something changes."""
        self._until_us = self._loop.now_us + LIVELY_MS * 1000
        sleepers, self._sleepers = self._sleepers, []
        for timer in sleepers:
            timer.wake()

    async def rest(self, duration_ms):
        """A requested short sleep."""
        if self.lively:
            return await AwaitableTimer(self._loop, max(duration_ms, CLOSE_MS) * 1000)
        timer = AwaitableTimer(self._loop, IDLE_MS * 1000)
        self._sleepers.append(timer)
        try:
            return await timer
        finally:
            if timer in self._sleepers:
                self._sleepers.remove(timer)
