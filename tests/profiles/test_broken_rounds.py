"""A round of readings in parts is of one time: a silence ends it."""

from compiled_tables import HEIDELBERG_ENERGY_CONTROL
from helper_device import exchange, run
from helper_guard import FakeGuard
from test_evse_driver import FACTS, START_MS, wall_box

from ampacity.bus.profile.evse_driver import EvseDriver

PARTS = [[4, 5, 2, [[13, 0], [0, 1]]], [4, 7, 12, [[1, 0], [2, 1], [14, 3], [15, 4], [16, 5], [5, 6], [10, 7], [4, 10]]]]


class Sampled(FakeGuard):
    """Keeps what is measured: (currents, since when they were read)."""

    def __init__(self):
        FakeGuard.__init__(self, 60)
        self.measurements = []

    def measured(self, evse, amps_da, sample_ms, now_ms):
        self.measurements.append((amps_da, sample_ms))


def test_currents_of_before_and_after_a_silence_are_never_one_sample():
    table = dict(HEIDELBERG_ENERGY_CONTROL)
    table["reads"] = dict(table["reads"], live=PARTS)
    guard, device, now_ms = Sampled(), wall_box(), START_MS
    driver = EvseDriver(FACTS, table, 0, guard)
    run(driver, device, now_ms, 3000)
    now_ms += 3000
    while exchange(driver, device, now_ms) != b"\x04\x00\x05\x00\x02":  # the first part, which has the current of L1
        now_ms += 20
    driver.disconnected(now_ms + 20)
    count, now_ms = len(guard.measurements), now_ms + 4000
    device.values.update({6: 0, 7: 0, 8: 0})
    run(driver, device, now_ms, 3000)
    amps_da, sample_ms = guard.measurements[count]
    assert amps_da == [0, 0, 0] and sample_ms >= now_ms
