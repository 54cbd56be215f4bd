"""How often a run without frames looks: closely while something moves, about once a second while nothing does.

Whatever moves in the plant ends the long sleeps at once, so a step is met as soon as ever; what is stretched is the
time in which nothing happens.
"""

from ampacity_host.rig.virtual.awaitable_timer import AwaitableTimer

IDLE_MS = 900          # below the hardware watchdog's time
CLOSE_MS = 300         # between two looks while something moves
LIVELY_MS = 2_000      # it moves for so long after something did


class IdlePacing:
    """loop: the virtual loop. Every point of the plant stirs it."""

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
        """Something moves."""
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
