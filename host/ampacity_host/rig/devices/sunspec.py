"""Devices with a chain of SunSpec models, as the models' own tables have them: meters, inverters, storage.

Scales are separate registers and change at run time; a value that the device lacks has the mark of its type for that.
"""

import math
import struct

from ampacity_host.rig.devices.meter import MeterDevice
from ampacity_host.rig.devices.registers import to_words

START = 40000
LENGTHS = {1: 66, 101: 50, 103: 50, 113: 60, 124: 24, 201: 105, 203: 105, 213: 124, 713: 7, 802: 62}
NONE = {"i16": 0x8000, "u16": 0xFFFF}
TENS_CHANGE_MS = 10_000


class SunSpecDevice(MeterDevice):
    """models: numbers in the order of the chain; charge: state of charge of its battery, 0 to 1."""

    blank = {"i16": 0x8000 - 0x10000, "u16": 0xFFFF, "f32": math.nan}

    def __init__(self, models: "tuple[int, ...]", *arguments: object) -> None:
        self.models = models
        self.charge = 0.643
        self.phases = 1 if set(models) & {101, 201} else 3
        size = 2 + sum(LENGTHS[model] + 2 for model in models) + 2
        self.holding = range(START, START + size)
        super().__init__(*arguments)  # type: ignore[arg-type]

    def refresh(self) -> None:
        """Rebuilds the whole chain."""
        self._words(START, [0x5375, 0x6E53])
        at = START + 2
        for model in self.models:
            self._words(at, [model, LENGTHS[model]])
            self._write(model, at)
            at += LENGTHS[model] + 2
        self._words(at, [0xFFFF, 0])

    def _write(self, model: int, at: int) -> None:
        kind = {1: self._common, 124: self._storage_124, 713: self._storage_713, 802: self._storage_802}.get(model)
        if kind:
            kind(at)
        elif model >= 200:
            self._real_meter(at) if model > 210 else self._meter(at)
        else:
            self._real_inverter(at) if model > 110 else self._inverter(at)

    # ---- the models

    def _common(self, at: int) -> None:
        self._text(at + 2, "Bench", 16)
        self._text(at + 18, "Chain", 16)
        self._text(at + 42, "1.0", 8)
        self._text(at + 50, f"SN{self.serial}", 16)

    def _meter(self, at: int) -> None:
        tens = -2 if self.now_ms // TENS_CHANGE_MS % 2 and "frozen" not in self.active else -1
        self._scaled(at, "i16", [(3, self._amps())], 6, tens)
        self._scaled(at, "i16", [(8, self._volts())], 15, -1)
        self._scaled(at, "i16", [(18, [sum(self._watts())]), (19, self._watts())], 22, 0)
        for offset, wh in ((38, self.export_wh), (46, self.import_wh)):
            self._words(at + offset, to_words("u32", round(wh / 10)))
        self._words(at + 54, to_words("i16", 1))

    def _real_meter(self, at: int) -> None:
        for offset, values in ((4, self._amps()), (12, self._volts()), (28, [sum(self._watts())]), (30, self._watts())):
            self._reals(at + offset, values)
        self._reals(at + 60, [self.export_wh])
        self._reals(at + 68, [self.import_wh])

    def _inverter(self, at: int) -> None:
        self._scaled(at, "u16", [(3, [abs(a) for a in self._amps()])], 6, -2)
        self._scaled(at, "u16", [(10, self._volts())], 13, -1)
        self._scaled(at, "i16", [(14, [-sum(self._watts())])], 15, 0)
        self._words(at + 24, to_words("u32", round(self.export_wh)))
        self._words(at + 26, [0])

    def _real_inverter(self, at: int) -> None:
        self._reals(at + 4, [abs(a) for a in self._amps()])
        self._reals(at + 16, self._volts())
        self._reals(at + 22, [-sum(self._watts())])
        self._reals(at + 32, [self.export_wh])

    def _storage_124(self, at: int) -> None:
        self._scaled(at, "u16", [(8, [self.charge * 100])], 22, -1)
        self._words(at + 11, [4])

    def _storage_713(self, at: int) -> None:
        self._scaled(at, "u16", [(2, [10_240]), (3, [10_240 * self.charge])], 7, 1)
        self._scaled(at, "u16", [(4, [self.charge * 100]), (5, [98])], 8, 0)

    def _storage_802(self, at: int) -> None:
        self._scaled(at, "u16", [(3, [10_240])], 53, 1)
        self._scaled(at, "u16", [(11, [self.charge * 100])], 56, -2)
        self._scaled(at, "i16", [(47, [-sum(self._watts())])], 63, 0)

    # ---- values

    def _amps(self) -> "list[float]":
        return [amps for amps, _ in self._shown[: self.phases]]

    def _volts(self) -> "list[float]":
        return [volts for _, volts in self._shown[: self.phases]]

    def _watts(self) -> "list[float]":
        return [amps * volts for amps, volts in self._shown[: self.phases]]

    def _scaled(self, at: int, kind: str, blocks: "list[tuple[int, list[float]]]", scale_at: int, tens: int) -> None:
        for offset, values in blocks:
            raw = [NONE[kind] if "nan" in self.active else round(value * 10**-tens) & 0xFFFF for value in values]
            raw += [NONE[kind]] * (3 - len(raw)) if len(raw) < 3 and offset in (3, 8, 10, 19) and len(values) == self.phases else []
            self._words(at + offset, raw)
        self._words(at + scale_at, to_words("i16", tens))

    def _reals(self, at: int, values: "list[float]") -> None:
        for n, value in enumerate(values):
            data = struct.pack(">f", math.nan if "nan" in self.active else value)
            self._words(at + 2 * n, [int.from_bytes(data[:2], "big"), int.from_bytes(data[2:], "big")])

    def _text(self, at: int, text: str, size: int) -> None:
        data = text.encode()[: 2 * size].ljust(2 * size, b"\0")
        self._words(at, [int.from_bytes(data[n : n + 2], "big") for n in range(0, 2 * size, 2)])

    def _words(self, at: int, words: "list[int]") -> None:
        self.registers.put("h", at, words)


CHAINS = {
    "sunspec": (1, 103, 203, 124), "sunspec-21x": (1, 213), "sunspec-10x": (1, 103), "sunspec-11x": (1, 113), "sunspec-1": (1, 203),
    "sunspec-124": (1, 103, 124), "sunspec-713": (1, 713), "sunspec-802": (1, 802),
}  # fmt: skip
