"""A yard with a meter that may lie: cars that come and go, other load, and sums of currents of its own."""

from helper_circuit import Bench, circuit, evse, meter_facts, site

STEP_MS = 500
RAMP_DA = 50  # of a car in one step


class Car:
    """On terminals `uses` of its EVSE; draws what it may up to most_da."""

    def __init__(self, uses, most_da):
        self.uses, self.most_da = uses, most_da
        self.least_da = 60
        self.da = 0


class Yard(Bench):
    """The root has the meter. lie(yard, amps): what the meter shows of the truth; None: no frame.

    unmeasured: EVSEs without a current measurement.
    over_ms: time above the rating on any phase; times: how often it began; worst_da: the highest current.
    """

    def __init__(self, count=4, rating=400, assumed=200, generation=0, evidence=None, facts=None):
        if facts is None:
            facts = site([evse("evse-%d" % (e + 1), max_da=320, limit_da=320) for e in range(count)],
                         [circuit(rating=rating, assumed=assumed, meter=0, generation=generation)], [meter_facts()],
                         raise_hold_ms=3000, restart_hold_ms=10000)  # fmt: skip
        Bench.__init__(self, facts, evidence)
        self.cars = [None] * len(facts["evses"])
        self.limits_da = [0] * len(facts["evses"])
        self.other = [100, 100, 100]
        self.fed = [0, 0, 0]
        self.lie = lambda yard, amps: amps
        self.unmeasured = ()
        self.over_ms = self.times = self.worst_da = 0
        self.was_over = False
        self.chance = 12345
        self.shown = 0

    def draw(self, below):
        """0..below-1, the same on both runtimes."""
        x = self.chance
        x ^= (x << 13) & 0xFFFFFFFF
        x ^= x >> 17
        x ^= (x << 5) & 0xFFFFFFFF
        self.chance = x
        return x % below

    def plug(self, e, uses=(0, 1, 2), most_da=320):
        self.cars[e] = Car(uses, most_da)
        self.guard.demand(e, True)

    def unplug(self, e):
        self.cars[e] = None
        self.guard.demand(e, False)

    def flows(self):
        amps = [self.other[p] - self.fed[p] for p in range(3)]
        for e, car in enumerate(self.cars):
            if car is not None:
                for t in car.uses:
                    for p in self.facts["evses"][e]["terminals"][t]:
                        amps[p] += car.da
        return amps

    def run(self, seconds, each=None):
        """each(yard, second) is called once a second."""
        for half in range(seconds * 2):
            if half % 2 == 0:
                if each is not None:
                    each(self, half // 2)
                self._show()
            self.now_ms += STEP_MS
            self.guard.tick(self.now_ms)
            for e in range(len(self.cars)):
                self._obey(e)
            self._judge()
        return self

    def _show(self):
        shown = self.lie(self, self.flows())
        if shown is not None:
            self.shown += 1
            self.mark += 0 if shown == "frozen" else 1
            if shown != "frozen":
                self.last = list(shown)
                self.last[0] += self.mark % 2
            self.guard.meter(0, list(self.last), self.now_ms, self.mark)

    def _obey(self, e):
        want = self.guard.want_da[e]
        self.audit(e)
        order_id = self.send(want, e)
        if order_id is None and self.limits_da[e] < want:
            want = self.limits_da[e]
            order_id = self.send(want, e)
        if order_id is not None:
            self.prove(order_id, want, e)
            self.limits_da[e] = want
        car = self.cars[e]
        count = len(self.facts["evses"][e]["terminals"])
        if car is None:
            self.measure(e, *([0] * count))
            return
        goal = min(car.most_da, self.limits_da[e])
        goal = goal if goal >= car.least_da else 0
        car.da = min(goal, car.da + RAMP_DA) if goal > car.da else max(goal, car.da - RAMP_DA)
        if e not in self.unmeasured:
            self.measure(e, *[car.da if t in car.uses else 0 for t in range(count)])

    def _judge(self):
        worst = max(self.flows())
        rating = self.facts["circuits"][0]["rating_da"][0]
        self.worst_da = max(self.worst_da, worst)
        over = worst > rating
        self.over_ms += STEP_MS if over else 0
        self.times += 1 if over and not self.was_over else 0
        self.was_over = over

    def busy(self, every_s=90, uses=((0,), (1,), (2,), (0, 1, 2))):
        """Cars of these kinds come and go."""
        def each(yard, second):
            if yard.draw(every_s) == 0:
                e = yard.draw(len(yard.cars))
                if yard.cars[e] is None:
                    yard.plug(e, uses[yard.draw(len(uses))], (160, 320)[yard.draw(2)])
                else:
                    yard.unplug(e)
        return each

    @property
    def state(self):
        return self.guard.meter_state(0)

    @property
    def trust(self):
        return self.guard.other.estimators[0].trust


def saturates(p, limit_da):
    """A lie: the transformer of one phase shows no more than that."""
    def lie(yard, amps):
        return [min(limit_da, da) if q == p else da for q, da in enumerate(amps)]

    return lie


def rising(p, to_da):
    """For `run`: other load of one phase rises by 0.1 A a second."""
    def each(yard, second):
        yard.other[p] = min(to_da, yard.other[p] + 1)

    return each
