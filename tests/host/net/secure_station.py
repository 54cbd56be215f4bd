"""A link with security profile 2 or 3 for the tests beside it, run as a process of either runtime: FILE, SECONDS.

FILE: the `ocpp` part of the site facts as JSON. It prints one JSON line: whether it came online, what it says is the
trouble, the counters, and the log.
"""

import asyncio
import json
import sys

from ampacity.base.log import Log
from ampacity.base.within import within
from ampacity.net.link import Link, LinkConfig
from ampacity.ports.detect import detect_platform
from ampacity.roles.charging.network_profiles import secure


class Station:
    def __init__(self):
        self.seen = []
        self.link = None

    def connected(self, now_ms):
        self.seen.append("connected")
        self.link.stop()

    def disconnected(self, now_ms):
        pass

    def receive(self, text, now_ms):
        pass

    def next(self, now_ms):
        return None, None


async def main(path, seconds):
    with open(path) as file:
        ocpp = json.loads(file.read())
    platform_class, _ = detect_platform()
    platform = platform_class("/tmp", {})
    config = LinkConfig(ocpp["url"], "AMP-1", ocpp.get("password"))
    config.retry_wait_min_s, config.retry_random_range_s = 1, 0
    config.connect_timeout_ms = config.handshake_timeout_ms = 2000
    secure(config, ocpp, platform)
    station, log, distrust = Station(), Log(), []
    station.link = link = Link(platform, station, config, platform.clock, log)
    link.on_failure = lambda counter, text: distrust.append(text[text.find("tls: ") + 5 :])
    try:
        await within(link.run(), seconds)
    except asyncio.TimeoutError:
        pass
    lines = [line[3] for line in log.since(0)]
    said = {"online": "connected" in station.seen, "trouble": link.trouble, "distrust": distrust, "log": lines}
    said["counters"] = log.counters
    print(json.dumps(said))


asyncio.run(main(sys.argv[1], float(sys.argv[2])))
