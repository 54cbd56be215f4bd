"""Runs on MicroPython: a primary as boot starts it, in real time; reports the longest gap between two safety ticks.

Arguments: data folder, root of the TLS server (DER). Commands on standard input, one per line: `url URL` (a new upstream),
`dns PORT` (the only name server is 127.0.0.1:PORT).
"""

import asyncio
import sys
import time

EVERY_MS = 200


class Busy:
    """The most CPU time between two safety ticks, in ms: the part of a gap caused by the firmware and not by the machine."""

    def __init__(self, safety):
        self.most_ms = 0
        self._last_s = time.clock()
        self._measure = safety._measure
        safety._measure = self.measure

    def measure(self, now_ms):
        now_s = time.clock()
        self.most_ms = max(self.most_ms, int((now_s - self._last_s) * 1000))
        self._last_s = now_s
        self._measure(now_ms)


def context(root):
    import tls

    made = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)
    made.verify_mode = tls.CERT_REQUIRED
    with open(root, "rb") as file:
        made.load_verify_locations(file.read())
    return made


async def report(role):
    busy = Busy(role.safety)
    while True:
        await asyncio.sleep_ms(EVERY_MS)
        gap_ms, role.safety.stall_ms = role.safety.stall_ms, 0
        failures = role.log.counters.get("loop_failures", 0)
        busy_ms, busy.most_ms = busy.most_ms, 0
        print("stall", gap_ms, role.upstream.link.online, failures, busy_ms)


async def obey(role):
    from ampacity.net.resolver import Resolver

    link = role.upstream.link
    stdin = asyncio.StreamReader(sys.stdin.buffer)
    while True:
        word, value = (await stdin.readline()).decode().split()
        if word == "dns":
            link._resolver = Resolver(role.clock, role.log, ["127.0.0.1"], port=int(value))
        else:
            link.config.url = value
            link.reconnect()


async def main(folder, root):
    from ampacity.base import compat
    from ampacity.base.log import Log
    from ampacity.roles import boot, primary

    compat.collect_each(boot.COLLECT_BYTES)
    platform = boot.make_platform(folder, boot.read_json(folder, "boot.json"))
    await platform.start()
    role = primary.Primary(platform, boot.read_json(folder, "site.json"), Log(boot.log_lines()))
    config = role.upstream.config
    config.tls = context(root)
    config.retry_wait_min_s = 1
    config.retry_random_range_s = 0
    tasks = role.start_tasks() + [asyncio.create_task(report(role)), asyncio.create_task(obey(role))]
    await role.safety.run()
    return tasks


asyncio.run(main(*sys.argv[1:]))
