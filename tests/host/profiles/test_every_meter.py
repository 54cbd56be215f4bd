"""What must hold for every meter: samples with their sign, marks that move, no number that is none."""

import pytest
from bench import meter_bench

from ampacity_host import profiles

METERS = profiles.names("meter")


def near(amps_da, expected):
    return all(abs(a - b) <= 1 for a, b in zip(amps_da, expected, strict=True))


@pytest.mark.parametrize("name", METERS)
def test_samples_follow_the_mains_with_their_sign(name):
    bench = meter_bench(name)
    bench.run(3000)
    assert len(bench.judge.samples) >= 5
    assert all(near(amps_da, [100, -40, 5]) for _, amps_da, _ in bench.judge.samples)


@pytest.mark.parametrize("name", METERS)
def test_counters_and_power_come_with_it(name):
    bench = meter_bench(name)
    bench.run(130_000)
    facts = bench.driver.facts
    assert abs(facts.power_w - 1495) < 10 and facts.volts_dv == pytest.approx([2300, 2310, 2290], abs=2)
    assert facts.energy_wh is not None and facts.online


@pytest.mark.parametrize("name", METERS)
def test_the_mark_moves_and_stops_when_it_is_frozen(name):
    bench = meter_bench(name)
    bench.run(4000)
    assert bench.judge.samples[-1][2] > 5
    bench.device.fault("frozen")
    bench.run(1000)
    mark = bench.judge.samples[-1][2]
    bench.run(4000)
    assert bench.judge.samples[-1][2] == mark


@pytest.mark.parametrize("name", [name for name in METERS if "em24" not in name])
def test_what_is_no_number_is_none(name):
    bench = meter_bench(name)
    bench.run(1000)
    bench.device.fault("nan")
    bench.run(2000)
    assert bench.judge.samples[-1][1] is None


@pytest.mark.parametrize("name", METERS)
def test_it_stands_silence_and_comes_back(name):
    bench = meter_bench(name)
    bench.run(2000)
    bench.cut_rx = True
    bench.run(5000)
    assert not bench.driver.facts.online
    count = len(bench.judge.samples)
    bench.cut_rx = False
    bench.run(5000)
    assert bench.driver.facts.online and len(bench.judge.samples) > count
