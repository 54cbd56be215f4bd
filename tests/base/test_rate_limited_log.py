"""Chatter of devices: bounded, counted, and never in the way of what a person needs."""

from ampacity.base.log import NEEDED_MAX, Log
from ampacity.base.rate_limited_log import BURST, NAMES_MAX, NEXT_MS, DeviceLog, about

DAY_S = 86400


def flood(log, seconds, devices=3, begin_ms=0):
    """Devices that come and go each second; the housekeeping steps once a minute. Returns the time."""
    for second in range(seconds):
        now_ms = begin_ms + second * 1000
        log.add("info", "evse bay-%d: %s" % (second % devices, ("no answer", "answers")[second // devices % 2]), now_ms)
        if second % 60 == 0:
            log.step(now_ms)
    return begin_ms + seconds * 1000


def test_a_device_is_logged_in_full_until_it_chatters():
    whole = Log()
    log = DeviceLog(whole)
    for i in range(BURST):
        assert log.add("info", "evse bay-1: line %d" % i, i * 1000) == i + 1
    assert log.add("info", "evse bay-1: one more", 30000) == 0 and log.add("info", "evse bay-2: its first", 30000) == BURST + 1
    assert whole.counters == {"log_lines_suppressed": 1} and log.counters is whole.counters


def test_the_last_of_the_lines_left_out_is_logged_with_their_number():
    whole = Log()
    log = DeviceLog(whole)
    end_ms = flood(log, 200, devices=1)
    log.step(end_ms + NEXT_MS)
    assert whole.since(0)[-1][3] == "evse bay-0: answers (the last of %d suppressed lines)" % (200 - BURST)
    assert log.add("info", "evse bay-0: plugged", end_ms + 2 * NEXT_MS) and "suppressed" not in whole.since(0)[-1][3]


def test_a_line_after_a_pause_carries_the_number_of_those_left_out():
    whole = Log()
    log = DeviceLog(whole)
    flood(log, BURST + 7, devices=1)
    log.add("info", "evse bay-0: plugged", NEXT_MS)
    assert whole.since(0)[-1][3] == "evse bay-0: plugged (7 similar lines suppressed)"


def test_a_day_of_chatter_leaves_what_a_person_needs():
    whole = Log(100)
    log = DeviceLog(whole)
    whole.keep("warning", "locked: bay-1 locked out", 5)
    log.keep("error", "secondary: leased -> faulted: rcm", 6)
    for hour in range(24):
        end_ms = flood(log, DAY_S // 24, begin_ms=hour * 3600000)
    texts = [line[3] for line in whole.since(0)]
    assert texts[:2] == ["locked: bay-1 locked out", "secondary: leased -> faulted: rcm"]
    assert len([text for text in texts if "suppressed" in text]) > 90 and end_ms == DAY_S * 1000
    assert whole.dropped < 3 * (BURST + DAY_S * 1000 // NEXT_MS)
    numbers = [line[0] for line in whole.since(0)]
    assert numbers == sorted(numbers) and whole.since(numbers[-2]) == whole.since(0)[-1:]


def test_a_fault_that_flaps_is_bounded_and_its_last_line_is_kept():
    whole = Log(50)
    log = DeviceLog(whole)
    for second in range(7200):
        log.keep("warning", "charging point: faulted: pilot", second * 1000)
    flood(log, 7200, devices=9, begin_ms=7200000)
    assert [line for line in whole.needed() if line[3] == "charging point: faulted: pilot" and line[1] == 7199000]
    assert whole.counters["log_lines_suppressed"] > 13900


def test_the_needed_lines_and_the_names_are_bounded():
    whole = Log(3)
    for i in range(100):
        whole.keep("warning", "alarm: %d" % i, i)
    assert len(whole.since(0)) == NEEDED_MAX and [line[3] for line in whole.since(0)][-1] == "alarm: 99"
    log = DeviceLog(whole)
    for i in range(NAMES_MAX + 500):
        log.add("info", "evse n-%d: x" % i, 1)
    assert log.counters["log_lines_suppressed"] == 500 - BURST
    log.step(20000)
    log.step(20000 + BURST * NEXT_MS)
    log.step(40000 + BURST * NEXT_MS)
    assert log.add("info", "evse fresh: x", 50000 + BURST * NEXT_MS)


def test_a_line_is_about_the_device_that_it_begins_with():
    assert about("evse bay-1: plugged") == about("bay-1: no answer") == "bay-1" and about("line rs485-1: up") == "line rs485-1"
