"""Contracted power over its quarter of an hour, safety loads whose meter lies, limits that end by the clock."""

import pytest

from tests.deep import sample
from tests.drawn.findings.scene import RTU, circuit, evse, meter, settle_in, site, told, toml
from tests.drawn.table import table

QUARTER_S = 900
OCPP = toml("[ocpp]", version="2.0.1", identity="AMP-1", url="ws://127.0.0.1:9000", security_profile=0)


def least_worst_kw(watts, step_s):
    """The mean of the worst quarter of an hour, with the quarters as they are kindest: their begin is the controller's secret."""
    per = QUARTER_S // step_s
    means = []
    for begin in range(per):
        quarters = [watts[at: at + per] for at in range(begin, len(watts) - per + 1, per)]
        if quarters:
            means.append(max(sum(quarter) / per for quarter in quarters) / 1_000)
    return min(means)


@pytest.mark.parametrize("trouble", sample(["none", "restart", "clock"], 3, 1))
def test_contracted_power_holds_over_a_restart_and_a_jump_of_the_clock(trouble):
    """The quarters are those of a CSMS; a car that comes late in one draws what the others have left, until the trouble."""
    root = circuit("main", 63.0, meter="m", assumed_other_a=5.0, contract_kw=10.0)
    with table(site(root, RTU, meter(), evse("e1", "local"), OCPP), csms=True) as one:
        watts = []
        one.listeners.append(lambda seen: watts.append(sum(seen.judge.drawn_da["e1"]) * 23))
        for minute in range(31):
            if minute == 6:
                one.plug()
                one.go(5_000)
                one.rig.present_token(token="card", type="ISO14443", evse="e1")
            one.go(60_000, 5_000)
            if minute == 9 and trouble == "restart":
                one.primary("power_cycle")
            if minute == 11 and trouble == "clock":
                one.fault("clock_jump", "primary", s=-300)
        worst_kw = least_worst_kw(watts, 5)
        told(one, "16 contract of 10 kW, %s: at most %.1f kW, a quarter of %.2f kW" % (trouble, max(watts) / 1_000, worst_kw))
        assert max(watts) > 16_000, "nothing of the quarter was left over"
        assert worst_kw <= 10.05


def test_a_frozen_meter_of_a_safety_load_counts_as_running():
    parts = (circuit("main", 40.0), circuit("pump-line", 16.0, parent="main", meter="p", assumed_other_a=10.0))
    load = toml("[[safety_load]]", name="pump", meter="p", evses=["e1"])
    with table(site(*parts, RTU, meter("p"), evse("e1", "local"), load)) as one:
        one.plug()
        settle_in(one, 180)
        one.fault("frozen", "p")
        one.go(10_000)
        one.background("pump-line", 9.0, 9.0, 9.0)
        one.go(30_000)
        drawn_a = max(one.state["truth"]["evses"]["e1"]["amps"])
        told(one, "16 pump runs behind a frozen meter: e1 draws %s A" % drawn_a)
        assert drawn_a == 0.0


def test_a_jump_of_the_clock_back_does_not_lift_an_absolute_profile():
    with table(site(circuit("main", 32.0), evse("e1", "local"), OCPP), csms=True) as one:
        one.plug()
        one.go(20_000)
        one.rig.present_token(token="card", type="ISO14443", evse="e1")
        one.go(60_000)
        period = {"id": 1, "chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 8}]}
        now = [frame for frame in one.rig.csms_log(since=0)["frames"] if "currentTime" in frame["text"]][-1]["text"]
        period["startSchedule"] = now[now.index("currentTime") + 14:][:19].strip('"') + "Z"
        profile = {"id": 7, "stackLevel": 0, "chargingProfilePurpose": "ChargingStationMaxProfile", "chargingProfileKind": "Absolute",
                   "chargingSchedule": [period]}
        print(one.rig.csms(method="SetChargingProfile", payload={"evseId": 0, "chargingProfile": profile}, timeout_ms=5_000))
        one.go(30_000)
        before_a = max(one.state["truth"]["evses"]["e1"]["amps"])
        one.fault("clock_jump", "primary", s=-5_000)
        one.go(60_000)
        after_a = max(one.state["truth"]["evses"]["e1"]["amps"])
        told(one, "16 absolute profile of 8 A, the clock jumps back: %s A, then %s A" % (before_a, after_a))
        assert before_a <= 8.0 and after_a <= 8.0
