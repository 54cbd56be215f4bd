"""For benchmark programs that run on MicroPython: doors whose time and wires are at the other end of standard input.

One line per request: `T ms` waits until that time or until something arrives, `L hex` sends on the line, `U hex` upstream,
`C` connects upstream. Only T is answered, at once: `now_us line-hex upstream-hex`, "-" for nothing.
"""

import asyncio
import sys
import time
from asyncio import core
from binascii import hexlify, unhexlify

from ampacity.base.clock import Clock
from ampacity.ports.line import Line
from ampacity.ports.platform import Platform

IDLE_MS = 60000
LEAD_MS = 3600000  # of the virtual time: a machine that is slower by this much still wakes every task at once


class World(Clock):
    """Virtual time: it does not advance while a task can run, then jumps to the next event at the other end."""

    def __init__(self, now_us):
        self.us = now_us
        self.line = self.upstream = None
        # tasks without a time are queued with the real time, which must never be ahead of the virtual time
        start_ms, real_ms = now_us // 1000, time.ticks_add(time.ticks_ms(), LEAD_MS)
        core.ticks = lambda: time.ticks_add(real_ms, self.us // 1000 - start_ms)
        core._io_queue.wait_io_event = self._wait

    def now_us(self):
        return self.us

    async def sleep_ms(self, duration_ms):
        await asyncio.sleep_ms(duration_ms)

    def _wait(self, wait_ms):
        if wait_ms == 0:
            return
        sys.stdout.write("T %d\n" % (self.us // 1000 + (IDLE_MS if wait_ms < 0 else wait_ms)))
        now_us, line, upstream = sys.stdin.readline().split()
        self.us = int(now_us)
        if line != "-" and self.line is not None:
            self.line(unhexlify(line))
        if upstream != "-" and self.upstream is not None:
            self.upstream(unhexlify(upstream))


class Waiter:
    """A sleep of one task that other tasks can end; whole milliseconds, rounded up."""

    def __init__(self):
        self._task = None

    async def wait(self, duration_us):
        self._task = core.cur_task
        try:
            await asyncio.sleep_ms((duration_us + 999) // 1000)
        finally:
            self._task = None

    def wake(self):
        task, self._task = self._task, None
        if task is not None:
            core._task_queue.remove(task)
            core._task_queue.push(task)


class Tty:
    """The interface that ports/line.py expects of a serial device."""

    def __init__(self, world, on_data):
        self._world = world
        world.line = on_data

    def write(self, data):
        sys.stdout.write("L " + hexlify(data).decode() + "\n")

    def close(self):
        self._world.line = None


class Stream:
    """Reader and writer of the upstream connection."""

    def __init__(self, world):
        self._world = world
        self._data = b""
        self._event = asyncio.Event()
        world.upstream = self._on_data
        sys.stdout.write("C\n")

    def _on_data(self, data):
        self._data += data
        self._event.set()

    async def read(self, most):
        while not self._data:
            self._event.clear()
            await self._event.wait()
        data, self._data = self._data[:most], self._data[most:]
        return data

    def write(self, data):
        sys.stdout.write("U " + hexlify(data).decode() + "\n")

    async def drain(self):
        pass

    def close(self):
        self._world.upstream = None

    async def wait_closed(self):
        pass


class PipePlatform(Platform):
    """on_connect: called before the upstream connection is made; its result is kept as long as the doors."""

    def __init__(self, folder, boot, files, world, on_connect):
        super().__init__(folder, boot, world, files)
        self._on_connect = on_connect
        self._kept = None

    def waiter(self):
        return Waiter()

    def open_line(self, bus_facts):
        return Line(lambda on_data, on_lost: Tty(self.clock, on_data), Waiter(), self.clock)

    async def connect(self, host, port, tls=None, server_hostname=None):
        if self._kept is None:
            self._kept = self._on_connect()
        stream = Stream(self.clock)
        return stream, stream

    def abort(self, writer):
        writer.close()

    async def listen(self, host, port, handler):
        raise OSError(95, "no sockets here")
