"""The own charging point: readings of its pins in, states of its pins out; its face is an EvseHardware.

`step` takes one pass of readings and shows them on the hardware's inputs; `drive` turns the hardware's outputs into states of
pins. A door calls `step` each PASS_MS, and `drive` also when an output changes, so that a contactor opens in the call that orders
it. `Readings` and `Outputs` are what the door reads and writes, as plain attributes.

The contactor closes once the tests of the detector are passed and the lock of a socket shows that it holds the plug.
CP is open until the first reading of its supply was good, and while −12 V is not: "not available" cannot be shown without it.
"""

from ampacity.point.contactor_drive import ContactorDrive
from ampacity.point.debounce import Debounce
from ampacity.point.lock_motor import LockMotor
from ampacity.point.pilot_output import PilotOutput
from ampacity.point.pilot_reading import PilotReading
from ampacity.point.residual_current import ResidualCurrent
from ampacity.point.scaling import coding_ohm, measured_mv, sensor_c
from ampacity.point.supply import PilotSupply

if False:  # for the type checker
    from collections.abc import Callable

    from ampacity.point.interfaces import Facts, Hardware, Measured

PASS_MS = 10
COOLER_K = 5  # below max_c by so much the fault ends
SENSOR_C_MIN, SENSOR_C_MAX = -50, 150  # a sensor that shows anything else is broken, and counts as too hot
METER_MS = 2000  # an older measurement says nothing of the current now
FAN_MS = 60000  # the ventilation runs on after state D
BUTTONS = {"stop": "emergency_stop", "button": "stop"}  # `use` of an input: name of its event


class Readings:
    """What the pins show in one pass. cp: (high_mv, low_mv) of one window, None without one. Voltages in mV at the pin, None: no such input.
    feedback, weld, inputs: bools in the order of the board's tables, active is True. trip, locked: of the detector and the lock.
    """

    def __init__(self) -> None:
        self.cp: "tuple[int, int] | None" = None
        self.pp_mv: "int | None" = None
        self.temperature_mv: "int | None" = None
        self.plus_mv: "int | None" = None
        self.minus_mv: "int | None" = None
        self.feedback: "list[bool]" = []
        self.weld: "list[bool]" = []
        self.inputs: "list[bool]" = []
        self.trip = self.locked = False


class Outputs:
    """States of the pins: pilot (kind, permille), CP disconnected, duty of each coil in permille, test current, lock drives, ventilation."""

    def __init__(self, coils: int) -> None:
        self.pilot: "tuple[str, int]" = ("x1", 0)
        self.disconnect = True
        self.coils = [0] * coils
        self.test = self.lock = self.unlock = self.fan = False


class ChargingPoint:
    """board: facts of one variant, with `pilot.kind` "local". hardware: its face. meter: function(now_ms) that gives what was measured,
    or None for nothing new; after METER_MS without anything new the current is not measured.
    """

    def __init__(self, board: "Facts", hardware: "Hardware", now_ms: int, meter: "Callable[[int], Measured | None] | None" = None) -> None:
        self.board = board
        self.hardware = hardware
        self.meter = meter
        self._measured_ms: "int | None" = None
        hardware.amps_da = None  # until something is measured: 0 A would be a measurement
        self.outputs = Outputs(len(board["contactor"]))
        self.pilot = PilotReading()
        self.supply = PilotSupply()
        self.contactor = ContactorDrive(board["contactor"], board["weld"], now_ms)
        self.residual = ResidualCurrent(board.get("rcd"))
        self.lock = LockMotor(board["lock"], now_ms) if board.get("lock") else None
        self.plugged = False
        self._output = PilotOutput()
        self._inputs = [(BUTTONS.get(each["use"]), Debounce(each["debounce_ms"])) for each in board["input"]]
        self._fan_ms: "int | None" = None

    def step(self, readings: "Readings", now_ms: int) -> None:
        """One pass: inputs of the hardware, its `on_input` where a contactor may have to open, and the outputs."""
        before = self._watched()
        self._read_pilot(readings, now_ms)
        self.contactor.step(readings.feedback, readings.weld, now_ms)
        self.residual.step(readings.trip, self.plugged, not self.contactor.closed, now_ms)
        if self.lock is not None:
            if self.hardware.lock_again:
                self.hardware.lock_again = False
                self.lock.again()
            self.lock.step(self.hardware.lock, readings.locked, self.contactor.may_close, now_ms)
        self._read_slow(readings)
        self._read_buttons(readings.inputs, now_ms)
        self._show(now_ms)
        if self.hardware.on_input is not None and self._watched() != before:
            self.hardware.on_input(now_ms)
        self.drive(now_ms)

    def drive(self, now_ms: int) -> None:
        """The states of the pins for what the hardware's outputs order."""
        out = self.outputs
        ordered = self.hardware.contactor
        ready = self.residual.ready and (self.lock is None or self.lock.holds or not self.hardware.lock)
        if not (ordered and not self.contactor.closed and not ready):
            self.contactor.command(ordered and not self.residual.tripped and self.supply.good, now_ms)
        out.coils = [self.contactor.coil_permille(index, now_ms) for index in range(len(out.coils))]
        out.pilot = self._output.order(self.hardware.pilot, now_ms)
        out.disconnect = not self.supply.minus_good
        out.test = self.residual.test
        if self.lock is not None:
            out.lock, out.unlock = self.lock.lock, self.lock.unlock
        out.fan = self._fan_ms is not None and now_ms - self._fan_ms < FAN_MS

    def _read_pilot(self, readings: "Readings", now_ms: int) -> None:
        self.supply.step(self._scaled("rail_plus", readings.plus_mv), self._scaled("rail_minus", readings.minus_mv), now_ms)
        blanked = now_ms - self.contactor.changed_ms < self.board["pilot"]["blanking_ms"]
        if readings.cp is None or blanked or not self.supply.good:
            return
        self.pilot.take(readings.cp[0], readings.cp[1], now_ms)
        level = self.pilot.level
        if level in ("A", "B", "C", "D"):
            self.plugged = level != "A"
        if level == "D":
            self._fan_ms = now_ms

    def _scaled(self, name: str, pin_mv: "int | None") -> "int | None":
        return None if pin_mv is None else measured_mv(self.board["pilot"][name], pin_mv)

    def _read_slow(self, readings: "Readings") -> None:
        port, board = self.hardware, self.board
        if readings.pp_mv is not None:
            port.pp_ohm = coding_ohm(board["proximity"], measured_mv(board["proximity"]["adc"], readings.pp_mv))
        if readings.temperature_mv is not None:
            facts = board["temperature"]
            celsius = sensor_c(facts, measured_mv(facts["adc"], readings.temperature_mv))
            port.temperature_c = celsius
            limit_c = facts["max_c"] - (COOLER_K if port.overtemp else 0)
            port.overtemp = not SENSOR_C_MIN <= celsius < min(limit_c, SENSOR_C_MAX)

    def _read_buttons(self, inputs: "list[bool]", now_ms: int) -> None:
        for (name, button), on in zip(self._inputs, inputs):
            if button.step(on, now_ms) and button.on and name is not None:
                self.hardware.events.append(("button", name))

    def _show(self, now_ms: int) -> None:
        """The inputs of the hardware. Without a new reading of the pilot their time does not advance, and the machine faults after 1 s."""
        port = self.hardware
        port.cp_high_mv, port.cp_low_mv = self.pilot.high_mv, self.pilot.low_mv
        port.contactor_closed = self._contactor_closed()
        port.rcm = self.residual.tripped
        port.lock_failed = self.lock is not None and self.lock.failed
        if self.meter is not None:
            found = self.meter(now_ms)
            if found is not None:
                port.amps_da, port.volts_dv, port.energy_wh = found
                self._measured_ms = now_ms
        if self._measured_ms is None or now_ms - self._measured_ms > METER_MS:
            port.amps_da = None
        if self.pilot.taken_ms == now_ms:
            port.updated_ms = now_ms

    def _contactor_closed(self) -> "bool | None":
        """While an order to close waits for the tests or the lock it is not known; one that was refused shows as open."""
        if self.hardware.contactor and not self.contactor.closed:
            return False if self.contactor.welded else None
        return self.contactor.seen

    def _watched(self) -> "tuple[str, str, bool | None, bool, bool, bool, int]":
        port = self.hardware
        return self.pilot.level, self.pilot.wave, port.contactor_closed, port.rcm, port.overtemp, port.lock_failed, len(port.events)
