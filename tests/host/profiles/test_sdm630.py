"""The three-phase meter on RTU and behind a TCP gateway, and what its faults look like to the judge."""

import pytest
from bench import meter_bench


@pytest.mark.parametrize("framing", ["rtu", "tcp"])
def test_samples_follow_the_mains_with_their_sign(framing):
    bench = meter_bench("eastron-sdm630", framing=framing)
    bench.run(3000)
    assert len(bench.guard.samples) > 10
    for _, amps_da, _ in bench.guard.samples:
        assert abs(amps_da[0] - 100) <= 1 and abs(amps_da[1] + 40) <= 1 and abs(amps_da[2] - 5) <= 1


def test_the_gap_that_the_meter_requires_is_kept():
    bench = meter_bench("eastron-sdm630")
    bench.run(3000)
    times = [t for t, _ in bench.frames]
    assert min(b - a for a, b in zip(times, times[1:], strict=False)) >= 140


def test_a_working_meter_always_changes_and_a_frozen_one_does_not():
    bench = meter_bench("eastron-sdm630")
    bench.run(5000)
    marks = [mark for _, _, mark in bench.guard.samples]
    assert marks[-1] >= 20
    bench.device.fault("frozen")
    bench.run(1000)
    before = bench.guard.samples[-1][2]
    bench.run(5000)
    assert bench.guard.samples[-1][2] == before


def test_a_not_a_number_value_is_none():
    bench = meter_bench("eastron-sdm630")
    bench.device.fault("nan")
    bench.run(2000)
    assert {str(amps) for _, amps, _ in bench.guard.samples} == {"None"}


@pytest.mark.parametrize(
    ("kind", "expected"), [("reversed", [-100, 40, -5]), ("swapped_phases", [-40, 5, 100]), ("offset", [150, 10, 55])]
)
def test_wiring_faults_are_passed_on_for_the_guard_to_detect(kind, expected):
    bench = meter_bench("eastron-sdm630")
    bench.device.fault(kind)
    bench.run(2000)
    assert all(abs(a - b) <= 1 for a, b in zip(bench.guard.samples[-1][1], expected, strict=True))


def test_a_dead_meter_gives_no_samples_and_recovers():
    bench = meter_bench("eastron-sdm630")
    bench.run(2000)
    bench.device.fault("dead")
    bench.run(2000)
    count = len(bench.guard.samples)
    bench.run(5000)
    assert len(bench.guard.samples) == count and not bench.driver.facts.online
    bench.device.fault("dead", False)
    bench.run(5000)
    assert len(bench.guard.samples) > count and bench.driver.facts.online
