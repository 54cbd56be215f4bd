"""Random faults for a replay: one at a time, each ended before the next, for that is what the site is promised against."""

from ampacity.base.rng import Rng

HOUR_MS = 3_600_000
REST_MS = 60_000  # after a fault, for its consequences to be over


class RandomFaults:
    """rate: faults an hour, on average. Counts what it did in `done`: kind -> how often."""

    def __init__(self, bench, rate, seed):
        self._bench = bench
        self._rng = Rng(seed * 31 + 5)
        self._mean_ms = int(HOUR_MS / rate)
        self.done = {}
        self._kinds = self._possible()
        if self._kinds:
            self._next()

    def _possible(self):
        """(kind, target, longest ms) of what this site has."""
        bench = self._bench
        found = [("power_cycle", "primary", 0)]
        for name in bench.bus_index:
            if name in bench.lines:
                found += [("cut", name, 120_000)] + [("noise", name, 120_000)] * (not bench.no_bytes)
        for facts in bench.facts["evses"]:
            if facts["kind"] != "local":
                found += [("cut", facts["name"], 120_000), ("restart", facts["name"], 0)]
        found += [(kind, name, ms) for name in getattr(bench, "primaries", ()) for kind, ms in (("cut", 120_000), ("restart", 0))]
        found += [("dead", facts["name"], 120_000) for facts in bench.facts["meters"]]
        return found

    def _next(self):
        wait_ms = REST_MS + self._rng.below(2 * self._mean_ms)
        self._bench.time.at_ms(self._bench.time.now_ms + wait_ms, self._begin)

    def _begin(self):
        kind, target, longest_ms = self._kinds[self._rng.below(len(self._kinds))]
        self.done[kind] = self.done.get(kind, 0) + 1
        if kind == "power_cycle":
            self._bench.primary.kill()
            self._bench.time.at_ms(self._bench.time.now_ms + 1_000 + self._rng.below(60_000), self._start)
            return
        self._set(kind, target, True)
        lasts_ms = 1 + self._rng.below(longest_ms) if longest_ms else 1
        self._bench.time.at_ms(self._bench.time.now_ms + lasts_ms, self._end, kind, target)

    def _end(self, kind, target):
        self._set(kind, target, False)
        self._next()

    def _start(self):
        self._bench.primary.start()
        self._next()

    def _set(self, kind, target, on):
        bench = self._bench
        if not bench.no_bytes:
            bench.fault_injector.set(kind, target, on, {"ber": 0.0005} if kind == "noise" and on else {})
        elif kind == "restart" and on:
            bench.plant.point[target].device.restart()
        elif kind != "restart":
            self._cut_off(kind, target, on)

    def _cut_off(self, kind, target, on):
        """Without bytes: devices behind the target, itself or all on that bus, receive nothing."""
        bench = self._bench
        for facts in bench.facts["evses"] + bench.facts["meters"]:
            if target in (facts["name"], bench.facts["buses"][facts["bus"]]["name"] if facts["bus"] >= 0 else None):
                (bench.cut_off.add if on else bench.cut_off.discard)(facts["name"])
                bench.fault_injector.note_fault(facts["bus"], [facts["name"]], kind, target, on)
        if kind == "dead":
            bench.plant.meter[target].set_fault(kind, on, {})
