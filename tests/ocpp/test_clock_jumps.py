"""A jump of the wall clock lifts no limit of a charging profile that is in force: both times hold until one is said again."""

from station_bench import NOON_MS, Bench, payloads
from test_smart_charging import limits, profile, put

from ampacity.base.wallclock import WallClock, format_iso
from ampacity.ocpp.security.security_events import security_rows

HOUR_MS = 3600000


def jumped(delta_ms, *documents, ran_ms=60000):
    """A station under these profiles whose clock jumps; the CSMS's own time goes on."""
    bench = Bench(config={"identity": "AMP-1", "serial": "S1", "voltage_v": 230}).booted()
    for document in documents:
        assert put(bench, document, 1) == "Accepted"
    bench.advance(ran_ms)
    bench.before = limits(bench)
    bench.wall.set_unix(bench.unix_ms + delta_ms, "csms", bench.now_ms)
    bench.pump()
    assert not delta_ms or bench.station.limits_change_at_ms == 0
    return bench


def confirm(bench, delta_ms):
    """The CSMS says that time again in its next Heartbeat."""
    bench.unix_ms += delta_ms
    bench.advance(125000)
    return bench


def test_a_jump_back_before_the_start_of_an_absolute_profile_does_not_lift_it():
    for delta_ms in (-120000, -HOUR_MS, -400 * 24 * HOUR_MS):
        bench = jumped(delta_ms, profile(limit=6))
        assert bench.before == limits(bench) == [(1, None, 60, None)], delta_ms
        bench.silent = True
        bench.advance(HOUR_MS)
        assert limits(bench) == [(1, None, 60, None)], delta_ms


def test_a_jump_past_the_end_of_a_profile_does_not_lift_it_early():
    for document in (profile(limit=6, duration=1800), profile(limit=6, validTo=format_iso(NOON_MS + 1800000))):
        bench = jumped(HOUR_MS, document)
        bench.silent = True
        assert limits(bench) == [(1, None, 60, None)]
        bench.advance(1700000)
        assert limits(bench) == [(1, None, 60, None)]
        bench.advance(60000)
        assert limits(bench) == []


def test_a_limit_by_the_new_time_is_in_force_at_once():
    bench = jumped(HOUR_MS, profile(periods=[{"startPeriod": 0, "limit": 16}, {"startPeriod": 3600, "limit": 6}]))
    assert bench.before == [(1, None, 160, None)]
    assert limits(bench) == [(1, None, 60, None)]


def test_a_jump_within_a_schedule_raises_nothing():
    periods = [{"startPeriod": 0, "limit": 6}, {"startPeriod": 3600, "limit": 16}]
    assert limits(jumped(HOUR_MS, profile(periods=periods))) == [(1, None, 60, None)]
    daily = profile(kind="Recurring", recurrencyKind="Daily", periods=periods)
    assert limits(jumped(HOUR_MS, daily)) == [(1, None, 60, None)]
    assert limits(jumped(-HOUR_MS, daily, ran_ms=10000)) == [(1, None, 60, None)]


def test_only_the_new_time_counts_after_the_csms_confirms_it():
    bench = jumped(-HOUR_MS, profile(limit=6))
    assert limits(confirm(bench, -HOUR_MS)) == []
    bench = jumped(HOUR_MS, profile(limit=6, duration=1800))
    assert limits(confirm(bench, HOUR_MS)) == []


def test_a_minute_after_a_jump_the_time_is_requested_from_the_csms():
    bench = jumped(-HOUR_MS, profile(limit=6))
    sent = [action for action, _ in bench.advance(90000)]
    assert sent.count("Heartbeat") == 1
    assert bench.wall.jumped_ms is None and abs(bench.wall.unix_ms(bench.now_ms) - bench.unix_ms) < 1000
    assert "Heartbeat" not in [action for action, _ in bench.advance(120000)]


def test_only_the_old_time_counts_when_the_clock_returns_to_it():
    bench = jumped(HOUR_MS, profile(periods=[{"startPeriod": 0, "limit": 16}, {"startPeriod": 3600, "limit": 6}]))
    bench.wall.set_unix(bench.unix_ms, "csms", bench.now_ms)
    bench.pump()
    assert limits(bench) == [(1, None, 160, None)]


def test_several_jumps_keep_the_last_certain_time():
    bench = jumped(-HOUR_MS, profile(limit=6))
    for hours in (-9, -20, -31, -47):
        bench.wall.set_unix(bench.unix_ms + hours * HOUR_MS, "csms", bench.now_ms)
        bench.pump()
        assert limits(bench) == [(1, None, 60, None)]
    assert len(bench.wall.others_ms(bench.now_ms)) <= 3


def test_limits_in_watts_and_in_amperes_are_in_force_together():
    periods = [{"startPeriod": 0, "limit": 6}]
    watts = profile(2, unit="W", stack=1, periods=[{"startPeriod": 0, "limit": 5000}], startSchedule=format_iso(NOON_MS + HOUR_MS))
    bench = jumped(2 * HOUR_MS, profile(1, periods=periods), watts)
    assert limits(bench) == [(1, 5000, 60, None)]


def test_a_transaction_continues_on_the_monotonic_clock_at_both_times():
    bench = Bench().booted()
    put(bench, profile(kind="Relative", periods=[{"startPeriod": 0, "limit": 6}, {"startPeriod": 600, "limit": 16}]), 1)
    bench.charging(1)
    bench.advance(300000)
    for delta_ms in (HOUR_MS, -3 * HOUR_MS):
        bench.wall.set_unix(bench.unix_ms + delta_ms, "csms", bench.now_ms)
        bench.pump()
        assert limits(bench) == [(1, None, 60, None)]


def test_a_hardware_clock_that_went_backward_over_a_restart_is_not_trusted():
    bench = jumped(0, profile(limit=6))
    bench.power_cycle()
    bench.wall.set_unix(NOON_MS - 30 * 24 * HOUR_MS, "rtc", bench.now_ms)
    assert limits(bench) == [(1, None, 60, None)]
    bench.unix_ms -= HOUR_MS
    bench.connect()
    bench.advance(125000)
    assert limits(bench) == []


def test_a_hardware_clock_that_advanced_is_trusted():
    bench = jumped(0, profile(limit=6, duration=1800))
    bench.power_cycle()
    bench.wall.set_unix(NOON_MS + HOUR_MS, "rtc", bench.now_ms)
    assert limits(bench) == []


def test_an_agreeing_source_of_lower_rank_also_confirms_the_time():
    wall = WallClock(None)
    wall.set_unix(NOON_MS, "csms", 0)
    assert wall.others_ms(0) == []
    wall.set_unix(NOON_MS + HOUR_MS, "csms", 1000)
    assert wall.others_ms(1000) == [NOON_MS + 1000]
    wall.set_unix(NOON_MS + HOUR_MS + 1000, "ntp", 2000)
    assert wall.others_ms(2000) == [NOON_MS + 2000]
    wall.set_unix(NOON_MS + HOUR_MS + 70000, "ntp", 71000)
    assert wall.others_ms(71000) == []


def moves(bench, delta_ms):
    """The CSMS tells another time in its answer to a Heartbeat: the security events that follow."""
    bench.unix_ms += delta_ms
    bench.sent.clear()
    bench.call("TriggerMessage", {"requestedMessage": "Heartbeat"})
    return [(event["type"], event["techInfo"], event["timestamp"]) for event in payloads(bench.sent, "SecurityEventNotification")]


def test_a_clock_that_moves_by_more_than_the_threshold_is_a_security_event():
    bench = Bench().booted()
    assert bench.get("ClockCtrlr", "TimeAdjustmentReportingThreshold") == "20"
    assert payloads(bench.sent, "SecurityEventNotification") == []  # nothing has moved: no time was known before
    assert moves(bench, HOUR_MS) == [("SettingSystemTime", "+3600 s by csms", "2026-11-20T13:00:00Z")]
    assert moves(bench, -3 * HOUR_MS) == [("SettingSystemTime", "-10800 s by csms", "2026-11-20T10:00:00Z")]
    assert moves(bench, 20000) == moves(bench, -19000) == []
    assert moves(bench, 21000) == [("SettingSystemTime", "+21 s by csms", "2026-11-20T10:00:22Z")]
    assert [row[1] for row in security_rows(bench.station)] == ["SettingSystemTime"] * 3


def test_the_threshold_can_be_set_and_counts_for_every_source():
    bench = Bench().booted()
    assert bench.set("ClockCtrlr", "TimeAdjustmentReportingThreshold", "7200") == "Accepted"
    assert moves(bench, HOUR_MS) == []
    bench.set("ClockCtrlr", "TimeSource", "NTP")
    bench.advance(25 * HOUR_MS, HOUR_MS)
    bench.drop()
    bench.wall.set_unix(bench.unix_ms - 5 * HOUR_MS, "ntp", bench.now_ms)
    bench.station.tick(bench.now_ms)
    (event,) = payloads(bench.connect(), "SecurityEventNotification")  # it is critical: kept until the CSMS has it
    assert (event["type"], event["techInfo"]) == ("SettingSystemTime", "-18000 s by ntp")
