"""The self test of a board: each function of its board file, with result, unit and range. It needs no console and no role.

    import ampacity.ports.selftest as selftest; selftest.main("")     # at the prompt of a controller; its data folder

`moving` also switches contactors, test current, lock, LEDs and outputs: only with no car and no load behind the contactors. Without
it these rows have no result. What no program can judge (a lit LED, a watchdog that bites) has no result either, and says what to do.
"""

import asyncio

from ampacity.base.clock import Clock
from ampacity.base.errors import Rejected
from ampacity.point.scaling import coding_ohm, measured_mv, sensor_c

if False:  # for the type checker
    from collections.abc import Callable
    from typing import Any

    from ampacity.ports.interfaces import Facts

    Row = dict[str, Any]

CP_MV = (11000, 13000)
RAIL_MV = (11400, 12600)
SAMPLES_MIN = 30  # of a window: closer than the high half at 6 A
MOVE = "not moved; no car, no load: test again with moving"
LOOK = {
    "led": "does it light?", "output": "does it switch?", "i2c": "does a bus scan list its device?", "rfid": "does a card show up in the log?",
    "network": "does the controller reach its time server?", "spi_flash": "are its files there?", "serial": "does a scan list a device of this line?",
    "watchdog": "does it restart the controller when the program stops?",
}  # fmt: skip


def row(function: str, ok: "bool | None", value: "int | None" = None, unit: str = "", least: "int | None" = None, most: "int | None" = None,
        note: str = "") -> "Row":
    """One result. ok None: a program cannot judge it, or it was not moved; note says why."""
    return {"function": function, "ok": ok, "value": value, "unit": unit, "least": least, "most": most, "note": note}


def in_range(function: str, value: "int | None", unit: str, least: int, most: int, note: str = "") -> "Row":
    """The result of a value that must lie in a range; None is none."""
    return row(function, value is not None and least <= value <= most, value, unit, least, most, note)


class SelfTest:
    """board: its facts. pins: its pins (MachinePins or LinuxPins). `rows`: the results so far."""

    def __init__(self, board: "Facts", pins: "Any", clock: "Clock", moving: bool = False) -> None:
        self.board = board
        self.rows: "list[Row]" = []
        self._pins = pins
        self._clock = clock
        self._moving = moving

    async def run(self) -> "list[Row]":
        """All results; a part that fails is a result, too."""
        parts = ["pilot", "proximity", "contactor", "weld", "rcd", "lock", "temperature", "input", "output", "led"]
        for name in parts:
            if self.board.get(name):
                try:
                    await getattr(self, "_test_" + name)(self.board[name])
                except Rejected as e:
                    self.rows.append(row(name, False, note=str(e)))
                except Exception as e:  # a pin that is not there must not hide the others
                    self.rows.append(row(name, False, note="%s: %s" % (type(e).__name__, e)))
        for name in ("serial", "network", "i2c", "rfid", "spi_flash", "watchdog"):
            found = self.board.get(name)
            for index, each in enumerate(found if isinstance(found, list) else [found] if found else []):
                if each.get("kind") != "none":
                    self.rows.append(row("%s %s" % (name, each.get("name") or each.get("kind") or index + 1), None, note=LOOK[name]))
        return self.rows

    async def _test_pilot(self, pilot: "Facts") -> None:
        if pilot["kind"] != "local":
            if pilot["kind"] == "serial":
                self.rows.append(row("pilot " + pilot["serial"], None, note=LOOK["serial"]))
            return
        for name, (least, most) in (("rail_plus", RAIL_MV), ("rail_minus", (-RAIL_MV[1], -RAIL_MV[0]))):
            if pilot.get(name):
                value_mv = measured_mv(pilot[name], self._pins.voltage_mv(pilot[name])())
                self.rows.append(in_range("pilot " + name, value_mv, "mV", least, most))
        from ampacity.point.duty import PILOT_HZ
        from ampacity.ports.duty_pin import DutyPin
        from ampacity.ports.pilot_sampler import PilotSampler

        disconnect = self._pins.output(pilot["disconnect"]) if pilot.get("disconnect") else None
        pwm, sampler = DutyPin(self._pins, pilot["pwm"], PILOT_HZ), PilotSampler(self._pins, pilot, self._clock)
        try:
            for name, permille, high, low in (("plus 12 V", 1000, 1, 1), ("wave of 50 %", 500, 1, -1), ("minus 12 V", 0, -1, -1)):
                await self._wave(sampler, pwm, name, permille, high, low)
            self.rows.append(in_range("pilot samples", sampler.count, "samples", SAMPLES_MIN, 1000, "in a window of two or three periods"))
        finally:
            pwm.set(1000)
            if disconnect is not None:
                disconnect(True)

    async def _wave(self, sampler: "Any", pwm: "Any", name: str, permille: int, high: int, low: int) -> None:
        pwm.set(permille)
        await self._clock.sleep_ms(20)
        sampler.begin()
        await self._clock.sleep_ms(4)
        levels = sampler.take() or (None, None)
        for level_mv, sign, half in ((levels[0], high, "high"), (levels[1], low, "low")):
            least, most = (CP_MV[0], CP_MV[1]) if sign > 0 else (-CP_MV[1], -CP_MV[0])
            self.rows.append(in_range("pilot %s, %s half" % (name, half), level_mv, "mV", least, most, "without a car"))

    async def _test_proximity(self, proximity: "Facts") -> None:
        pp_mv = measured_mv(proximity["adc"], self._pins.voltage_mv(proximity["adc"])())
        ohm = coding_ohm(proximity, pp_mv)
        note = "open: no cable" if ohm is None else "a cable"
        self.rows.append(row("proximity", ohm is None or 60 <= ohm <= 4500, ohm, "ohm", 60, 4500, note))

    async def _test_contactor(self, contactors: "list[Facts]") -> None:
        for index, facts in enumerate(contactors):
            name = "contactor %d" % (index + 1)
            feedback = self._pins.input(facts["feedback"]) if facts.get("feedback") else None
            if feedback is not None:
                self.rows.append(row(name + " open", not feedback(), int(feedback()), "", 0, 0))
            if not self._moving:
                self.rows.append(row(name, None, note=MOVE))
                continue
            drive = self._pins.output(facts["drive"])
            for on, verb, most_ms in ((True, " closes", facts["close_ms"]), (False, " opens", facts["open_ms"])):
                drive(on)
                if feedback is None:
                    self.rows.append(row(name + verb, None, note="no feedback on this board"))
                else:
                    took_ms = await self._until(feedback, on, facts["settle_ms"])
                    self.rows.append(in_range(name + verb, took_ms, "ms", 0, most_ms))
                await self._clock.sleep_ms(facts["settle_ms"])

    async def _until(self, read: "Callable[[], bool]", state: bool, limit_ms: int) -> "int | None":
        """Milliseconds until the input shows the state; None: not within limit_ms."""
        begin_ms = self._clock.now_ms()
        while read() != state:
            if self._clock.now_ms() - begin_ms >= limit_ms:
                return None
            await self._clock.sleep_ms(1)
        return self._clock.now_ms() - begin_ms

    async def _test_weld(self, welds: "list[Facts]") -> None:
        for index, facts in enumerate(welds):
            seen = self._pins.input(facts["sense"])()
            self.rows.append(row("weld %d, no voltage" % (index + 1), not seen, int(seen), "", 0, 0, "contactors open"))

    async def _test_rcd(self, rcd: "Facts") -> None:
        if not rcd.get("trip"):
            return
        trip = self._pins.input(rcd["trip"])
        self.rows.append(row("rcd quiet", not trip(), int(trip()), "", 0, 0))
        if not rcd.get("test") or not self._moving:
            self.rows.append(row("rcd test", None, note=MOVE if rcd.get("test") else "no test current on this board"))
            return
        test = self._pins.output(rcd["test"])
        test(True)
        took_ms = await self._until(trip, True, rcd["trip_within_ms"])
        test(False)
        self.rows.append(in_range("rcd trips", took_ms, "ms", 0, rcd["trip_within_ms"]))
        self.rows.append(in_range("rcd lets go", await self._until(trip, False, rcd["trip_within_ms"]), "ms", 0, rcd["trip_within_ms"]))

    async def _test_lock(self, lock: "Facts") -> None:
        sense = self._pins.input(lock["sense"])
        if not self._moving:
            self.rows.append(row("lock", None, int(sense()), "", 0, 1, MOVE))
            return
        for name, drive_facts, state in (("locks", lock["a"], True), ("unlocks", lock["b"], False)):
            drive = self._pins.output(drive_facts)
            drive(True)
            await self._clock.sleep_ms(lock["run_ms"])
            drive(False)
            await self._clock.sleep_ms(lock["rest_ms"])
            self.rows.append(row("lock " + name, sense() == state, int(sense()), "", int(state), int(state)))

    async def _test_temperature(self, facts: "Facts") -> None:
        celsius = sensor_c(facts, measured_mv(facts["adc"], self._pins.voltage_mv(facts["adc"])()))
        self.rows.append(in_range("temperature", celsius, "°C", -40, facts["max_c"] - 1))

    async def _test_input(self, inputs: "list[Facts]") -> None:
        for index, facts in enumerate(inputs):
            on = self._pins.input(facts["sense"])()
            quiet = not on if facts["use"] in ("stop", "button", "presence") else None
            self.rows.append(row("input %d %s" % (index + 1, facts["use"]), quiet, int(on), "", 0, 0 if quiet is not None else 1, "not pressed"))

    async def _test_output(self, outputs: "list[Facts]") -> None:
        await self._switch("output", outputs)

    async def _test_led(self, leds: "list[Facts]") -> None:
        await self._switch("led", [each for each in leds if each["kind"] == "single"])
        for each in leds:
            if each["kind"] != "single":
                self.rows.append(row("led " + each["use"], None, note=LOOK["led"]))

    async def _switch(self, name: str, entries: "list[Facts]") -> None:
        for each in entries:
            if self._moving:
                switch = self._pins.output(each["out"])
                switch(True)
                await self._clock.sleep_ms(300)
                switch(False)
            self.rows.append(row("%s %s" % (name, each["use"]), None, note=LOOK[name] if self._moving else MOVE))


def passed(rows: "list[Row]") -> bool:
    """No result is a failure."""
    return not [each for each in rows if each["ok"] is False]


def line_of(result: "Row") -> str:
    """One result as a line of text."""
    word = {True: "ok", False: "FAILED", None: "-"}[result["ok"]]
    value = "" if result["value"] is None else "%d %s" % (result["value"], result["unit"])
    limits = "" if result["least"] is None else "%d..%d" % (result["least"], result["most"])
    return ("%-7s %-28s %-12s %-16s %s" % (word, result["function"], value.strip(), limits, result["note"])).strip()


def rows(folder: str, moving: bool = False) -> "list[Row]":
    """The self test on a board, by `board.json` in the data folder. Raises Rejected: no board file.

    A watchdog of the chip is started, and fed during the test: the caller restarts the controller after it.
    """
    import machine

    from ampacity.ports.board_facts import read_board
    from ampacity.ports.chips import MachinePins
    from ampacity.ports.mp_io import TicksClock

    board = read_board(folder)
    if board is None:
        raise Rejected("board.json", "absent", "the output of `ampacity board show NAME --json` in the data folder")
    own = board["watchdog"]
    feed = machine.WDT(timeout=own["timeout_ms"]).feed if own["kind"] == "machine" else None
    test = SelfTest(board, MachinePins(machine, board["port"]), FedClock(TicksClock(), feed), moving)
    return asyncio.run(test.run())


class FedClock(Clock):
    """A clock whose sleeps feed the chip's watchdog."""

    def __init__(self, clock: "Clock", feed: "Callable[[], object] | None") -> None:
        self._clock = clock
        self._feed = feed

    def now_us(self) -> int:
        """As the clock's."""
        return self._clock.now_us()

    async def sleep_ms(self, duration_ms: int) -> None:
        """As the clock's, at most 200 ms without feeding."""
        while duration_ms > 0:
            if self._feed is not None:
                self._feed()
            await self._clock.sleep_ms(min(200, duration_ms))
            duration_ms -= 200


def main(folder: str, moving: bool = False) -> None:
    """At a prompt of the interpreter: prints one line for each result."""
    for each in rows(folder, moving):
        print(line_of(each))
