"""Guards of a site before and after a change, and cars that draw all they are offered."""

from helper_circuit import Bench, circuit, evse, meter_facts, site


class Cars(Bench):
    """Each EVSE has a car that draws all it is offered. `house`: other load per meter, in da; `dead`: meters that do not answer."""

    def __init__(self, facts, kept=None, house=(), dead=(), guard_class=None):
        Bench.__init__(self, facts, kept, *([guard_class] if guard_class else []))
        self.house, self.dead = house, dead
        self.draw = [0] * len(facts["evses"])

    def run(self, seconds):
        evses = range(len(self.draw))
        for e in evses:
            self.guard.plugged(e, True)
            self.guard.demand(e, True)
        for _ in range(seconds):
            for e in evses:
                want = self.guard.want_da[e]
                self.audit(e)
                order = self.send(want, e)
                if order is None:
                    want = self.guard.last_order_da(e)
                    order = self.send(want, e) if want is not None else None
                if order is not None:
                    self.prove(order, want, e)
                self.draw[e] = self.guard.last_order_da(e) or 0
            for part_ms in (200, 800):
                for e in evses:
                    self.measure(e, *[self.draw[e]] * 3)
                if part_ms == 200:
                    self.mark += 1
                    for m in range(len(self.house)):
                        below = [self.draw[e] for e in evses if self.measures(m, e)]
                        if m not in self.dead:
                            da = self.house[m] + sum(below)
                            self.guard.meter(m, [da + self.mark % 2, da, da], self.now_ms, self.mark)
                self.tick(part_ms)
        return self

    def measures(self, meter, e):
        return [c.meter for c in self.guard.site.circuits].index(meter) in self.guard.site.paths[self.guard.site.evses[e].circuit]

    def kept(self):
        return self.guard.evidence_dump()


def two(first, second, one_only=False):
    """Two circuits, each with a meter (units 100 and 101) and an EVSE (units 1 and 2), below a root without one."""
    circuits, meters = [circuit("main", rating=630), circuit(first, 0, 200, meter=0)], [meter_facts(name="m1", unit=100, sample_ms=0)]
    evses = [evse("e1", circuit=1, unit=1)]
    if not one_only:
        circuits.append(circuit(second, 0, 200, meter=1))
        meters.append(meter_facts(name="m2", unit=101, sample_ms=0))
        evses.append(evse("e2", circuit=2, unit=2))
    return site(evses, circuits, meters)


def one(name, root="main", declared=0, **more):
    circuits = [circuit(root, rating=250), circuit(name, 0, 200, assumed=declared, meter=0)]
    return site([evse("e1", circuit=1)], circuits, [meter_facts(sample_ms=0, **more)])


def hall_and_shop(metered, plain, meter=0, units=(1, 2)):
    """A circuit with a meter and one without, with an EVSE each; of `plain` None neither."""
    circuits = [circuit("main", rating=400), circuit(metered, 0, 320, meter=0)] + ([circuit(plain, 0, 160)] if plain else [])
    found = site([evse("e%d" % i, circuit=i) for i in range(1, len(circuits))], circuits, [meter_facts(name="m", sample_ms=0, unit=100 + meter)])
    for each, unit in zip(found["evses"], units):
        each["unit"] = unit
    return found


def without_meters(facts):
    for each in facts["circuits"]:
        each["meter"] = -1
    return dict(facts, meters=[])


def tree(circuits, units=(), evses=(), declared=()):
    """circuits: (name, parent, rating_da, meter or -1); units: of the meters; evses: (name, circuit, unit); declared: (circuit, da) pairs."""
    loads = dict(declared)
    rows = [circuit(name, parent, rating, meter=meter, assumed=loads.get(name, 0)) for name, parent, rating, meter in circuits]
    meters = [meter_facts(name="m%d" % unit, unit=unit, sample_ms=0) for unit in units]
    found = site([evse(name, circuit=at) for name, at, _ in evses], rows, meters)
    for each, (_, _, unit) in zip(found["evses"], evses):
        each["unit"] = unit
    return found


def started(facts, kept=None, seconds=60, house=(), dead=()):
    """Cars at a site after a restart; a person declares that the EVSEs that left are gone."""
    bench = Cars(facts, kept, house=house, dead=dead).start()
    for row in bench.guard.removed_evses():
        bench.guard.confirm_removed(row["name"], bench.now_ms)
    return bench.run(seconds)


def assumed(bench):
    """What is assumed on L1 of each circuit, in da, by its name."""
    return {c.name: bench.ledger.assumed_da[c.index * 3] for c in bench.guard.site.circuits if not c.removed}
