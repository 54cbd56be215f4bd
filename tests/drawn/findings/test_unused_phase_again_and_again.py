"""A car on an EVSE that measures one terminal only: what it costs is one excess, not one at each pause of the car, nor at each raise."""

import pytest

from tests.deep import sample
from tests.drawn.findings.partly_measured import table
from tests.drawn.findings.scene import RTU, circuit, evse, meter, site

ROW = (evse("e1", bus="b", unit=1, max_a=16.0, priority=2), evse("e2", bus="b", unit=2, phases=["L2", "L3", "L1"]))
TEXT = site(circuit("main", 32.0, meter="m", breaker="C63"), meter(), RTU, *ROW)
LATE_MS = 17_000
TIMES = sample([3, 5], 2)


def by_the_car(one, on):
    one.rig.ev(evse="e1", action="resume" if on else "pause")


def by_a_limit(one, on):
    one.rig.limit(source="console", target="e1", amps=None if on else 0)


def seconds_above(turn, times, **car):
    """At each resume."""
    with table(TEXT, "e1") as one:
        one.plug("e1", phases=3, **car)
        one.plug("e2", phases=1)
        one.go(180_000, 1_000)
        seconds = []
        for _ in range(times):
            turn(one, False)
            one.go(90_000, 1_000)
            before_ms = one.judge.over_ms.get("main", 0)
            turn(one, True)
            one.go(120_000)
            seconds.append((one.judge.over_ms.get("main", 0) - before_ms) / 1000)
        print("seconds above 32 A at each resume %s, worst %s" % (seconds, one.judge.worst))
        return seconds


@pytest.mark.parametrize("times", TIMES)
def test_a_car_that_pauses_by_itself_is_one_excess_and_not_one_at_each_pause(times):
    seconds = seconds_above(by_the_car, times)
    assert sum(1 for each in seconds if each) <= 1, seconds


@pytest.mark.deep
@pytest.mark.parametrize("times", TIMES)
def test_a_car_that_takes_long_to_follow_a_raise_is_one_excess_and_not_one_at_each_raise(times):
    seconds = seconds_above(by_a_limit, times, reaction_ms=LATE_MS)
    assert sum(1 for each in seconds if each) <= 1, seconds
