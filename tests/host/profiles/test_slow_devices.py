"""Devices of any latency on one serial line: they charge, and take nobody's turn from him."""

import pytest
from slow_line import Watch, slow_line

from tests.deep import sample

BOX, SLOW = "heidelberg-energy-control", "abb-terra-ac"
METER = 100


@pytest.mark.parametrize("latency_ms", sample([5, 900, 100, 400], 2))
def test_a_device_whose_settings_take_longer_than_its_restart_charges_and_its_neighbours_keep_their_turns(tmp_path, latency_ms):
    garage = slow_line(tmp_path, [(BOX, None), (SLOW, latency_ms), (BOX, None)])
    watch = Watch(garage)
    garage.run(120_000)
    since_ms = garage.now_ms()
    garage.run(60_000)
    assert min(garage.offered_da()) >= 150
    assert watch.longest_ms(METER, since_ms) < 1_700 and watch.longest_ms(1, since_ms) < 1_700


def test_three_slow_units_with_many_requests_leave_time_for_the_meter(tmp_path):
    garage = slow_line(tmp_path, [(BOX, None), (SLOW, 400), (SLOW, 400), (BOX, None), (SLOW, 700), (BOX, None)], rating=100.0)
    watch = Watch(garage)
    garage.run(60_000)
    since_ms = garage.now_ms()
    charged = [0] * 6
    for _ in range(24):
        garage.run(10_000)
        charged = [count + (da >= 60) for count, da in zip(charged, garage.offered_da(), strict=True)]
    assert watch.longest_ms(METER, since_ms) < 5_000, "a meter that is asked later than that would be lost"
    assert max(watch.longest_ms(unit, since_ms) for unit in range(1, 7)) < 8_000
    assert min(charged) >= 12 and sum(charged) >= 24 * 5, charged
