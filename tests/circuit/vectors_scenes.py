"""Whole scenes of the guard, drawn from a seed: sequences of facts, and the integers that follow from them.

The same code plays them on both runtimes. After each step everything that the guard says is folded into one checksum
(`why` as its bytes), and what it says at the end stands in the clear, so that a vector is one short line.
"""

import binascii

from ampacity.base.rng import Rng
from ampacity.circuit.guard import Guard

START_MS = (1 << 30) - 30000  # the place where small ints of a board end lies within each scene
STEPS = 26
GROUPS = ("orders", "silence", "meter", "limits", "foreign", "restart", "phases", "split", "evidence", "crowd")
KINDS = ("ampacity", "ampacity", "profile", "profile", "local")
COMMON = ("drive", "drive", "drive", "drive", "demand", "measure", "drive")
MOVES = {
    "orders": ("odd", "proof", "refuse"),
    "silence": ("lose", "hear", "feed", "refuse"),
    "meter": ("meter", "meter", "meter", "nan", "frozen", "measure"),
    "limits": ("limit", "limit", "plug"),
    "foreign": ("foreign", "report", "drive"),
    "restart": ("restart", "lose", "isolate"),
    "phases": ("switch", "switched", "odd"),
    "split": ("odd", "limit", "lose"),
    "evidence": ("evidence", "evidence", "accept", "above"),
    "crowd": ("lose", "limit", "plug", "above"),
}
WAITS_MS = (100, 100, 300, 1000, 1000, 2500, 6000, 15000)


def draw_site(rng, group):
    """Compiled facts of 2..5 EVSEs (a crowd: 16) on 1..3 circuits."""
    circuits = []
    for i in range(1 + rng.below(3)):
        parent = -1 if i == 0 else rng.below(i)
        rating = [200 + rng.below(300) for _ in range(3)]
        assumed = [rng.below(80) if i == 0 else 0 for _ in range(3)]
        meter = 0 if i == 0 and (group == "meter" or rng.chance(200)) else -1
        generation = [rng.below(2) * 50] * 3 if meter == 0 else [0] * 3
        one = {"name": "c%d" % i, "parent": parent, "rating_da": rating, "assumed_other_da": assumed, "meter": meter}
        one["generation_da"] = generation
        circuits.append(one)
    count = 16 if group == "crowd" else 2 + rng.below(4)
    evses = [draw_evse(rng, i, len(circuits), group) for i in range(count)]
    meters = [{"name": "grid", "phases": [0, 1, 2], "timeout_ms": 5000, "frozen_ms": 5000, "coarse": False}]
    timing = {"slot_s": 20, "deadband_da": 5, "raise_hold_ms": 2000, "restart_hold_ms": 3000, "idle_ms": 12000}
    buses = [{"name": "a", "kind": "rtu"}, {"name": "b", "kind": "tcp", "private": rng.chance(500)}]
    return {"phases": 3, "circuits": circuits, "buses": buses, "meters": meters, "evses": evses, "settings": timing}


def draw_evse(rng, i, circuits, group):
    kind = KINDS[rng.below(len(KINDS))]
    turn = rng.below(3)
    terminals = [[(turn + n) % 3] for n in range(1 + 2 * rng.below(2))]
    if group == "split" and rng.chance(700):
        terminals = [[turn, (turn + 1) % 3]]
    fallback = 60 * rng.below(2) if rng.chance(400) else 0
    watchdog = (0, 4000, 10000)[rng.below(3)] if kind == "profile" else 4000
    sources = ("documented", "declared", "unknown", "settings")
    source = "settings" if kind == "ampacity" else sources[rng.below(4)]
    return {
        "name": "e%d" % i, "kind": kind, "bus": -1 if kind == "local" else rng.below(2), "unit": i + 1, "circuit": rng.below(circuits),
        "terminals": terminals, "max_da": 160, "limit_da": 100 + rng.below(61), "min_da": 60, "priority": rng.below(2), "weight": 1 + rng.below(3),
        "fallback_da": fallback, "watchdog_ms": watchdog, "watchdog_tolerance_ms": 1000, "watchdog_fixed": rng.chance(300),
        "power_on_da": fallback, "power_on_source": source, "settle_ms": 5000, "latency_ms": 100 * rng.below(3),
        "transit_ms": 50 if rng.chance(700) else 5000, "boot_ms": 500, "survives": rng.chance(400), "holds": rng.chance(500),
        "poll_feeds": rng.chance(400), "one_client": rng.chance(300), "fingerprint": "S%d" % i if rng.chance(300) else None,
    }  # fmt: skip


class Scene:
    """One seed. `play()` returns (checksum, the last integers)."""

    def __init__(self, group, number):
        self.rng = Rng(1 + number * 64 + GROUPS.index(group))
        self.facts = draw_site(self.rng, group)
        self.moves = COMMON + MOVES[group]
        self.now_ms = START_MS
        self.guard = Guard(self.facts, self.now_ms)
        self.count = len(self.facts["evses"])
        self.sent = [(0, 0)] * self.count
        self.mark = 0
        self.checksum = 0

    def play(self):
        for e in range(self.count):
            self.audit(e)
            self.guard.demand(e, self.rng.chance(800))
        for _ in range(STEPS):
            for _ in range(1 + self.rng.below(3)):
                e = self.rng.below(self.count)
                getattr(self, self.moves[self.rng.below(len(self.moves))])(e)
            self.now_ms += WAITS_MS[self.rng.below(len(WAITS_MS))]
            self.guard.tick(self.now_ms)
            if self.rng.chance(700):
                for e in range(self.count):
                    self.drive(e)
            self.fold()
        return self.checksum, self.shown()

    # what is held against each other

    def shown(self):
        """Wants, orders, bounds, reserves, margins, other load: all integers."""
        guard, out = self.guard, [("quarantine", "regulating", "degraded", "safe").index(self.guard.mode)]
        for e in range(self.count):
            order_da = guard.last_order_da(e)
            out += [guard.want_da[e], -1 if order_da is None else order_da, guard.reserve_da(e), max(guard.bound_da(e))]
        for c in range(len(self.facts["circuits"])):
            out += guard.margin_da(c) + guard.other_da(c)
        return out

    def fold(self):
        guard = self.guard
        words = [str(value) for value in self.shown()]
        for e in range(self.count):
            words += [guard.why(e), guard.state(e), str(guard.bound_da(e)), str(int(guard.online(e)))]
        words += [kind for _, kind, _ in guard.events]
        self.checksum = binascii.crc32("|".join(words).encode(), self.checksum) & 0xFFFFFFFF

    # moves

    def audit(self, e):
        facts, guard = self.facts["evses"][e], self.guard
        guard.evidence(e, "fingerprint", facts["fingerprint"] or "S%d" % e, self.now_ms)
        for key in ("watchdog_ms", "fallback_da", "power_on_da"):
            guard.evidence(e, key, facts[key], self.now_ms)

    def drive(self, e):
        """What a well-behaved driver does, most of the time."""
        rng, guard = self.rng, self.guard
        if rng.chance(800):
            self.audit(e)
        self.order(e, guard.want_da[e])

    def order(self, e, da):
        rng, guard = self.rng, self.guard
        order_id = guard.send(e, da, self.now_ms)
        if order_id is None and self.sent[e][0]:
            da = self.sent[e][1]
            order_id = guard.send(e, da, self.now_ms)
        if order_id is None:
            order_id, da = guard.send(e, 0, self.now_ms), 0
        if order_id is None:
            return
        self.sent[e] = (order_id, da)
        if rng.chance(900):
            guard.answered(e, order_id, self.now_ms, rng.chance(500))
        if rng.chance(850):
            guard.proven(e, order_id, da, self.now_ms)

    def odd(self, e):
        self.order(e, 20 * self.rng.below(9))

    def proof(self, e):
        order_id, da = self.sent[e]
        self.guard.proven(e, order_id, max(0, da - self.rng.below(3) * 10), self.now_ms)

    def refuse(self, e):
        self.guard.refused(e, self.sent[e][0], self.now_ms)

    def lose(self, e):
        self.guard.lost(e, self.now_ms)

    def hear(self, e):
        self.guard.heard(e, self.now_ms)

    def feed(self, e):
        if self.guard.may_feed(e, self.now_ms):
            self.guard.fed(e, self.now_ms)

    def demand(self, e):
        self.guard.demand(e, self.rng.chance(800))

    def plug(self, e):
        self.guard.plugged(e, self.rng.chance(600))

    def measure(self, e):
        da = self.rng.below(1 + max(1, self.sent[e][1]))
        self.guard.measured(e, [da] * len(self.facts["evses"][e]["terminals"]), self.now_ms - self.rng.below(200), self.now_ms)

    def above(self, e):
        """It draws more than it was told."""
        self.guard.measured(e, [self.sent[e][1] + 40] * len(self.facts["evses"][e]["terminals"]), self.now_ms, self.now_ms)

    def meter(self, e):
        self.mark += 1
        self.guard.meter(0, [self.rng.between(-40, 420) for _ in range(3)], self.now_ms, self.mark)

    def nan(self, e):
        self.mark += 1
        self.guard.meter(0, None, self.now_ms, self.mark)

    def frozen(self, e):
        self.guard.meter(0, [100, 100, 100], self.now_ms, self.mark)

    def limit(self, e):
        rng = self.rng
        target = (("evse", e), ("circuit", 0), ("chargers", rng.below(len(self.facts["circuits"]))))[rng.below(3)]
        value = None if rng.chance(300) else [rng.below(300) for _ in range(3)]
        until = self.now_ms + rng.below(8000) if rng.chance(500) else None
        self.guard.limit(("ocpp", "console")[rng.below(2)], target, value, until, ("hold", "release", 60)[rng.below(3)])

    def foreign(self, e):
        self.guard.foreign_write(self.rng.below(2), e if self.rng.chance(500) else None, self.now_ms)

    def report(self, e):
        self.guard.reported(e, 20 * self.rng.below(9), self.now_ms)

    def isolate(self, e):
        self.guard.isolate(e, self.rng.chance(500), self.now_ms)

    def restart(self, e):
        kept = self.guard.evidence_dump() if self.rng.chance(700) else None
        self.guard = Guard(self.facts, self.now_ms, kept)
        self.sent = [(0, 0)] * self.count
        for each in range(self.count):
            self.guard.demand(each, self.rng.chance(800))

    def switch(self, e):
        terminals = self.facts["evses"][e]["terminals"]
        self.guard.ledger.permits.phases_sent(e, list(range(1 + self.rng.below(len(terminals)))), self.now_ms)

    def switched(self, e):
        had = self.guard.ledger.evse_states[e].set_terminals
        if had is not None:
            self.guard.ledger.bounds.phases_proven(e, had[:1], self.now_ms)

    def evidence(self, e):
        rng = self.rng
        key = ("watchdog_ms", "fallback_da", "power_on_da", "max_da", "fingerprint", "mode_ok")[rng.below(6)]
        facts = self.facts["evses"][e]
        odd = {"watchdog_ms": 0, "fallback_da": 80, "power_on_da": 160, "max_da": 200, "fingerprint": "other", "mode_ok": False}
        usual = {"max_da": 160, "fingerprint": facts["fingerprint"] or "S%d" % e, "mode_ok": True}
        self.guard.evidence(e, key, odd[key] if rng.chance(300) else usual.get(key, facts.get(key)), self.now_ms)

    def accept(self, e):
        if self.rng.chance(500):
            self.guard.accept_device(e)
        else:
            self.guard.unlock(e)
