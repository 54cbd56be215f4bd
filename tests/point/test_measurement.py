"""The current of the own outlet: what its meter did not show lately is not measured, and never 0 A."""

from front_end import Bench, facts

from ampacity.point.charging_point import METER_MS


class Meter:
    def __init__(self):
        self.shows = None

    def __call__(self, now_ms):
        return self.shows


def test_without_a_meter_nothing_is_measured():
    bench = Bench(facts()).charge()
    assert bench.hardware.amps_da is None and bench.evse.energy_wh == 0


def test_a_current_is_measured_only_while_the_meter_shows_something_new():
    bench = Bench(facts())
    meter = bench.point.meter = Meter()
    bench.charge()
    assert bench.hardware.amps_da is None
    meter.shows = ([100, 0, 0], [2300] * 3, 5)
    bench.run(100)
    assert bench.hardware.amps_da == [100, 0, 0] and bench.hardware.energy_wh == 5
    meter.shows = None
    bench.run(METER_MS - 50)
    assert bench.hardware.amps_da == [100, 0, 0]
    bench.run(100)
    assert bench.hardware.amps_da is None and not bench.is_off()
    meter.shows = ([0, 0, 0], [2300] * 3, 6)
    bench.run(100)
    assert bench.hardware.amps_da == [0, 0, 0]


def test_a_meter_that_ends_counts_no_more_energy_than_it_showed():
    bench = Bench(facts())
    meter = bench.point.meter = Meter()
    meter.shows = ([160] * 3, [2300] * 3, None)
    bench.charge().run(20000)
    meter.shows = None
    bench.run(2 * METER_MS)
    before_wh = bench.evse.energy_wh
    bench.run(20000)
    assert 0 < before_wh == bench.evse.energy_wh
