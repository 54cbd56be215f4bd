"""Any meter that a description covers, and a meter with a chain of register models."""

import math

from pymodbus.constants import ExcCodes

from ampacity_host.rig.devices.description import Description
from ampacity_host.rig.devices.meter import MeterDevice
from ampacity_host.rig.devices.registers import to_words

QUANTITIES = {"power": "watts", "energy_import": "import_kwh", "energy_export": "export_kwh", "serial": "serial"}
BY_PHASE = (("current", "amps"), ("voltage", "volts"), ("power", "watts"))
QUANTITIES |= {f"{name}_l{n}": f"{quantity}{n - 1}" for name, quantity in BY_PHASE for n in (1, 2, 3)}
NAN = {"f32": math.nan, "f64": math.nan}
SPACES = {"holding": "h", "input": "i"}


class DescribedMeter(MeterDevice):
    """description: its registers, whether currents have a sign, the values that mean "no number" in each kind."""

    def __init__(self, description: Description, *arguments: object) -> None:
        table = description.table
        self.description = description
        self.holding, self.inputs = description.addresses("h"), description.addresses("i")
        self.signed_amps = table.get("signed_amps", True)
        self.low_first = table.get("words") == "low-first"
        self.blank = NAN | {kind: float(raw) for kind, raw in table.get("blank", {}).items()}
        self.phases = 1 if "current_l2" not in description.registers else 3
        rows = [(r, QUANTITIES[name]) for name, r in description.registers.items() if name in QUANTITIES and r.kind != "text"]
        self.layout = tuple((r.space, r.at, r.kind, self._counts(r.unit) / r.scale, q) for r, q in rows)
        super().__init__(*arguments)  # type: ignore[arg-type]

    @staticmethod
    def _counts(unit: str) -> float:
        return 1000.0 if unit == "Wh" else 1.0

    def refresh(self) -> None:
        """Measured values, and further registers."""
        super().refresh()
        if self.phases == 1:
            self._one_phase()
        for name, raw in self.description.table.get("shows", {}).items():
            register = self.description.registers[name]
            self.registers.put(register.space, register.at, register.words(raw))
        serial = self.description.registers.get("serial")
        if serial is not None and serial.kind == "text":
            self.registers.put(serial.space, serial.at, serial.words(self.serial))

    def _one_phase(self) -> None:
        """The total equals that of its only phase."""
        amps, volts = self._shown[0]
        for space, address, kind, counts, quantity in self.layout:
            if quantity == "watts":
                self._put(space, address, kind, amps * volts * counts, quantity)

    def allow_read(self, address: int, count: int) -> "ExcCodes | None":
        """Limits to its maximum."""
        return ExcCodes.ILLEGAL_ADDRESS if count > self.description.table.get("read_max", 125) else None


class ChainedMeter(MeterDevice):
    """A marker, then models in sequence, one of them for a three-phase meter; scales change at run time."""

    start, before, model, length = 40000, ((1, 66), (103, 50)), 203, 105
    blank = {"i16": 0x8000 - 0x10000}
    tens = -1

    def __init__(self, *arguments: object) -> None:
        self.header = self.start + 2 + sum(size + 2 for _, size in self.before)
        self.holding = range(self.start, self.header + self.length + 4)
        super().__init__(*arguments)  # type: ignore[arg-type]

    def refresh(self) -> None:
        """The chain, then values with a scale that depends on the time of day."""
        put = self.registers.put
        put("h", self.start, [0x5375, 0x6E53])
        at = self.start + 2
        for model, size in (*self.before, (self.model, self.length), (0xFFFF, 0)):
            put("h", at, [model, size])
            at += size + 2
        if "frozen" not in self.active:
            self.tens = -2 if self.now_ms // 10_000 % 2 else -1
        tens = self.tens
        shown, blank = self._shown, "nan" in self.active
        self._write(3, [amps for amps, _ in shown], tens, 6, blank)
        self._write(8, [volts for _, volts in shown], -1, 15, blank)
        watts = [amps * volts for amps, volts in shown]
        self._write(18, [sum(watts), *watts], 0, 22, blank)
        for offset, wh in ((38, self.export_wh), (46, self.import_wh)):
            put("h", self.header + offset, to_words("u32", round(wh)))
        put("h", self.header + 54, [0])

    def _write(self, offset: int, values: list[float], tens: int, scale_at: int, blank: bool) -> None:
        raw = [0x8000 if blank else round(value * 10**-tens) & 0xFFFF for value in values]
        self.registers.put("h", self.header + offset, raw)
        self.registers.put("h", self.header + scale_at, to_words("i16", tens))
