"""Rules of charging profiles that few profiles touch: phases, duplicates, tariffs, ends without a connection, where a transaction is ready."""

from station_bench import NOON_MS, Bench, payloads
from test_smart_charging import composite, limits, profile, put

from ampacity.base.wallclock import format_iso
from ampacity.ocpp.smart_charging.composite import STEPS_MAX
from ampacity.ocpp.smart_charging.composite_requests import STEPS_PER_TURN

SINGLE = {"id": 2, "max_da": 320, "phases": 1, "phase_names": ["L2"]}


def mixed():
    """EVSE 1 with three phases, EVSE 2 on L2 only."""
    bench = Bench()
    bench.evses = [{"id": 1, "max_da": 320}, SINGLE]
    bench.start()
    return bench.booted()


def phased(number, phase=None, limit=10):
    period = {"startPeriod": 0, "limit": limit}
    if number is not None:
        period["numberPhases"] = number
    if phase is not None:
        period["phaseToUse"] = phase
    return profile(periods=[period])


def test_K01_FR_43_45_fewer_phases_than_an_EVSE_has_are_refused_and_more_accepted():
    for evse, number, answer in (
        (1, 1, "UnsupportedParam"), (1, 2, "UnsupportedParam"), (1, 3, "Accepted"), (2, 1, "Accepted"), (2, 3, "Accepted"),
        (0, 1, "UnsupportedParam"), (0, 3, "Accepted"), (1, 0, "UnsupportedParam"), (1, 4, "UnsupportedParam"),
    ):
        assert put(mixed(), phased(number), evse) == answer, (evse, number)


def test_K01_FR_19_46_48_phaseToUse_is_accepted_where_it_is_the_only_phase():
    for evse, number, phase, answer in (
        (2, 1, 2, "Accepted"), (2, 1, 1, "UnsupportedParam"), (2, None, 2, "InvalidSchedule"), (2, 3, 2, "InvalidSchedule"),
        (1, 1, 2, "UnsupportedParam"), (0, 1, 2, "UnsupportedParam"),
    ):
        assert put(mixed(), phased(number, phase), evse) == answer, (evse, number, phase)


def test_K01_FR_49_50_watts_are_divided_by_numberPhases_and_by_3_where_there_is_none():
    bench = mixed()
    put(bench, profile(1, unit="W", limit=6900), 1)
    put(bench, profile(2, unit="W", limit=3680), 2)
    assert limits(bench) == [(1, 6900, 100, None), (2, 3680, 53, None)]
    assert composite(bench, 1) == [(0, 10)] and composite(bench, 1, unit="W") == [(0, 6900)]
    assert composite(bench, 2) == [(0, 5.3)] and composite(bench, 2, unit="W") == [(0, 1226.6)]
    for number, amps, watts in ((1, 16, 3680), (3, 5.3, 1226.6)):
        period = {"startPeriod": 0, "limit": 3680, "numberPhases": number}
        put(bench, profile(2, unit="W", periods=[period]), 2)
        assert limits(bench)[1] == (2, 3680, int(amps * 10), number)
        assert composite(bench, 2) == [(0, amps)] and composite(bench, 2, unit="W") == [(0, watts)]


def test_a_limit_from_outside_in_watts_is_that_of_the_phases_that_the_EVSE_has():
    bench = mixed()
    bench.station.outside_limits([("Other", 2, 36800, "W", None)], bench.now_ms)
    assert composite(bench, 2) == [(0, 16)] and composite(bench, 2, unit="W") == [(0, 3680)]


def daily(number, end_ms):
    return profile(number, validFrom=format_iso(end_ms - 60000), validTo=format_iso(end_ms))


def test_profiles_whose_validTo_has_passed_leave_their_places_to_new_ones():
    bench = Bench(evses=1).booted()
    for number in range(20):
        assert put(bench, daily(number, bench.unix_ms + 30000)) == "Accepted", number
        bench.advance(60000)
    kept = [p.id for p in bench.station.profiles.all]
    assert 19 in kept and len(kept) <= bench.station.profiles.entries_max
    bench.power_cycle()
    assert [p.id for p in bench.station.profiles.all] == kept


def test_K01_FR_06_a_TxProfile_that_is_over_blocks_no_stack_level():
    bench = Bench().booted()
    bench.charging()
    tx = bench.station.transaction(1)
    assert put(bench, profile(1, "TxProfile", transactionId=tx, validTo=format_iso(bench.unix_ms + 30000)), 1) == "Accepted"
    assert put(bench, profile(2, "TxProfile", transactionId=tx), 1) == "DuplicateProfile"
    bench.advance(60000)
    assert put(bench, profile(2, "TxProfile", transactionId=tx), 1) == "Accepted"


def test_a_jump_of_the_clock_removes_no_profile_that_may_still_hold():
    bench = Bench().booted()
    assert put(bench, daily(1, bench.unix_ms + 3600000)) == "Accepted"
    bench.advance(5000)
    bench.wall.set_unix(bench.unix_ms + 86400000, "csms", bench.now_ms)
    put(bench, profile(2))
    assert put(bench, profile(3)) == "DuplicateProfile"
    assert 1 in [p.id for p in bench.station.profiles.all]


def phases_of(bench, evse):
    answer = bench.call("GetCompositeSchedule", {"evseId": evse, "duration": 60})["schedule"]
    return [p["numberPhases"] for p in answer["chargingSchedulePeriod"]]


def test_the_composite_names_the_lowest_number_of_phases_that_applies():
    bench = mixed()
    assert [phases_of(bench, evse) for evse in (0, 1, 2)] == [[3], [3], [1]]
    put(bench, profile(1, "ChargingStationMaxProfile", periods=[{"startPeriod": 0, "limit": 0, "numberPhases": 1}]))
    assert [phases_of(bench, evse) for evse in (0, 1, 2)] == [[1], [1], [1]]


def test_K01_FR_39_a_TxProfile_is_a_duplicate_at_any_time():
    bench = Bench().booted()
    bench.charging()
    tx = bench.station.transaction(1)
    assert put(bench, profile(1, "TxProfile", transactionId=tx, validTo=format_iso(NOON_MS + 3600000)), 1) == "Accepted"
    later = profile(2, "TxProfile", transactionId=tx, validFrom=format_iso(NOON_MS + 3600000))
    assert put(bench, later, 1) == "DuplicateProfile"


def test_K01_FR_52_53_a_default_of_all_EVSEs_and_one_of_an_EVSE_are_duplicates_at_any_time():
    bench = Bench().booted()
    assert put(bench, profile(1, validTo=format_iso(NOON_MS + 3600000)), 1) == "Accepted"
    assert put(bench, profile(2, validFrom=format_iso(NOON_MS + 3600000)), 0) == "DuplicateProfile"
    assert put(bench, profile(1), 0) == "Accepted"


def tariff(entries):
    return {"id": 1, "salesTariffEntry": [{"relativeTimeInterval": {"start": i}, "ePriceLevel": 1} for i in range(entries)]}


def test_a_tariff_and_a_least_rate_are_kept_and_reported():
    bench = Bench().booted()
    document = profile(minChargingRate=6.5)
    document["chargingSchedule"][0]["salesTariff"] = tariff(48)
    assert put(bench, document) == "Accepted"
    bench.call("GetChargingProfiles", {"requestId": 1, "chargingProfile": {"stackLevel": 0}})
    assert payloads(bench.sent, "ReportChargingProfiles")[0]["chargingProfile"] == [document]
    document["chargingSchedule"][0]["salesTariff"] = tariff(49)
    assert put(bench, document) == "TooManyElements"
    assert put(bench, profile(minChargingRate=-1)) == "InvalidSchedule"


def test_without_a_clock_the_lowest_of_all_stack_levels_is_in_force():
    bench = Bench().booted()
    put(bench, profile(1, limit=6), 1)
    put(bench, profile(2, limit=32, stack=1), 1)
    assert limits(bench) == [(1, None, 320, None)]
    bench.power_cycle()
    assert limits(bench) == [(1, None, 60, None)]


def test_without_a_clock_a_relative_profile_still_overrules_what_is_below_it():
    bench = Bench().booted()
    put(bench, profile(1, limit=6), 1)
    put(bench, profile(2, limit=16, stack=1, kind="Relative"), 1)
    bench.power_cycle()
    assert limits(bench) == [(1, None, 160, None)]


def ended_offline(setting, *more):
    """A default of 8 A ends in an absence of the CSMS."""
    bench = Bench().booted()
    assert bench.set("SmartChargingCtrlr", "ScheduleEndOffline", setting) == "Accepted"
    put(bench, profile(1, limit=8, stack=5, duration=600), 1)
    for document in more:
        assert put(bench, document, 1) == "Accepted"
    bench.charging()
    assert limits(bench) == [(1, None, 80, None)]
    bench.drop()
    bench.advance_only(700000)
    return bench


def test_a_schedule_that_ends_in_an_absence_of_the_CSMS_releases_or_holds_as_configured():
    assert limits(ended_offline("Release")) == []
    bench = ended_offline("Hold")
    assert limits(bench) == [(1, None, 80, None)]
    bench.power_cycle()
    assert limits(bench) == [(1, None, 80, None)]
    bench.connect()
    assert limits(bench) == []
    assert bench.station.documents.get("ocpp_held") in (None, [])
    bench = ended_offline("Hold")
    assert limits(bench) == [(1, None, 80, None)]
    bench.connect()
    assert limits(bench) == []


def test_what_is_held_ends_with_its_transaction_and_yields_to_a_profile():
    bench = ended_offline("Hold")
    assert limits(bench) == [(1, None, 80, None)]
    bench.event(1, "unplugged")
    assert limits(bench) == []
    assert limits(ended_offline("Hold", profile(2, limit=12))) == [(1, None, 120, None)]


def test_a_schedule_that_ended_before_the_absence_is_not_held():
    bench = Bench().booted()
    bench.set("SmartChargingCtrlr", "ScheduleEndOffline", "Hold")
    put(bench, profile(1, limit=8, duration=600), 1)
    bench.advance(700000)
    bench.drop()
    assert limits(bench) == []


def test_K01_FR_42_a_relative_schedule_begins_when_a_car_is_there_and_authorized():
    bench = Bench().booted()
    bench.set("TxCtrlr", "TxStartPoint", "EVConnected")
    put(bench, profile(kind="Relative", periods=[{"startPeriod": 0, "limit": 6}, {"startPeriod": 60, "limit": 16}]), 1)
    bench.plug()
    assert bench.station.transaction(1)
    bench.advance(300000)
    assert limits(bench) == [(1, None, 60, None)]
    bench.card()
    bench.advance(59000)
    assert limits(bench) == [(1, None, 60, None)]
    bench.advance(1000)
    assert limits(bench) == [(1, None, 160, None)]


def test_a_relative_period_begins_at_its_millisecond_whatever_the_fraction_of_the_second():
    for fraction_ms in (0, 1, 300, 999):
        bench = Bench().booted()
        put(bench, profile(kind="Relative", periods=[{"startPeriod": 0, "limit": 6}, {"startPeriod": 60, "limit": 16}]), 1)
        bench.advance(5000 + fraction_ms)
        bench.charging()
        bench.advance(59999)
        assert limits(bench) == [(1, None, 60, None)], fraction_ms
        assert bench.station.limits_change_at_ms == bench.now_ms + 1
        bench.advance_only(1)
        assert limits(bench) == [(1, None, 160, None)], fraction_ms


def test_K08_FR_06_without_a_transaction_a_relative_schedule_begins_with_the_composite():
    bench = Bench().booted()
    put(bench, profile(kind="Relative", periods=[{"startPeriod": 0, "limit": 6}, {"startPeriod": 60, "limit": 16}]), 1)
    bench.advance(300000)
    assert composite(bench, 1, 120) == [(0, 6), (60, 16)]
    assert composite(bench, 0, 120) == [(0, 38), (60, 48)]


def test_F01_FR_10_a_profile_of_a_remote_start_is_for_its_own_transaction_only():
    bench = Bench().booted()
    request = {"idToken": {"idToken": "A", "type": "Central"}, "remoteStartId": 1, "evseId": 1}
    request["chargingProfile"] = profile(7, "TxProfile", limit=13, kind="Relative")
    assert bench.call("RequestStartTransaction", request)["status"] == "Accepted"
    bench.advance(130000)  # no car comes
    bench.charging()
    assert limits(bench) == []
    bench.unplug()
    bench.advance(10000)
    request["remoteStartId"] = 2
    assert bench.call("RequestStartTransaction", request)["status"] == "Accepted"
    bench.plug()
    assert limits(bench) == [(1, None, 130, None)]


def test_F01_FR_26_a_wrong_profile_of_a_remote_start():
    bench = Bench().booted()
    request = {"idToken": {"idToken": "A", "type": "Central"}, "remoteStartId": 1, "evseId": 1}
    for document, reason in (
        (profile(1, "TxProfile", transactionId="x"), "InvalidProfile"), (profile(1), "InvalidProfile"),
        (profile(1, "TxProfile", limit=-1), "InvalidSchedule"),
    ):
        request["chargingProfile"] = document
        answer = bench.call("RequestStartTransaction", request)
        assert (answer["status"], answer["statusInfo"]["reasonCode"]) == ("Rejected", reason)


def full():
    """As many profiles of 48 periods as the store holds, 8 EVSEs in transactions."""
    bench = Bench(evses=8).booted()
    for evse in range(1, 9):
        bench.charging(evse)
    for number in range(24):
        periods = [{"startPeriod": 60 * i + number, "limit": 6 + (i + number) % 20} for i in range(48)]
        periods[0]["startPeriod"] = 0
        document = profile(number, kind="Relative", stack=number // 8, periods=periods)
        assert put(bench, document, number % 8 + 1) == "Accepted"
    assert put(bench, profile(99, stack=9)) == "TooManyElements"
    return bench


def test_a_composite_of_many_profiles_is_computed_in_pieces_between_which_others_run():
    bench = full()
    bench.station.receive('[2,"x","GetCompositeSchedule",{"evseId":0,"duration":86400}]', bench.now_ms)
    turns = 0
    while True:
        text, wake_ms = bench.station.next(bench.now_ms)
        if text is not None:
            break
        assert wake_ms == bench.now_ms
        turns += 1
    assert '"status":"Accepted"' in text.replace(" ", "")
    assert 24 <= turns <= STEPS_MAX // STEPS_PER_TURN


def test_a_composite_is_answered_to_the_connection_that_asked_only():
    bench = full()
    bench.station.receive('[2,"x","GetCompositeSchedule",{"evseId":0,"duration":86400}]', bench.now_ms)
    bench.station.next(bench.now_ms)
    bench.drop()
    bench.connect()
    assert [frame for frame in bench.raw if frame[1] == "x"] == []
    assert bench.call("GetCompositeSchedule", {"evseId": 1, "duration": 60})["status"] == "Accepted"


def test_requests_of_an_earlier_connection_take_no_place():
    bench = full()
    for message_id in ("x", "y", "z"):
        bench.station.receive('[2,"%s","GetCompositeSchedule",{"evseId":0,"duration":86400}]' % message_id, bench.now_ms)
    bench.pump()
    assert [frame[2]["status"] for frame in bench.raw if frame[1] in ("x", "y", "z")] == ["Rejected", "Accepted", "Accepted"]
    for message_id in ("u", "v"):
        bench.station.receive('[2,"%s","GetCompositeSchedule",{"evseId":0,"duration":86400}]' % message_id, bench.now_ms)
    bench.drop()
    bench.station.connected(bench.now_ms)
    assert bench.call("GetCompositeSchedule", {"evseId": 1, "duration": 60})["status"] == "Accepted"


def test_the_variables_of_smart_charging():
    bench = Bench().booted()
    for variable, value in (
        ("ACPhaseSwitchingSupported", "false"), ("Available", "true"), ("Enabled", "true"), ("ExternalControlSignalsEnabled", "true"),
        ("LimitChangeSignificance", "10"), ("NotifyChargingLimitWithSchedules", "false"), ("PeriodsPerSchedule", "48"), ("Phases3to1", "false"),
        ("ProfileStackLevel", "9"), ("RateUnit", "A,W"), ("ScheduleEndOffline", "Release"),
    ):
        assert bench.get("SmartChargingCtrlr", variable) == value, variable
    assert bench.get("SmartChargingCtrlr", "Entries", instance="ChargingProfiles") == "0"
    put(bench, profile())
    assert bench.get("SmartChargingCtrlr", "Entries", instance="ChargingProfiles") == "1"
    for variable, value in (("ScheduleEndOffline", "Keep"), ("LimitChangeSignificance", "101"), ("ExternalControlSignalsEnabled", "false")):
        assert bench.set("SmartChargingCtrlr", variable, value) == "Rejected", variable
