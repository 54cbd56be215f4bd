"""The own charging point on the pins of a board: the door around point/charging_point.py.

Every pass reads all inputs and writes the outputs that changed; an output that the owner changes in between is written at once. A
pass that fails is counted and leaves the time of the readings as it was, so that the owner opens the contactor after a second.
"""

import asyncio

from ampacity.base.compat import format_exception
from ampacity.point.charging_point import PASS_MS, ChargingPoint, Readings
from ampacity.point.duty import PILOT_HZ
from ampacity.ports.duty_pin import DutyPin
from ampacity.ports.pilot_sampler import PilotSampler

if False:  # for the type checker
    from collections.abc import Callable
    from typing import Any

    from ampacity.base.clock import Clock
    from ampacity.ports.chips import MachinePins
    from ampacity.ports.evse_hardware import EvseHardware
    from ampacity.ports.interfaces import Facts

WINDOW_MS = 4  # a window of 3 ms has passed for certain


class BoardPoint:
    """`failed`: passes that failed; `trouble`: the last reason. meter: see ChargingPoint."""

    def __init__(
        self, pins: "MachinePins", board: "Facts", hardware: "EvseHardware", clock: "Clock", meter: "Callable[[int], Any] | None" = None,
    ) -> None:
        self.hardware = hardware
        self.failed = 0
        self.trouble = ""
        self._clock = clock
        self._pilot = DutyPin(pins, board["pilot"]["pwm"], PILOT_HZ)
        self._coils = [DutyPin(pins, each["drive"], each["hold_hz"]) for each in board["contactor"]]
        self._outputs = self._switches(pins, board)
        self._was: "dict[str, bool]" = {}
        self._passes = 0
        self._open_inputs(pins, board)
        self.point = ChargingPoint(board, hardware, clock.now_ms(), meter)
        hardware.on_change = self._changed
        self._write()

    def _open_inputs(self, pins: "MachinePins", board: "Facts") -> None:
        pilot = board["pilot"]
        self.sampler = PilotSampler(pins, pilot, self._clock)
        self._feedback = [pins.input(each["feedback"]) for each in board["contactor"] if each.get("feedback")]
        self._weld = [pins.input(each["sense"]) for each in board["weld"]]
        self._inputs = [pins.input(each["sense"]) for each in board["input"]]
        trip, lock = (board.get("rcd") or {}).get("trip"), board.get("lock")
        self._trip = pins.input(trip) if trip else None
        self._locked = pins.input(lock["sense"]) if lock else None
        self._volts = []
        for name, adc in (
            ("pp_mv", (board.get("proximity") or {}).get("adc")), ("temperature_mv", (board.get("temperature") or {}).get("adc")),
            ("plus_mv", pilot.get("rail_plus")), ("minus_mv", pilot.get("rail_minus")),
        ):  # fmt: skip
            if adc:
                self._volts.append((name, pins.voltage_mv(adc)))

    def _switches(self, pins: "MachinePins", board: "Facts") -> "list[tuple[str, Callable[[bool], object]]]":
        """(name in Outputs, function that switches the pin) of each plain output; all start off, CP open."""
        found = [("disconnect", pins.output(board["pilot"]["disconnect"], True))] if board["pilot"].get("disconnect") else []
        rcd, lock = board.get("rcd") or {}, board.get("lock") or {}
        for name, facts in (("test", rcd.get("test")), ("lock", lock.get("a")), ("unlock", lock.get("b"))):
            if facts:
                found.append((name, pins.output(facts)))
        return found + [("fan", pins.output(each["out"])) for each in board["output"] if each["use"] == "ventilation"]

    def step(self) -> None:
        """One pass. Raises what a pin raises."""
        readings = Readings()
        readings.cp = self.sampler.take()
        for name, read in self._volts:
            setattr(readings, name, read())
        readings.feedback = [read() for read in self._feedback]
        readings.weld = [read() for read in self._weld]
        readings.inputs = [read() for read in self._inputs]
        if self._trip is not None:
            readings.trip = self._trip()
        if self._locked is not None:
            readings.locked = self._locked()
        self.point.step(readings, self._clock.now_ms())
        self._write()

    async def run(self) -> None:
        """Passes without end."""
        next_ms = self._clock.now_ms()
        while True:
            try:
                self.sampler.begin()
                await self._clock.sleep_ms(WINDOW_MS)
                self.step()
            except Exception as e:  # a pin that fails once must not end the passes
                self.failed += 1
                self.trouble = format_exception(e)
            next_ms = max(next_ms + PASS_MS, self._clock.now_ms() + 1)
            await self._clock.sleep_ms(next_ms - self._clock.now_ms())

    def start(self) -> "asyncio.Task[None]":
        """The passes as a task of the running loop."""
        return asyncio.create_task(self.run())

    def _changed(self) -> None:
        self.point.drive(self._clock.now_ms())
        self._write()

    def _write(self) -> None:
        """Coils first."""
        out = self.point.outputs
        for pin, permille in zip(self._coils, out.coils):
            pin.set(permille)
        kind, permille = out.pilot
        self._pilot.set(permille if kind == "pwm" else 1000 if kind == "x1" else 0)
        for name, switch in self._outputs:
            on = getattr(out, name)
            if self._was.get(name) != on:
                self._was[name] = on
                switch(on)
