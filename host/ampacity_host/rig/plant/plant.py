"""The plant: all power paths, circuits and meters of a site on one timeline. It holds the truth."""

from ampacity_host.rig.plant.circuits import build_circuits
from ampacity_host.rig.plant.interruptions import TROUBLED_MS, Interruptions
from ampacity_host.rig.plant.meter import Meter
from ampacity_host.rig.plant.overload_allowance import attach_allowances
from ampacity_host.rig.plant.power_path import PowerPath
from ampacity_host.rig.plant.stray import FOREIGN, Attack


class Plant:
    """site: the compiled site; time: a timeline (rig/base/timeline.py).

    `points`, `circuits` and `meters` are in file order; `point[name]`, `circuit[name]`, `meter[name]` by name.
    """

    def __init__(self, site, time, seed=1, keep_history=True, budgets_ms=None):
        self.site = site
        self.budgets_ms = budgets_ms         # printed, per circuit (base/bench.py); None: the estimate of the accounting
        self.time = time
        self.regulated = True                # False: without a controller only what flows is judged
        self.seed = seed
        self.start_ms = time.now_ms
        self.phases = site["phases"]
        line_dv, between_dv = voltages_dv(site)
        self.line_dv = line_dv
        self.circuits = build_circuits(site, time.now_ms, keep_history)
        self.points = [PowerPath(self, index, facts, line_dv, between_dv) for index, facts in enumerate(site["evses"])]
        self.meters = [Meter(self, index, facts, line_dv, seed) for index, facts in enumerate(site["meters"])]
        self.circuit = {circuit.name: circuit for circuit in self.circuits}
        self.point = {point.name: point for point in self.points}
        self.meter = {meter.name: meter for meter in self.meters}
        self._watched = [[] for _ in self.circuits]  # the meters to inform when the currents of a circuit change
        self._hang_meters()
        self.wire_faults = Interruptions()           # of each bus, whatever of it has a fault
        self.interruptions = Interruptions()         # of orders
        self.stopped = {}                            # primary -> time until which its stops may still have effects
        attach_allowances(self)
        self._mains = None

    @property
    def now_ms(self):
        return self.time.now_ms

    def _hang_meters(self):
        for circuit in self.circuits:
            if circuit.meter >= 0:
                self.meters[circuit.meter].follow(circuit)
        for circuit in self.circuits:
            for above in circuit.path:
                if above.meter >= 0:
                    self._watched[circuit.index].append(self.meters[above.meter])

    def shift(self, circuit, phase, by_da, other_by_da=0):
        """Adds this current from that circuit upward, from now on."""
        now_ms = self.time.now_ms
        self.circuits[circuit].shift(phase, by_da, other_by_da, now_ms)
        for meter in self._watched[circuit]:
            meter.note()

    def shift_may(self, before, after):
        """What the car of one EVSE may draw at once changes: circuit → phase → dA."""
        for index in after:
            accounts = self.circuits[index].accounts
            for phase in {*before.get(index, ()), *after[index]}:
                by_da = after[index].get(phase, 0) - before.get(index, {}).get(phase, 0)
                if by_da:
                    accounts[phase].change_may(by_da, self.now_ms)

    def touch(self, circuit):
        """Closes the present piece of each account and opens the next, because what may be excused changes now."""
        for one in self.circuits[circuit].path:
            one.close(self.now_ms)

    def set_background(self, circuit, amps_da):
        """The other load of a circuit from now on, per phase."""
        for phase, value_da in enumerate(amps_da):
            by_da = value_da - circuit.background_da[phase]
            if by_da:
                circuit.background_da[phase] = value_da
                self.shift(circuit.index, phase, by_da, by_da)

    def play_mains(self, recording, circuit=None):
        """Adds a recorded other load (`at(now_ms)` -> (amps_da, until_ms)) to a circuit, by default the root."""
        root = circuit or next(one for one in self.circuits if one.parent < 0)
        self._mains = [0] * self.phases
        self._play(recording, root)

    def _play(self, recording, root):
        amps_da, until_ms = recording.at(self.now_ms - self.start_ms)
        for phase in range(self.phases):
            by_da = amps_da[phase] - self._mains[phase]
            if by_da:
                self._mains[phase] = amps_da[phase]
                self.shift(root.index, phase, by_da, by_da)
        self.time.at_ms(self.start_ms + until_ms, self._play, recording, root)

    def foreign_writes(self, points, on):
        """A second client begins to write to these devices, or has ended."""
        if on:
            for point in points:
                point.written(Attack(FOREIGN, self.now_ms))
        else:
            self.time.at_ms(self.now_ms + TROUBLED_MS, self._written_over, [(point, point.foreign) for point in points])

    def _written_over(self, pairs):
        for point, attack in pairs:
            if point.foreign is attack:
                point.written(None)

    def bus_troubled(self, bus):
        return bool(self.wire_faults.lasting(bus, self.now_ms))

    def primary_runs(self, name, runs):
        """A primary was stopped, hangs, or runs again."""
        if not runs:
            self.stopped[name] = -1
        elif self.stopped.get(name) == -1:
            self.stopped[name] = self.now_ms + TROUBLED_MS

    def unattended(self):
        """A primary does not run, or stopped so recently that this may still have consequences."""
        return any(self._lasts(until_ms) for until_ms in self.stopped.values())

    def _lasts(self, until_ms):
        return until_ms is not None and (until_ms < 0 or self.now_ms < until_ms)

    def close(self):
        """Updates every account up to now."""
        now_ms = self.now_ms
        for circuit in self.circuits:
            circuit.close(now_ms)
        for point in self.points:
            point.settle()


def voltages_dv(site):
    """(line to neutral, between two lines) in deci-volts: x 2 in a split-phase system, else x the root of 3."""
    line_dv = int(site["voltage_v"] * 10 + 0.5)
    if site["system"] == "split":
        return line_dv, 2 * line_dv
    return line_dv, line_dv * 17_320_508 // 10_000_000
