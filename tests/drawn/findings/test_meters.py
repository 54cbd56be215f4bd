"""Meters that lie, or are silent."""

import pytest

from ampacity_host.rig.devices.meter import MeterDevice
from tests.deep import sample
from tests.drawn.findings.scene import RTU, circuit, evse, meter, settle_in, site, told, within
from tests.drawn.table import table

ALL = ["L1", "L2", "L3"]
LIES = {
    "rotated": ("swapped_phases", {}, 40.0, {}, (26.0, 20.0, 20.0), ["L1"]),
    "saturated": ("saturated", {"amps": 25.0}, 40.0, {}, (20.0, 20.0, 20.0), ALL),
    "halved": ("scaled", {"factor": 0.5}, 40.0, {}, (20.0, 20.0, 20.0), ALL),
    "reversed": ("reversed", {}, 63.0, {"generation_a": 30.0}, (30.0, 30.0, 30.0), ALL),
}


@pytest.mark.parametrize("lie", sample(sorted(LIES), 4, sorted(LIES).index("rotated")))
def test_a_meter_that_failed_is_not_believed_again_without_evidence(lie):
    kind, options, rating_a, more, load, phases = LIES[lie]
    root = circuit("main", rating_a, meter="m", assumed_other_a=max(load), **more)
    with table(site(root, RTU, meter(), evse("e1", "local", phases=phases), evse("e2", bus="b", unit=2, phases=phases))) as one:
        one.fault(kind, "m", **options)
        one.background("main", *load)
        one.plug(ramp_a_per_s=30, phases=len(phases))
        one.go(560_000, 1_000)
        within(one, "6 CTs %s" % lie)


def test_a_dead_meter_with_a_long_timeout_stays_within_the_printed_time():
    root = circuit("main", 32.0, meter="m", assumed_other_a=30.0, breaker="C50")
    text = site(root, RTU, meter(meter_timeout_s=60, meter_frozen_s=60), evse("e1", "local"))
    with table(text) as one:
        one.plug()
        settle_in(one)
        one.go(60_000)
        one.fault("dead", "m")
        one.go(1_000)
        one.background("main", 29.8, 29.8, 29.8)
        one.go(90_000)
        told(one, "9 dead meter, timeout 60 s, printed %d ms" % one.judge.times.total_ms("main"))
        assert one.judge.over_ms.get("main", 0) <= one.judge.times.total_ms("main") + 300, one.judge.over_ms


def test_generation_declared_below_is_known_to_a_metered_root():
    parts = (circuit("main", 40.0, meter="m", assumed_other_a=10.0), circuit("roof", 32.0, parent="main", meter="r", generation_a=20.0))
    with table(site(*parts, RTU, meter(), meter("r", unit=101), evse("e1", "local", at="main"))) as one:
        one.plug()
        settle_in(one)
        one.background("roof", -15.0, -15.0, -15.0)
        one.go(120_000, 1_000)
        lost = [name for name, row in one.state["primary"]["circuits"].items() if row["meter"] not in ("ok", "none")]
        told(one, "9 generation below: meters lost at %s" % lost)
        assert not lost


@pytest.mark.parametrize("kind", sample(["dead", "nan", "frozen"], 3))
def test_a_dead_meter_below_leaves_its_load_in_the_sum_above(kind):
    parts = (circuit("main", 40.0), circuit("shop", 32.0, parent="main", meter="m", assumed_other_a=20.0))
    with table(site(*parts, RTU, meter(), evse("e1", "local", at="main"), evse("e2", bus="b", unit=2, at="main"))) as one:
        one.background("shop", 20.0, 20.0, 20.0)
        one.go(20_000)
        one.plug()
        settle_in(one)
        one.fault(kind, "m")
        one.go(120_000)
        within(one, "13 meter of a child circuit %s" % kind)


@pytest.mark.parametrize("asleep", [False, True], ids=["both charge", "one does not draw its order"])
def test_a_step_of_other_load_within_its_declaration_costs_a_correct_meter_no_trust(asleep):
    """Our EVSEs make room for it, so the meter shows no fall: once it counted as a step of ours that the meter had missed."""
    buses = RTU.replace("19200", "115200") + RTU.replace('"b"', '"mb"')
    evses = [evse("e%d" % n, bus="b", unit=n, max_a=16.0, feeder_a=16.0) for n in (1, 2)]
    text = site(circuit("main", 16.0, meter="m", assumed_other_a=9.0), buses, meter(bus="mb"), *evses).replace("slot_s = 60\nraise_hold_s = 4\n", "")
    for seconds in (19, 20, 25):
        with table(text) as one:
            one.go(30_000, 1_000)
            one.plug("e1", **({"min_a": 60} if asleep else {}))
            one.plug("e2")
            one.go(seconds * 1000, 1_000)
            one.background("main", 9.0, 9.0, 9.0)
            for _ in range(30):
                one.go(1_000)
                assert not [word for word in ("did not follow", "`trust ") if word in one.why("e1") + one.why("e2")], (seconds, one.why("e2"))
            one.background("main", 0.0, 0.0, 0.0)
            one.forget()
            one.go(60_000, 1_000)
            within(one, "a step of other load after %d s" % seconds)
            assert one.energy_wh()["e2"] > 50, (seconds, one.why("e2"))


def test_a_phase_that_saturates_below_the_rating_is_found_where_other_load_comes_on_all_phases(monkeypatch):
    """L2 makes the EVSEs yield while L1 shows a rise, and no fall: once that rise excused the fall that L1 did not show, for ten minutes."""
    wired = MeterDevice._wired
    most_a = [1000.0]
    monkeypatch.setattr(MeterDevice, "_wired", lambda device, amps: [min(wired(device, amps)[0], most_a[0]), *list(wired(device, amps))[1:]])
    evses = [evse("e%d" % n, bus="b", unit=n, max_a=16.0) for n in (1, 2)]
    with table(site(circuit("main", 50.0, meter="m", assumed_other_a=[44.0, 28.0, 28.0]), RTU, meter(), *evses)) as one:
        one.plug("e1", "e2")
        one.go(200_000, 1_000)
        most_a[0] = 46.0
        one.forget()
        one.judge.lies("m")
        one.background("main", 44.0, 28.0, 28.0)
        one.go(90_000, 1_000)
        within(one, "L1 saturates at 46 A")
        assert one.judge.over_ms["main"] > 1_000, "or nothing was tried"


def test_a_cloud_costs_a_correct_meter_no_trust():
    """The EVSE follows the surplus, so the meter shows the same: once it was lost for good, and nobody charged any more."""
    buses = RTU.replace("19200", "115200") + RTU.replace('"b"', '"mb"')
    solar = '[solar]\ncircuit = "main"\nevses = ["e1"]\n'
    root = circuit("main", 35.0, meter="m", assumed_other_a=10.0, generation_a=16.0)
    text = site(root, buses, meter(bus="mb"), evse("e1", bus="b", unit=1, max_a=16.0), solar)
    with table(text) as one:
        one.go(30_000, 1_000)
        one.plug("e1")
        one.background("main", -7.0, -7.0, -7.0)
        one.go(150_000, 1_000)
        for _ in range(3):
            for ampere in (*range(7, 17), *range(16, 6, -1)):
                one.background("main", *[-float(ampere)] * 3)
                one.go(1_000)
                one.go(25_000 if ampere in (7, 16) else 1_000, 1_000)
            assert not [word for word in ("did not follow", "`trust ") if word in one.why("e1")], one.why("e1")
        before_wh = one.energy_wh()["e1"]
        one.background("main", -16.0, -16.0, -16.0)
        one.go(600_000, 2_000)
        assert one.energy_wh()["e1"] - before_wh > 1_000, one.why("e1")


def test_a_phase_that_saturates_just_below_the_rating_is_found_next_to_cars_that_rise_slowly(monkeypatch):
    """L2 and L3 follow every step, and L1 shows a part, 3 % below the rating, next to other load that changes every 12 s: several tests find it."""
    wired = MeterDevice._wired
    monkeypatch.setattr(MeterDevice, "_wired", lambda device, amps: [min(wired(device, amps)[0], 48.5), *list(wired(device, amps))[1:]])
    evses = [evse("e%d" % n, bus="b", unit=n, max_a=16.0) for n in (1, 2, 3)]
    text = site(circuit("main", 50.0, meter="m", assumed_other_a=[17.0, 31.0, 32.0]), RTU, meter(), *evses)
    with table(text) as one:
        one.go(20_000, 1_000)
        one.plug("e1", "e2", "e3", ramp_a_per_s=0.5)
        for k in range(150):
            one.background("main", (16.8, 5.0)[k % 2], 0.0, 0.0)
            one.go(12_000, 1_000)
            if "did not follow" in one.why("e1") or "`trust " in one.why("e1"):
                break
        else:
            raise AssertionError("not found within half an hour: " + one.why("e1"))


@pytest.mark.parametrize("ramp_a_per_s", sample([0.5, 1, 2, 4], 4, 2))
def test_a_car_that_begins_after_a_quiet_time_is_not_lowered_for_a_test_of_the_meter(ramp_a_per_s):
    root = circuit("main", 25.0, meter="m", assumed_other_a=15.0)
    with table(site(root, RTU, meter(), evse("e1", "local", max_a=16.0))) as one:
        one.go(1_500_000, 1_000)
        one.plug("e1", ramp_a_per_s=ramp_a_per_s, reaction_ms=1_000)
        one.go(8_000)
        lowest_a = []
        one.listeners.append(lambda seen: lowest_a.append(seen.state["truth"]["evses"]["e1"]["told_a"]))
        one.go(60_000)
        within(one, "begins with %g A each second" % ramp_a_per_s)
        assert min(lowest_a) == 16.0 and "e1" in one.charged, lowest_a
