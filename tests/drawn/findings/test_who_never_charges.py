"""Cars that wait for ever without any fault, and sites that are timid."""

import pytest

from tests.deep import sample
from tests.drawn.findings.scene import HEAD, RTU, SOON, circuit, everybody_charges, evse, site, toml, within
from tests.drawn.table import table

CHILD = HEAD.replace("scene", "below") + "\n".join((
    toml("[parent]", bus="b", port="virtual", unit=5, max_a=20.0), circuit("row", 32.0), RTU.replace('"b"', '"r"'),
    *[evse("bay-%d" % n, at="row", max_a=16.0, bus="r", unit=n, **({"fallback_a": 6.0} if n < 3 else {})) for n in range(1, 5)], SOON))


def test_a_child_primary_with_reserves_starves_nobody():
    text = site(circuit("main", 32.0), RTU, evse("child", max_a=20.0, bus="b", unit=5, site="below.toml").replace("max_a = 20.0\n", ""))
    with table(text, beside=[("below.toml", CHILD)]) as one:
        one.plug(max_a=16)
        left = everybody_charges(one, 1_900, 30)
        within(one, "5 child with two reserves of 6 A, 20 A granted")
        assert not left, left


@pytest.mark.parametrize("least_a", sample([8, 10, 13], 3, 1))
def test_a_car_whose_minimum_is_above_its_share_charges(least_a):
    with table(site(circuit("main", 22.0), RTU, *[evse("e%d" % n, bus="b", unit=n, max_a=16.0) for n in (1, 2, 3)])) as one:
        one.plug("e2", "e3")
        one.go(90_000, 1_000)
        one.plug("e1", min_a=least_a)
        one.forget()
        left = everybody_charges(one, 1_200, 60)
        within(one, "18 a car of at least %d A at shares of 7.3 A" % least_a)
        assert not left, left


def test_a_car_below_whose_minimum_is_above_the_share_of_its_primary_charges():
    """While it was offered 12 A for a minute, nobody drew there: the grant fell, and 13 A were never tried."""
    head = '[parent]\nbus = "b"\nport = "virtual"\nunit = %d\n'
    files = []
    for name, unit, count in (("p", 50, 1), ("r", 51, 2)):
        bays = [evse("%s%d" % (name, n), at="row", bus="own", unit=n, max_a=16.0) for n in range(1, count + 1)]
        parts = (head % unit, circuit("row", 16.0), RTU.replace('"b"', '"own"'), *bays, SOON)
        files.append((name + ".toml", HEAD.replace("scene", name) + "\n".join(parts)))
    entries = [evse(name, bus="b", unit=unit, site=name + ".toml").replace("max_a = 32.0\n", "") for name, unit in (("p", 50), ("r", 51))]
    with table(site(circuit("main", 24.0), RTU, *entries), beside=files) as one:
        one.plug("p.p1", "r.r2")
        one.plug("r.r1", min_a=12.6)
        left = everybody_charges(one, 900, 30)
        within(one, "a car of at least 12.6 A at shares of 12 A of two primaries below")
        assert not left, left


def test_a_car_that_takes_two_minutes_to_begin_is_not_asleep():
    """It showed no demand for a minute after each of its pauses, was taken for full, and had trials of a minute."""
    text = "\n".join((HEAD, circuit("main", 14.0), RTU, *[evse("e%d" % n, bus="b", unit=n, max_a=14.0) for n in (1, 2, 3)]))
    with table(text) as one:
        one.plug("e1", reaction_ms=60_000)
        one.plug("e2", "e3")
        one.go(7_200_000, 1_000)
        energy_wh = {name: one.state["truth"]["evses"][name]["energy_wh"] for name in one.evses}
        assert energy_wh["e1"] > 0.5 * energy_wh["e2"], energy_wh


def below(name, unit, *bays):
    """A primary below with a circuit of 16 A and these EVSEs, as text."""
    return name + ".toml", HEAD.replace("scene", name) + "\n".join((
        toml("[parent]", bus="b", port="virtual", unit=unit), circuit("row-" + name, 16.0), RTU.replace('"b"', '"r"'),
        *[evse("%s%d" % (name, n), at="row-" + name, max_a=16.0, bus="r", unit=n, **facts) for n, facts in enumerate(bays, 1)], SOON))  # fmt: skip


@pytest.mark.parametrize(
    ("rating_a", "rows", "cars"),
    [
        (20.0, (({}, {}), ({}, {})), {"q.q1": {"min_a": 13}, "p.p1": {"factor": 1.06}, "p.p2": {"min_a": 7}}),
        (16.0, (({}, {}, {}), ({"fallback_a": 6.0},)), {"p.p2": {"factor": 1.04}, "p.p3": {"min_a": 8}}),
        (20.0, (({"fallback_a": 6.0}, {}), ({"fallback_a": 6.0}, {})), {"q.q2": {"min_a": 7}}),
    ],
    ids=["one of 13 A below", "one of 8 A below, next to a reserve", "one of 7 A, where 8 A fit exactly"],
)
def test_cars_with_a_large_minimum_below_primaries_charge_and_do_not_stop_their_neighbours(rating_a, rows, cars):
    """Their parent called a primary idle while one of its cars drew nothing, and paused it for 15 min with all others below."""
    names = ("p", "q")
    parts = [evse(name, max_a=16.0, bus="b", unit=100 + n, site=name + ".toml").replace("max_a = 16.0\n", "") for n, name in enumerate(names)]
    text = site(circuit("main", rating_a), RTU, *parts, evse("t1", bus="b", unit=1, max_a=16.0))
    with table(text, beside=[below(name, 100 + n, *rows[n]) for n, name in enumerate(names)]) as one:
        for name in one.evses:
            one.plug(name, **cars.get(name, {}))
        one.go(120_000, 1_000)
        one.forget()
        left = everybody_charges(one, 1_700, 20)
        within(one, "a large minimum below a primary")
        assert not left, left


def test_a_primary_out_of_turn_has_what_its_reserves_carry():
    """p.q3 waits for its turns with t1 and t2; the two that have a reserve are paused for nobody."""
    part = evse("q", max_a=16.0, bus="b", unit=100, site="q.toml").replace("max_a = 16.0\n", "")
    text = site(circuit("main", 26.0), RTU, part, *[evse("t%d" % n, bus="b", unit=n, max_a=16.0) for n in (1, 2)])
    child = below("q", 100, {"fallback_a": 6.0}, {"fallback_a": 6.0}, {})
    with table(text, beside=[(child[0], child[1].replace("rating_a = 16.0", "rating_a = 26.0"))]) as one:
        one.plug()
        one.go(120_000, 1_000)
        before = one.energy_wh()
        one.forget()
        one.go(1_200_000, 1_000)
        got = {name: wh - before[name] for name, wh in one.energy_wh().items()}
        within(one, "a primary out of turn")
        assert min(got["q.q1"], got["q.q2"]) > 0.97 * 6 * 3 * 230 / 3 and min(got.values()) > 600, got


def test_a_car_above_its_order_beside_a_primary_is_no_cause_for_turns():
    """A request that never fits counted next to the bare minimum of t1, which with what its car takes did not fit: both were paused in turn."""
    part = evse("q", max_a=16.0, bus="b", unit=100, site="q.toml").replace("max_a = 16.0\n", "")
    text = site(circuit("main", 29.0), RTU, part, evse("t1", bus="b", unit=1, max_a=29.0, fallback_a=6.0))
    child = below("q", 100, {"fallback_a": 6.0}, {"fallback_a": 6.0}, {"fallback_a": 6.0}, {})
    with table(text, beside=[(child[0], child[1].replace("rating_a = 16.0", "rating_a = 29.0"))]) as one:
        one.plug("q.q1", "q.q2", "q.q3", "q.q4")
        one.plug("t1", over_a=1.0, max_a=40)
        one.go(240_000, 1_000)
        before = sum(one.energy_wh().values())
        one.go(1_200_000, 1_000)
        got = sum(one.energy_wh().values()) - before
        within(one, "a car above its order beside a primary")
        assert got > 0.95 * 29 * 3 * 230 / 3, got


def test_a_primary_whose_cars_are_asleep_gives_its_turns_to_a_hungry_neighbour():
    """They report a request, and draw nothing at any current: after a few turns the primary is paused."""
    part = evse("p", max_a=16.0, bus="b", unit=100, site="p.toml").replace("max_a = 16.0\n", "")
    text = site(circuit("main", 16.0), RTU, part, evse("t1", bus="b", unit=1, max_a=16.0)).replace("slot_s = 60", "slot_s = 60\nidle_s = 60")
    with table(text, beside=[below("p", 100, {}, {})]) as one:
        one.plug("p.p1", "p.p2", min_a=60)
        one.plug("t1")
        one.go(600_000, 1_000)
        before = one.energy_wh()["t1"]
        one.go(1_800_000, 1_000)
        got = one.energy_wh()["t1"] - before
        within(one, "all asleep below a primary")
        assert got > 0.9 * 16 * 3 * 230 / 2, got


def test_at_saturation_every_newcomer_gets_a_slot():
    row = [evse("e%d" % n, bus="b", unit=n, max_a=16.0) for n in range(1, 11)]
    with table(site(circuit("main", 20.0), RTU.replace("19200", "115200"), *row)) as one:
        one.plug(*["e%d" % n for n in range(1, 8)])
        one.skip(400_000)
        one.forget()
        one.plug("e8", "e9", "e10")
        left = set(everybody_charges(one, 60, 5)) & {"e8", "e9", "e10"}  # 40 s; at the end of the queue 115 s
        within(one, "18 three newcomers among seven on 20 A")
        assert not left, left


def test_two_devices_that_show_no_limit_share_a_circuit_that_carries_one_of_them():
    """Nothing shows the limit of a Webasto Next: after the start its maximum counts until the pause that it acknowledged is shown by its state."""
    lan = '[[bus]]\nname = "lan"\nkind = "tcp"\nhost = "127.0.0.1"\nprivate = true\n'
    limits = {"max_a": 16.0, "fallback_a": 6.0, "power_on_a": 6.0, "watchdog_s": 30}
    pair = [evse("e%d" % n, "webasto-next", bus="lan", unit=n, tcp_port=9700 + n, **limits) for n in (1, 2)]
    with table(site(circuit("main", 24.0), lan, *pair)) as one:
        one.plug()
        left = everybody_charges(one, 300, 10)
        within(one, "two that show no limit on 24 A")
        assert not left, left
