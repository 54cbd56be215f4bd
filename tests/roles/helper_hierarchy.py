"""Primaries below primaries in one process: a street that grants to garages that grant to charging points.

`Line` is one wire with a primary's engine at one end; `Node` a primary with what hangs on its wire. Time is moved by
hand. The plant's truth is what the ports draw: Σ per node, compared with the node's rating.
"""

from helper_garage import BYTE_US, START_MS, HandPlatform, evse, site
from helper_secondary import Unit

from ampacity.base.log import Log
from ampacity.bus.server.modbus_server import ModbusServer
from ampacity.roles.primary import Primary
from ampacity.store.memory_files import MemoryFiles

STEP_US = 50000
SETTINGS = {"restart_hold_ms": 8000, "raise_hold_ms": 5000}  # tests need not wait as long as cars should


class Leaf:
    """A secondary with a car: a Unit at its own address."""

    def __init__(self, name, unit, **changes):
        self.name, self.number = name, unit
        self.unit = Unit(unit=unit, serial=name, **changes)
        self.unit.now_ms = START_MS
        self.unit.engine = ModbusServer(unit, self.unit.secondary.map, 19200)
        self.port = self.unit.port
        self.cut = False
        self.facts = evse(name, "ampacity", bus=0, unit=unit, **changes)

    def ports(self):
        return [self.port]

    def hear(self, data, now_us):
        if not self.cut:
            self.unit.engine.receive(data, now_us)

    def answer(self, now_us):
        return None if self.cut else self.unit.engine.next(now_us)[0]

    def tick(self, now_ms):
        self.port.plant(now_ms)
        self.unit.now_ms = now_ms
        self.unit.secondary.tick(now_ms)


class Node:
    """A primary. below: Leafs and Nodes on its wire. lease_ms: of its parent's grants; unit: its address there."""

    guard_class = None

    def __init__(self, name, unit, rating_da, below, lease_ms=10000, **changes):
        self.name, self.number, self.rating_da, self.below = name, unit, rating_da, below
        self.lease_ms = lease_ms
        self.files = MemoryFiles()
        self.cut = self.dead = self.hung = False
        self.most_da = 0
        self.changes = changes
        self.site = site(rating_da, name=name, evses=[child.facts for child in below], settings=SETTINGS, parent=self._parent() if unit else None)
        self.facts = self._entry() if unit else None
        self.primary = None

    # what configure computes from a child's site

    def _after_ms(self):
        """The largest watchdog + tolerance + settle (+ transit) below."""
        longest = 0
        for e in self._facts_below():
            tolerance_ms = max(1000, e["watchdog_ms"] // 10)
            longest = max(longest, e["watchdog_ms"] + tolerance_ms + e["settle_ms"] + e["latency_ms"] + e["transit_ms"])
        return longest

    def _facts_below(self):
        return [child.facts for child in self.below]

    def _fallback_da(self):
        return sum([e["fallback_da"] for e in self._facts_below()])

    def _max_da(self):
        return min(self.rating_da, sum([e["max_da"] for e in self._facts_below()]))

    def _parent(self):
        return {
            "name": "up", "port": "virtual", "baud": 19200, "parity": "E", "stop": 1, "unit": self.number, "serial": self.name,
            "max_da": self._max_da(), "fallback_da": self._fallback_da(), "power_on_da": self._fallback_da(),
            "lease_ms": self.lease_ms, "after_lease_ms": self._after_ms(),
        }  # fmt: skip

    def _entry(self):
        most_da = self._max_da()
        return evse(
            self.name, "ampacity", bus=0, unit=self.number, primary=True, max_da=most_da, limit_da=most_da, feeder_da=most_da,
            fallback_da=self._fallback_da(), power_on_da=self._fallback_da(), lease_ms=self.lease_ms,
            watchdog_ms=self.lease_ms + self._after_ms(), watchdog_tolerance_ms=max(1000, (self.lease_ms + self._after_ms()) // 10),
            latency_ms=600, **self.changes
        )  # fmt: skip

    # its life

    def start(self, now_us):
        self.platform = HandPlatform(self.files, now_us // 1000, {})
        self.log = Log()
        self.primary = Primary(self.platform, self.site, self.log)
        self.engine = self.primary.buses.wires[0].engine
        self.dead = False

    def ports(self):
        out = []
        for child in self.below:
            out += child.ports()
        return out

    def amps_da(self):
        return sum([port.amps_da[0] for port in self.ports()])

    # as a unit of its parent's line

    def hear(self, data, now_us):
        if not self.cut and not self.dead and self.primary.parent_link is not None:
            self.platform.clock.us = max(self.platform.clock.us, now_us)
            self.primary.parent_link.heard(data, now_us)

    def answer(self, now_us):
        if self.cut or self.dead:
            return None
        return self.primary.parent_link.engine.next(now_us)[0]

    def tick(self, now_ms):
        for child in self.below:
            child.tick(now_ms)
        if not self.dead:
            self.platform.clock.us = max(self.platform.clock.us, now_ms * 1000)
            if not self.hung:
                self.primary.safety.tick(now_ms)
            self.primary.step(now_ms)
        self.most_da = max(self.most_da, self.amps_da())

    # as the primary of its own line

    def exchange(self, now_us):
        """One frame down and one answer back, if there is something to say; each takes its time."""
        for child in self.below:
            if isinstance(child, Node):
                child.exchange(now_us)
        if self.dead:
            return
        out, _ = self.engine.next(now_us)
        if not out:
            return
        now_us += len(out) * BYTE_US
        for child in self.below:
            child.hear(out, now_us)
        now_us += 2500
        for child in self.below:
            back = child.answer(now_us)
            if back:
                self.engine.receive(back, now_us + len(back) * BYTE_US)

    def nodes(self):
        """Itself and every primary below it."""
        out = [self]
        for child in self.below:
            if isinstance(child, Node):
                out += child.nodes()
        return out


class Street:
    """The whole tree under `top`; `run(ms)` moves it."""

    def __init__(self, top):
        self.top = top
        self.now_us = START_MS * 1000
        for node in top.nodes():
            node.start(self.now_us)

    def run(self, duration_ms):
        until_us = self.now_us + duration_ms * 1000
        while self.now_us < until_us:
            self.now_us += STEP_US
            self.top.exchange(self.now_us)
            if self.now_us // STEP_US % 2 == 0:
                self.top.tick(self.now_us // 1000)
        return self

    def plug_all(self):
        for port in self.top.ports():
            port.car = "C"
        return self

    def node(self, name):
        for node in self.top.nodes():
            if node.name == name:
                return node
        raise KeyError(name)

    def over_rating(self):
        """Names of the nodes at which more flowed than their rating allows, ever."""
        return [node.name for node in self.top.nodes() if node.most_da > node.rating_da]
