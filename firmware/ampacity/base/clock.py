"""Time that only grows. Every core is given `now_ms` (a plain int) and may subtract without a thought.

A microcontroller counts ticks that wrap (after 17 minutes in microseconds at 30 bits). One place owns the answer:
`TickClock` adds up the differences, so that nothing above it ever sees a wrap.
"""

import asyncio

if False:  # for the type checker
    from collections.abc import Callable


class Clock:
    """Monotonic time of one controller. Ports and the rig supply `now_us`; the rest follows from it."""

    def now_us(self) -> int:
        """Microseconds since some start, never falling."""
        return 0

    def now_ms(self) -> int:
        """Milliseconds since the same start, never falling."""
        return self.now_us() // 1000

    async def sleep_ms(self, duration_ms: int) -> None:
        """Let others run for at least `duration_ms` (≥ 0)."""
        await asyncio.sleep(duration_ms / 1000)


class TickClock(Clock):
    """A clock over a counter of microseconds that wraps at `wrap`.

    ticks_us: function without arguments, 0..wrap-1. It must be asked at least once per half of its range
    (the safety loop asks each 100 ms); a step back of less than half of the range counts as no step.
    start_ms: what the clock shows first.
    """

    def __init__(self, ticks_us: "Callable[[], int]", wrap: int, start_ms: int = 0) -> None:
        self._ticks_us = ticks_us
        self._wrap = wrap
        self._last = ticks_us()
        self._now_us = start_ms * 1000

    def now_us(self) -> int:
        """Microseconds, counted on from start_ms over every wrap of the counter."""
        ticks = self._ticks_us()
        step = (ticks - self._last) % self._wrap
        if step <= self._wrap // 2:
            self._now_us += step
            self._last = ticks
        return self._now_us
