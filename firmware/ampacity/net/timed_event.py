"""An event that also rings at a set time. `asyncio.wait_for` would do, but CPython 3.11's loses a cancellation that comes
in the same turn as the event, and both runtimes make a task for each call."""

import asyncio

if False:  # for the type checker
    from ampacity.base.clock import Clock


class TimedEvent:
    """set() wakes the waiting task; so does the time given to wait(). It may wake early; check again what is due."""

    def __init__(self, clock: "Clock") -> None:
        self._clock = clock
        self._event = asyncio.Event()
        self._timer: "asyncio.Task[None] | None" = None
        self._timer_ms = 0

    def set(self) -> None:
        """Ring now."""
        self._event.set()

    def clear(self) -> None:
        """What rang before does not count."""
        self._event.clear()

    async def wait(self, until_ms: int) -> None:
        """Until set(), or about until_ms of the clock."""
        if self._timer is not None and self._timer_ms > until_ms:
            self.close()
        if self._timer is None:
            self._timer_ms = until_ms
            self._timer = asyncio.create_task(self._ring(max(1, until_ms - self._clock.now_ms())))
        await self._event.wait()

    async def _ring(self, wait_ms: int) -> None:
        try:
            await self._clock.sleep_ms(wait_ms)
        except MemoryError:
            pass  # too early: better than never
        self._timer = None
        self._event.set()

    def close(self) -> None:
        """No timer is left behind."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
