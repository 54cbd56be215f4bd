"""A meter of the plant: the currents of its inputs, with a delay, and noise in the last digit.

It samples every `period_ms`; a reader gets the newest sample that is at least `latency_ms` old. The truth between two samples
is lost, as in a real meter. Values are integers: mA signed per input, mV, W, Wh.
"""

from collections import deque

from ampacity_host.rig.devices.meter import exchanged, inputs_of
from ampacity_host.rig.plant.interruptions import TROUBLED_MS
from ampacity_host.rig.plant.stray import LIE, Lie

AMPS_NOISE_MA = 20
VOLTS_NOISE_MV = 150
LIES = ("offset", "swapped_phases", "reversed", "saturated", "scaled")  # faults by which it shows something else than the truth


def _noise(seed, number, reach):
    """A repeatable integer -reach..reach for a sample number."""
    x = (seed * 2654435761 + number * 40503 + 1) & 0xFFFFFFFF
    x ^= x >> 15
    x = x * 2246822519 & 0xFFFFFFFF
    x ^= x >> 13
    x = x * 3266489917 & 0xFFFFFFFF
    return (x ^ x >> 16) % (2 * reach + 1) - reach


class Meter:
    """facts: the site's `meters` entry. `circuit` is set by the plant to the node that it measures."""

    def __init__(self, plant, index, facts, line_dv, seed):
        self.plant, self.index, self.name = plant, index, facts["name"]
        self.profile, self.bus, self.unit = facts.get("profile"), facts["bus"], facts["unit"]
        self.phases = facts["phases"]
        self.timeout_ms = facts["timeout_ms"]
        self.circuit = None
        self.period_ms, self.latency_ms = 100, 50
        self.faults = {}
        self.energy_j5 = 0
        self._seed = seed * 131 + index
        self._line_mv = line_dv * 100
        self._history = deque([(-10_000, (0,) * 3)])  # without a circuit, as for a safety load's meter, the current is 0
        self._frozen = None
        self._ended_ms = {}
        self._lie = None                 # the attack of the last lie
        self.changes = 0                 # incremented when the indicated values change, noise excluded

    def follow(self, circuit):
        """Stores the present currents as the truth from now on."""
        self.circuit = circuit
        self._history.append((self.plant.now_ms - 10_000, tuple(circuit.amps_da)))

    def note(self):
        """The circuit's currents changed."""
        self.changes += 1
        now_ms, history = self.plant.now_ms, self._history
        if history[-1][0] == now_ms:
            history.pop()
        history.append((now_ms, tuple(account.amps_da for account in self.circuit.accounts)))
        while len(history) > 2 and history[1][0] < now_ms - 1_000:
            history.popleft()

    def _sample_ms(self):
        return (self.plant.now_ms - self.latency_ms) // self.period_ms * self.period_ms

    @property
    def line_v(self):
        return self._line_mv / 1000

    def flows_da(self):
        """The truth per supply phase, delayed by the meter's latency."""
        return self._truth_da(self.plant.now_ms - self.latency_ms)

    def _truth_da(self, at_ms):
        for from_ms, amps_da in reversed(self._history):
            if from_ms <= at_ms:
                return amps_da
        return self._history[0][1]

    def reading(self):
        """{"amps_ma": […], "volts_mv": […], "power_w": […]}, one entry per input; amps None: not a number."""
        if "frozen" in self.faults:
            if self._frozen is None:
                self._frozen = self._measure()
            return self._frozen
        return self._measure()

    def _measure(self):
        at_ms = self._sample_ms()
        number = at_ms // self.period_ms
        flows = self._truth_da(at_ms)
        phases = self.phases
        if "swapped_phases" in self.faults:
            phases = exchanged(list(phases), self.faults["swapped_phases"])
        offset_ma = int(self.faults.get("offset", {}).get("amps", 5) * 1000) if "offset" in self.faults else 0
        turned = inputs_of(self.faults["reversed"]) if "reversed" in self.faults else ()
        amps, volts, power = [], [], []
        for at, phase in enumerate(phases):
            amps_ma = self._bent_ma((-1 if at in turned else 1) * (flows[phase] * 100 + offset_ma)) + _noise(self._seed + at, number, AMPS_NOISE_MA)
            volts_mv = self._line_mv + _noise(self._seed + 7 + at, number, VOLTS_NOISE_MV)
            amps.append(amps_ma)
            volts.append(volts_mv)
            power.append(amps_ma * volts_mv // 1_000_000)
        if "nan" in self.faults:
            amps = [None] * len(amps)
        return {"amps_ma": amps, "volts_mv": volts, "power_w": power, "sample_ms": at_ms}

    def _bent_ma(self, amps_ma):
        """The effect of a wrong ratio, and of a saturated core."""
        if "scaled" in self.faults:
            amps_ma = int(amps_ma * self.faults["scaled"].get("factor", 0.5))
        if "saturated" in self.faults:
            most_ma = int(self.faults["saturated"].get("amps", 20) * 1000)
            amps_ma = max(-most_ma, min(most_ma, amps_ma))
        return amps_ma

    def set_fault(self, kind, on, options):
        self.changes += 1
        if on and kind in LIES and kind not in self.faults:
            self._lie = Lie(LIE, self.plant.now_ms)
        if on:
            self.faults[kind] = options
        elif self.faults.pop(kind, None) is not None:
            self._ended_ms[kind] = self.plant.now_ms
        if kind == "frozen":
            self._frozen = None

    def lie(self, now_ms):
        """The attack of a lie that lasts, or ended so recently that it may still have consequences; None: it tells the truth."""
        lasts = any(kind in self.faults or now_ms - self._ended_ms.get(kind, -TROUBLED_MS) < TROUBLED_MS for kind in LIES)
        return self._lie if lasts else None

    def troubled(self, now_ms):
        """A fault is on, or ended so recently that it may still have consequences."""
        return bool(self.faults) or any(now_ms - at < TROUBLED_MS for at in self._ended_ms.values()) \
            or self.plant.bus_troubled(self.bus)
