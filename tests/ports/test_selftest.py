"""The self test of a board on simulated pins: each function with result, unit and range; nothing moves unless it is asked to."""

import asyncio
import sys

from fake_machine import Machine

from ampacity.ports.chips import MachinePins
from ampacity.ports.selftest import SelfTest, line_of, passed

ADC = {"pin": 26, "numerator": 25, "denominator": 3, "offset_mv": -13750}
PLAIN = {"numerator": 1, "denominator": 1, "offset_mv": 0}


def pin(number, level=1):
    return {"pin": number, "level": level, "pull": "none"}


BOARD = {
    "pilot": {"kind": "local", "pwm": pin(2), "disconnect": pin(7), "adc": ADC, "settle_us": 20},
    "proximity": {"adc": dict(PLAIN, pin=27), "pull_up_ohm": 1000, "pull_up_mv": 3300, "pull_down_ohm": 0},
    "temperature": {"adc": dict(PLAIN, pin=28), "zero_mv": 500, "mv_per_k": 10, "max_c": 85},
    "contactor": [{"drive": pin(10), "feedback": pin(11, 0), "close_ms": 100, "open_ms": 50, "settle_ms": 200}],
    "weld": [{"sense": pin(13, 0)}],
    "rcd": {"trip": pin(14), "test": pin(15), "trip_within_ms": 500},
    "lock": {"a": pin(20), "b": pin(21), "sense": pin(22), "run_ms": 300, "rest_ms": 100},
    "input": [{"use": "stop", "sense": pin(16, 0)}],
    "output": [{"use": "alarm", "out": pin(17)}],
    "led": [{"use": "status", "kind": "ws2812", "out": pin(18)}],
    "serial": [{"name": "rs485"}],
    "watchdog": {"kind": "machine"},
    "i2c": [], "network": [{"kind": "wifi"}],
}


class Desk(Machine):
    """Contactor, detector and lock that follow their outputs; `broken`: names of parts that do not."""

    def __init__(self, broken=()):
        super().__init__(self.at)
        self.broken = broken
        self.levels.update({11: 1, 13: 1, 16: 1})
        self.on_ms = self.off_ms = 0
        self.switched = set()

    def at(self, number):
        if number == 27:
            return 3300
        if number == 28:
            return 755
        duty = self.duty.get(2)
        high = self.levels.get(2) if duty is None else self.clock.us % 1000 < duty * 1000 // 65535
        cp_mv = 12000 if high else -8000 if "minus" in self.broken else -12000
        return (cp_mv + 13750) * 3 // 25

    async def sleep_ms(self, duration_ms):
        for _ in range(duration_ms):
            self.clock.us += 1000
            self.switched |= {number for number in (10, 15, 17, 20, 21) if self.levels.get(number)}
            on = self.levels.get(10)
            self.on_ms, self.off_ms = (self.on_ms + 1, 0) if on else (0, self.off_ms + 1)
            if self.on_ms >= 60 and "contactor" not in self.broken:
                self.levels[11] = 0
            if self.off_ms >= 20:
                self.levels[11] = 1
            self.levels[14] = int(bool(self.levels.get(15)) and "rcd" not in self.broken)
            self.levels[22] = 1 if self.levels.get(20) and "lock" not in self.broken else 0 if self.levels.get(21) else self.levels.get(22, 0)


def results(moving=False, broken=(), board=BOARD):
    desk = Desk(broken)
    desk.clock.sleep_ms = desk.sleep_ms
    sys.modules.update(desk.modules())
    rows = asyncio.run(SelfTest(board, MachinePins(desk, "rp2"), desk.clock, moving).run())
    for name in desk.modules():
        del sys.modules[name]
    return desk, rows


def by_name(rows):
    return {row["function"]: row for row in rows}


def test_a_board_without_a_fault_passes_and_every_part_has_a_row():
    desk, rows = results(moving=True)
    assert passed(rows), [line_of(row) for row in rows if row["ok"] is False]
    heads = {row["function"].split(" ")[0] for row in rows}
    assert heads == set(BOARD) - {"i2c"}


def test_nothing_moves_unless_it_is_asked_to():
    desk, rows = results()
    assert passed(rows) and not desk.switched
    still = [row for row in by_name(rows).values() if "not moved" in row["note"]]
    assert {row["function"] for row in still} == {"contactor 1", "rcd test", "lock", "output alarm"}
    desk, _ = results(moving=True)
    assert desk.switched == {10, 15, 17, 20, 21}


def test_the_pilot_is_measured_in_both_steady_states_and_as_a_wave_and_cp_is_open_after_it():
    desk, rows = results()
    shown = by_name(rows)
    for name, level_mv in (
        ("plus 12 V, low half", 12000), ("wave of 50 %, high half", 12000), ("wave of 50 %, low half", -12000), ("minus 12 V, high half", -12000),
    ):
        found = shown["pilot " + name]
        assert found["unit"] == "mV" and abs(found["value"] - level_mv) < 20 and found["least"] < found["value"] < found["most"]
    assert desk.levels[7] == 1 and desk.levels[2] == 1 and shown["pilot samples"]["value"] >= 30


def test_each_broken_part_fails_its_own_row_and_no_other():
    for part, failing in (
        ("minus", ["pilot minus 12 V, high half", "pilot minus 12 V, low half", "pilot wave of 50 %, low half"]),
        ("contactor", ["contactor 1 closes"]), ("rcd", ["rcd trips"]), ("lock", ["lock locks"]),
    ):
        _, rows = results(moving=True, broken=(part,))
        assert sorted([row["function"] for row in rows if row["ok"] is False]) == failing


def test_a_contactor_shows_how_long_it_took():
    _, rows = results(moving=True)
    shown = by_name(rows)
    assert 55 <= shown["contactor 1 closes"]["value"] <= 65 and shown["contactor 1 closes"]["most"] == 100
    assert 15 <= shown["contactor 1 opens"]["value"] <= 25 and shown["contactor 1 opens"]["unit"] == "ms"


def test_a_part_that_raises_is_a_failure_with_its_reason_and_the_others_are_tested():
    board = dict(BOARD, temperature=dict(BOARD["temperature"], mv_per_k=0))
    _, rows = results(board=board)
    failed = [row for row in rows if row["ok"] is False]
    assert [row["function"] for row in failed] == ["temperature"] and failed[0]["note"].startswith("ZeroDivisionError: ")
    assert "watchdog machine" in by_name(rows)


def test_a_line_names_result_value_unit_and_range():
    _, rows = results()
    line = line_of(by_name(rows)["temperature"])
    assert line.split() == ["ok", "temperature", "25", "°C", "-40..84"]
