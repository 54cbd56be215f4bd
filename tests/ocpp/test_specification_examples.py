"""The examples of part 2, K 3.5 and 3.6, moved to a year that the clock of a controller can show, and what holds without a connection (K06, K07)."""

from station_bench import Bench, events
from test_smart_charging import composite, limits, profile, put

from ampacity.base.wallclock import parse_iso

HOUR_S = 3600
FULL_W = 22080


def bench_at(text):
    return Bench(unix_ms=parse_iso(text)).booted()


def watts(id, stack, kind, start, *periods, **more):
    periods = [{"startPeriod": at, "limit": limit, "numberPhases": 3} for at, limit in periods]
    return profile(id, unit="W", kind=kind, stack=stack, periods=periods, startSchedule=start, **more)


def test_example_3_6_a_daily_default_profile():
    bench = bench_at("2026-11-20T06:00:00Z")
    daily = watts(
        100, 0, "Recurring", "2026-01-01T00:00:00Z", (0, 11000), (28800, 6000), (72000, 11000), recurrencyKind="Daily", duration=86400
    )
    assert put(bench, daily) == "Accepted"
    expected = [(0, 11000), (2 * HOUR_S, 6000), (14 * HOUR_S, 11000), (26 * HOUR_S, 6000)]
    assert composite(bench, 1, 30 * HOUR_S, "W") == expected
    assert composite(bench, 0, 30 * HOUR_S, "W") == [(at, 2 * limit) for at, limit in expected]
    assert composite(bench, 1, 30 * HOUR_S) == [(at, limit * 10 // 690 / 10) for at, limit in expected]


def test_example_3_6_1_peak_hours_but_not_on_sundays_and_at_christmas():
    bench = bench_at("2026-12-24T12:00:00Z")  # a Thursday
    peak = watts(10, 1, "Recurring", "2026-01-09T17:00:00Z", (0, 2000), recurrencyKind="Daily", duration=3 * HOUR_S)
    sunday = watts(11, 2, "Recurring", "2026-01-04T00:00:00Z", (0, 999999), recurrencyKind="Weekly", duration=24 * HOUR_S)
    christmas = watts(
        12, 3, "Absolute", "2026-12-25T00:00:00Z", (0, 999999), duration=24 * HOUR_S, validFrom="2026-01-01T00:00:00Z", validTo="2027-01-01T00:00:00Z"
    )
    for document in (christmas, peak, sunday):
        assert put(bench, document) == "Accepted"
    day_s = 24 * HOUR_S
    assert composite(bench, 1, 5 * day_s, "W") == [
        (0, FULL_W), (5 * HOUR_S, 2000), (8 * HOUR_S, FULL_W), (2 * day_s + 5 * HOUR_S, 2000), (2 * day_s + 8 * HOUR_S, FULL_W),
        (4 * day_s + 5 * HOUR_S, 2000), (4 * day_s + 8 * HOUR_S, FULL_W),
    ]


def test_example_3_5_the_lowest_of_the_leading_profiles_of_all_purposes():
    for maximum, default, external, lowest in ((20, 16, 12, 12), (10, 16, 12, 10), (20, 9, 12, 9)):
        bench = Bench(evses=1).booted()
        put(bench, profile(1, "ChargingStationMaxProfile", limit=maximum))
        put(bench, profile(2, limit=6, stack=1))
        put(bench, profile(3, limit=default, stack=2))
        bench.station.outside_limits([("EMS", 0, external * 10, "A", None)], bench.now_ms)
        assert composite(bench) == [(0, lowest)]
        bench.charging()
        put(bench, profile(4, "TxProfile", limit=31, stack=1, transactionId=bench.station.transaction(1)), 1)
        assert composite(bench) == [(0, min(maximum, external))]  # the TxProfile overrules the TxDefaultProfile, whatever their levels


def steps(limit):
    return [{"startPeriod": 0, "limit": limit}, {"startPeriod": 600, "limit": limit + 2}]


def test_K06_FR_01_a_TxProfile_continues_without_a_connection():
    bench = Bench().booted()
    bench.charging()
    put(bench, profile(1, "TxProfile", kind="Relative", periods=steps(8), transactionId=bench.station.transaction(1)), 1)
    bench.drop()
    bench.advance_only(599000)
    assert limits(bench) == [(1, None, 80, None)]
    assert bench.station.limits_change_at_ms == bench.now_ms + 1000
    bench.advance_only(1000)
    assert limits(bench) == [(1, None, 100, None)]
    bench.event(1, "unplugged")
    assert limits(bench) == [] and bench.station.profiles.all == []


def test_K07_FR_01_a_transaction_that_begins_without_a_connection_has_its_default_and_then_a_TxProfile():
    bench = Bench().booted()
    bench.set("AuthCtrlr", "OfflineTxForUnknownIdEnabled", "true")
    put(bench, profile(1, kind="Relative", periods=steps(8)))
    bench.drop()
    bench.event(1, "plugged")
    bench.event(1, "token", {"token": "ABC123", "type": "ISO14443"})
    bench.event(1, "charging", {"state": "Charging"})
    transaction = bench.station.transaction(1)
    bench.advance_only(600000)
    assert limits(bench) == [(1, None, 100, None), (2, None, 80, None)]
    assert ("Started", "Authorized") in events(bench.connect())
    assert put(bench, profile(2, "TxProfile", limit=7, transactionId=transaction), 1) == "Accepted"
    assert limits(bench) == [(1, None, 70, None), (2, None, 80, None)]


def test_K02_FR_08_after_the_end_of_a_TxProfile_the_lowest_of_the_others_holds():
    bench = Bench().booted()
    bench.charging()
    put(bench, profile(1, "TxProfile", limit=20, duration=60, transactionId=bench.station.transaction(1)), 1)
    put(bench, profile(2, limit=12), 1)
    put(bench, profile(3, "ChargingStationMaxProfile", limit=14))
    assert composite(bench, 1, 120) == [(0, 14), (60, 12)]
