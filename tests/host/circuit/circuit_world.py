"""A small hostile world around the real guard: devices, paths, cars, and the truth about every ampere.

Nothing here knows the ledger. A device obeys the frames that reach it; a path may lose, hold (up to
transit) or repeat them; a car draws all it may, at once after a raise, and after a lower the old current
until the last moment of its settle time. `over()` compares what flows with the ratings.
"""

import random

from ampacity.circuit.guard import Guard
from ampacity.circuit.policy.plan import Plan

STEP_MS = 250


class Device:
    """An EVSE at the far end of a path. All currents da."""

    def __init__(self, facts):
        self.facts = dict(facts)
        self.limit = facts["power_on_da"]
        self.fed_ms = -(10**9)
        self.expired = True
        self.last_order = facts["power_on_da"]
        self.sequence = 0
        self.powered = True
        self.car = True
        self.history = []  # (until_ms, da): what the car may still draw of earlier limits
        self.serial = "S1"
        self.ignores = False
        self.ignored = False  # at any time

    def set_limit(self, da, now_ms):
        if da < self.limit:
            self.history.append((now_ms + self.facts["settle_ms"], self.limit))
        self.limit = da

    def order(self, da, sequence, now_ms):
        if self.ignores:
            self.fed_ms = now_ms
            return
        self.last_order = da
        self.feed(now_ms)
        self.sequence = sequence
        self.set_limit(da, now_ms)

    def feed(self, now_ms):
        self.fed_ms = now_ms
        if self.expired and self.facts["watchdog_ms"]:
            self.expired = False
            self.set_limit(self.last_order, now_ms)  # revives what it held

    def tick(self, now_ms):
        watchdog = self.facts["watchdog_ms"]
        if watchdog and not self.expired and now_ms - self.fed_ms >= watchdog + 1000:
            self.expired = True
            self.set_limit(self.facts["fallback_da"], now_ms)
            if self.facts["kind"] == "ampacity":
                self.last_order = self.facts["fallback_da"]
        self.history = [(until, da) for until, da in self.history if until > now_ms]

    def restart(self, now_ms):
        self.set_limit(self.facts["power_on_da"], now_ms)
        self.last_order = self.facts["power_on_da"]
        self.expired = True

    def forget(self, now_ms):
        """A restart that nobody notices, after which its watchdog is off."""
        self.facts["watchdog_ms"] = 0
        self.restart(now_ms)
        self.expired = False

    def draw(self, now_ms):
        if not self.car:
            return 0
        return max([self.limit if self.limit >= 60 else 0] + [da for until, da in self.history if until > now_ms])


class Driver:
    """What a driver on the bus does: probe, audit, order, prove, refresh, read; all asked of the guard."""

    def __init__(self, world, index):
        self.world, self.index = world, index
        self.reset(world.now_ms)

    def reset(self, now_ms):
        self.failures = 0
        self.silent = True
        self.sent = []  # (order id, da, sequence, sent_ms)
        self.value = None
        self.unlike = False  # the last read did not show the last order
        self.read_ms = now_ms - 10**6
        self.try_ms = now_ms - 10**6

    def step(self, now_ms):
        guard, facts = self.world.guard, self.world.facts["evses"][self.index]
        want = guard.want_da[self.index]
        age = now_ms - self.try_ms
        refresh = facts["watchdog_ms"] // 4 if facts["watchdog_ms"] else 10**9
        if self.silent:
            if age >= 1000:
                self._send(min(want, 0), now_ms)
        elif want != self.value or age >= refresh or (age >= 1000 and (self.unlike or guard.resend_due(self.index))):
            if want > guard.reserve_da(self.index) and not self.world.lazy:
                self._read(now_ms)
            self._send(want, now_ms)
        if now_ms - self.read_ms >= 1000:
            self._read(now_ms)

    def _send(self, da, now_ms):
        world = self.world
        order_id = world.guard.send(self.index, da, now_ms)
        if order_id is None:
            if self.value is not None and da > self.value and now_ms - self.try_ms >= 1000:
                order_id, da = world.guard.send(self.index, self.value, now_ms), self.value
            if order_id is None:
                return
        world.sequence += 1
        self.value, self.try_ms = da, now_ms
        self.sent = (self.sent + [(order_id, da, world.sequence, now_ms)])[-6:]
        heard = world.carry(self.index, ("order", da, world.sequence))
        if heard:
            world.guard.answered(self.index, order_id, now_ms, True)
            self._good(now_ms)
        else:
            self._bad(now_ms)

    def _read(self, now_ms):
        world, guard = self.world, self.world.guard
        facts = world.facts["evses"][self.index]
        self.read_ms = now_ms
        if facts["poll_feeds"]:
            if not guard.may_feed(self.index, now_ms):
                return
            guard.fed(self.index, now_ms)
        if not world.carry(self.index, ("read",)):
            self._bad(now_ms)
            return
        device = world.devices[self.index]
        self._good(now_ms)
        guard.evidence(self.index, "fingerprint", device.serial, now_ms)
        for key in ("watchdog_ms", "fallback_da", "power_on_da"):
            if facts["watchdog_ms"] or key == "power_on_da":  # as the site has it: what is read may be 0
                guard.evidence(self.index, key, device.facts[key], now_ms)
        guard.reported(self.index, device.limit, now_ms)
        if self.world.measures[self.index]:
            guard.measured(self.index, [device.draw(now_ms)] * len(facts["terminals"]), now_ms, now_ms)
        self.unlike = self.value is not None and device.limit != self.value
        obeys = not device.expired or not device.facts["watchdog_ms"]
        for order_id, da, sequence, _ in reversed(self.sent):
            shown = device.sequence == sequence if facts["proof"] == "sequence" else device.limit == da
            if obeys and shown and device.limit <= da:
                guard.proven(self.index, order_id, device.limit, now_ms)
                break
            if facts["proof"] != "sequence":
                break

    def _good(self, now_ms):
        self.failures = 0
        self.silent = False
        self.world.guard.heard(self.index, now_ms)

    def _bad(self, now_ms):
        self.failures += 1
        if self.failures == 3:
            self.silent = True
            self.world.guard.lost(self.index, now_ms)


def evse(index, kind="ampacity", circuit=0, terminals=None, **more):
    facts = {
        "name": "evse-%d" % (index + 1), "kind": kind, "bus": 0, "unit": index + 1, "circuit": circuit,
        "terminals": terminals or [[0], [1], [2]], "max_da": 160, "limit_da": 160, "min_da": 60, "step_da": 1,
        "feeder_da": 320, "priority": 1, "weight": 1, "fallback_da": 0, "watchdog_ms": 4000,
        "watchdog_tolerance_ms": 1000, "watchdog_fixed": False, "power_on_da": 0, "power_on_source": "settings",
        "settle_ms": 5000, "latency_ms": 0, "transit_ms": 50, "boot_ms": 500, "survives": False, "holds": False,
        "proof": "sequence", "poll_feeds": False, "fingerprint": None,
    }  # fmt: skip
    facts.update(more)
    return facts


def site(evses, ratings=((-1, 320),), assumed=0, meters=(), settings=None):
    circuits = [
        {"name": "c%d" % i, "parent": parent, "rating_da": [rating] * 3, "assumed_other_da": [assumed if i == 0 else 0] * 3,
         "meter": -1, "generation_da": [0] * 3}
        for i, (parent, rating) in enumerate(ratings)
    ]  # fmt: skip
    timing = {"slot_s": 20, "deadband_da": 5, "raise_hold_ms": 2000, "restart_hold_ms": 3000, "idle_ms": 20000}
    timing.update(settings or {})
    return {"format": 1, "name": "world", "phases": 3, "circuits": circuits, "buses": [{"name": "b", "kind": "rtu"}],
            "meters": list(meters), "evses": evses, "settings": timing}  # fmt: skip


class Greedy(Plan):
    """No plan at all: everybody wants anything at any time, and only the ledger says no."""

    def tick(self, now_ms, running):
        if not hasattr(self, "rng"):
            self.rng = random.Random(now_ms)
        for e in range(len(self.want_da)):
            if self.rng.random() < 0.1:
                self.want_da[e] = self.rng.choice((0, 60, 80, 160))


class World:
    """One site with everything in it. rng decides what the path does while `loss` or `hold` is above 0."""

    default_guard = Guard

    def __init__(self, facts, seed=0, guard_class=Guard, lazy=False):
        self.lazy = lazy  # drivers send orders without reading the settings first
        self.facts = facts
        self.guard_class = guard_class
        self.rng = random.Random(seed)
        self.now_ms = 2**30 - 60000
        self.devices = [Device(each) for each in facts["evses"]]
        self.in_flight = []  # (at_ms, device index, frame)
        self.cut = [False] * len(self.devices)
        self.loss = self.hold = self.repeat = 0.0
        self.sequence = 0
        self.other = 0
        self.worst = None
        self.best = [0] * len(self.devices)
        self.guard = guard_class(facts, self.now_ms)
        self.drivers = [Driver(self, i) for i in range(len(self.devices))]
        self.alive = True
        self.measures = [self.rng.random() < 0.5 for _ in self.devices]
        for i in range(len(self.devices)):
            self.guard.demand(i, True)

    def carry(self, index, frame):
        """Send a frame and wait for the answer. True: an answer came."""
        device, rng = self.devices[index], self.rng
        transit = self.facts["evses"][index]["transit_ms"]
        if self.cut[index] or not device.powered:
            return False
        if rng.random() < self.loss:
            if rng.random() < 0.5:
                self.deliver(index, frame)  # only the answer was lost
            return False
        if frame[0] == "order" and rng.random() < self.hold:
            self.in_flight.append((self.now_ms + rng.randint(0, transit), index, frame))
            return False
        self.deliver(index, frame)
        return True

    def deliver(self, index, frame):
        device = self.devices[index]
        if not device.powered:
            return
        facts = device.facts
        if frame[0] == "order":
            if facts["proof"] == "sequence" and frame[2] <= device.sequence:
                return
            device.order(frame[1], frame[2], self.now_ms)
        elif facts["poll_feeds"]:
            device.feed(self.now_ms)

    def step(self):
        self.now_ms += STEP_MS
        due = [each for each in self.in_flight if each[0] <= self.now_ms]
        self.in_flight = [each for each in self.in_flight if each[0] > self.now_ms]
        for _, index, frame in due:
            if not self.cut[index]:
                self.deliver(index, frame)
        for device in self.devices:
            device.tick(self.now_ms)
        if self.alive:
            self.guard.tick(self.now_ms)
            for driver in self.drivers:
                driver.step(self.now_ms)
        self.check()

    def check(self):
        for c in range(len(self.facts["circuits"])):
            for p in range(3):
                flows = self.other if c == 0 else 0
                for device in self.devices:
                    at = device.facts["circuit"]
                    while at not in (c, -1):
                        at = self.facts["circuits"][at]["parent"]
                    if at == c:
                        flows += device.draw(self.now_ms) * sum(t.count(p) for t in device.facts["terminals"])
                over = flows - self.facts["circuits"][c]["rating_da"][p]
                if over > 0 and self.worst is None:
                    self.worst = (self.now_ms, c, p, over, [d.draw(self.now_ms) for d in self.devices])
        for i, device in enumerate(self.devices):
            self.best[i] = max(self.best[i], device.draw(self.now_ms))

    def run(self, seconds):
        for _ in range(seconds * 1000 // STEP_MS):
            self.step()
            if self.worst:
                return

    def restart_primary(self, keep_evidence=True):
        kept = self.guard.evidence_dump() if keep_evidence else None
        self.guard = self.guard_class(self.facts, self.now_ms, kept)
        for i, driver in enumerate(self.drivers):
            driver.reset(self.now_ms)
            self.guard.demand(i, True)
        self.alive = True

    def heal(self):
        self.loss = self.hold = self.repeat = 0.0
        self.cut = [False] * len(self.devices)
        for device in self.devices:
            device.powered = True
            device.ignores = False
            device.facts["watchdog_ms"] = self.facts["evses"][device.facts["unit"] - 1]["watchdog_ms"]
        if not self.alive:
            self.restart_primary()
