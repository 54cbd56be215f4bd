"""The charging point of every board with `pilot.kind` "local", from its board file to its pins, with a car behind a simulated front end."""

import sys
from pathlib import Path

import pytest

from ampacity.evse.local_evse import LocalEvse
from ampacity.evse.pilot import ControlPilot
from ampacity.ports.board_point import BoardPoint
from ampacity.ports.chips import PORTS, MachinePins
from ampacity.ports.evse_hardware import EvseHardware
from ampacity_host.board import find, names, read

TESTS = Path(__file__).resolve().parents[2]
BOARDS = [(name, board) for name in names() for board in read(find(name)).variants.values()]
LOCAL = [board for _, board in BOARDS if board["pilot"]["kind"] == "local"]
local_boards = pytest.mark.parametrize("board", LOCAL, ids=lambda board: f"{board['name']}:{board['variant']}")


@pytest.fixture
def desk(monkeypatch):
    """Makes a Desk of a board; helpers of the firmware's tests are found only while the test runs."""
    monkeypatch.syspath_prepend(str(TESTS / "ports"))
    monkeypatch.syspath_prepend(str(TESTS / "point"))
    from fake_machine import Machine
    from front_end import Plant

    def make(board):
        machine = Machine(read_us=57)
        for name, module in machine.modules().items():
            monkeypatch.setitem(sys.modules, name, module)
        return Desk(board, machine, Plant(board))

    yield make
    for name in ("fake_machine", "front_end"):
        sys.modules.pop(name, None)


class Desk:
    """A board on simulated pins: what the car, the contactors and the detector do is at the pins that the board file names."""

    def __init__(self, board, machine, plant):
        self.board, self.machine, self.plant = board, machine, plant
        machine.volts = self.volts
        self.level_off(board)
        self.hardware = EvseHardware("own")
        self.point = BoardPoint(MachinePins(machine, board["port"]), board, self.hardware, machine.clock)
        self.evse = LocalEvse(self.hardware, ControlPilot(socket="proximity" in board))
        self.hardware.on_input = self.owner
        self.next_ms = 0

    def level_off(self, value):
        """Every input of the board shows "off"."""
        for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            if isinstance(each, dict) and "level" in each and "pin" in each:
                self.machine.levels[each["pin"]] = 1 - each["level"]
            self.level_off(each)

    def owner(self, now_ms):
        self.evse.step(160, True, now_ms)

    def is_on(self, pin):
        return pin["pin"] in self.machine.duty or self.machine.levels[pin["pin"]] == pin["level"]

    def pilot(self):
        """(kind, permille) that the pin shows."""
        pin = self.board["pilot"]["pwm"]
        duty = self.machine.duty.get(pin["pin"])
        if duty is None:
            return ("x1" if self.is_on(pin) else "f"), 0
        duty = duty if pin["level"] else 65535 - duty
        return "pwm", -(-duty * 1000 // 65535)

    def volts(self, pin):
        """mV at an analog pin."""
        board = self.board
        pilot = board["pilot"]
        if pin == pilot["adc"]["pin"]:
            return self.at_pin(pilot["adc"], self.plant.at(self.pilot(), self.machine.clock.us))
        for name, rail_mv in (("rail_plus", 12000), ("rail_minus", -12000)):
            if pin == pilot.get(name, {}).get("pin"):
                return self.at_pin(pilot[name], rail_mv)
        if pin == board.get("proximity", {}).get("adc", {}).get("pin"):
            ohm, facts = self.plant.cable_ohm, board["proximity"]
            return facts["pull_up_mv"] if ohm is None else facts["pull_up_mv"] * ohm // (facts["pull_up_ohm"] + ohm)
        facts = board["temperature"]
        assert pin == facts["adc"]["pin"]
        return facts["zero_mv"] + 30 * facts["mv_per_k"]

    @staticmethod
    def at_pin(adc, measured_mv):
        return (measured_mv - adc["offset_mv"]) * adc["denominator"] // adc["numerator"]

    def show(self, pin, on):
        self.machine.levels[pin["pin"]] = pin["level"] if on else 1 - pin["level"]

    def run(self, duration_ms):
        board = self.board
        end_ms = self.machine.clock.now_ms() + duration_ms
        while self.machine.clock.now_ms() < end_ms:
            self.machine.clock.us += 1000
            now_ms = self.machine.clock.now_ms()
            self.plant.step(self.point.point.outputs, now_ms)
            for each in board["contactor"]:
                self.show(each["feedback"], self.plant.power)
            for each in board["weld"]:
                self.show(each["sense"], self.plant.power)
            self.show(board["rcd"]["trip"], self.is_on(board["rcd"]["test"]) or self.plant.leak)
            if "lock" in board:
                self.show(board["lock"]["sense"], self.plant.locked)
            if now_ms >= self.next_ms:
                self.next_ms = now_ms + 10
                self.point.sampler.begin()
                self.point.step()
                self.owner(self.machine.clock.now_ms())
        return self


@local_boards
def test_a_car_charges_on_the_pins_of_the_board_and_leaves(board, desk):
    bench = desk(board)
    assert not any(bench.is_on(each["drive"]) for each in board["contactor"]) and bench.is_on(board["pilot"]["disconnect"])
    bench.run(1500)
    bench.plant.cable_ohm = 220
    bench.plant.car = "B"
    bench.run(1500)
    assert bench.pilot() == ("pwm", 266) and not bench.is_on(board["pilot"]["disconnect"])
    bench.plant.car = "C"
    bench.run(2500)
    assert bench.plant.power and all(bench.is_on(each["drive"]) for each in board["contactor"]) and not bench.evse.machine.faults
    bench.plant.car = "A"
    bench.run(100)
    assert not bench.plant.power and not any(bench.is_on(each["drive"]) for each in board["contactor"])


@local_boards
def test_a_residual_current_switches_every_coil_of_the_board_off(board, desk):
    bench = desk(board).run(1500)
    bench.plant.cable_ohm = 220
    bench.plant.car = "C"
    bench.run(3500)
    assert bench.plant.power
    bench.plant.leak = True
    bench.run(70)
    assert not bench.plant.power and not any(bench.is_on(each["drive"]) for each in board["contactor"])


@local_boards
def test_a_pin_that_fails_is_counted_and_takes_the_power_away(board, desk):
    bench = desk(board).run(1500)
    bench.plant.cable_ohm = 220
    bench.plant.car = "C"
    bench.run(3500)

    def fails():
        raise OSError(5, "no answer")

    bench.point.sampler.take = fails
    for _ in range(110):
        bench.machine.clock.us += 10000
        with pytest.raises(OSError):
            bench.point.step()
        bench.owner(bench.machine.clock.now_ms())
    assert not any(bench.is_on(each["drive"]) for each in board["contactor"]) and bench.evse.machine.faults == ["input"]


def test_every_port_of_a_microcontroller_has_its_row():
    assert {board["port"] for _, board in BOARDS} - {"linux", "unix"} == set(PORTS)
    assert all({"adc", "uart_pins", "txbuf", "timer", "window"} <= set(row) for row in PORTS.values())


def test_the_window_of_a_port_is_the_method_of_its_boards():
    ways = {"reads": "extremes", "dma": "dma", "timed": "synchronous"}
    assert all(ways[PORTS[board["port"]]["window"]] == board["pilot"]["method"] for board in LOCAL)
