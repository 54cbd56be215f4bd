"""A primary with its own charging point and one secondary on a wire, in one process, time moved by hand."""

from helper_secondary import PlantPort, Unit

from ampacity.base.clock import Clock
from ampacity.base.log import Log
from ampacity.base.rng import Rng
from ampacity.ports.output import Output
from ampacity.roles.primary import Primary
from ampacity.store.memory_files import MemoryFiles

START_MS = 2**30 - 60000
BYTE_US = 573  # 11 bits at 19200


class HandClock(Clock):
    def __init__(self, now_ms):
        self.us = now_ms * 1000

    def now_us(self):
        return self.us

    def now_ms(self):
        return self.us // 1000


class Feed:
    fed = 0

    def feed(self):
        self.fed += 1


class HandPlatform:
    """Platform that lead nowhere but to memory."""

    folder = ""
    data_files = None

    def __init__(self, files, now_ms, ports):
        self.clock = HandClock(now_ms)
        self.files = files
        self.boot = {}
        self.events = []
        self.faults = {}
        self.watchdog = Feed()
        self.resets = []
        self.abort = None
        self.outputs = {}
        self.mark = ""
        self._ports = ports

    def rtc_ms(self):
        return None

    def rng(self):
        return Rng(7)

    def evse_hardware(self, name):
        return self._ports.get(name)

    def power_mark(self):
        return self.mark

    def reset_reason(self):
        return self.boot.get("reason", "unknown")

    def output(self, name):
        return self.outputs.setdefault(name, Output(name))

    def reset(self, kind):
        self.resets.append(kind)


def evse(name, kind, **changes):
    facts = {
        "name": name, "kind": kind, "profile": None, "bus": -1, "unit": 0, "host": None, "tcp_port": None, "circuit": 0,
        "terminals": [[0], [1], [2]], "max_da": 160, "limit_da": 160, "min_da": 60, "step_da": 1, "feeder_da": 320,
        "priority": 1, "weight": 1, "fallback_da": 0, "watchdog_ms": 10000, "watchdog_tolerance_ms": 1000,
        "watchdog_fixed": False, "power_on_da": 0, "power_on_source": "settings", "settle_ms": 5000, "latency_ms": 200,
        "transit_ms": 150, "boot_ms": 500, "survives": True, "holds": False, "proof": "sequence", "poll_feeds": False,
        "fingerprint": None, "connector": "cType2",
    }  # fmt: skip
    facts.update(changes)
    return facts


def site(rating_da=200, **changes):
    out = {
        "format": 1, "name": "garage", "voltage_v": 230, "system": "wye", "phases": 3, "require_tested": False,
        "circuits": [{"name": "main", "parent": -1, "rating_da": [rating_da] * 3, "breaker": None, "assumed_other_da": [0] * 3,
                      "meter": -1, "generation_da": [0] * 3}],
        "buses": [{"name": "rs485-1", "kind": "rtu", "port": "virtual", "baud": 19200, "parity": "E", "stop": 1,
                   "transit_ms": 150, "gateway": False, "private": False}],
        "meters": [],
        "evses": [
            evse("evse-1", "local", watchdog_ms=1000, watchdog_tolerance_ms=100, watchdog_fixed=True, power_on_source="documented", transit_ms=0),
            evse("evse-2", "ampacity", bus=0, unit=2),
        ],
        "profiles": {}, "ocpp": None, "time": {"tz": "UTC0", "ntp": None}, "settings": {},
    }  # fmt: skip
    out.update(changes)
    return out


class Garage:
    """`run(ms)` moves everything; `cut` holds back all bytes on the wire; `dead` stands the primary still. `data_files`: has site.json."""

    data_files = None
    platform_class = HandPlatform

    def __init__(self, facts=None, files=None):
        self.facts = facts or site()
        self.files = files or MemoryFiles()
        self.port = PlantPort("evse-1")
        self.unit = Unit()
        self.unit.now_ms = START_MS
        self.now_us = START_MS * 1000
        self.cut = self.dead = False
        self.most_da = [0, 0, 0]
        self.mark = ""
        self.start()

    def start(self, **boot):
        self.platform = self.platform_class(self.files, self.now_us // 1000, {"evse-1": self.port})
        self.platform.boot.update(boot)
        self.platform.data_files = self.data_files
        self.platform.mark = self.mark
        self.log = Log()
        self.primary = Primary(self.platform, self.facts, self.log)
        self.engine = self.primary.buses.wires[0].engine
        return self

    def run(self, duration_ms):
        until_us = self.now_us + duration_ms * 1000
        while self.now_us < until_us:
            self.now_us += 20000
            self.platform.clock.us = self.now_us
            self._wire()
            if self.now_us // 20000 % 5 == 0:
                self._tick()
        return self

    def _tick(self):
        now_ms = self.now_us // 1000
        self.port.plant(now_ms)
        self.unit.now_ms = now_ms
        self.unit.port.plant(now_ms)
        self.unit.secondary.tick(now_ms)
        self.most_da = [max(most, a + b) for most, a, b in zip(self.most_da, self.port.amps_da or [0] * 3, self.unit.port.amps_da or [0] * 3)]
        if self.dead:
            return
        self.primary.safety.step_locals(now_ms)
        self.primary.safety.tick(now_ms)
        self.primary.safety.step_locals(now_ms)
        self.primary.step(now_ms)

    def _wire(self):
        """One frame each way, if there is one; each takes its time on the wire."""
        if self.dead:
            return
        now_us = self.now_us
        engine = self.primary.buses.wires[0].guest or self.engine
        out, _ = engine.next(now_us)
        if not out or self.cut:
            return
        now_us += len(out) * BYTE_US
        self.unit.engine.receive(out, now_us)
        now_us += 2500
        back, _ = self.unit.engine.next(now_us)
        if back:
            now_us += len(back) * BYTE_US
            engine.receive(back, now_us)
        self.now_us = max(self.now_us, now_us // 20000 * 20000)

    def amps_da(self):
        return [self.port.amps_da[0], self.unit.port.amps_da[0]]

    def view(self, name):
        return self.primary.view()["evses"][name]
