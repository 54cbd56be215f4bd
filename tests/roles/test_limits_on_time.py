"""Limits of the CSMS act at the moment they change, also without a connection, and limits of others are reported to the CSMS."""

from helper_garage import START_MS
from helper_hierarchy import Leaf, Node
from test_limits_in_watts import say
from test_one_owner import OCPP, managed

from ampacity.ocpp.smart_charging.handlers import set_charging_profile

NOON_MS = 1795176000000  # 2026-11-20T12:00:00Z


def garage():
    """Charging, and no CSMS is connected."""
    made = managed(AuthCtrlr__Enabled="false")
    made.port.car = made.unit.port.car = "C"
    made.run(30000)
    made.primary.wallclock.set_unix(NOON_MS, "csms", made.now_us // 1000)
    return made


def install(made, *periods):
    schedule = {"id": 1, "chargingRateUnit": "A", "startSchedule": "2026-11-20T12:00:00Z"}
    schedule["chargingSchedulePeriod"] = [{"startPeriod": start, "limit": limit} for start, limit in periods]
    document = {"id": 1, "stackLevel": 0, "chargingProfilePurpose": "TxDefaultProfile", "chargingProfileKind": "Absolute"}
    document["chargingSchedule"] = [schedule]
    request = {"evseId": 1, "chargingProfile": document}
    assert set_charging_profile(made.primary.upstream.station, request, "", made.now_us // 1000) == {"status": "Accepted"}


def test_the_housekeeping_pauses_until_a_period_begins_and_the_target_changes_in_the_same_moment():
    made = garage()
    install(made, (0, 9), (30, 7))
    made.run(1000)
    upstream, guard = made.primary.upstream, made.primary.guard
    while upstream.station.busy:
        assert upstream.pause_ms(50, made.now_us // 1000) == 1
        upstream.act_on_time(made.now_us // 1000)
    begins_ms = upstream.station.limits_change_at_ms
    assert 28000 <= begins_ms - made.now_us // 1000 <= 30000
    for ahead_ms, pause_ms in ((1000, 50), (50, 50), (49, 49), (7, 7), (0, 1), (-5, 1)):
        assert upstream.pause_ms(50, begins_ms - ahead_ms) == pause_ms
    assert guard.want_da[0] == 90
    upstream.act_on_time(begins_ms - 1)
    assert guard.want_da[0] == 90
    upstream.act_on_time(begins_ms)
    assert guard.want_da[0] == 70


def test_a_limit_by_hand_is_reported_where_it_binds():
    made = garage()
    station = made.primary.upstream.station
    say(made, "limit evse-2 9A")
    say(made, "limit site 9660W")
    made.run(1000)
    found = station.optional.find("external_limits").documents(made.now_us // 1000)
    rows = [(source, evse, document["chargingSchedule"][0]) for source, evse, document in found]
    assert [(source, evse, s["chargingRateUnit"], s["chargingSchedulePeriod"][0]["limit"]) for source, evse, s in rows] == [
        ("Other", 0, "W", 9660), ("Other", 2, "A", 9),
    ]
    say(made, "limit main 30A 60")
    say(made, "limit evse-2 off")
    made.run(1000)
    found = station.optional.find("external_limits").documents(made.now_us // 1000)
    schedules = [document["chargingSchedule"][0] for _, _, document in found]
    assert [(s["chargingRateUnit"], s.get("duration") is not None) for s in schedules] == [("A", True), ("W", False)]


def test_without_any_limit_of_others_the_block_is_not_loaded():
    made = garage()
    assert made.primary.upstream.station.optional.find("external_limits") is None


def test_the_grant_of_a_parent_is_a_limit_of_an_energy_manager():
    leaves = [Leaf("bay-1", 2, max_da=160), Leaf("bay-2", 3, max_da=160)]
    child = Node("garage", 7, 320, leaves)
    child.site["ocpp"] = dict(OCPP, config={})
    street = Node("street", 0, 400, [child])
    now_us = START_MS * 1000
    for node in (child, street):
        node.start(now_us)
    station, link = child.primary.upstream.station, child.primary.parent_link

    def shown(now_ms, grant_da):
        link.guard.grant(grant_da)
        child.primary.upstream.step(now_ms)
        found = station.optional.find("external_limits").documents(now_ms)
        return [(source, evse, d["chargingSchedule"][0]["chargingSchedulePeriod"][0]["limit"]) for source, evse, d in found]

    assert shown(START_MS + 1000, 200) == [("EMS", 0, 20)]
    assert shown(START_MS + 2000, 125) == [("EMS", 0, 12.5)]
