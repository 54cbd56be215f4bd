"""Random faults for weeks: every kind that the bench has and the promise covers, one after the other (safety.md 9)."""

from ampacity_host.replay.random_faults import RandomFaults

LONG_MS, SHORT_MS = 120_000, 30_000
BUS = (("cut", {}), ("cut_tx", {}), ("cut_rx", {}), ("noise", {"ber": 0.0005}), ("delay", {"ms": 120}), ("duplicate", {}), ("echo", {}))
DEVICE = (("cut", {}), ("cut_tx", {}), ("noise", {"ber": 0.001}), ("delay", {"ms": 80}), ("power_off", {}), ("restart", None))
OURS = (("forget_settings", None), ("residual_current", {}), ("overtemperature", {}))
METER = (("dead", {}), ("frozen", {}), ("nan", {}), ("cut", {}), ("reversed", {}), ("noise", {"ber": 0.001}))
PRIMARY = (("csms_down", {}), ("network_down", {}), ("clock_jump", None), ("hang", {}), ("disk_full", {}))


class Storm(RandomFaults):
    """rate: faults an hour. `log`: (ms since start, kind, target, how long in ms) of each."""

    def __init__(self, bench, rate, seed):
        self.log = []
        super().__init__(bench, rate, seed)

    def _possible(self):
        """(kind, target, options, longest ms); options None: it happens once."""
        bench = self._bench
        found = [("power_cycle", "primary", {}, 0), ("power_cut", "primary", {}, 0)]
        found += [(kind, "primary", options, SHORT_MS if kind == "hang" else LONG_MS) for kind, options in PRIMARY]
        found += [(kind, name, options, LONG_MS) for name in bench.lines for kind, options in BUS]
        for facts in bench.facts["evses"]:
            if facts["kind"] != "local":
                kinds = DEVICE[:3] if facts["kind"] == "profile" and facts["name"] in bench.address_of else DEVICE
                found += [(kind, facts["name"], options, LONG_MS) for kind, options in kinds if self._fits(facts, kind)]
            if facts["kind"] == "ampacity":
                found += [(kind, facts["name"], options, LONG_MS) for kind, options in OURS]
        found += [(kind, facts["name"], options, LONG_MS) for facts in bench.facts["meters"] for kind, options in METER]
        return found

    def _fits(self, facts, kind):
        return kind != "noise" or self._bench.facts["buses"][facts["bus"]]["kind"] == "rtu"

    def _begin(self):
        bench, rng = self._bench, self._rng
        kind, target, options, longest_ms = self._kinds[rng.below(len(self._kinds))]
        self.done[kind] = self.done.get(kind, 0) + 1
        lasts_ms = 1 if options is None or not longest_ms else 1_000 + rng.below(longest_ms)
        self.log.append((bench.t_ms, kind, target, lasts_ms))
        if kind == "power_cycle":
            bench.primary.kill()
            self._later(1_000 + rng.below(60_000), self._start)
        elif kind == "power_cut":
            bench.cut_at_write(1 + rng.below(4))
            self._later(LONG_MS, self._start)
        else:
            bench.fault_injector.set(kind, target, True, self._drawn(kind, options or {}))
            self._later(lasts_ms, self._end, kind, target)

    def _drawn(self, kind, options):
        return {"s": self._rng.between(-7200, 7200)} if kind == "clock_jump" else dict(options)

    def _later(self, ms, fn, *args):
        self._bench.time.at_ms(self._bench.time.now_ms + ms, fn, *args)

    def _start(self):
        """After a power cut or a kill: whoever is still off is switched on."""
        self._bench.primary.files.cut_at_write(0)
        self._bench.primary.start()
        self._next()
