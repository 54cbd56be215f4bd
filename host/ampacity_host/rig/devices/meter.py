"""A simulated meter: samples of its plant, slight noise, and faults that falsify its values."""

import math

from ampacity_host.rig.devices.device import Device
from ampacity_host.rig.devices.registers import REALS, to_words

METER_FAULTS = ("dead", "frozen", "nan", "offset", "swapped_phases", "reversed", "saturated", "scaled")
REFRESH_MS = 200
INPUTS = ("L1", "L2", "L3")


def inputs_of(options: dict) -> list[int]:
    """The inputs that a wiring fault affects, counted from 0: its option `inputs`, all without the option."""
    return [INPUTS.index(name) for name in options.get("inputs", INPUTS)]


def exchanged(amps: list, options: dict) -> list:
    """The currents of the inputs when two of them are exchanged, or (without the option) all are rotated by one."""
    if "inputs" not in options:
        return amps[1:] + amps[:1]
    a, b = inputs_of(options)
    shown = list(amps)
    shown[a], shown[b] = amps[b], amps[a]
    return shown


class MeterDevice(Device):
    """plant: amps_a[3] (signed, import positive) and volts_v[3].

    layout: (space, address, kind, counts per unit, quantity); a quantity is "volts0", "amps1", "watts2", "watts",
    "import_kwh" or "export_kwh". blank: the value that means "no number", by kind. signed_amps: do currents have a sign?
    """

    faults = METER_FAULTS
    layout: tuple[tuple[str, int, str, float, str], ...] = ()
    blank: dict[str, float] = {"f32": math.nan}
    signed_amps = True
    low_first = False

    def __init__(self, unit: int, plant: object, seed: int, framing: str, latency_ms: int, now_ms: int) -> None:
        super().__init__(unit, seed, framing, latency_ms, now_ms)
        self.plant = plant
        self.serial = 20_000_000 + seed % 1_000_000
        self.import_wh = 0.0
        self.export_wh = 0.0
        self._sampled_ms = now_ms - REFRESH_MS
        self._shown: list[tuple[float, float]] = [(0.0, 230.0)] * 3
        self._sample()

    def tick(self, now_ms: int) -> None:
        """A new sample every 200 ms."""
        super().tick(now_ms)
        if now_ms - self._sampled_ms >= REFRESH_MS:
            self._sample()

    def _sample(self) -> None:
        hours = (self.now_ms - self._sampled_ms) / 3_600_000
        self._sampled_ms = self.now_ms
        amps, volts = list(self.plant.amps_a), list(self.plant.volts_v)
        watts = sum(a * v for a, v in zip(amps, volts, strict=True))
        self.import_wh += max(0.0, watts) * hours
        self.export_wh += max(0.0, -watts) * hours
        if "frozen" in self.active:
            return
        self._shown = [(self._noisy(a, 0.004), self._noisy(v, 0.05)) for a, v in zip(self._wired(amps), volts, strict=True)]

    def _noisy(self, value: float, spread: float) -> float:
        return value + self.rng.uniform(-spread, spread)

    def _wired(self, amps: list[float]) -> list[float]:
        if "swapped_phases" in self.active:
            amps = exchanged(amps, self.active["swapped_phases"])
        if "reversed" in self.active:
            amps = [-a if at in inputs_of(self.active["reversed"]) else a for at, a in enumerate(amps)]
        if "offset" in self.active:
            by = float(self.active["offset"].get("amps", 5.0))
            amps = [a + by for a in amps]
        if "scaled" in self.active:
            amps = [a * float(self.active["scaled"].get("factor", 0.5)) for a in amps]
        if "saturated" in self.active:
            most = float(self.active["saturated"].get("amps", 20.0))
            amps = [max(-most, min(most, a)) for a in amps]
        return amps

    def listening(self) -> bool:
        """Silent with the fault `dead`."""
        return super().listening() and "dead" not in self.active

    def refresh(self) -> None:
        """Registers of the last sample."""
        values = {"import_kwh": self.import_wh / 1000, "export_kwh": self.export_wh / 1000, "serial": float(self.serial)}
        values["watts"] = sum(amps * volts for amps, volts in self._shown)
        for phase, (amps, volts) in enumerate(self._shown):
            values[f"amps{phase}"] = amps if self.signed_amps else abs(amps)
            values[f"volts{phase}"] = volts
            values[f"watts{phase}"] = amps * volts
        for space, address, kind, counts, quantity in self.layout:
            self._put(space, address, kind, values[quantity] * counts, quantity)

    def _put(self, space: str, address: int, kind: str, value: float, quantity: str) -> None:
        if "nan" in self.active and kind in self.blank and quantity != "serial":
            value = self.blank[kind]
        words = to_words(kind, value if kind in REALS else round(value))
        self.registers.put(space, address, words[::-1] if self.low_first else words)
