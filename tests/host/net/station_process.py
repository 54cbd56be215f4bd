"""A station for the tests beside it, run as a process of either runtime: URL, SECONDS, then sizes of messages.

It says each message until it comes back, prints one JSON line ({"counters", "echoed", "rate"}) and ends.
Option "tls": the CA certificate (DER) in the file behind it is trusted.
"""

import asyncio
import json
import sys
import time

from ampacity.base.clock import Clock
from ampacity.base.log import Log
from ampacity.base.within import within
from ampacity.net.link import Link, LinkConfig

try:
    ticks_ms = time.ticks_ms
except AttributeError:

    def ticks_ms():
        return time.monotonic_ns() // 1000000


class RealClock(Clock):
    def now_us(self):
        return ticks_ms() * 1000


class Platform:
    async def connect(self, host, port, tls=None, server_name=None):
        return await asyncio.open_connection(host, port, ssl=tls, server_hostname=server_name)

    def abort(self, writer):
        (writer.transport.abort if hasattr(writer, "transport") else writer.close)()


class Station:
    """Says the texts one after the other, each when the one before came back; again after a lost connection."""

    def __init__(self, texts):
        self.texts = texts
        self.echoed = 0
        self.waiting = True
        self.link = None

    def connected(self, now_ms):
        self.waiting = False

    def disconnected(self, now_ms):
        self.waiting = True

    def receive(self, text, now_ms):
        if text == self.texts[self.echoed]:
            self.echoed += 1
            self.waiting = False
            if self.echoed == len(self.texts):
                self.link.stop()

    def next(self, now_ms):
        if self.waiting or self.echoed == len(self.texts):
            return None, None
        self.waiting = True
        return self.texts[self.echoed], None


def text_of(size, index):
    """A text of `size` bytes with some that are not ASCII."""
    head = ("%d \u00e9\u20ac\U0001f600 " % index).encode()
    return head.decode() + "x" * (size - len(head)) if size > len(head) else "y" * size


def trusting(path):
    """A TLS context that trusts one CA."""
    with open(path, "rb") as file:
        der = file.read()
    try:
        import ssl

        context = ssl.create_default_context(cadata=der)
    except ImportError:
        import tls

        context = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)
        context.verify_mode = tls.CERT_REQUIRED
        context.load_verify_locations(der)
    return context


async def main(url, seconds, words):
    config = LinkConfig(url, "AMP 1", "secret \u00e9")
    config.retry_wait_min_s = config.retry_random_range_s = 0
    if words and words[0] == "tls":
        config.tls = trusting(words[1])
        words = words[2:]
    station = Station([text_of(int(size), i) for i, size in enumerate(words)])
    log = Log()
    station.link = Link(Platform(), station, config, RealClock(), log)
    start_ms = ticks_ms()
    try:
        await within(station.link.run(), seconds)
    except asyncio.TimeoutError:
        pass
    rate = station.echoed * 1000 // max(1, ticks_ms() - start_ms)
    lines = [line[3] for line in log.since(0)]
    print(json.dumps({"counters": log.counters, "echoed": station.echoed, "rate": rate, "log": lines}))


asyncio.run(main(sys.argv[1], float(sys.argv[2]), sys.argv[3:]))
