"""The controller in a replay: the whole firmware with all bytes, the firmware with orders as facts, or none."""

from ampacity_host.replay.random_faults import RandomFaults
from ampacity_host.replay.times import in_accepted_years
from ampacity_host.replay.token_presenter import TokenPresenter
from ampacity_host.rig.plant.wallbox import Wallbox
from ampacity_host.rig.virtual.virtual_bench import VirtualBench
from ampacity_host.rig.virtual.virtual_cascade import VirtualCascadeBench


class Simulation:
    """The firmware on its virtual site; cascade: with primaries below, whose facts those are."""

    def __init__(self, facts, seed, start_s, no_bytes=False, faults=0.0, cascade=None):
        ocpp, facts["ocpp"] = facts["ocpp"], None
        if cascade is None:
            self.bench = VirtualBench(facts, seed, keep_history=False, no_bytes=no_bytes)
        else:
            self.bench = VirtualCascadeBench(cascade, seed, keep_history=False)
        self.plant = self.bench.plant
        self._csms = None
        self.on_plug = None
        if ocpp is not None:
            from ampacity_host.rig.virtual.virtual_csms import attach_csms

            self._csms = attach_csms(self.bench, ocpp["version"], ocpp, in_accepted_years(start_s) * 1000, check_every=100)
            self._messages = 0
            self._csms.on_message = self._count
            self.on_plug = TokenPresenter(self.bench).plugged
        self.bench.start()
        self.trouble = RandomFaults(self.bench, faults, seed) if faults else None

    def _count(self, identity, text):
        self._messages += 1
        del self._csms.frames[:-100]

    def run_ms(self, ms):
        self.bench.run_ms(ms)

    def close(self):
        self.bench.close()

    def orders(self):
        """Orders that the primary sent, refreshes not counted."""
        return self.bench.orders

    def frames(self):
        return sum(line.frames for line in self.bench.lines.values()) + sum(
            self.bench.path(key).messages for key in self.bench.endpoints)

    def ocpp(self):
        if self._csms is None:
            return {"sent": 0, "transactions": 0}
        return {"sent": self._messages, "transactions": len(self._csms.transactions)}


class UnmanagedSimulation:
    """Every EVSE at its maximum, without a controller."""

    on_plug = None

    def __init__(self, facts, seed):
        self.bench = VirtualBench(dict(facts, ocpp=None), seed, keep_history=False, make_controllers=False)
        self.plant = self.bench.plant
        self.plant.regulated = False
        for point in self.plant.points:
            Wallbox(point).set_limit(point.max_da)

    def run_ms(self, ms):
        self.bench.run_ms(ms)

    def close(self):
        self.bench.close()

    def orders(self):
        return 0

    frames = orders

    def ocpp(self):
        return {"sent": 0, "transactions": 0}


def make_simulation(args, facts, seed, start_s, cascade=None):
    if args.unmanaged:
        return UnmanagedSimulation(facts, seed)
    return Simulation(facts, seed, start_s, args.no_bytes, args.faults or 0.0, cascade)
