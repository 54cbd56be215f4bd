"""Sites as facts, and a bench on which a test plays driver and clock to the real guard."""

from ampacity.circuit.guard import Guard

START_MS = (1 << 30) - 60000
SETTLE_MS = 5000


def evse(name="evse-1", **more):
    """An own secondary on three phases, 16 A, lease 10 s, fallback 0."""
    facts = {
        "name": name,
        "kind": "ampacity",
        "bus": 0,
        "unit": 1,
        "circuit": 0,
        "terminals": [[0], [1], [2]],
        "max_da": 160,
        "limit_da": 160,
        "min_da": 60,
        "step_da": 1,
        "feeder_da": 320,
        "priority": 1,
        "weight": 1,
        "fallback_da": 0,
        "watchdog_ms": 10000,
        "watchdog_tolerance_ms": 1000,
        "power_on_da": 0,
        "power_on_source": "settings",
        "settle_ms": SETTLE_MS,
        "latency_ms": 0,
        "transit_ms": 50,
        "boot_ms": 500,
        "survives": False,
        "holds": False,
        "poll_feeds": False,
    }
    facts.update(more)
    return facts


def foreign_evse(name="evse-1", **more):
    """A device behind a profile, whose watchdog and fallback must be read back."""
    facts = evse(name, kind="profile", power_on_source="documented")
    facts.update(more)
    return facts


def mute_evse(name="evse-1", **more):
    """A device without watchdog that holds its last order in silence."""
    facts = foreign_evse(name, watchdog_ms=0, holds=True)
    facts.update(more)
    return facts


def circuit(name="main", parent=-1, rating=320, assumed=0, meter=-1, generation=0):
    return {
        "name": name,
        "parent": parent,
        "rating_da": [rating] * 3,
        "assumed_other_da": [assumed] * 3,
        "meter": meter,
        "generation_da": [generation] * 3,
    }


def meter_facts(**more):
    facts = {"name": "grid", "phases": [0, 1, 2], "timeout_ms": 5000, "frozen_ms": 5000, "coarse": False, "bus": 0, "unit": 100}
    facts.update(more)
    return facts


def site(evses, circuits=None, meters=None, **settings):
    for index, each in enumerate(evses):
        each["unit"] = index + 1
    return {
        "format": 1,
        "name": "garage",
        "phases": 3,
        "circuits": circuits or [circuit()],
        "buses": [{"name": "rs485-1", "kind": "rtu"}],
        "meters": meters or [],
        "evses": evses,
        "settings": settings,
    }


class Bench:
    """A guard with its clock, and the calls that a well-behaved driver makes.

    TICK_MS: between two ticks of the guard; as in the firmware, and more where hours are played.
    """

    TICK_MS = 100

    def __init__(self, facts, evidence=None, guard_class=Guard):
        self.facts = facts
        self.now_ms = START_MS
        self.guard = guard_class(facts, self.now_ms, evidence)
        self.ledger = self.guard.ledger
        self.mark = 0

    def tick(self, ms=100):
        """Let `ms` pass, ticking every TICK_MS."""
        end_ms = self.now_ms + ms
        while self.now_ms < end_ms:
            self.now_ms += min(self.TICK_MS, end_ms - self.now_ms)
            self.guard.tick(self.now_ms)

    def audit(self, e=0, **values):
        """Read back what the facts promise, or what is given."""
        facts = self.facts["evses"][e]
        for key in ("watchdog_ms", "fallback_da", "power_on_da"):
            if key != "power_on_da" or facts["power_on_source"] == "settings":
                self.guard.evidence(e, key, values.get(key, facts[key]), self.now_ms)

    def send(self, da, e=0):
        return self.guard.send(e, da, self.now_ms)

    def prove(self, order_id, da, e=0):
        self.guard.answered(e, order_id, self.now_ms)
        self.guard.proven(e, order_id, da, self.now_ms)

    def order(self, da, e=0):
        """Audit, send and prove an order; returns its id, None if the guard refuses."""
        self.audit(e)
        order_id = self.send(da, e)
        if order_id is not None:
            self.prove(order_id, da, e)
        return order_id

    def start(self):
        """Through quarantine: every EVSE audited, proven at 0 and settled."""
        self.tick(200)
        for e in range(len(self.facts["evses"])):
            assert self.order(0, e) is not None
        self.tick(SETTLE_MS + 200)
        return self

    def stand(self, da, e=0):
        """Bring an EVSE to da, whatever the plan wants, and let the raise settle."""
        assert self.order(da, e) is not None, "refused: %s" % self.ledger.permits.refused_count
        self.tick(SETTLE_MS + 200)

    def shrink(self, da):
        """The root carries only `da` from now on: the margin is gone at once."""
        for p in range(3):
            self.ledger.cap_da[p] = self.guard.site.rating_da[p] = da

    def bound(self, e=0):
        return self.ledger.evse_states[e].bound_da

    def follow_unread(self, seconds, evse, da):
        """One EVSE that does not say what it draws follows its orders; the meter shows da on each phase."""
        for _ in range(seconds):
            self.tick(1000)
            order_id = self.send(self.guard.want_da[evse], evse)
            if order_id is not None:
                self.prove(order_id, self.guard.want_da[evse], evse)
            self.meter(da + self.mark % 2, da, da)

    def meter(self, *amps_da):
        """A living meter frame."""
        self.mark += 1
        self.guard.meter(0, list(amps_da), self.now_ms, self.mark)

    def measure(self, e, *amps_da):
        self.guard.measured(e, list(amps_da), self.now_ms, self.now_ms)

    def unplug(self, e=0):
        """The plug is out and nothing flows, and so for long enough that it counts."""
        self.measure(e, *[0] * len(self.facts["evses"][e]["terminals"]))
        self.guard.plugged(e, False)
        self.tick(1000)
        self.guard.plugged(e, False)

    def kinds(self):
        return [kind for _, kind, _ in self.guard.events]

    def follow(self, seconds, draws=True, house=0, silent=(), meter=False):
        """Play all drivers for a while: each order goes out as wanted, is proven, and is drawn."""
        for _ in range(seconds * 2):
            for e, facts in enumerate(self.facts["evses"]):
                if e not in silent:
                    self._drive(e, facts, draws)
            if meter:
                shown = [house] * 3
                for s in self.ledger.evse_states:
                    for p in range(3):
                        shown[p] += s.phase_da[p]
                shown[0] += self.mark % 2
                self.meter(*shown)
                for e, facts in enumerate(self.facts["evses"]):
                    if e not in silent:
                        self._drive(e, facts, draws)
            self.tick(500)

    def _drive(self, e, facts, draws):
        want = self.guard.want_da[e]
        self.audit(e)
        order_id = self.send(want, e)
        if order_id is None and self.guard.last_order_da(e) is not None and self.guard.last_order_da(e) < want:
            want = self.guard.last_order_da(e)
            order_id = self.send(want, e)
        if order_id is not None:
            self.prove(order_id, want, e)
        if draws:
            da = min(want, draws if draws is not True else want)
            self.measure(e, *([da] * len(facts["terminals"])))
