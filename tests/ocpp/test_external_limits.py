"""Limits that no CSMS has set: what the CSMS hears of them and when, and what they leave of a composite schedule (K11 to K13)."""

from station_bench import NOON_MS, Bench, events, names, payloads
from test_smart_charging import composite, limits, profile, put

from ampacity.base.wallclock import format_iso

NOTIFY, CLEARED = "NotifyChargingLimit", "ClearedChargingLimit"


def outside(bench, *rows):
    bench.station.outside_limits(list(rows), bench.now_ms)
    return bench.pump()


def site(amps_da, until_ms=None):
    return ("Other", 0, amps_da, "A", until_ms)


def test_K12_FR_02_04_a_first_limit_and_its_end_are_reported():
    bench = Bench().booted()
    assert payloads(outside(bench, site(200)), NOTIFY) == [{"chargingLimit": {"chargingLimitSource": "Other"}}]
    assert outside(bench, site(200)) == []
    assert payloads(outside(bench), CLEARED) == [{"chargingLimitSource": "Other"}]
    assert bench.advance(60000) == []


def test_K11_FR_02_only_a_change_above_LimitChangeSignificance_is_reported():
    bench = Bench().booted()
    outside(bench, site(200))
    bench.advance(10000)
    assert outside(bench, site(219)) == []
    assert names(outside(bench, site(221))) == [NOTIFY]
    assert bench.set("SmartChargingCtrlr", "LimitChangeSignificance", "1.0") == "Accepted"
    bench.advance(10000)
    assert names(outside(bench, site(224))) == [NOTIFY]


def test_a_limit_that_changes_all_the_time_is_reported_every_ten_seconds():
    bench = Bench().booted()
    sent = []
    for second in range(40):
        sent += outside(bench, site(60 + 40 * (second % 2) + second))
        sent += bench.advance(1000)
    assert 4 <= names(sent).count(NOTIFY) <= 5


def test_K11_FR_03_the_schedules_are_part_of_it_where_they_are_asked_for():
    bench = Bench().booted()
    assert bench.set("SmartChargingCtrlr", "NotifyChargingLimitWithSchedules", "true") == "Accepted"
    told = payloads(outside(bench, ("EMS", 2, 110400, "W", bench.now_ms + 90000)), NOTIFY)[0]
    assert told["evseId"] == 2 and told["chargingLimit"] == {"chargingLimitSource": "EMS"}
    schedule = told["chargingSchedule"][0]
    schedule.pop("id")
    period = {"startPeriod": 0, "limit": 11040}
    assert schedule == {"chargingRateUnit": "W", "duration": 90, "startSchedule": format_iso(NOON_MS), "chargingSchedulePeriod": [period]}


def test_a_limit_that_comes_and_goes_all_the_time_is_reported_every_ten_seconds():
    bench = Bench().booted()
    sent = []
    for second in range(40):
        sent += outside(bench, *([site(60)] if second % 2 else []))
        sent += bench.advance(1000)
    assert 4 <= names(sent).count(NOTIFY) <= 5 and 4 <= names(sent).count(CLEARED) <= 5


def test_another_CSMS_receives_the_limits_that_hold():
    bench = Bench().booted()
    outside(bench, site(200), ("EMS", 1, 100, "A", None))
    bench.drop()
    bench.station.change_csms(bench.now_ms)
    sent = bench.connect()
    assert names(sent).count(NOTIFY) == 2


def test_a_limit_ends_with_its_validity():
    bench = Bench().booted()
    outside(bench, site(200, bench.now_ms + 60000))
    assert composite(bench, 0, 120) == [(0, 20), (60, 64)]
    assert CLEARED not in names(bench.advance(59000))
    assert CLEARED in names(bench.advance(1000))
    assert composite(bench, 0, 120) == [(0, 64)]


def test_a_limit_that_is_set_again_unchanged_began_when_it_was_first_set():
    bench = Bench().booted()
    end_ms = bench.now_ms + 60000
    outside(bench, site(200, end_ms))
    bench.advance(20000)
    outside(bench, site(200, end_ms), ("EMS", 1, 100, "A", None))
    bench.call("GetChargingProfiles", {"requestId": 1, "chargingProfile": {"chargingLimitSource": ["Other"]}})
    schedule = payloads(bench.sent, "ReportChargingProfiles")[0]["chargingProfile"][0]["chargingSchedule"][0]
    assert (schedule["startSchedule"], schedule["duration"]) == (format_iso(NOON_MS), 60)


def test_what_changed_while_there_was_no_connection_is_reported_once_as_it_is_now():
    bench = Bench().booted()
    outside(bench, site(200), ("EMS", 1, 100, "A", None))
    bench.drop()
    for amps_da in (100, 300, 150):
        bench.station.outside_limits([site(amps_da)], bench.now_ms)
        bench.advance_only(60000)
        bench.station.tick(bench.now_ms)
    sent = bench.connect()
    assert len(payloads(sent, NOTIFY)) == 1 and payloads(sent, CLEARED) == [{"chargingLimitSource": "EMS", "evseId": 1}]


def test_a_report_that_was_lost_with_the_link_is_sent_again_but_not_one_that_was_refused():
    bench = Bench().booted()
    bench.deaf = (NOTIFY,)
    assert names(outside(bench, site(200))) == [NOTIFY]
    bench.drop()
    bench.deaf = ()
    bench.answers[NOTIFY] = "InternalError"
    assert NOTIFY in names(bench.connect())
    assert NOTIFY not in names(bench.advance(60000))


def test_nothing_is_reported_while_smart_charging_is_off_and_all_of_it_afterwards():
    bench = Bench().booted()
    bench.set("SmartChargingCtrlr", "Enabled", "false")
    assert outside(bench, site(200)) == []
    bench.set("SmartChargingCtrlr", "Enabled", "true")
    assert names(bench.sent).count(NOTIFY) == 1


def test_SC_01_the_lowest_of_all_sources_counts_in_the_composite_schedule():
    bench = Bench().booted()
    outside(bench, site(150), ("EMS", 1, 69000, "W", None), ("Other", 1, 120, "A", None))
    put(bench, profile(1, limit=11), 1)
    assert composite(bench, 1) == [(0, 10)] and composite(bench, 2) == [(0, 15)] and composite(bench, 0) == [(0, 15)]
    assert composite(bench, 1, unit="W") == [(0, 6900)]
    put(bench, profile(1, limit=9), 1)
    assert composite(bench, 1) == [(0, 9)]
    assert limits(bench) == [(1, None, 90, None)]  # those from outside are in force by their own sources


def test_K01_FR_05_22_no_profile_of_the_CSMS_takes_the_place_of_one_from_outside():
    bench = Bench().booted()
    outside(bench, site(200))
    bench.call("GetChargingProfiles", {"requestId": 1, "chargingProfile": {"chargingLimitSource": ["Other"]}})
    document = payloads(bench.sent, "ReportChargingProfiles")[0]["chargingProfile"][0]
    assert put(bench, profile(document["id"])) == "InvalidProfile"
    assert bench.call("ClearChargingProfile", {})["status"] == "Unknown"
    assert composite(bench, 0) == [(0, 20)]


def charging():
    bench = Bench().booted()
    bench.charging(1)
    bench.advance(20000)
    bench.sent = []
    return bench


def test_K11_FR_04_K13_FR_03_a_changed_rate_is_an_event_of_the_transaction():
    bench = charging()
    outside(bench, ("Other", 1, 160, "A", None))
    assert events(bench.sent) == [("Updated", "ChargingRateChanged")]
    outside(bench, ("Other", 1, 150, "A", None))
    assert len(events(bench.sent)) == 1  # below the significance
    bench.advance(20000)
    outside(bench)
    assert events(bench.sent) == [("Updated", "ChargingRateChanged")] * 2


def test_a_profile_and_its_periods_change_the_rate_and_a_pause_is_a_state():
    bench = charging()
    periods = [{"startPeriod": 0, "limit": 16}, {"startPeriod": 80, "limit": 8}, {"startPeriod": 140, "limit": 0}]
    put(bench, profile(periods=periods), 1)
    bench.advance(59000)
    assert events(bench.sent) == [("Updated", "ChargingRateChanged")]
    bench.advance(1000)
    assert events(bench.sent) == [("Updated", "ChargingRateChanged")] * 2
    bench.advance(120000)
    assert len(events(bench.sent)) == 2


def test_the_rate_is_reported_at_most_every_ten_seconds_and_then_as_it_is():
    bench = charging()
    for limit in (16, 10, 20, 12):
        put(bench, profile(limit=limit), 1)
    assert events(bench.sent) == [("Updated", "ChargingRateChanged")]
    bench.advance(11000)
    assert events(bench.sent) == [("Updated", "ChargingRateChanged")] * 2
    bench.advance(60000)
    assert len(events(bench.sent)) == 2


def test_K11_FR_04_after_a_restart_the_first_change_is_reported_too():
    bench = charging()
    bench.power_cycle()
    bench.booted()
    bench.plug(1)
    bench.state("Charging", 1)
    bench.advance(12000)
    bench.sent = []
    outside(bench, ("Other", 1, 160, "A", None))
    assert events(bench.sent) == [("Updated", "ChargingRateChanged")]


def test_no_rate_is_reported_where_no_car_charges():
    bench = Bench().booted()
    bench.plug()
    bench.card()
    bench.sent = []
    put(bench, profile(limit=6), 1)
    outside(bench, ("Other", 1, 60, "A", None), ("Other", 2, 60, "A", None))
    assert events(bench.sent) == []
