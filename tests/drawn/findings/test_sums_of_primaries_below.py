"""What a primary below measures is known to its parent, so it is not taken for other load."""

import pytest

from tests.drawn.findings.scene import HEAD, RTU, SOON, circuit, everybody_charges, evse, meter, site, toml, within
from tests.drawn.table import table


def below(name, unit, rating_a, *parts, bus="b", own="own", baud=19200):
    """A site file of a primary below. parts: EVSEs on its line `own`; bus: the line of its parent."""
    line = toml("[[bus]]", name=own, kind="rtu", port="virtual", baud=baud, parity="E")
    parent = toml("[parent]", bus=bus, port="virtual", unit=unit)
    return HEAD.replace("scene", name) + "\n".join((parent, circuit("row", rating_a), line, *parts, SOON))


def entry(name, unit, at="main", bus="b"):
    return evse(name, at=at, bus=bus, unit=unit, site=name + ".toml").replace("max_a = 32.0\n", "")


def drawn(one):
    return {name: facts["amps"][0] for name, facts in one.state["truth"]["evses"].items()}


@pytest.mark.parametrize("dead", (False, True))
def test_a_primary_below_with_an_empty_bay_is_given_what_other_load_gives_back(dead):
    """An EVSE without a car is read each 2 s, one without power not at all; the others of that primary are measured."""
    child = below("p", 50, 32.0, *[evse("p%d" % n, at="row", bus="own", unit=n) for n in (1, 2)])
    text = site(circuit("main", 40.0, meter="m", assumed_other_a=20.0), RTU, meter(), entry("p", 50), evse("t1", bus="b", unit=1))
    with table(text, beside=[("p.toml", child)]) as one:
        one.background("main", 20.0, 20.0, 20.0)
        one.plug("p.p1", "t1")
        one.go(60_000)
        if dead:
            one.fault("power_off", "p.p2")
        one.go(120_000)
        one.background("main", 4.0, 4.0, 4.0)
        one.go(180_000)
        assert min(drawn(one)["p.p1"], drawn(one)["t1"]) > 16.0, drawn(one)
        within(one, "other load falls, one of two EVSEs of a primary below has no car")


def test_sixteen_cars_below_on_a_slow_line_get_what_the_meter_above_leaves():
    """A round of 16 EVSEs at 9600 baud takes 3 s: their sum is reported with its age."""
    child = below("p", 50, 110.0, *[evse("p%d" % n, at="row", bus="own", unit=n, max_a=16.0) for n in range(1, 17)], baud=9600)
    text = site(circuit("main", 120.0, meter="m", assumed_other_a=20.0), RTU, meter(), entry("p", 50), evse("t1", bus="b", unit=1))
    with table(text, beside=[("p.toml", child)]) as one:
        one.background("main", 5.0, 5.0, 5.0)
        one.plug()
        one.go(120_000, 1_000)
        together_a = []
        for _ in range(18):
            one.go(10_000, 1_000)
            together_a.append(sum(drawn(one).values()))
        assert sum(together_a) / len(together_a) > 85.0, together_a  # of 115 A; some start and some stop at any time
        within(one, "16 EVSEs below at 9600 baud")


def test_a_car_at_the_middle_of_three_primaries_has_its_turn_next_to_reserves_below():
    lowest = below("q", 60, 16.0, *[evse("q%d" % n, at="row", bus="r", unit=n, max_a=16.0, fallback_a=6.0) for n in (1, 2)], bus="own", own="r")
    inside = (meter("pm", "own", 101), entry("q", 60, at="row", bus="own"), evse("p3", at="row", bus="own", unit=3, max_a=16.0))
    middle = below("p", 50, 28.0, *inside).replace("rating_a = 28.0\n", 'rating_a = 28.0\nmeter = "pm"\nassumed_other_a = 4.0\n')
    cars = [evse("t%d" % n, bus="b", unit=n, max_a=20.0) for n in (1, 2)]
    text = site(circuit("main", 50.0, meter="m", assumed_other_a=10.0), RTU, meter(), entry("p", 50), *cars)
    with table(text, beside=[("p.toml", middle), ("q.toml", lowest)]) as one:
        one.plug(*[name for name in one.evses if name != "p.q.q2"])
        one.plug("p.q.q2", over_a=0.95, beyond_ms=7_000, obeys_ms=5_000, max_a=40)
        one.background("main", 6.0, 6.0, 6.0)
        one.background("p.row", 4.0, 4.0, 4.0)
        assert not everybody_charges(one, 600)
        within(one, "three levels, one car takes 0.95 A more than its order for 7 of 12 s")
