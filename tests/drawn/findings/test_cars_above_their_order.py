"""Cars and devices that draw a little, or by turns, more than they were ordered."""

from pathlib import Path

import pytest

from tests.deep import sample
from tests.drawn.findings.scene import HEAD, RTU, SOON, circuit, everybody_charges, evse, meter, settle_in, site, toml, within
from tests.drawn.table import table

DEMO = Path(__file__).resolve().parents[3] / "sites" / "demo.toml"
TWO = (RTU, evse("e1", bus="b", unit=1), evse("e2", bus="b", unit=2))


@pytest.mark.deep
def test_a_car_five_per_cent_above_its_order_strands_nobody():
    with table(DEMO.read_text()) as one:
        one.fault("disobeys", "evse-6", factor=1.05)
        one.plug()
        one.skip(1_000_000)
        one.go(200_000, 1_000)
        one.fault("disobeys", "evse-6", on=False)
        one.forget()
        left = everybody_charges(one, 900, 60)
        within(one, "1 demo, factor 1.05")
        assert not left, left


@pytest.mark.parametrize("factor", sample([1.02, 1.05, 1.099], 3))
@pytest.mark.parametrize("metered", sample([False, True], 2, 1))
def test_room_is_made_for_what_is_measured_above_an_order(factor, metered):
    root = circuit("main", 63.0, meter="m", assumed_other_a=10.0) if metered else circuit("main", 63.0)
    with table(site(root, *TWO, meter() if metered else "")) as one:
        one.plug("e1", max_a=40, factor=factor)
        one.plug("e2")
        settle_in(one)
        one.go(240_000)
        within(one, "2 factor %s, %s" % (factor, "metered" if metered else "no meter"))
        one.forget()
        assert not everybody_charges(one, 300), one.stranded()


@pytest.mark.parametrize(("kind", "count", "rating_a"), sample([("esp32-evse", 3, 32.0), ("ampacity", 5, 40.0)], 2, 1))
def test_room_for_cars_that_all_rise_above_their_orders_is_made_within_one_settle_time(kind, count, rating_a):
    """Rule 10: all of an excess counts at once, also while orders change; before, each step waited for the one before it to settle."""
    more = {"power_on_a": 6.0} if kind == "esp32-evse" else {}
    evses = [evse("e%d" % n, kind, bus="b", unit=n, max_a=16.0, **more) for n in range(1, count + 1)]
    with table(site(circuit("main", rating_a), RTU, *evses)) as one:
        one.plug(max_a=40, over_a=1.0, ramp_a_per_s=0.3)
        above_ms = 0
        for _ in range(900):
            one.go(100, 100)
            currents = [one.state["truth"]["evses"][name]["amps"][0] for name in one.evses]
            above_ms += 100 * (sum(currents) > rating_a + 0.05)
        assert sum(currents) > rating_a - 1.0 * count and above_ms <= 7_100, above_ms
        within(one, "%d cars 1 A above their orders" % count)


def two_with_reserves_below():
    """A primary below with two reserves of 6 A, and t1, on 32 A: (text, the files that it names)."""
    child = HEAD.replace("scene", "p") + "\n".join((
        toml("[parent]", bus="b", port="virtual", unit=50), circuit("row", 20.0), RTU.replace('"b"', '"r"'),
        *[evse("p%d" % n, at="row", bus="r", unit=n, max_a=16.0, fallback_a=6.0) for n in (1, 2)], SOON))  # fmt: skip
    parent = evse("p", bus="b", unit=50, site="p.toml").replace("max_a = 32.0\n", "")
    return site(circuit("main", 32.0), RTU, parent, evse("t1", bus="b", unit=1, max_a=32.0)), [("p.toml", child)]


def test_a_primary_below_that_dies_leaves_behind_what_its_cars_make_of_their_reserves():
    text, files = two_with_reserves_below()
    with table(text, beside=files) as one:
        one.plug("p.p1", over_a=1.0, max_a=40)
        one.plug("p.p2", "t1")
        one.go(240_000)
        one.primary("kill", of="p")
        one.go(120_000)
        currents = {name: one.state["truth"]["evses"][name]["amps"][0] for name in one.evses}
        assert currents["p.p1"] > 6.9 and currents["t1"] > 17.0 and sum(currents.values()) <= 32.0, currents
        within(one, "a primary below dies, one of its cars takes 1 A more")


def test_a_primary_below_that_restarts_reports_at_once_what_its_cars_make_of_their_reserves():
    """Its line is cut before it has read its EVSEs again: what it told until then is what its parent counts."""
    text, files = two_with_reserves_below()
    with table(text, beside=files) as one:
        one.plug("p.p1", "p.p2", over_a=1.0, max_a=40)
        one.plug("t1")
        one.go(240_000)
        one.primary("power_cycle", of="p")
        one.go(6_000)
        one.fault("cut", "p")
        one.go(120_000)
        currents = {name: one.state["truth"]["evses"][name]["amps"][0] for name in one.evses}
        assert currents["t1"] > 17.0 and sum(currents.values()) <= 32.0, currents
        within(one, "a primary below restarts and is cut off, its cars take 1 A more")


def test_a_primary_between_two_others_that_restarts_proves_its_grants_as_before():
    """What it reports on top of its reserves, by its journal, is also what it is held to: the top, which restarts too, waits for that proof."""
    middle, files = two_with_reserves_below()
    middle = middle.replace(HEAD, HEAD.replace("scene", "t")).replace('"b"', '"c"') + toml("[parent]", bus="b", port="virtual", unit=60)
    files = [("t.toml", middle), *[(name, text.replace('"b"', '"c"')) for name, text in files]]
    with table(site(circuit("main", 60.0), RTU, evse("t", bus="b", unit=60, site="t.toml").replace("max_a = 32.0\n", "")), beside=files) as one:
        one.plug("t.p.p1", "t.p.p2", over_a=1.0, max_a=40)
        one.plug("t.t1")
        settle_in(one, 240)
        one.go(120_000)
        one.primary("power_cycle", of="t")
        one.go(60_000)
        one.primary("power_cycle")
        one.forget()
        assert not everybody_charges(one, 600)
        within(one, "two of three primaries restart, two cars take 1 A more than their reserves")


def test_a_car_a_tenth_above_its_order_keeps_charging_where_other_load_leaves_8_a():
    """What it made of 32 A, 2.7 A more, is not what it makes of 6 A."""
    text = site(circuit("main", 40.0, meter="m", assumed_other_a=34.0), RTU, meter(), evse("e1", bus="b", unit=1))
    with table(text) as one:
        one.plug("e1", factor=1.09, max_a=40)
        one.background("main", 2.0, 2.0, 2.0)
        one.go(180_000, 1_000)
        assert one.state["truth"]["evses"]["e1"]["amps"][0] > 34.0
        one.background("main", 32.0, 32.0, 32.0)
        lowest_a = 40.0
        for _ in range(120):
            one.go(1_000, 1_000)
            lowest_a = min(lowest_a, one.state["truth"]["evses"]["e1"]["amps"][0])
        now_a = one.state["truth"]["evses"]["e1"]["amps"][0]
        assert lowest_a >= 6.0 and 7.0 <= now_a <= 8.0, (lowest_a, now_a)
        within(one, "9 % more than the order, 8 A are left")


def test_a_device_that_rounds_up_on_a_full_circuit_is_given_room():
    with table(site(circuit("main", 33.0), *TWO, evse("e3", bus="b", unit=3))) as one:
        for name in one.evses:
            one.fault("round_up", name)
        one.plug(max_a=32)
        one.go(240_000)
        within(one, "2 round_up")


def test_disobedience_with_pauses_is_noticed():
    with table(site(circuit("main", 32.0), *TWO)) as one:
        one.plug("e1", factor=1.5, beyond_ms=8_000, obeys_ms=1_500)
        one.plug("e2")
        one.go(300_000)
        within(one, "3 factor 1.5, 8 s of 9.5 s")


def test_a_car_that_overshoots_after_each_raise_is_noticed():
    with table(site(circuit("main", 32.0), *TWO)) as one:
        one.plug("e1", max_a=40, over_a=6, beyond_ms=4_000)
        for _ in range(8):
            one.plug("e2")
            one.go(25_000)
            one.unplug("e2")
            one.go(25_000)
        within(one, "3 overshoot of 6 A for 4 s after each raise")


def test_a_car_that_leaks_while_it_should_pause_takes_nobodys_room():
    row = [evse("e%d" % n, bus="b", unit=n, max_a=14.0) for n in (1, 2)]
    with table(site(circuit("main", 14.0), RTU, *row)) as one:
        one.plug("e1", leak_a=3, ramp_a_per_s=100)
        one.plug("e2", ramp_a_per_s=100)
        for _ in range(5):
            one.rig.limit(source="console", target="e1", amps=0, ttl_s=25)
            one.go(50_000)
        within(one, "leak of 3 A at a pause")


@pytest.mark.parametrize("kind", sample(["local", "ampacity", "heidelberg-energy-control"], 3, 1))
@pytest.mark.parametrize("after_ms", sample([100, 20_000], 2))
def test_a_lock_out_outlives_a_restart(kind, after_ms):
    place = {} if kind == "local" else {"bus": "b", "unit": 1}
    feeder = {"feeder_output": "gpio:3"} if kind.startswith("heidelberg") else {}
    row = (evse("e1", kind, max_a=16.0, **place, **feeder), evse("e2", bus="b", unit=2))
    with table(site(circuit("main", 32.0), RTU, *row)) as one:
        one.plug("e2")
        one.plug("e1", obeys=False)
        for _ in range(1_200):
            one.go(100, 100)
            if "disobeyed" in one.why("e1"):
                break
        assert "disobeyed" in one.why("e1"), one.why("e1")
        one.go(after_ms, 100)
        one.primary("power_cycle")
        one.go(15_000)  # until then what its device was told before may stand
        one.forget()
        one.go(185_000)
        within(one, "8 %s, power cycle %d ms after the lock-out (%s)" % (kind, after_ms, one.why("e1")))
        assert "e1" not in one.charged and "locked out" in one.why("e1"), one.why("e1")


@pytest.mark.parametrize("fallback_a", sample([6.0, 16.0], 1))
def test_what_a_car_makes_of_its_orders_it_makes_of_a_fallback_too(fallback_a):
    with table(site(circuit("main", 40.0), RTU, evse("e1", bus="b", unit=1, max_a=16.0, fallback_a=fallback_a), evse("e2", bus="b", unit=2))) as one:
        one.plug("e1", factor=1.05, max_a=40)
        one.plug("e2", max_a=40)
        settle_in(one)
        one.go(60_000)
        one.fault("cut", "e1")
        one.go(120_000)
        within(one, "104 fallback of %s A" % fallback_a)
        one.fault("cut", "e1", on=False)
        one.forget()
        assert not everybody_charges(one, 300), one.stranded()


def test_what_is_known_of_cars_pauses_none_where_their_minimums_fit():
    """Four cars 0.2 A above their orders need 24.8 A; the tolerance of 1 A each, which is planned while an excess may still grow, would need 28 A."""
    evses = [evse("e%d" % n, bus="b", unit=n, max_a=16.0) for n in range(1, 5)]
    with table(site(circuit("main", 40.0, meter="m", assumed_other_a=15.0), RTU, meter(), *evses)) as one:
        one.plug(over_a=0.2, max_a=40)
        one.background("main", 12.0, 12.0, 12.0)
        settle_in(one)
        one.go(240_000)
        one.background("main", 14.9, 14.9, 14.9)
        for _ in range(600):
            one.go(100, 100)
            assert min(one.state["truth"]["evses"][name]["order_a"] for name in one.evses) >= 6.0, one.state["t_ms"]
        within(one, "four cars 0.2 A above their orders, other load rises")
