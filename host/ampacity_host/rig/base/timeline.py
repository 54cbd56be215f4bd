"""Timed calls: one small interface of time for plant, line and devices, under a real or a virtual clock.

A timeline offers `now_us`, `now_ms`, `at_us(when_us, fn, *args)`, `at_ms(…)` and `cancel(entry)`. `Timeline` is the virtual
one: time does not advance until `run_to` moves it from one entry to the next. `WallTimeline` schedules the same calls on a
running asyncio loop. Both begin just below the value where a 30-bit millisecond counter wraps, so that every run of the bench
crosses it.
"""

import heapq
import time

START_MS = 2**30 - 60_000
START_US = START_MS * 1000


class Timeline:
    """Virtual time: a heap of [when_us, number, fn, args]; equal times run in the order of the calls."""

    def __init__(self, start_us=START_US):
        self.now_us = start_us
        self._heap = []
        self._number = 0

    @property
    def now_ms(self):
        return self.now_us // 1000

    def at_us(self, when_us, fn, *args):
        """Calls fn(*args) at `when_us` (not before now); returns an entry for `cancel`."""
        self._number += 1
        entry = [when_us if when_us > self.now_us else self.now_us, self._number, fn, args]
        heapq.heappush(self._heap, entry)
        return entry

    def at_ms(self, when_ms, fn, *args):
        return self.at_us(when_ms * 1000, fn, *args)

    def cancel(self, entry):
        if entry is not None:
            entry[2] = None

    def run_to(self, until_us):
        """Runs every entry up to and including `until_us`, then stops there."""
        heap = self._heap
        while heap and heap[0][0] <= until_us:
            when_us, _, fn, args = heapq.heappop(heap)
            if fn is not None:
                self.now_us = when_us
                fn(*args)
        self.now_us = max(self.now_us, until_us)


class WallTimeline:
    """The same interface on a running asyncio loop; time is the monotonic clock, shifted to START_US."""

    def __init__(self, loop):
        self._loop = loop
        self._base_us = START_US - time.monotonic_ns() // 1000
        self._loop_base_s = loop.time() - self.now_us / 1e6

    @property
    def now_us(self):
        return self._base_us + time.monotonic_ns() // 1000

    @property
    def now_ms(self):
        return self.now_us // 1000

    def at_us(self, when_us, fn, *args):
        return self._loop.call_at(self._loop_base_s + when_us / 1e6, fn, *args)

    def at_ms(self, when_ms, fn, *args):
        return self.at_us(when_ms * 1000, fn, *args)

    def cancel(self, entry):
        if entry is not None:
            entry.cancel()
