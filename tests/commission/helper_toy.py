"""A toy site for the commissioning's experiments: one EVSE with a car, one meter, other load, all by hand and in integers."""

from ampacity.base.rng import Rng
from ampacity.bus.device_facts import ALL_TRAFFIC, NO_TRAFFIC
from ampacity.commission.experiments import Observation

START_MS = (1 << 30) - 60000
TICK_MS = 200


def claims(**more):
    """A 16 A three-phase EVSE, lease 10 s, fallback 0, under one meter."""
    facts = {
        "index": 0, "name": "evse-1", "kind": "profile", "unit": 3, "where": "unit 3 on rs485-1", "terminals": [[0], [1], [2]],
        "min_da": 60, "max_da": 160, "limit_da": 160, "step_da": 1, "settle_ms": 5100, "watchdog_ms": 10000, "tolerance_ms": 1000,
        "fallback_da": 0, "power_on_da": 0, "power_on_source": "documented", "holds": False, "meters": ["grid"],
    }  # fmt: skip
    facts.update(more)
    return facts


class Toy:
    """wires: the true line of each terminal. phases: terminals that the car uses. signs: per line of the meter. extra: other load.

    lag_ms: until the car follows. rounds_to: it rounds its order up to that. fallback_da, watchdog_ms (0: broken): what it
    truly does. house: a function of the time in ms, the other load per line.
    """

    def __init__(self, **more):
        self.wires = [0, 1, 2]
        self.phases = 1
        self.signs = [1, 1, 1]
        self.inputs = [0, 1, 2]  # the line that each input of the meter truly measures
        self.lag_ms = 1200
        self.rounds_to = 1
        self.watchdog_ms = 10000
        self.fallback_da = 0
        self.rises_to = None  # (after how many ms of silence, da): one that does not hold its order
        self.measures = True
        self.car_da = 320
        self.most_da = 320  # that the site lets it have
        self.plugged = True
        self.house = lambda now_ms: [30, 20, 10]
        for name in more:
            setattr(self, name, more[name])
        self.now_ms = START_MS
        self.order_da = 0
        self.spoken_ms = START_MS
        self.drawn_da = 0
        self._goal_da, self._goal_ms = 0, START_MS
        self.returned_ms = None
        self.muted = False
        self.amps_ms = START_MS
        self.power = True

    def tick(self, experiment):
        """Time passes; what the experiment wishes becomes an order unless it wants silence. Returns what is seen."""
        self.now_ms += TICK_MS
        traffic = ALL_TRAFFIC if experiment is None else experiment.traffic
        if traffic == ALL_TRAFFIC:
            if self.muted:
                self.returned_ms = self.now_ms + 1000
            wish_da = None if experiment is None else experiment.wish_da
            if wish_da is not None and (self.returned_ms is None or self.now_ms >= self.returned_ms):
                self.order_da = min(wish_da, self.most_da)
            self.spoken_ms = self.now_ms
        self.muted = traffic != ALL_TRAFFIC
        self._draw()
        return self._sight(traffic)

    def limit_da(self):
        """What the device truly obeys."""
        if not self.power:
            return 0
        if self.watchdog_ms and self.now_ms - self.spoken_ms >= self.watchdog_ms:
            return self.fallback_da
        if self.rises_to and self.now_ms - self.spoken_ms >= self.rises_to[0]:
            return self.rises_to[1]
        return -(-self.order_da // self.rounds_to) * self.rounds_to

    def _draw(self):
        goal_da = min(self.limit_da(), self.car_da) if self.plugged and self.limit_da() >= 60 else 0
        if goal_da != self._goal_da:
            self._goal_da, self._goal_ms = goal_da, self.now_ms
        if self.now_ms - self._goal_ms >= self.lag_ms:
            self.drawn_da = self._goal_da

    def lines_da(self):
        flows = list(self.house(self.now_ms))
        for terminal in range(self.phases):
            flows[self.wires[terminal]] += self.drawn_da
        return [self.signs[n] * flows[self.inputs[n]] for n in range(3)]

    def _sight(self, traffic):
        silent = traffic == NO_TRAFFIC
        if not silent:
            self.amps_ms = self.now_ms
        back = self.returned_ms is None or self.now_ms >= self.returned_ms
        amps = [self.drawn_da if n < self.phases else 0 for n in range(3)]
        state = "ok" if traffic == ALL_TRAFFIC and back else "silent"
        return Observation(
            state=state, online=traffic == ALL_TRAFFIC, plugged=self.plugged, charging=self.drawn_da > 0, order_da=self.order_da,
            limit_da=self.limit_da(), amps_da=amps if self.measures else None, amps_ms=self.amps_ms, meters=[(self.lines_da(), self.now_ms)],
        )  # fmt: skip


def drive(experiment, toy, most_s=900):
    """The experiment until its end; a toy that does not let it end fails."""
    for _ in range(most_s * 1000 // TICK_MS):
        if experiment.step(toy.tick(experiment), toy.now_ms):
            return experiment
    raise AssertionError("it does not end")


def stepping_house(seed, most_da=80, every_ms=6000):
    """Other load that steps at random on each line, as one kitchen on each would."""
    rng = Rng(seed)
    state = [START_MS, [0, 0, 0]]

    def house(now_ms):
        while now_ms >= state[0]:
            state[0] += every_ms // 2 + rng.below(every_ms)
            state[1][rng.below(3)] = rng.below(most_da + 1)
        return state[1]
    return house
