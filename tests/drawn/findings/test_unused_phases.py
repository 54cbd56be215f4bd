"""Phases that cars do not use are given to others; a car that uses them again is an excess of the printed length."""

import pytest

from tests.drawn.findings.scene import RTU, circuit, evse, meter, site, told, within
from tests.drawn.table import table

LINES = ("L1", "L2", "L3")
PRINTED_MS = 30_000


def rotated(*kinds, **main):
    row = [evse("e%d" % n, bus="b", unit=n, phases=[LINES[(n + at) % 3] for at in range(3)]) for n in range(1, 7)]
    return site(circuit("main", 32.0, meter="m", breaker="C63", **main), meter(), RTU, *row)


def amps_of(one):
    return sum(max(drawn) for drawn in one.judge.drawn_da.values()) / 10


@pytest.mark.deep
def test_cars_of_one_phase_share_what_their_phases_carry():
    with table(rotated()) as one:
        one.plug(phases=1)
        one.go(600_000, 1_000)
        within(one, "six of one phase")
        assert amps_of(one) >= 0.95 * 96, amps_of(one)


def test_one_that_uses_its_other_phases_again_is_an_excess_of_the_printed_length():
    with table(rotated()) as one:
        again_ms = one.judge.times.again_ms("main")
        assert 0 < again_ms <= PRINTED_MS
        one.plug("e1", phases=1, then_phases=3, then_ms=400_000)
        one.plug("e2", "e3", "e4", "e5", "e6", phases=1)
        one.go(460_000, 500)
        found = told(one, "one uses more phases")
        assert not found["wrong_s"], found
        assert 0 < found["over_s"]["main"] * 1000 <= again_ms, (found, again_ms)


@pytest.mark.deep
def test_all_that_use_their_other_phases_at_once_are_an_excess_of_the_printed_length():
    with table(rotated()) as one:
        one.plug(phases=1, then_phases=3, then_ms=600_000)
        one.go(760_000, 500)
        found = told(one, "all use more phases")
        assert not found["wrong_s"], found
        assert found["over_s"]["main"] * 1000 <= one.judge.times.again_ms("main"), found
        assert amps_of(one) <= 40, amps_of(one)


@pytest.mark.deep
def test_where_the_site_file_says_that_they_count_nothing_is_given():
    with table(rotated(unused_phases="count")) as one:
        assert one.judge.times.again_ms("main") == 0
        one.plug(phases=1, then_phases=3, then_ms=400_000)
        one.go(500_000, 1_000)
        found = told(one, "they count")
        assert not found["over_s"], found


@pytest.mark.deep
def test_an_evse_that_hides_it_is_found_by_the_meter():
    with table(rotated()) as one:
        one.plug("e1", phases=1, then_phases=3, then_ms=500_000)
        one.plug("e2", "e3", "e4", "e5", "e6", phases=1)
        one.go(490_000, 1_000)
        one.fault("stale_reading", "e1")
        one.go(300_000, 500)
        found = told(one, "one hides its phases")
        assert not found["wrong_s"], found
        assert found["over_s"]["main"] * 1000 <= one.judge.times.again_ms("main"), found
