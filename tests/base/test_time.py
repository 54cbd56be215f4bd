"""Dates, wall clock and local time."""

from ampacity.base.clock import Clock
from ampacity.base.dates import date_from_days, days_from_date, month_days, weekday
from ampacity.base.tz import Zone
from ampacity.base.wallclock import WallClock, format_iso, parse_iso
from check import raises

BOOT_MS = 2**30 - 60000
T0 = parse_iso("2026-11-20T07:09:28Z")


def test_dates_and_day_numbers_agree_over_four_centuries():
    assert days_from_date(1970, 1, 1) == 0 and days_from_date(2000, 2, 29) == 11016
    days = days_from_date(1890, 1, 1)
    for year in range(1890, 2300, 7):
        for month in range(1, 13):
            first = days_from_date(year, month, 1)
            assert date_from_days(first) == (year, month, 1)
            assert date_from_days(first + month_days(year, month) - 1) == (year, month, month_days(year, month))
    assert date_from_days(days) == (1890, 1, 1)
    assert weekday(days_from_date(2026, 11, 20)) == 5


def test_iso_times_are_read_and_written():
    assert T0 == 1795158568000 and format_iso(T0) == "2026-11-20T07:09:28Z"
    assert format_iso(T0 + 7, True) == "2026-11-20T07:09:28.007Z"
    for text, delta_ms in (
        ("2026-11-20T07:09:28.5Z", 500),
        ("2026-11-20T07:09:28.123456789Z", 123),
        ("2026-11-20t08:09:28+01:00", 0),
        ("2026-11-20T01:39:28-05:30", 0),
        ("2026-11-20T07:09:28", 0),
        ("2026-11-20T07:08:60z", -28000),
    ):
        assert parse_iso(text) == T0 + delta_ms, text


def test_an_invalid_time_is_refused():
    for text in (
        "", "2026-11-20", "2026-11-20 07:09:28Z", "2026-13-20T07:09:28Z", "2026-02-29T07:09:28Z", "2026-11-20T24:00:00Z",
        "2026-11-20T07:60:00Z", "2026-11-20T07:09:61Z", "2026-11-20T07:09:28.Z", "2026-11-20T07:09:28+1:00",
        "2026-11-20T07:09:28+25:00", "2026-11-2xT07:09:28Z", "0000-01-01T00:00:00Z", "2026-11-20T07:09:28ZZ",
        "2026-11-20T07:09:28+01:0", "+026-11-20T07:09:28Z",
    ):
        with raises(ValueError):
            print("taken:", text, parse_iso(text))


def test_the_wall_clock_is_unknown_until_a_source_sets_it_and_then_runs():
    wall = WallClock(Clock())
    assert wall.unix_ms(BOOT_MS) is None and wall.iso(BOOT_MS) is None
    assert wall.set_unix(T0, "csms", BOOT_MS) is None
    assert wall.unix_ms(BOOT_MS + 120000) == T0 + 120000
    assert wall.iso(BOOT_MS + 2000) == "2026-11-20T07:09:30Z" and wall.source == "csms"


def test_a_jump_is_reported_unless_it_is_below_the_accuracy_of_the_source():
    wall = WallClock(Clock())
    wall.set_unix(T0, "csms", BOOT_MS)
    assert wall.set_unix(T0 + 9400, "csms", BOOT_MS + 10000) is None
    assert wall.unix_ms(BOOT_MS + 10000) == T0 + 10000
    assert wall.set_unix(T0 - 3600000, "csms", BOOT_MS + 20000) == ("jump", -3620000)
    assert wall.unix_ms(BOOT_MS + 20000) == T0 - 3600000


def test_a_lower_source_corrects_a_higher_one_only_after_a_day_of_its_silence():
    wall = WallClock(Clock())
    assert wall.set_unix(T0, "rtc", BOOT_MS) is None
    assert wall.set_unix(T0 + 5000, "ntp", BOOT_MS) == ("jump", 5000)
    assert wall.set_unix(T0, "rtc", BOOT_MS) is None and wall.unix_ms(BOOT_MS) == T0 + 5000
    assert wall.set_unix(T0 + 86400000, "rtc", BOOT_MS + 86400000) == ("jump", -5000)
    with raises(ValueError):
        wall.set_unix(T0, "guess", BOOT_MS)


def test_an_impossible_time_is_refused_and_changes_nothing():
    wall = WallClock(Clock())
    for text in ("1970-01-01T00:00:00Z", "2024-12-31T23:59:59Z", "2075-01-01T00:00:01Z", "2106-02-07T06:28:15Z", "9999-12-31T23:59:59Z"):
        for source in ("rtc", "ntp", "csms"):
            assert wall.set_unix(parse_iso(text), source, BOOT_MS) == ("refused", parse_iso(text))
    assert wall.unix_ms(BOOT_MS) is None and wall.source is None
    wall.set_unix(T0, "rtc", BOOT_MS)
    assert wall.set_unix(0, "csms", BOOT_MS)[0] == "refused"
    assert wall.unix_ms(BOOT_MS) == T0 and wall.source == "rtc" and wall.jumped_ms is None


def test_local_time_follows_the_rules_of_the_place():
    berlin = Zone("CET-1CEST,M3.5.0,M10.5.0/3")
    assert berlin.local(parse_iso("2026-03-29T00:59:59Z")) == (2026, 3, 29, 1, 59, 59, 0)
    assert berlin.local(parse_iso("2026-03-29T01:00:00Z")) == (2026, 3, 29, 3, 0, 0, 0)
    assert berlin.local(parse_iso("2026-10-25T00:59:59Z")) == (2026, 10, 25, 2, 59, 59, 0)
    assert berlin.local(parse_iso("2026-10-25T01:00:00Z")) == (2026, 10, 25, 2, 0, 0, 0)
    assert berlin.local(parse_iso("2026-12-31T23:30:00Z")) == (2027, 1, 1, 0, 30, 0, 5)


def test_the_other_half_of_the_world_has_its_summer_over_new_year():
    sydney = Zone("AEST-10AEDT,M10.1.0,M4.1.0/3")
    assert sydney.offset_s(parse_iso("2026-01-01T00:00:00Z") // 1000) == 39600
    assert sydney.offset_s(parse_iso("2026-07-01T00:00:00Z") // 1000) == 36000
    assert sydney.offset_s(parse_iso("2026-10-03T15:59:59Z") // 1000) == 36000
    assert sydney.offset_s(parse_iso("2026-10-03T16:00:00Z") // 1000) == 39600


def test_more_forms_of_a_rule():
    assert Zone("UTC0").offset_s(0) == 0 and Zone("<+0530>-5:30").offset_s(0) == 19800
    assert Zone("EST5EDT").local(parse_iso("2026-03-08T07:00:00Z"))[3] == 3
    assert Zone("EST5EDT,M3.2.0,M11.1.0").local(parse_iso("2026-03-08T06:59:59Z"))[3] == 1
    march_1st = Zone("AAA0BBB,J60/0,J300/0")
    for year in ("2024", "2026"):
        assert march_1st.offset_s(parse_iso(year + "-03-01T00:00:00Z") // 1000) == 3600
        assert march_1st.offset_s(parse_iso(year + "-02-28T23:59:59Z") // 1000) == 0
    assert Zone("AAA0BBB,59/0,300/0").offset_s(parse_iso("2024-02-29T00:00:00Z") // 1000) == 3600
    assert Zone("<-02>2<-01>,M3.5.0/-1,M10.5.0/0").offset_s(parse_iso("2026-03-29T01:00:00Z") // 1000) == -3600


def test_an_invalid_rule_is_refused():
    for text in ("", "AB1", "CET", "CET-25", "CET-1CEST,M3.5.0", "CET-1CEST,M13.1.0,M10.5.0", "CET-1X", "<+05-5", "UTC0,"):
        with raises(ValueError):
            print("taken:", text, Zone(text))
    with raises(ValueError):
        Zone("CET-1CEST,M3.5.0,M10.5.0/3 ")
