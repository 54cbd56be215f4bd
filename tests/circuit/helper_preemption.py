"""Some that measure and some that do not, below one meter: who gets current when, drawn from a seed."""

from helper_circuit import Bench, circuit, evse, meter_facts, site

from ampacity.circuit.cascaded_guard import CascadedGuard
from ampacity.circuit.guard import Guard

SLOT_S = 60


class Pick:
    """A small generator, the same on both runtimes."""

    def __init__(self, seed):
        self.value = seed * 2654435761 % 2**28 + 1

    def of(self, *choices):
        self.value = self.value * 69069 % 2**28 + 12345
        return choices[(self.value >> 12) % len(choices)]


class Beside(Bench):
    """evses: (max_da, reserve_da, measures, car_da) each; a car draws nothing below its needs_da.

    The meter comes every second and shows all that is drawn. grant_da: what a parent permits in all; above: rating of a circuit without a
    meter above the metered one; 0: there is none. least_da: the minimums, where they are not all 6 A.
    begins_s: the time of a car to begin.
    """

    TICK_MS = 500

    def __init__(self, evses, rating, house=0, grant_da=0, above=0, least_da=None, restart_hold_ms=20000, begins_s=0):
        facts = []
        for e, (most, reserve, _, _) in enumerate(evses):
            facts.append(evse("evse-%d" % (e + 1), max_da=most, limit_da=most, fallback_da=reserve, circuit=int(above > 0)))
            facts[e]["min_da"] = least_da[e] if least_da else 60
        circuits = [circuit("top", rating=above), circuit("row", 0, rating, meter=0)] if above else [circuit(rating=rating, meter=0)]
        facts = site(facts, circuits, [meter_facts()], slot_s=SLOT_S, restart_hold_ms=restart_hold_ms)
        if grant_da:
            reserves_da = sum([one[1] for one in evses])
            facts["parent"] = {"fallback_da": reserves_da, "power_on_da": reserves_da}
        Bench.__init__(self, facts, guard_class=CascadedGuard if grant_da else Guard)
        self.grant_da = grant_da
        self.rating, self.house, self.cars = above or rating, house, evses
        self.needs_da = [60] * len(evses)
        self.drawn = [0] * len(evses)
        self.begins_s, self.offered_s = begins_s, [0] * len(evses)
        self.charged_s = [0] * len(evses)
        self.waited_s = [0] * len(evses)
        self.longest_s = [0] * len(evses)
        self.turns_s = [[] for _ in evses]  # how long each charged, turn by turn
        self.above_s = 0
        self.start()
        self.run(5)

    def plug(self, e):
        self.guard.plugged(e, True)
        self.guard.demand(e, True)

    def run(self, seconds):
        for _ in range(seconds):
            for _ in range(2):
                for e, (_, _, measures, car) in enumerate(self.cars):
                    self._drive(e, self.facts["evses"][e], False)
                    order = self.guard.last_order_da(e)
                    self.offered_s[e] = self.offered_s[e] + 0.5 if order and order >= self.needs_da[e] else 0
                    self.drawn[e] = min(car, order) if self.offered_s[e] > self.begins_s else 0
                    if measures:
                        self.measure(e, *[self.drawn[e]] * 3)
                if self.grant_da:
                    self.guard.grant(self.grant_da)
                self.tick(500)
            shown = self.house + sum(self.drawn)
            self.above_s += shown > self.rating
            self.meter(shown + self.mark % 2, shown, shown)
            for e in range(len(self.cars)):
                self._book(e)
        return self

    def _book(self, e):
        if self.drawn[e]:
            self.charged_s[e] += 1
            if self.waited_s[e] or not self.turns_s[e]:
                self.turns_s[e].append(0)
            self.turns_s[e][-1] += 1
            self.waited_s[e] = 0
        elif self.guard.demands.wants[e]:
            self.waited_s[e] += 1
            self.longest_s[e] = max(self.longest_s[e], self.waited_s[e])


def drawn_from(seed):
    """A bench with two to five EVSEs of which one more has its minimum at least; they come one by one."""
    pick = Pick(seed)
    evses = []
    for _ in range(pick.of(2, 3, 4, 5)):
        most = pick.of(160, 320)
        evses.append((most, pick.of(0, 0, 60, most), pick.of(True, False), pick.of(320, 160, 100)))
    house = pick.of(0, 50, 100)
    rating = house + sum([one[1] for one in evses]) + pick.of(70, 110, 170, 330)
    bench = Beside(evses, rating, house)
    for e in range(len(evses)):
        bench.run(pick.of(1, 5, 30))
        bench.plug(e)
    return bench
