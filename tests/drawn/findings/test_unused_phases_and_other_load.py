"""A house whose load comes and goes does not take from cars for good what they may share."""

import pytest

from tests.drawn.findings.scene import RTU, circuit, evse, meter, site, within
from tests.drawn.table import table

LINES = ("L1", "L2", "L3")
HOUSE_A, MORE_A = 4.0, 6.0


@pytest.mark.deep
def test_steps_of_the_house_do_not_make_honest_cars_of_one_phase_count_on_three():
    row = [evse("e%d" % n, bus="b", unit=n, phases=[LINES[(n + at) % 3] for at in range(3)]) for n in range(1, 7)]
    with table(site(circuit("main", 32.0, meter="m", assumed_other_a=15.0, breaker="C63"), meter(), RTU, *row)) as one:
        one.plug(phases=1)
        one.go(300_000, 2_000)
        for at in range(30):
            more_a = MORE_A if at % 2 else 0
            one.background("main", *[HOUSE_A + more_a] * 3)
            one.go(60_000, 1_000)
        one.background("main", HOUSE_A, HOUSE_A, HOUSE_A)
        one.go(180_000, 1_000)
        within(one, "a house that comes and goes")
        drawn_a = sum(max(drawn) for drawn in one.judge.drawn_da.values()) / 10
        paused = [name for name, drawn in one.judge.drawn_da.items() if not max(drawn)]
        assert drawn_a >= 0.9 * 3 * (32.0 - HOUSE_A) and not paused, (drawn_a, paused)
