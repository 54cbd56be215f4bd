"""A random site under every fault of the bench that touches buses, meters, devices or the primary; the plant judges.

Faults of paths and power may stand at any number of places at once: against those the ledger holds alone. Of faults by
which a device or a meter lies, one stands at a time, for no rule can promise more (safety.md 9), and the next waits until
the consequences of the last are over. A car that disobeys and a stranger who writes orders are stopped by the primary
alone: while they are there, and until it has dealt with them, it lives.
"""

import random

from fast_bench import FastBench

from ampacity_host.rig.plant.car import Car

LINE = (("cut", {}), ("cut_tx", {}), ("cut_rx", {}), ("noise", {"ber": 0.0005}), ("noise", {"ber": 0.003}), ("delay", {"ms": 60}),
        ("delay", {"ms": 400}), ("duplicate", {}), ("echo", {}), ("wrong_unit", {}), ("babble", {}), ("second_primary", {}),
        ("foreign_client", {"writes": False}), ("foreign_client", {"writes": True}))  # fmt: skip
DROP = LINE[:9]
POWER = ("power_off", "restart", "forget_settings")
LIES = ("ignore_writes", "round_up", "stale_reading", "keep_setpoint", "swapped", "welded", "residual_current", "overtemperature", "disobeys",
        "pilot_short", "diode", "pe_lost", "lock_failed")  # fmt: skip
METER = ("dead", "frozen", "nan", "offset", "swapped_phases", "reversed")
ONCE = ("restart", "forget_settings")
AFTER_LIE_MS = 45_000
LATE_MS_MAX = 4_000  # what is held back comes within the time that the path is known to need
HEAL_S = 1_800  # a person is asked for after 20 min without a step that a meter could follow (safety.md 3.2, rule 14)


class HostileSite:
    """facts: a compiled site; seed: what the bench draws. `done`: the moves so far, to be read when one failed."""

    def __init__(self, facts, seed):
        self.bench = FastBench(facts, seed)
        self.facts, self.plant, self.seed = facts, self.bench.plant, seed
        self.on = {}  # (kind, target) of paths and power
        self.lie = None
        self.lie_after_ms = 0
        self.alone_after_ms = 0  # the primary is needed until then
        self.done = []
        self.repaired = set()  # what a person has to switch off and on after mending it
        self.buses = list(self.bench.lines)
        self.remote = [each["name"] for each in facts["evses"] if each["kind"] != "local"]
        self.meters = [each["name"] for each in facts["meters"]]

    def run(self, seconds):
        self.bench.run_ms(seconds * 1000)
        found = self.bench.violations()
        assert not found, "violations %s %s" % (found[:3], self._told())

    # moves, each with `chance` to draw from

    def plug(self, chance):
        free = [point for point in self.plant.points if point.car is None]
        if free:
            point = chance.choice(free)
            self._note("plug", point.name)
            point.plug(Car(phases=chance.choice((1, 2, 3)), max_da=chance.choice((100, 160, 320)), need_wh=chance.choice((300, 5_000, 50_000)),
                           reaction_ms=chance.choice((200, 1_000, 3_000)), ramp_da_per_s=chance.choice((20, 100, 1000))))  # fmt: skip

    def unplug(self, chance):
        there = [point for point in self.plant.points if point.car is not None]
        if there:
            point = chance.choice(there)
            self._note("unplug", point.name)
            point.unplug()

    def other_load(self, chance):
        """A step of what the installer declared; beyond it now and then where a meter sees it, as far as the reserves leave room:
        with more nobody could keep the rating (safety.md 9, I1)."""
        root = self.plant.circuits[0]
        beyond = 2 if self.meters and self.lie is None and not self.on and self._attended() and chance.random() < 0.3 else 1
        amps_da = [min(chance.randrange(beyond * most_da + 1), self._room_da(phase)) for phase, most_da in enumerate(root.assumed_other_da)]
        self._note("other", amps_da)
        self.plant.set_background(self.plant.circuits[0], amps_da)

    def _room_da(self, phase):
        """What the reserves leave."""
        reserves_da = [max(each["fallback_da"], each["power_on_da"]) for each in self.facts["evses"] if each["kind"] != "local"
                       and any(phase in terminal for terminal in each["terminals"])]
        return self.plant.circuits[0].rating_da[phase] - sum(reserves_da)

    def path_fault(self, chance):
        if self._watched():
            return
        whole = chance.random() < 0.4
        target = chance.choice(self.buses if whole or not self.remote else self.remote)
        kind, options = chance.choice(LINE if target in self.buses else DROP)
        if options.get("writes") and not self._attended():
            return
        self._begin(kind, target, dict(options))

    def power_fault(self, chance):
        if self.remote and not self._watched():
            target, kind = chance.choice(self.remote), chance.choice(POWER)
            if kind == "forget_settings" and not self._may_lie():
                return
            self._begin(kind, target, {})

    def end_fault(self, chance):
        if self.on:
            self._end(*chance.choice(sorted(self.on)))

    def lying(self, chance):
        """One device or meter begins to lie, or stops."""
        if self.lie is not None:
            kind, target = self.lie
            self._note("end", kind, target)
            self.bench.fault_injector.set(kind, target, False, {})
            self._over(kind == "disobeys")
            self.lie, self.lie_after_ms = None, self.bench.time.now_ms + AFTER_LIE_MS
            self.repaired.add(target)
        elif self._may_lie():
            target = chance.choice([point.name for point in self.plant.points] + 3 * self.meters)
            kind = chance.choice(METER if target in self.meters else self._lies_of(target))
            if kind == "disobeys" and not self._attended():
                return
            self._note("lie", kind, target)
            self.bench.fault_injector.set(kind, target, True, {})
            self.lie = kind, target

    def late(self, chance):
        """A gateway holds back what was sent, and delivers all of it."""
        held = [name for name in self.remote if self._facts(name)["transit_ms"] >= LATE_MS_MAX and ("late", name) not in self.on]
        if held and not self._watched():
            target = chance.choice(held)
            self._begin("late", target, {})
            time = self.bench.time
            time.at_ms(time.now_ms + chance.randrange(200, LATE_MS_MAX), self._deliver, target)

    def _deliver(self, target):
        if ("late", target) in self.on:
            self._end("late", target)

    def broken_watchdog(self, chance):
        """Tested, and broken since: while nothing else is (safety.md 9)."""
        if self.remote and self._may_lie() and not self.on and self._attended():
            self.lie = "watchdog_broken", chance.choice(self.remote)
            self._note("lie", *self.lie)
            self.bench.fault_injector.set(*self.lie, True, {})

    def _watched(self):
        """Is all else to be well, for a watchdog is broken?"""
        return self.lie is not None and self.lie[0] == "watchdog_broken"

    def _attended(self):
        return self.bench.primary.running and not self.bench.primary.hung

    def _needed(self):
        """Is something going on that only the primary can stop?"""
        stranger = any(options.get("writes") for options in self.on.values())
        return stranger or self.lie is not None and self.lie[0] == "disobeys" or self.bench.time.now_ms < self.alone_after_ms

    def _over(self, needed):
        """A fault ends; needed: one that only the primary could stop."""
        if needed:
            self.alone_after_ms = self.bench.time.now_ms + AFTER_LIE_MS

    def _facts(self, name):
        return next(each for each in self.facts["evses"] if each["name"] == name)

    def _may_lie(self):
        return self.lie is None and self.bench.time.now_ms >= self.lie_after_ms

    def _lies_of(self, target):
        facts = self._facts(target)
        if facts["kind"] == "profile":
            return [kind for kind in LIES if kind in self.bench.hosts[target].device.faults or kind in LIES[5:]]
        return LIES[5:] if facts["kind"] == "local" else [kind for kind in LIES if kind != "keep_setpoint"]

    def primary(self, chance):
        unit = self.bench.primary
        if self._watched() or unit.running and self._needed():
            return
        what = "start" if not unit.running else chance.choice(("kill", "kill", "hang", "cut" if self._declared() else "kill"))
        self._note("primary", what)
        if what == "start":
            unit.start()
        elif what == "kill":
            unit.kill()
        elif what == "hang":
            unit.hung = not unit.hung
        else:
            unit.files.wipe()
            unit.kill()

    def _declared(self):
        """Is other load within its declaration? More of it only the journal knows, where the meter fails (safety.md 9, M2)."""
        root = self.plant.circuits[0]
        return all(value <= assumed for value, assumed in zip(root.other_da, root.assumed_other_da, strict=True))

    MOVES = (plug, plug, unplug, other_load, path_fault, path_fault, power_fault, end_fault, lying, primary)
    ALL_MOVES = (*MOVES, late, broken_watchdog)

    def _begin(self, kind, target, options):
        if (kind, target) in self.on:
            return
        self._note(kind, target, options)
        self.bench.fault_injector.set(kind, target, True, options)
        if kind not in ONCE:
            self.on[kind, target] = options

    def _end(self, kind, target):
        self._note("end", kind, target)
        self._over(self.on.pop((kind, target)).get("writes"))
        self.bench.fault_injector.set(kind, target, False, {})

    def _fits(self, evse):
        """Reserves are never lent, nor what is assumed where no meter is: is there room for its minimum, from its circuit to the root?"""
        circuit = evse["circuit"]
        while circuit >= 0:
            beside = [each for each in self.facts["evses"] if each is not evse and circuit in self._path(each["circuit"])]
            assumed_da = self.plant.circuits[circuit].assumed_other_da if self.facts["circuits"][circuit]["meter"] < 0 else [0] * self.plant.phases
            for phase in {phase for terminal in evse["terminals"] for phase in terminal}:
                reserves_da = sum(each["fallback_da"] for each in beside if any(phase in terminal for terminal in each["terminals"]))
                if assumed_da[phase] + reserves_da + max(evse["min_da"], evse["fallback_da"]) > self.facts["circuits"][circuit]["rating_da"][phase]:
                    return False
            circuit = self.facts["circuits"][circuit]["parent"]
        return True

    def _path(self, circuit):
        found = []
        while circuit >= 0:
            found.append(circuit)
            circuit = self.facts["circuits"][circuit]["parent"]
        return found

    def _told(self):
        return "on drawn(%d, %d) after %s" % (len(self.facts["evses"]), self.seed, self.done)

    def _note(self, *words):
        self.done.append(((self.bench.time.now_ms - self.bench.start_ms) // 1000, *words))

    # and when the adversary stops

    def heal(self):
        """All is well again, and the installer does what is his: new devices accepted, lock-outs reset."""
        for kind, target in sorted(self.on):
            self._end(kind, target)
        if self.lie is not None:
            self.lying(None)
        self.bench.primary.hung = False
        self.bench.primary.start()
        for point in self.plant.points:
            if point.car is not None:
                point.unplug()
            if point.name in self.repaired:
                self._switch_off_and_on(point)
        self.plant.set_background(self.plant.circuits[0], [0] * self.plant.phases)
        self.run(60)
        for point in self.plant.points:
            point.plug(Car(phases=3, max_da=160, need_wh=500_000))
        self._installer()

    def _switch_off_and_on(self, point):
        if point.kind == "local":
            self.bench.primary.kill()
            self.bench.primary.start()
        else:
            self.bench.fault_injector.set("restart", point.name, True, {})

    def _installer(self):
        guard = self.bench.primary.role.guard
        for name, unit in self.bench.secondaries.items():
            if name in self.repaired and unit.role is not None:
                unit.role.evse.reset_faults()  # a welded contactor stays a fault until a person resets it
        for each, driver in zip(self.facts["evses"], self.bench.primary.role.buses.drivers, strict=False):
            if each["kind"] == "local" and each["name"] in self.repaired:
                driver.reset_faults()
        for index in range(len(self.facts["evses"])):
            if guard.state(index) == "swapped":
                guard.accept_device(index)
            guard.unlock(index)
        for index in range(len(self.facts["circuits"])):
            if guard.needs_inspection(index):
                guard.trust_meter(index)
            if guard.meter_state(index) in ("ok", "none"):
                guard.confirm_assumed(index)

    def everybody_charges(self):
        """Within HEAL_S each of the first class has drawn at least its minimum, if that fits beside the reserves of the others."""
        first = max(each["priority"] for each in self.facts["evses"])
        pairs = zip(self.plant.points, self.facts["evses"], strict=True)
        waiting = {point.name for point, each in pairs if each["priority"] == first and self._fits(each)}
        for second in range(HEAL_S):
            self.bench.run_ms(1_000)
            waiting -= {point.name for point in self.plant.points if point.amps_da >= 60}
            if not waiting:
                break
            if second % 60 == 0:
                self._installer()
        guard = self.bench.primary.role.guard
        names = [each["name"] for each in self.facts["evses"]]
        reasons = ["%s: %s; %s" % (name, guard.why(names.index(name)), guard.state(names.index(name))) for name in sorted(waiting)]
        assert not waiting, "%s %s" % (reasons, self._told())
        assert not self.bench.violations()


def rage(facts, seed, moves):
    """A whole life without hypothesis, by MOVES: a seed is a bug report."""
    chance = random.Random(seed)
    site = HostileSite(facts, seed)
    for _ in range(moves):
        chance.choice(HostileSite.MOVES)(site, chance)
        site.run(chance.randint(1, 12))
    return site
