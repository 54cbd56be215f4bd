"""What every MicroPython platform shares: a waiter without allocation, and a pump that reads a pollable object."""

import asyncio
import io
import select
import time
from asyncio import core

from ampacity.base.clock import TickClock
from ampacity.ports.serial_over_tcp import UNHEARD_MS, begin, drop

if False:  # for the type checker
    from collections.abc import Callable
    from typing import Any

    from ampacity.ports.interfaces import Address

POLL = 3  # a request of the stream protocol
EBADF = 9
OUT_MAX = 1024  # bytes that wait for a serial device: four of the longest frames


class TicksClock(TickClock):
    """The microsecond ticks of the runtime without wrap-around."""

    def __init__(self) -> None:
        super().__init__(time.ticks_us, time.ticks_add(0, -1) + 1)

    async def sleep_ms(self, duration_ms: int) -> None:
        """Let others run for at least duration_ms (≥ 0)."""
        await asyncio.sleep_ms(duration_ms)


class Waiter:
    """A sleep of one task that others can end.

    The loop sleeps in whole milliseconds, sometimes short of one; the rest is waited for in turns of the loop.
    """

    def __init__(self) -> None:
        self._task: "Any" = None
        self._woken = False

    async def wait(self, duration_us: int) -> None:
        """Sleep for so many microseconds, or until wake()."""
        self._woken = False
        end_us = time.ticks_add(time.ticks_us(), duration_us)
        left_us = duration_us
        while left_us > 0 and not self._woken:
            self._task = core.cur_task
            try:
                await asyncio.sleep_ms(left_us // 1000)
            finally:
                self._task = None
            left_us = time.ticks_diff(end_us, time.ticks_us())

    def wake(self) -> None:
        """End the sleep; without one nothing happens."""
        self._woken = True
        task, self._task = self._task, None
        if task is not None:
            core._task_queue.remove(task)
            core._task_queue.push(task)


def readable(stream: "Any") -> "Any":
    """Coroutine: until the pollable object has something to read, or failed."""
    yield core._io_queue.queue_read(stream)


def wake_waiters(stream: "Any") -> None:
    """Release a pollable object that is about to be closed; tasks that wait for it resume, and fail at their next use."""
    waiting = core._io_queue.map.get(id(stream))
    if waiting is not None:
        for task in waiting[:2]:
            if task is not None:
                core._task_queue.push(task)
        core._io_queue._dequeue(stream)


class ClosedStream(io.IOBase):
    """In the place of a socket that was aborted or closed: the number that it had may be another connection's by now."""

    def ioctl(self, request: int, argument: int) -> int:
        """Always ready: waiting tasks resume, and fail."""
        return argument if request == POLL else 0

    def _none(self, *_arguments: "Any") -> "Any":
        raise OSError(EBADF, "the connection was aborted")

    read = readinto = readline = write = setsockopt = _none

    def close(self) -> None:
        """Closed already, and only once: the runtime would close a new stream with the same number."""


def abort_stream(stream: "Any") -> None:
    """Close it permanently: tasks that still wait for it resume and fail, without access to other streams. `under`: a stream below it."""
    closed = ClosedStream()
    while stream is not None:
        stream.s.close()
        stream.s = closed
        stream = getattr(stream, "under", None)


async def _wait_closed(stream: "Any") -> None:
    """Closes it; what was written is still sent. The runtime's own leaves the number in the stream, and an abort would reset whose it is by then."""
    wake_waiters(stream.s)
    abort_stream(stream)


asyncio.StreamWriter.wait_closed = _wait_closed  # type: ignore[method-assign, assignment]


class Pump:
    """Reads a pollable object for as long as it is open. stream: has read(n) that returns at once, write and close."""

    EMPTY_MAX = 3  # readable without bytes so often in a row: hung up

    def __init__(self, stream: "Any", on_data: "Callable[[bytes], object]", on_lost: "Callable[[], object]") -> None:
        self.stream = stream
        self._on_data = on_data
        self._on_lost = on_lost
        self._out = b""
        self._task = asyncio.create_task(self._run())

    def write(self, data: bytes) -> None:
        """Send bytes; what the object does not take now leaves with the next. Raises OSError; also when it takes nothing any more."""
        if len(self._out) > OUT_MAX:
            raise OSError(11, "the device is stuck")
        self._out += data
        self._flush()

    def close(self) -> None:
        """Stop reading, and close the object; again does nothing."""
        if self.stream is None:
            return
        stream, self.stream = self.stream, None
        wake_waiters(stream)
        stream.close()

    def _flush(self) -> None:
        if self._out:
            count = self.stream.write(self._out)
            self._out = self._out[count or 0 :]

    async def _run(self) -> None:
        empty = 0
        while empty < self.EMPTY_MAX and self.stream is not None:  # closed before the first turn: to wait for None ends the interpreter
            await readable(self.stream)
            if self.stream is None:
                return
            try:
                data = self.stream.read(256)
                self._flush()
            except OSError:
                break
            if data:
                self._on_data(data)
            empty = 0 if data else empty + 1
        if self.stream is not None:
            self._on_lost()


class TcpSerialLine(Pump):
    """A serial line behind a TCP connection; what cannot leave at once does not leave."""

    def __init__(self, address: "Address", on_data: "Callable[[bytes], object]", on_lost: "Callable[[], object]") -> None:
        self._poll = select.poll()
        self._taken_ms = time.ticks_ms()
        sock = begin(address)
        self._poll.register(sock, select.POLLOUT)
        Pump.__init__(self, sock, on_data, on_lost)

    def write(self, data: bytes) -> None:
        """Send bytes at once; before the connection is up, and while earlier ones wait, they are dropped. Raises OSError: it is stuck or gone."""
        now_ms = time.ticks_ms()
        for _, event in self._poll.poll(0):
            if event != select.POLLOUT or (self.stream.write(data) or 0) < len(data):
                raise OSError(11)
            self._taken_ms = now_ms
        if time.ticks_diff(now_ms, self._taken_ms) >= UNHEARD_MS:
            raise OSError(11)

    def close(self) -> None:
        """End the connection with a reset; again does nothing."""
        if self.stream is not None:
            sock, self.stream = self.stream, None
            self._poll.unregister(sock)
            wake_waiters(sock)
            drop(sock)
