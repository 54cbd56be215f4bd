"""Charging profiles: what is refused, what holds when, what survives (K01 to K10)."""

from station_bench import NOON_MS, Bench, payloads

from ampacity.base.wallclock import format_iso
from ampacity.ocpp.smart_charging.composite import converted
from ampacity.ocpp.smart_charging.profile import NEVER, Profile, running

NOON = NOON_MS // 1000


def profile(id=1, purpose="TxDefaultProfile", limit=10, stack=0, unit="A", kind="Absolute", periods=None, **more):
    schedule = {"id": id, "chargingRateUnit": unit}
    schedule["chargingSchedulePeriod"] = periods or [{"startPeriod": 0, "limit": limit}]
    if kind != "Relative":
        schedule["startSchedule"] = format_iso(NOON_MS)
    for key in ("duration", "startSchedule", "minChargingRate"):
        if key in more:
            schedule[key] = more.pop(key)
    document = {"id": id, "stackLevel": stack, "chargingProfilePurpose": purpose, "chargingProfileKind": kind}
    document["chargingSchedule"] = [schedule]
    document.update(more)
    return document


def put(bench, document, evse=0):
    answer = bench.call("SetChargingProfile", {"evseId": evse, "chargingProfile": document})
    return answer if isinstance(answer, str) else answer.get("statusInfo", {}).get("reasonCode", answer["status"])


def limits(bench):
    return sorted(bench.station.limits(bench.now_ms))


def composite(bench, evse=1, duration=3600, unit="A"):
    answer = bench.call("GetCompositeSchedule", {"evseId": evse, "duration": duration, "chargingRateUnit": unit})
    return [(p["startPeriod"], p["limit"]) for p in answer["schedule"]["chargingSchedulePeriod"]]


def test_K01_refused_profiles_and_their_reasons():
    bench = Bench().booted()
    period = {"startPeriod": 0, "limit": 10}
    for document, evse, reason in (
        (profile(), 9, "UnknownEvse"),
        (profile(purpose="ChargingStationExternalConstraints"), 0, "InvalidProfile"),
        (profile(purpose="TxProfile", transactionId="x"), 0, "MissingParam"),
        (profile(purpose="TxProfile"), 1, "MissingParam"),
        (profile(purpose="TxProfile", transactionId="x"), 1, "TxNotFound"),
        (profile(transactionId="x"), 1, "InvalidProfile"),
        (profile(purpose="ChargingStationMaxProfile"), 1, "InvalidProfile"),
        (profile(purpose="ChargingStationMaxProfile", kind="Relative"), 0, "InvalidProfile"),
        (profile(stack=10), 0, "InvalidStackLevel"),
        (profile(stack=-1), 0, "InvalidStackLevel"),
        (profile(kind="Recurring"), 0, "InvalidProfile"),
        (profile(kind="Relative", startSchedule=format_iso(NOON_MS)), 0, "InvalidSchedule"),
        (profile(periods=[{"startPeriod": 1, "limit": 1}]), 0, "InvalidSchedule"),
        (profile(periods=[period, period]), 0, "InvalidSchedule"),
        (profile(limit=-1), 0, "InvalidSchedule"),
        (profile(duration=0), 0, "InvalidSchedule"),
        (profile(periods=[{"startPeriod": i, "limit": 1} for i in range(49)]), 0, "TooManyElements"),
        (profile(periods=[{"startPeriod": 0, "limit": 1, "numberPhases": 1}]), 1, "UnsupportedParam"),
        (profile(periods=[{"startPeriod": 0, "limit": 1, "numberPhases": 1, "phaseToUse": 2}]), 1, "UnsupportedParam"),
        (profile(validFrom=format_iso(NOON_MS), validTo=format_iso(NOON_MS)), 0, "InvalidProfile"),
    ):
        assert put(bench, document, evse) == reason, (document, evse)
    assert bench.station.profiles.all == []


def test_IF_14_the_reported_stack_level_and_zero_are_accepted():
    bench = Bench().booted()
    most = int(bench.get("SmartChargingCtrlr", "ProfileStackLevel"))
    assert put(bench, profile(1, stack=most)) == "Accepted"
    assert put(bench, profile(2, stack=0)) == "Accepted"
    assert put(bench, profile(3, stack=most + 1)) == "InvalidStackLevel"


def test_IF_15_a_default_of_zero_is_accepted_while_idle():
    assert put(Bench().booted(), profile(limit=0, periods=[{"startPeriod": 0, "limit": 0, "numberPhases": 1}]), 1) == "Accepted"


def test_K01_FR_05_the_same_id_replaces():
    bench = Bench().booted()
    put(bench, profile(limit=10))
    put(bench, profile(limit=8), 1)
    assert limits(bench) == [(1, None, 80, None)]


def test_K01_FR_52_53_the_same_place_in_the_stack_is_a_duplicate():
    bench = Bench().booted()
    assert put(bench, profile(1), 1) == "Accepted"
    assert put(bench, profile(2), 0) == "DuplicateProfile"
    assert put(bench, profile(2), 2) == "Accepted"
    assert put(bench, profile(3), 2) == "DuplicateProfile"
    late = profile(4, validFrom=format_iso(NOON_MS + 10**9))
    assert put(bench, late, 2) == "DuplicateProfile"
    assert put(bench, profile(5, stack=1), 0) == "Accepted"
    assert put(bench, profile(6, stack=1), 2) == "DuplicateProfile"


def test_K01_FR_06_the_same_place_at_another_time_is_not_a_duplicate():
    bench = Bench().booted()
    assert put(bench, profile(1, validTo=format_iso(NOON_MS + 3600000)), 1) == "Accepted"
    assert put(bench, profile(2, validFrom=format_iso(NOON_MS + 3600000)), 1) == "Accepted"


def test_more_profiles_than_the_store_holds():
    bench = Bench(config={"profiles_max": 2}).booted()
    assert [put(bench, profile(i, stack=i)) for i in range(3)] == ["Accepted", "Accepted", "TooManyElements"]


def test_K01_FR_17_the_higher_level_has_priority_and_the_lower_returns():
    bench = Bench().booted()
    put(bench, profile(1, limit=16))
    put(bench, profile(2, limit=6, stack=3, duration=600))
    assert limits(bench) == [(1, None, 60, None), (2, None, 60, None)]
    assert bench.station.limits_change_at_ms == bench.now_ms + 600000
    bench.advance(600000)
    assert limits(bench) == [(1, None, 160, None), (2, None, 160, None)]


def test_K02_the_transaction_profile_overrides_the_default_until_the_end_of_the_transaction():
    bench = Bench().booted()
    put(bench, profile(1, limit=16))
    bench.charging()
    tx = bench.station.transaction(1)
    assert put(bench, profile(2, "TxProfile", limit=20, transactionId=tx), 1) == "Accepted"
    assert limits(bench) == [(1, None, 200, None), (2, None, 160, None)]
    bench.unplug()
    assert limits(bench) == [(1, None, 160, None), (2, None, 160, None)]
    assert [p.id for p in bench.station.profiles.all] == [1]


def test_K01_FR_39_two_TxProfiles_at_one_level():
    bench = Bench().booted()
    bench.charging()
    tx = bench.station.transaction(1)
    assert put(bench, profile(1, "TxProfile", transactionId=tx), 1) == "Accepted"
    assert put(bench, profile(2, "TxProfile", transactionId=tx), 1) == "DuplicateProfile"


def test_the_station_maximum_is_a_separate_limit_and_watts_stay_watts():
    bench = Bench().booted()
    put(bench, profile(1, "ChargingStationMaxProfile", limit=11040.55, unit="W"))
    assert limits(bench) == [(0, 11040, None, None)]


def test_amperes_are_rounded_down_to_tenths():
    bench = Bench().booted()
    put(bench, profile(limit=16.19), 1)
    assert limits(bench) == [(1, None, 161, None)]
    put(bench, profile(limit=16.1), 1)
    assert limits(bench) == [(1, None, 161, None)]


def test_K01_FR_36_37_valid_from_and_to():
    bench = Bench().booted()
    put(bench, profile(limit=7, validFrom=format_iso(NOON_MS + 60000), validTo=format_iso(NOON_MS + 120000)))
    assert limits(bench) == []
    assert bench.station.limits_change_at_ms == bench.now_ms + 60000
    bench.advance(60000)
    assert limits(bench)[0] == (1, None, 70, None)
    bench.advance(60000)
    assert limits(bench) == []


def test_K01_FR_30_a_schedule_of_the_future_waits():
    bench = Bench().booted()
    put(bench, profile(limit=7, startSchedule=format_iso(NOON_MS + 60000)))
    assert limits(bench) == []
    bench.advance(60000)
    assert limits(bench)[0] == (1, None, 70, None)


def test_a_relative_profile_counts_from_the_start_of_the_transaction_whatever_the_clock_does():
    bench = Bench().booted()
    periods = [{"startPeriod": 0, "limit": 6}, {"startPeriod": 600, "limit": 16}]
    put(bench, profile(kind="Relative", periods=periods), 1)
    bench.charging()
    bench.advance(599000)
    bench.wall.set_unix(NOON_MS + 7200000, "csms", bench.now_ms)
    assert limits(bench) == [(1, None, 60, None)]
    bench.advance(1000)
    assert limits(bench) == [(1, None, 160, None)]


def test_a_relative_profile_continues_at_its_position_after_a_power_cut():
    bench = Bench().booted()
    periods = [{"startPeriod": 0, "limit": 6}, {"startPeriod": 600, "limit": 16}]
    put(bench, profile(kind="Relative", periods=periods), 1)
    bench.charging()
    bench.advance(500000)
    bench.power_cycle(50000)
    bench.plug()
    bench.connect()
    assert limits(bench) == [(1, None, 60, None)]
    assert bench.station.limits_change_at_ms == bench.now_ms + 50000


def test_without_a_clock_the_lowest_limit_of_an_absolute_schedule_is_in_force():
    bench = Bench().booted()
    periods = [{"startPeriod": 0, "limit": 16}, {"startPeriod": 600, "limit": 8}]
    put(bench, profile(periods=periods), 1)
    bench.power_cycle()
    assert limits(bench) == [(1, None, 80, None)]
    bench.connect()
    assert limits(bench) == [(1, None, 160, None)]


def test_a_jump_of_the_clock_recomputes_the_limits_and_starts_nothing_twice():
    bench = Bench().booted()
    put(bench, profile(limit=6, duration=600), 1)
    bench.advance(700000)
    assert limits(bench) == []
    bench.wall.set_unix(NOON_MS + 300000, "csms", bench.now_ms)
    bench.pump()
    assert bench.station.limits_change_at_ms == 0
    assert limits(bench) == [(1, None, 60, None)]
    assert bench.station.limits_change_at_ms == bench.now_ms + 300000


def daily(**more):
    document = profile(kind="Recurring", recurrencyKind="Daily", periods=[
        {"startPeriod": 0, "limit": 16}, {"startPeriod": 3600, "limit": 6},
    ], **more)
    return Profile(document, 1)


def test_recurring_schedules_begin_again():
    p = daily()
    for day in (0, 1, 400):
        at = NOON + day * 86400
        assert running(p, at, None) == (160, None, at + 3600)
        assert running(p, at + 3600, None) == (60, None, at + 86400)
    assert running(p, NOON - 1, None) == (None, None, NOON)


def test_K01_FR_13_a_recurring_schedule_shorter_than_its_period_leaves_the_rest_free():
    p = daily(duration=7200)
    assert running(p, NOON + 7199, None) == (60, None, NOON + 7200)
    assert running(p, NOON + 7200, None) == (None, None, NOON + 86400)


def test_K01_FR_11_periods_after_the_duration_never_apply():
    p = Profile(profile(duration=100, periods=[{"startPeriod": 0, "limit": 1}, {"startPeriod": 100, "limit": 2}]), 1)
    assert running(p, NOON + 99, None) == (10, None, NOON + 100)
    assert running(p, NOON + 100, None) == (None, None, NEVER)


def test_a_weekly_schedule_over_a_leap_day():
    p = Profile(profile(kind="Recurring", recurrencyKind="Weekly", startSchedule="2028-02-26T00:00:00Z"), 1)
    assert running(p, 1835740800, None)[0] == 100
    assert running(p, 1835740800, None)[2] - running(p, 1835740800 - 604800, None)[2] == 604800


def test_watts_and_amperes():
    assert converted(111, "A", "W", 3, 230) == 111 * 690
    assert converted(110400, "W", "A", 3, 230) == 160
    assert converted(110399, "W", "A", 3, 230) == 159


def test_K08_without_profiles_the_composite_is_the_hardware():
    bench = Bench().booted()
    assert composite(bench) == [(0, 32)]
    assert composite(bench, 0) == [(0, 64)]
    assert composite(bench, 1, unit="W") == [(0, 22080)]


def test_K08_the_composite_merges_levels_purposes_and_units():
    bench = Bench(config={"max_da": 400}).booted()
    put(bench, profile(1, limit=16))
    put(bench, profile(2, stack=1, periods=[{"startPeriod": 0, "limit": 10}, {"startPeriod": 300, "limit": 20}], duration=600))
    put(bench, profile(3, "ChargingStationMaxProfile", unit="W", limit=6900, startSchedule=format_iso(NOON_MS + 900000)))
    assert composite(bench, 1) == [(0, 10), (300, 20), (600, 16), (900, 10)]
    assert composite(bench, 0) == [(0, 20), (300, 40), (600, 32), (900, 10)]
    assert composite(bench, 1, 301) == [(0, 10), (300, 20)]


def test_a_composite_of_a_thousand_years_is_bounded_work():
    bench = Bench().booted()
    periods = [{"startPeriod": i * 60, "limit": 6 + i % 2} for i in range(48)]
    put(bench, profile(kind="Recurring", recurrencyKind="Daily", periods=periods), 1)
    request = {"evseId": 1, "duration": 2**31 - 1}
    schedule = bench.call("GetCompositeSchedule", request)["schedule"]
    assert len(schedule["chargingSchedulePeriod"]) == 48
    assert schedule["duration"] == 86400
    put(bench, profile(limit=6, kind="Recurring", recurrencyKind="Daily"), 1)
    schedule = bench.call("GetCompositeSchedule", request)["schedule"]
    assert len(schedule["chargingSchedulePeriod"]) == 1
    assert schedule["duration"] == 96 * 86400


def test_profiles_of_one_EVSE_never_affect_the_others():
    bench = Bench(evses=4).booted()
    put(bench, profile(1, limit=16))
    assert limits(bench) == [(i, None, 160, None) for i in (1, 2, 3, 4)]
    put(bench, profile(2, limit=9, stack=1), 3)
    assert limits(bench) == [(1, None, 160, None), (2, None, 160, None), (3, None, 90, None), (4, None, 160, None)]
    bench.charging(2)
    put(bench, profile(3, "TxProfile", limit=7, transactionId=bench.station.transaction(2)), 2)
    assert limits(bench) == [(1, None, 160, None), (2, None, 70, None), (3, None, 90, None), (4, None, 160, None)]
    bench.unplug(2)
    bench.call("ClearChargingProfile", {"chargingProfileId": 2})
    assert limits(bench) == [(i, None, 160, None) for i in (1, 2, 3, 4)]


def test_K08_FR_05_unknown_EVSE():
    assert Bench().booted().call("GetCompositeSchedule", {"evseId": 7, "duration": 60})["status"] == "Rejected"


def test_K01_FR_27_profiles_survive_a_restart_except_those_of_closed_transactions():
    bench = Bench().booted()
    put(bench, profile(1, limit=9), 2)
    bench.charging()
    put(bench, profile(2, "TxProfile", transactionId=bench.station.transaction(1)), 1)
    bench.power_cycle()
    assert sorted(p.id for p in bench.station.profiles.all) == [1, 2]
    bench.unplug()
    assert [p.id for p in bench.station.profiles.all] == [1]
    bench.connect()
    assert limits(bench) == [(2, None, 90, None)]


def test_K05_a_profile_that_comes_with_a_remote_start():
    bench = Bench().booted()
    request = {"idToken": {"idToken": "A", "type": "Central"}, "remoteStartId": 1, "evseId": 1}
    request["chargingProfile"] = profile(7, "TxProfile", limit=13, kind="Relative")
    assert bench.call("RequestStartTransaction", request)["status"] == "Accepted"
    bench.plug()
    assert limits(bench) == [(1, None, 130, None)]
    request["evseId"] = 2
    request["chargingProfile"] = profile(8, "TxDefaultProfile")
    assert bench.call("RequestStartTransaction", request)["status"] == "Rejected"


def test_K10_clearing():
    bench = Bench().booted()
    clear = "ClearChargingProfile"
    assert bench.call(clear, {"chargingProfileId": 1})["status"] == "Unknown"
    for i in (1, 2, 3):
        put(bench, profile(i, stack=i), i % 3)
    assert bench.call(clear, {"chargingProfileId": 1})["status"] == "Accepted"
    assert bench.call(clear, {"chargingProfileCriteria": {"stackLevel": 5}})["status"] == "Unknown"
    assert bench.call(clear, {"chargingProfileCriteria": {"evseId": 2, "chargingProfilePurpose": "TxDefaultProfile"}})["status"] == "Accepted"
    assert [p.id for p in bench.station.profiles.all] == [3]
    assert bench.call(clear, {})["status"] == "Accepted"
    assert limits(bench) == []


def test_K09_reporting():
    bench = Bench().booted()
    document = profile(1, limit=16.19, minChargingRate=6.5)
    put(bench, document, 0)
    put(bench, profile(2, stack=2), 2)
    ask = {"requestId": 9, "chargingProfile": {}}
    assert bench.call("GetChargingProfiles", ask)["status"] == "Accepted"
    told = payloads(bench.sent, "ReportChargingProfiles")
    assert [(t["evseId"], t["tbc"], t["requestId"]) for t in told] == [(0, True, 9), (2, False, 9)]
    assert told[0]["chargingProfile"] == [document]
    for criteria, evse, found in (
        ({}, 0, 1), ({"stackLevel": 2}, 2, 1), ({"chargingProfileId": [1, 2]}, None, 2), ({"stackLevel": 2}, 0, 0),
        ({"chargingLimitSource": ["EMS"]}, None, 0), ({"chargingProfilePurpose": "TxProfile"}, None, 0),
    ):
        ask = {"requestId": 9, "chargingProfile": criteria}
        if evse is not None:
            ask["evseId"] = evse
        bench.sent = []
        status = bench.call("GetChargingProfiles", ask)["status"]
        assert status == ("Accepted" if found else "NoProfiles"), criteria
        assert len(payloads(bench.sent, "ReportChargingProfiles")) == found


def report_that_waits():
    """A bench with three profiles whose report waits after its first part: the CSMS does not answer it."""
    bench = Bench().booted()
    for number in (1, 2, 3):
        put(bench, profile(number, stack=number), 1)
    bench.deaf = ("ReportChargingProfiles",)
    bench.sent = []
    bench.call("GetChargingProfiles", {"requestId": 9, "chargingProfile": {}})
    return bench


def test_K09_FR_02_a_report_has_its_last_part_whatever_is_cleared_meanwhile():
    bench = report_that_waits()
    assert [p["tbc"] for p in payloads(bench.sent, "ReportChargingProfiles")] == [True]
    bench.call("ClearChargingProfile", {})
    bench.deaf = ()
    bench.advance(40000)
    told = payloads(bench.sent, "ReportChargingProfiles")
    assert [(t["tbc"], t["chargingProfile"][0]["id"]) for t in told] == [(True, 1), (False, 3)]
    assert bench.call("GetChargingProfiles", {"requestId": 9, "chargingProfile": {}}) == {"status": "NoProfiles"}


def test_K09_FR_02_a_profile_that_is_replaced_while_it_waits_ends_no_report_early():
    bench = report_that_waits()
    put(bench, profile(2, stack=2, limit=7), 1)
    put(bench, profile(3, stack=3, limit=7), 1)
    bench.deaf = ()
    bench.advance(40000)
    assert [t["tbc"] for t in payloads(bench.sent, "ReportChargingProfiles")] == [True, True, False]


def test_smart_charging_switched_off():
    bench = Bench().booted()
    put(bench, profile())
    bench.set("SmartChargingCtrlr", "Enabled", "false")
    assert limits(bench) == []
    assert put(bench, profile(2, stack=2)) == "NotEnabled"


def test_the_order_of_installing_does_not_matter_to_the_stack():
    bench = Bench().booted()
    put(bench, profile(2, limit=6, stack=3), 1)
    put(bench, profile(1, limit=16), 1)
    assert limits(bench) == [(1, None, 60, None)]


def test_a_TxProfile_left_by_a_power_cut_is_removed_at_the_next_start():
    bench = Bench().booted()
    document = profile(5, "TxProfile", transactionId="gone")
    bench.station.documents.put("ocpp_profile_5", document)
    bench.station.documents.put("ocpp_profiles", [[5, 1]])
    bench.power_cycle()
    assert bench.station.profiles.all == []
    bench.booted()
    assert bench.station.documents.get("ocpp_profile_5") is None


def test_relative_profiles_count_for_each_EVSE_from_its_own_transaction():
    bench = Bench().booted()
    put(bench, profile(kind="Relative", periods=[{"startPeriod": 0, "limit": 6}, {"startPeriod": 600, "limit": 16}]))
    bench.charging(1)
    bench.advance(300000)
    bench.charging(2)
    bench.advance(300000)
    assert limits(bench) == [(1, None, 160, None), (2, None, 60, None)]
