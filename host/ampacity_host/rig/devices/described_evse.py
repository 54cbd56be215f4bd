"""Any charge controller that a description covers: setpoint, release, watchdog, restart, states.

Undocumented behaviour is the worst case that the documents permit: after a restart it offers its maximum, it holds its
minimum at a setpoint below the minimum if it counts in watts, and a gap between registers cannot be read.
"""

import math

from pymodbus.constants import ExcCodes
from pymodbus.pdu import ModbusPDU
from pymodbus.pdu.exceptionresponse import ExceptionResponse

from ampacity_host.rig.devices.description import Description, Register
from ampacity_host.rig.devices.evse import EvseDevice

READS = (1, 2, 3, 4)
LEAST_DA = 60
PHASES_MS = 1500  # from the command to settled contactors
NAMED = {"firmware_version": "1.4.2", "protocol_version": "0.6", "model": "Wallbox 22", "brand": "Maker", "manufacturer": "Maker",
         "product_number": "6004-2300-11", "device_name": "wallbox-1"}
PER_UNIT = {"Wh": 1.0, "kWh": 0.001, "W": 1.0, "V": 1.0, "A": 1.0}


class DescribedEvse(EvseDevice):
    """description: see description.py. raw holds the value written to each register, by name."""

    def __init__(self, description: Description, *arguments: object) -> None:
        self.description = description
        table = description.table
        self.holding, self.inputs = description.addresses("h"), description.addresses("i")
        self.coils = description.addresses("c")
        self._mirrors = table.get("inputs_mirror", False)
        if self._mirrors:
            self.inputs = sorted({*self.inputs, *self.holding})
        self.boot_ms = table.get("boot_ms", 2000)
        self._limit: dict = table["limit"]
        self._dog: dict = table.get("watchdog", {})
        self._enable: dict = table.get("enable", {})
        self._restart: dict = table.get("restart", {})
        self._phases: dict = table.get("phases", {})
        self._opens: dict = table.get("contactor", {})
        self.raw: dict[str, float] = {}
        self._woken_ms = 0
        super().__init__(*arguments)  # type: ignore[arg-type]

    # ---- settings and restarts

    def factory(self) -> None:
        """Factory state; an undocumented setpoint is its maximum."""
        registers = self.description.registers
        self.raw = {name: 0.0 for name, register in registers.items() if register.writable}
        for name in self._limit["registers"]:
            self.raw[name] = self._counts(registers[name], self.max_da)
        if "max_current" in self.raw:
            self.raw["max_current"] = self.max_da / 10 / registers["max_current"].scale
        self.raw |= {name: float(raw) for name, raw in self.description.table.get("factory", {}).items()}

    def start(self, keep: bool) -> None:
        """Volatile values return to the factory state; until the next order the power-on value applies."""
        before = dict(self.raw)
        if self.raw:
            self.factory()
        kept = [*self._restart.get("keeps", []), *(self._limit["registers"] if keep else [])]
        self.raw |= {name: before[name] for name in kept if name in before}
        if self._enable:
            self.raw[self._enable["register"]] = self._enable["on"][0]
        if not keep and self.power_on() != self.max_da:
            self.raw |= {name: self._counts(self.description.registers[name], self.power_on()) for name in self._limit["registers"]}
        self.ordered = keep
        self.expired = False
        self.renewed: set[str] = set()
        self.fed_ms = self.booted_ms
        self._switching: "tuple[int, int] | None" = None
        self._written: set[str] = set()
        if self._phases:
            self.raw[self._phases["register"]] = self._phases["three"]
            self.close_phases(3)

    def fault_changed(self, kind: str, on: bool) -> None:
        """A restart clears volatile values; another unit has no values of this place."""
        if kind == "swapped" and on:
            self.serial += 7
            self.factory()
        super().fault_changed("restart" if kind in ("forget_settings", "swapped") and on else kind, on)

    def power_on(self) -> int:
        """The current that it allows before the first order."""
        allows = self._restart.get("allows", "max")
        if allows in self.raw:
            return self._amps_da(self.description.registers[allows], self.raw[allows])
        if self.power_on_da is not None:
            return self.power_on_da
        return self.max_da if allows == "max" else int(allows)

    # ---- the limit that it obeys

    def target_da(self) -> int:
        """Fallback, power-on value, or the least of its setpoints while it is released."""
        if self.expired:
            return self._fallback_da()
        if not self.ordered:
            return self.power_on()
        if any(self.raw[name] not in values for name, values in self.description.table.get("obeys_when", {}).items()):
            return self.max_da
        if self._enable and self.raw[self._enable["register"]] not in self._enable["on"]:
            return 0
        return min(self._setpoint_da(name) for name in self._limit["registers"])

    def _setpoint_da(self, name: str) -> int:
        raw = self.raw[name]
        if raw == 0 and self._limit.get("zero") == "full":
            return self.max_da
        if "off" in self._limit and raw == self._limit["off"]:
            return 0
        if "unlimited" in self._limit and raw == self._limit["unlimited"]:
            return self.max_da
        limit_da = self._amps_da(self.description.registers[name], raw)
        if limit_da >= LEAST_DA:
            return limit_da
        return LEAST_DA if raw and self.description.registers[name].unit == "W" else 0

    def _amps_da(self, register: Register, raw: float) -> int:
        value = raw * register.scale
        if self._limit.get("low_byte"):
            value = int(raw) & 0xFF
        if register.unit == "W":
            value /= sum(self.plant.volts_dv) / 10
        return math.ceil(value * 10 - 1e-5)

    def _counts(self, register: Register, limit_da: int) -> float:
        amps = limit_da / 10 * (sum(self.plant.volts_dv) / 10 if register.unit == "W" else 1)
        counts = amps / register.scale
        if self._limit.get("low_byte"):
            counts = (limit_da // 10) * 257
        return counts if register.kind in ("f32", "f64") else math.ceil(counts - 1e-6)

    def _fallback_da(self) -> int:
        fallback = self._dog.get("fallback", "max")
        if fallback in self.raw:
            return self._amps_da(self.description.registers[fallback], self.raw[fallback])
        return self.max_da if fallback == "max" else int(fallback)

    # ---- watchdog

    def contactor_open(self) -> bool:
        """Is the watchdog on, according to its register and the mode in which it counts?"""
        name = self._opens.get("register")
        if name in self._written and self.raw[name] == self._opens["open"]:
            return all(self.raw[name] == value for name, value in self._opens.get("only_with", {}).items())
        return False

    def tick(self, now_ms: int) -> None:
        """The watchdog runs while it is on; contactors switch with a delay."""
        if self._switching and now_ms >= self._switching[1]:
            self.close_phases(self._switching[0])
            self._switching = None
        timeout_ms = self.timeout_ms()
        if timeout_ms and now_ms - self.fed_ms >= timeout_ms and not self.expired and "watchdog_broken" not in self.active:
            self.expired = True
            self.renewed = set()
        self.watchdog = "none" if not timeout_ms else "expired" if self.expired else "armed"
        super().tick(now_ms)

    def timeout_ms(self) -> int:
        """The current watchdog time; 0: off, or none."""
        if not self._dog or self.raw.get(self._dog.get("switch", ""), 1) == 0:
            return 0
        if "fixed_s" in self._dog:
            return round(self._dog["fixed_s"] * 1000)
        raw = self.raw[self._dog["time"]]
        if raw == self._dog.get("off", 0):
            return 0
        return round(raw * self.description.registers[self._dog["time"]].scale * 1000)

    def listening(self) -> bool:
        """The first frame wakes a sleeping device, which does not answer it."""
        asleep = self.now_ms - self._woken_ms > self.description.table.get("sleeps_ms", math.inf)
        self._woken_ms = self.now_ms
        return super().listening() and not asleep

    def heard(self, request: ModbusPDU) -> None:
        """A request feeds the watchdog of devices fed by requests."""
        fed_by = self._dog.get("fed_by")
        if fed_by == "any-request" or (fed_by == "any-read" and request.function_code in READS):
            self._feed()

    def _feed(self) -> None:
        self.fed_ms = self.now_ms
        if not self._dog.get("latched"):
            self.expired = False

    # ---- registers

    def _answer(self, request: ModbusPDU) -> bytes:
        if request.function_code not in self.description.table["functions"]:
            refusal = ExceptionResponse(request.function_code, ExcCodes.ILLEGAL_FUNCTION)
            refusal.dev_id, refusal.transaction_id = request.dev_id, request.transaction_id
            return self._wire.framer.buildFrame(refusal)
        return super()._answer(request)

    def allow_read(self, address: int, count: int) -> "ExcCodes | None":
        """Limits to its maximum and to whole values."""
        return ExcCodes.ILLEGAL_VALUE if count > self.description.table.get("read_max", 125) else None

    def allow_write(self, address: int, values: list[int]) -> "ExcCodes | None":
        """Whole registers that can be written, and valid values."""
        rows = self._touched(address, len(values))
        if rows is None:
            return ExcCodes.ILLEGAL_ADDRESS
        for register in rows:
            raw = register.raw(values[register.at - address : register.at - address + register.size])
            low, high = self.description.table.get("takes", {}).get(register.name, (0, math.inf))
            if self._phases and register.name == self._phases["register"] and self._phases.get("paused") and self.limit_da:
                return ExcCodes.ILLEGAL_VALUE
            zero = raw == 0 and register.name in self._limit["registers"] and self._limit.get("zero") == "pause"
            if not (low <= raw <= high or zero):
                return ExcCodes.ILLEGAL_VALUE
        return None

    def _touched(self, address: int, count: int) -> "list[Register] | None":
        space = "c" if address in self.coils and address not in self.holding else "h"
        rows = [r for r in self.description.registers.values() if r.space == space and r.writable and address <= r.at < address + count]
        whole = sum(r.size for r in rows) == count and all(r.at + r.size <= address + count for r in rows)
        return rows if rows and whole else None

    def wrote(self, address: int, values: list[int]) -> None:
        """Stores a written value, unless the device ignores writes."""
        for register in self._touched(address, len(values)) or []:
            raw = register.raw(values[register.at - address : register.at - address + register.size])
            if self._dog.get("fed_by") in ("write", register.name) and raw == self._dog.get("value", raw):
                self._feed()
            if self.obeys_writes():
                self._put(register.name, raw)

    def _put(self, name: str, raw: float) -> None:
        self.raw[name] = raw
        self.ordered = self.ordered or name in (*self._limit["registers"], self._enable.get("register"))
        self.renewed.add(name)
        self._written.add(name)
        if self._phases and name == self._phases["register"]:
            self._switching = (1 if raw == self._phases["one"] else 3, self.now_ms + PHASES_MS)
        if self.expired and self._dog.get("latched") and set(self._dog["latched"]) <= self.renewed and self.now_ms - self.fed_ms < self.timeout_ms():
            self.expired = False
        if name in (self._dog.get("time"), self._dog.get("switch")):
            self.fed_ms = self.now_ms

    def refresh(self) -> None:
        """The current contents of the registers."""
        for name, raw in self.raw.items():
            self._show(name, self._limit_shown(name, raw) if name in self._limit["registers"] else raw)
        amps_da, volts_dv, energy_wh = self.measured()
        self._show_phases("current", [da / 10 for da in amps_da])
        self._show_phases("voltage", [dv / 10 for dv in volts_dv])
        watts = [da * dv / 100 for da, dv in zip(amps_da, volts_dv, strict=False)]
        self._show_phases("power", watts)
        reported_a, max_a = self._reported_da() / 10, self.max_da / 10
        values = {"power": sum(watts), "energy": energy_wh, "current_limit_actual": reported_a, "max_current": max_a, "hardware_current_limit": max_a}
        for name, value in values.items():
            self._show_value(name, value)
        self._show(self.description.table.get("serial", "serial"), self.serial)
        self._show_identity()
        for name, counts in self.description.table.get("offers", {}).items():
            self._show(name, self._reported_da() / 10 * counts)
        for name, raw in self.description.table.get("fixed", {}).items():
            self._show(name, raw)
        for name, (one, three) in self._phases.get("shown", {}).items():
            self._show(name, one if self.phases == 1 else three)
        for name, source in self.description.table.get("shows", {}).items():
            self._show_value(name, self.raw[source] * self.description.registers[source].scale)
        for name, codes in self.description.table["states"].items():
            self._show(name, codes.get(self._state_key(codes), 0))

    def _show_identity(self) -> None:
        """Texts that identify the unit: from its description, else a text that any unit of its kind could hold."""
        named = self.description.table.get("named", {})
        for name, register in self.description.registers.items():
            if name in named or (name in NAMED and register.kind == "text"):
                self._show(name, named.get(name) or NAMED[name])

    def _reported_da(self) -> int:
        """The limit that it reports as in force: a unit that disobeys does not report it."""
        return self.limit_shown_da(min(self.target_da(), self.max_da))

    def _limit_shown(self, name: str, raw: float) -> float:
        """A setpoint as it reads back."""
        other_da = self.limit_shown_da(-1)
        if other_da >= 0:
            return self._counts(self.description.registers[name], other_da)
        return max(raw, self._limit.get("shows_least", raw))

    def _state_key(self, codes: dict) -> str:
        """State codes: car may draw; car may not draw; lost: its watchdog stopped it."""
        letter = self.plant.car_state
        if self.expired and not self.limit_da and "lost" in codes:
            return "lost"
        if letter in ("C", "D") and not self.limit_da:
            return "paused" if "paused" in codes else "B"
        return letter if letter in codes else "B"

    def _show_phases(self, quantity: str, values: list[float]) -> None:
        for register, value in zip(self.description.phases(quantity), values, strict=False):
            self._show_value(register.name, value)

    def _show_value(self, name: str, value: float) -> None:
        register = self.description.registers.get(name)
        if register is not None and name not in self.raw:
            self._show(name, value * PER_UNIT.get(register.unit, 1.0) / register.scale)

    def _show(self, name: str, raw: "float | str") -> None:
        register = self.description.registers.get(name)
        if register is None:
            return
        if register.space in "cd":
            self.registers.put_bit(register.space, register.at, bool(raw))
        else:
            self.registers.put(register.space, register.at, register.words(raw))
            if self._mirrors and register.space == "h":
                self.registers.put("i", register.at, register.words(raw))
