"""A link under test, its clock, its station, and servers that do what a script says."""

import asyncio
import os
import time

from peer import accept, frame, unmask

from ampacity.base.clock import Clock
from ampacity.base.log import Log
from ampacity.base.rng import Rng
from ampacity.base.within import within
from ampacity.net.link import Link, LinkConfig

try:
    ticks_us = time.ticks_us
except AttributeError:

    def ticks_us():
        return time.monotonic_ns() // 1000


FAST = 20  # the link's time runs faster than the loop's


class FastClock(Clock):
    def __init__(self, fast=FAST):
        self.start_us = ticks_us()
        self.fast = fast

    def now_us(self):
        return (ticks_us() - self.start_us) * self.fast + 2**30 * 1000

    async def sleep_ms(self, duration_ms):
        await asyncio.sleep(duration_ms / 1000 / self.fast)


class Platform:
    """Connections on loopback, and a network that can be down."""

    def __init__(self):
        self.down = False
        self.asked = []
        self.writers = []

    async def connect(self, host, port):
        self.asked.append((host, port))
        if self.down:
            raise OSError(113, "no route to host")
        reader, writer = await asyncio.open_connection(host, port)
        self.writers.append(writer)
        return reader, writer

    def abort(self, writer):
        if hasattr(writer, "transport"):
            writer.transport.abort()
        else:
            writer.s.close()

    def still_open(self, writer):
        """On MicroPython a socket closes at once, and nothing of it can be asked after that."""
        return hasattr(writer, "transport") and writer.get_extra_info("socket").fileno() >= 0


class Station:
    """Says what is in `queue`, keeps what it hears."""

    def __init__(self):
        self.queue = []
        self.seen = []

    def connected(self, now_ms):
        self.seen.append("connected")

    def disconnected(self, now_ms):
        self.seen.append("disconnected")

    def receive(self, text, now_ms):
        self.seen.append(text)

    def oversized(self, head, size, now_ms):
        self.seen.append(("oversized", size, head))

    def next(self, now_ms):
        return (self.queue.pop(0) if self.queue else None), None


class Bench:
    """A link to a server that does to each connection what `script` (an async function of reader, writer) says."""

    def __init__(self, script, station=None, fast=FAST):
        self.script = script
        self.accepted = 0
        self.station = station or Station()
        self.log = Log()
        self.platform = Platform()
        self.config = LinkConfig("", "AMP-0001", "secret")
        self.config.retry_wait_min_s = 0
        self.config.retry_random_range_s = 0
        self.clock = FastClock(fast)
        self.link = Link(self.platform, self.station, self.config, self.clock, self.log, rng=Rng(1))

    async def serve(self, reader, writer):
        self.accepted += 1
        try:
            await self.script(self, reader, writer)
        except (OSError, EOFError):
            pass
        writer.close()
        try:
            await writer.wait_closed()
        except OSError:
            pass

    async def listen(self):
        """At a port that happens to be free: MicroPython cannot tell which one the system took for 0."""
        for _ in range(50):
            self.port = 20000 + int.from_bytes(os.urandom(2), "big") % 12000
            try:
                self.server = await asyncio.start_server(self.serve, "127.0.0.1", self.port)
                self.config.url = "ws://localhost:%d" % self.port
                return
            except OSError:
                pass
        raise OSError(98, "no free port")

    async def __aenter__(self):
        await self.listen()
        self.task = asyncio.create_task(self.link.run())
        return self

    async def __aexit__(self, *error):
        self.link.stop()
        await within(self.task, 5)
        self.server.close()
        if hasattr(self.server, "task"):  # MicroPython closes the socket when the server's task runs next
            await asyncio.sleep(0.01)

    async def until(self, condition, text):
        for _ in range(3000):
            if condition():
                return
            await asyncio.sleep(0.01)
        raise AssertionError("never %s; counters %s, log %s" % (text, self.log.counters, self.log.since(0)[-3:]))


async def upgrade(reader, writer):
    request = b""
    while not request.endswith(b"\r\n\r\n"):
        request += await reader.read(4096)
    writer.write(accept(request))
    await writer.drain()
    return request


async def say(writer, data):
    writer.write(data)
    await writer.drain()


async def echo(bench, reader, writer):
    """Answers each message with itself."""
    await upgrade(reader, writer)
    while True:
        data = await reader.read(4096)
        if not data:
            return
        for opcode, payload in unmask(data):
            if opcode == 1:
                await say(writer, frame(1, payload))
            elif opcode == 8:
                await say(writer, frame(8, payload))
                return
            elif opcode == 9:
                await say(writer, frame(10, payload))


async def served_again(bench):
    await bench.until(lambda: bench.accepted >= 2, "back")
    bench.station.queue.append("again")
    bench.link.wake()
    await bench.until(lambda: "again" in bench.station.seen, "served")
