"""The DIN-rail meter whose every value is an IEEE 754 pair of input registers; 40 values a request, no more."""

import math

from pymodbus.constants import ExcCodes

from ampacity_host.rig.devices.device import Device
from ampacity_host.rig.devices.registers import to_words

METER_FAULTS = ("dead", "frozen", "nan", "offset", "swapped_phases", "reversed")
REFRESH_MS = 200
VALUES_MAX = 40
SERIAL = 64512


class Sdm630(Device):
    """plant: amps_a[3] (signed, import positive) and volts_v[3]."""

    faults = METER_FAULTS
    inputs = range(0, 400)
    holding = [SERIAL, SERIAL + 1]

    def __init__(self, unit: int, plant: object, seed: int, framing: str, latency_ms: int, now_ms: int) -> None:
        super().__init__(unit, seed, framing, latency_ms, now_ms)
        self.plant = plant
        self.import_wh = 0.0
        self.export_wh = 0.0
        self._sampled_ms = now_ms - REFRESH_MS
        self._shown: "list[tuple[float, float]]" = [(0.0, 230.0)] * 3
        self.registers.put("h", SERIAL, to_words("u32", 20_000_000 + seed % 1_000_000))
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
            amps = amps[1:] + amps[:1]
        if "reversed" in self.active:
            amps = [-a for a in amps]
        if "offset" in self.active:
            by = float(self.active["offset"].get("amps", 5.0))  # type: ignore[arg-type]
            amps = [a + by for a in amps]
        return amps

    def listening(self) -> bool:
        """A dead one is silent."""
        return super().listening() and "dead" not in self.active

    def allow_read(self, address: int, count: int) -> "ExcCodes | None":
        """Whole values only, 40 at most."""
        return ExcCodes.ILLEGAL_ADDRESS if address % 2 or count % 2 or count > 2 * VALUES_MAX else None

    def refresh(self) -> None:
        """Registers as last sampled."""
        total = 0.0
        for phase, (amps, volts) in enumerate(self._shown):
            watts = amps * volts
            total += watts
            for address, value in ((0, volts), (6, amps), (12, watts)):
                self._put(address + 2 * phase, value)
        bought, sold = self.import_wh / 1000, self.export_wh / 1000
        for address, value in ((52, total), (70, 50.0), (72, bought), (74, sold), (342, bought + sold)):
            self._put(address, value)

    def _put(self, address: int, value: float) -> None:
        self.registers.put("i", address, to_words("f32", math.nan if "nan" in self.active else value))
