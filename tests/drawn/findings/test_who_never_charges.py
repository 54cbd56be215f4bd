"""Cars that wait for ever without any fault, and sites that are timid."""

import pytest

from tests.drawn.findings.scene import HEAD, RTU, SOON, circuit, everybody_charges, evse, site, told, toml, within
from tests.drawn.table import table

CHILD = HEAD.replace("scene", "below") + "\n".join((
    toml("[parent]", bus="b", port="virtual", unit=5, max_a=16.0), circuit("row", 32.0), RTU.replace('"b"', '"r"'),
    *[evse("bay-%d" % n, at="row", max_a=16.0, bus="r", unit=n, **({"fallback_a": 6.0} if n < 3 else {})) for n in range(1, 5)], SOON))


def test_a_child_primary_with_reserves_starves_nobody():
    text = site(circuit("main", 32.0), RTU, evse("child", max_a=16.0, bus="b", unit=5, site="below.toml").replace("max_a = 16.0\n", ""))
    with table(text, beside=[("below.toml", CHILD)]) as one:
        one.plug(max_a=16)
        left = everybody_charges(one, 1_900, 30)
        within(one, "5 child with two reserves of 6 A, 16 A granted")
        assert not left, left


@pytest.mark.parametrize("least_a", [8, 10, 13])
def test_a_car_whose_minimum_is_above_its_share_charges(least_a):
    with table(site(circuit("main", 22.0), RTU, *[evse("e%d" % n, bus="b", unit=n, max_a=16.0) for n in (1, 2, 3)])) as one:
        one.plug("e2", "e3")
        one.go(90_000, 1_000)
        one.plug("e1", min_a=least_a)
        one.forget()
        left = everybody_charges(one, 1_200, 60)
        within(one, "18 a car of at least %d A at shares of 7.3 A" % least_a)
        assert not left, left


def test_at_saturation_every_newcomer_gets_a_slot():
    row = [evse("e%d" % n, bus="b", unit=n, max_a=16.0) for n in range(1, 11)]
    with table(site(circuit("main", 20.0), RTU.replace("19200", "115200"), *row)) as one:
        one.plug(*["e%d" % n for n in range(1, 8)])
        one.skip(400_000)
        one.forget()
        one.plug("e8", "e9", "e10")
        left = set(everybody_charges(one, 900, 60)) & {"e8", "e9", "e10"}
        within(one, "18 three newcomers among seven on 20 A")
        assert not left, left


SITES_17 = {  # phases of the cars, rating, EVSEs, the most that water-filling on the phases really used would give, in A
    "one-phase": ([1] * 6, 32.0, 6),
    "mixed": ([1, 3, 1, 1, 3, 1], 32.0, 6),
}


@pytest.mark.parametrize("kind", sorted(SITES_17))
def test_phases_that_a_car_does_not_use_are_given_to_others(kind):
    cars, rating_a, count = SITES_17[kind]
    lines = ("L1", "L2", "L3")
    row = [evse("e%d" % n, bus="b", unit=n, phases=[lines[(n + at) % 3] for at in range(3)]) for n in range(1, count + 1)]
    with table(site(circuit("main", rating_a), RTU, *row)) as one:
        for n, phases in enumerate(cars, 1):
            one.plug("e%d" % n, phases=phases)
        one.skip(600_000)
        before = one.energy_wh()
        one.skip(300_000)
        got_a = {name: (wh - before[name]) * 12 / 230 / cars[int(name[1:]) - 1] for name, wh in one.energy_wh().items()}
        fair = water_filling(one.judge.geometry, {"e%d" % n: phases for n, phases in enumerate(cars, 1)}, rating_a, 32.0)
        part = sum(got_a[name] * cars[int(name[1:]) - 1] for name in got_a) / sum(fair[name] * cars[int(name[1:]) - 1] for name in fair)
        told(one, "17 %s: %.2f of fair water-filling, the least car %.2f" % (kind, part, min(got_a[name] / fair[name] for name in fair)))
        within(one, "17 " + kind)
        assert part >= 0.9, (got_a, fair)


def water_filling(geometry, phases, rating_a, most_a, step_a=0.1):
    """{EVSE: A}: all rise together on the lines that their cars use; who meets a full line stops."""
    amps, rising = dict.fromkeys(phases, 0.0), set(phases)
    used = {name: [line for end in geometry.ends[name][: phases[name]] for line in end] for name in phases}
    while rising:
        for name in sorted(rising):
            full = any(sum(amps[other] for other in amps if line in used[other]) + step_a > rating_a + 1e-6 for line in used[name])
            if full or amps[name] + step_a > most_a + 1e-6:
                rising.discard(name)
            else:
                amps[name] += step_a
    return amps
