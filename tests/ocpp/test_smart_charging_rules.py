"""Requirements of block K that no case of part 6 verifies."""

from station_bench import NOON_MS, Bench, events, names, payloads
from test_ev_schedules import PLAN, follow, negotiating, offered
from test_external_limits import CLEARED, NOTIFY, outside, site
from test_profile_rules import mixed, phased
from test_smart_charging import composite, limits, profile, put

from ampacity.base.wallclock import format_iso

YEAR_MS = 365 * 86400000


def test_K01_FR_02_and_K03_FR_03_a_new_profile_is_the_limit_of_the_car_at_once():
    bench = Bench().booted()
    bench.charging()
    transaction = bench.station.transaction(1)
    for number, amps in ((1, 16), (2, 7), (3, 22)):
        assert put(bench, profile(number, "TxProfile", limit=amps, stack=number, transactionId=transaction), 1) == "Accepted"
        assert limits(bench) == [(1, None, amps * 10, None)] and composite(bench) == [(0, amps)]


def test_K01_FR_10_a_profile_without_validity_holds_until_it_is_replaced():
    bench = Bench(evses=1).booted()
    put(bench, profile(1, limit=9), 1)
    for _ in range(3):
        bench.advance_only(YEAR_MS)
        bench.connect()
        assert limits(bench) == [(1, None, 90, None)]
    bench.power_cycle()
    bench.connect()
    assert limits(bench) == [(1, None, 90, None)]
    put(bench, profile(1, limit=8), 1)
    assert limits(bench) == [(1, None, 80, None)]


def test_K01_FR_12_a_period_lasts_until_the_next_one_or_until_the_duration_is_over():
    bench = Bench().booted()
    periods = [{"startPeriod": 0, "limit": 16}, {"startPeriod": 60, "limit": 10}, {"startPeriod": 120, "limit": 6}]
    put(bench, profile(1, periods=periods, duration=180), 1)
    found = []
    for second in range(200):
        now = [da for evse, _, da, _ in limits(bench) if evse == 1]
        if not found or found[-1][1] != now:
            found.append((second, now))
        bench.advance(1000)
    assert found == [(0, [160]), (60, [100]), (120, [60]), (180, [])]


def test_K01_FR_38_41_what_begins_with_a_transaction_is_no_maximum_of_the_station_and_has_no_start():
    bench = Bench().booted()
    assert put(bench, profile(1, "ChargingStationMaxProfile", kind="Relative")) == "InvalidProfile"
    assert put(bench, profile(1, kind="Relative", startSchedule=format_iso(NOON_MS)), 1) == "InvalidSchedule"
    assert put(bench, profile(1, kind="Relative"), 1) == "Accepted"


def test_K01_FR_47_one_phase_without_phaseToUse_is_the_phase_of_the_EVSE():
    bench = mixed()
    assert put(bench, phased(1, None), 2) == "Accepted"
    assert [row[0] for row in limits(bench)] == [2]


def test_K01_FR_51_amperes_are_those_of_each_phase():
    bench = Bench().booted()
    put(bench, profile(1, periods=[{"startPeriod": 0, "limit": 10, "numberPhases": 3}]), 1)
    assert limits(bench) == [(1, None, 100, 3)]
    assert composite(bench) == [(0, 10)] and composite(bench, unit="W") == [(0, 10 * 3 * 230)]


def test_K02_FR_02_the_default_is_the_limit_from_the_authorization_on():
    bench = Bench().booted()
    put(bench, profile(1, limit=11), 1)
    bench.plug()
    assert not bench.may_charge()
    bench.card()
    assert bench.may_charge() and limits(bench) == [(1, None, 110, None)]


def test_K04_FR_01_02_each_EVSE_has_its_schedule_below_the_fixed_limit_of_the_station():
    bench = Bench(evses=3, config={"identity": "AMP-1", "max_da": 400}).booted()
    assert composite(bench, 0) == [(0, 40)]
    for evse, amps in ((1, 10), (2, 8), (3, 20)):
        put(bench, profile(evse, limit=amps), evse)
    assert limits(bench) == [(1, None, 100, None), (2, None, 80, None), (3, None, 200, None)]
    assert [composite(bench, evse) for evse in (1, 2, 3, 0)] == [[(0, 10)], [(0, 8)], [(0, 20)], [(0, 38)]]
    put(bench, profile(3, limit=32), 3)
    assert composite(bench, 0) == [(0, 40)]


def test_K04_FR_03_a_maximum_of_the_station_is_for_EVSE_0_only():
    bench = Bench().booted()
    assert put(bench, profile(1, "ChargingStationMaxProfile"), 1) == "InvalidProfile"
    assert put(bench, profile(1, "ChargingStationMaxProfile"), 0) == "Accepted"


def test_K06_FR_02_without_a_connection_and_without_profiles_nothing_limits_a_transaction():
    bench = Bench().booted()
    bench.charging()
    bench.drop()
    bench.advance(600000, 1000)
    assert limits(bench) == [] and bench.may_charge()
    bench.connect()
    assert composite(bench) == [(0, 32)]


def test_K11_FR_01_05_and_K13_FR_01_02_a_limit_from_outside_holds_while_it_is_there_and_is_never_one_of_the_CSMS():
    for target, source in ((0, "Other"), (1, "EMS")):
        bench = Bench(evses=1).booted()
        bench.charging()
        put(bench, profile(1, "TxProfile", limit=20, transactionId=bench.station.transaction(1)), 1)
        sent = outside(bench, (source, target, 90, "A", None))
        assert [p["chargingLimit"]["chargingLimitSource"] for p in payloads(sent, NOTIFY)] == [source]
        assert composite(bench) == [(0, 9)]
        sent = outside(bench)
        assert [p["chargingLimitSource"] for p in payloads(sent, CLEARED)] == [source] and composite(bench) == [(0, 20)]


def test_K12_FR_01_03_a_limit_of_the_site_without_a_transaction_is_that_of_all_EVSEs_and_is_sent_as_it_was_set():
    bench = Bench(evses=3).booted()
    bench.set("SmartChargingCtrlr", "NotifyChargingLimitWithSchedules", "true")
    (told,) = payloads(outside(bench, site(250, bench.now_ms + 120000)), NOTIFY)
    (schedule,) = told["chargingSchedule"]
    assert schedule["chargingRateUnit"] == "A" and schedule["duration"] == 120
    assert schedule["chargingSchedulePeriod"] == [{"startPeriod": 0, "limit": 25}]
    assert composite(bench, 0, duration=300) == [(0, 25), (120, 96)]


def test_K15_FR_16_with_the_default_start_point_the_CSMS_knows_the_driver_before_it_gets_the_needs():
    bench = Bench().booted()
    bench.answers["NotifyEVChargingNeeds"] = {"status": "Processing"}
    bench.plug()
    bench.station.charging_needs(1, 20000, None, bench.now_ms)
    bench.pump()
    bench.card()
    told = [(action, "idToken" in payload) for action, payload in bench.sent if action in ("TransactionEvent", "NotifyEVChargingNeeds")]
    assert told.index(("TransactionEvent", True)) < told.index(("NotifyEVChargingNeeds", False))


def renegotiated():
    """16 A were offered and taken; now the CSMS offers 10 A."""
    bench = negotiating()
    put(bench, offered(bench, 1, 16), 1)
    follow(bench, id=11)
    bench.actions()
    bench.sent = []
    assert put(bench, offered(bench, 1, 10), 1) == "Accepted"
    return bench


def test_K16_FR_01_11_a_lower_schedule_holds_at_once_and_the_car_is_asked():
    bench = renegotiated()
    assert limits(bench) == [(1, None, 100, None)] and ("renegotiate", 1) in bench.actions()


def test_K16_FR_04_05_10_and_K17_FR_14_the_plan_that_the_car_returns_is_sent_and_counts_within_the_schedule():
    bench = renegotiated()
    bench.advance(5000)
    (told,) = follow(bench, id=11, periods=[(0, 80), (300, 140)])
    assert (told["evseId"], told["timeBase"], told["chargingSchedule"]["id"]) == (1, format_iso(bench.unix_ms), 11)
    assert [(p["startPeriod"], p["limit"]) for p in told["chargingSchedule"]["chargingSchedulePeriod"]] == [(0, 8), (300, 14)]
    assert any(["not within its limits" in line[3] for line in bench.log.since(0)])
    assert composite(bench) == [(0, 8), (300, 10)] and names(bench.sent).count(PLAN) == 1


def test_K16_FR_13_and_K17_FR_16_a_car_that_returns_no_plan_follows_the_schedule_that_it_chose():
    bench = renegotiated()
    bench.advance(5000)
    (told,) = follow(bench, id=11)
    assert told["chargingSchedule"]["id"] == 11
    assert [(p["startPeriod"], p["limit"]) for p in told["chargingSchedule"]["chargingSchedulePeriod"]] == [(0, 10)]
    assert composite(bench) == [(0, 10)]


def test_K10_FR_05_08_09_what_is_cleared_limits_no_longer_and_limits_from_outside_are_not_cleared():
    bench = Bench(evses=1).booted()
    bench.charging()
    put(bench, profile(1, limit=10), 1)
    outside(bench, site(200))
    report = {"requestId": 1, "chargingProfile": {"chargingProfilePurpose": "ChargingStationExternalConstraints"}}
    bench.call("GetChargingProfiles", report)
    external = payloads(bench.sent, "ReportChargingProfiles")[-1]["chargingProfile"][0]["id"]
    criteria = {"chargingProfilePurpose": "ChargingStationExternalConstraints"}
    for request in (
        {"chargingProfileId": external}, {"chargingProfileCriteria": criteria}, {"chargingProfileCriteria": {"evseId": 0}},
        {"chargingProfileCriteria": dict(criteria, stackLevel=0)},
    ):  # fmt: skip
        assert bench.call("ClearChargingProfile", request) == {"status": "Unknown"}, request
    assert composite(bench) == [(0, 10)]
    bench.sent = []
    bench.advance(10000)
    assert bench.call("ClearChargingProfile", {"chargingProfileId": 1}) == {"status": "Accepted"}
    assert composite(bench) == [(0, 20)] and limits(bench) == []
    assert ("Updated", "ChargingRateChanged") in events(bench.sent)
