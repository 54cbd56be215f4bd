"""Runs on the emulated Cortex-M3 after decide_m3.py: microseconds of one window of the pilot, of one pass of the charging point, and bytes in use."""

import gc
from array import array

from ampacity.point.charging_point import PASS_MS, ChargingPoint, Readings
from ampacity.point.samples import PERIODS, SPACING_US, PilotScale, spaced
from ampacity.ports.evse_hardware import EvseHardware

ADC = {"numerator": 25, "denominator": 3, "offset_mv": -13750}
CONTACTOR = {"close_ms": 100, "open_ms": 50, "hold_permille": 300, "settle_ms": 200}
BOARD = {
    "pilot": {"kind": "local", "adc": ADC, "blanking_ms": 10},
    "contactor": [CONTACTOR, CONTACTOR],
    "weld": [{"settle_ms": 1000}],
    "input": [{"use": "stop", "debounce_ms": 20}],
    "rcd": {"test": {"pin": 1}, "test_ms": 250, "trip_within_ms": 500, "every": "session"},
}


def run(clock_us, rounds):
    """Prints the three figures; rounds: windows, and passes, that are averaged."""
    count = 1 + PERIODS * 1000 // SPACING_US
    samples = array("H", [2700 if i * SPACING_US % 1000 < 533 else 260 for i in range(count)])
    scale, skip = PilotScale(ADC, 3300, 4095), spaced(20, SPACING_US)
    start_us = clock_us()
    for _ in range(rounds):
        levels = scale.levels(samples, skip)
    window_us = (clock_us() - start_us) // rounds
    point = ChargingPoint(BOARD, EvseHardware("own"), 0)
    start_us = clock_us()
    for number in range(rounds):
        readings = Readings()
        readings.cp = levels
        readings.feedback, readings.weld, readings.inputs = [False, False], [False], [False]
        point.step(readings, number * PASS_MS)
    pass_us = (clock_us() - start_us) // rounds
    gc.collect()
    print(window_us, pass_us, gc.mem_alloc())
