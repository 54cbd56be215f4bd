"""Errors, clock, chance, log and the runtime's differences."""

import asyncio

from ampacity.base import compat
from ampacity.base.clock import Clock, TickClock
from ampacity.base.errors import InvariantBroken, Rejected, ensure
from ampacity.base.log import Log
from ampacity.base.printable import is_digits, printable
from ampacity.base.rng import Rng
from ampacity.base.utf8 import is_utf8
from check import raises


def test_a_rejection_names_field_value_and_what_is_allowed():
    error = Rejected("baud", 300, "1200..115200")
    assert (error.field, error.value, error.allowed) == ("baud", 300, "1200..115200")
    assert str(error) == "baud: 300 is not allowed; use 1200..115200"
    with raises(InvariantBroken):
        ensure(False, "broken")
    ensure(True, "fine")


def test_the_tick_clock_grows_through_each_wrap():
    ticks = [900]
    clock = TickClock(lambda: ticks[0], 1024, start_ms=2**30 - 1)
    seen = [clock.now_us()]
    for step in [100] * 100:
        ticks[0] = (ticks[0] + step) % 1024
        seen.append(clock.now_us())
    assert seen[0] == (2**30 - 1) * 1000
    assert all([seen[i + 1] - seen[i] == 100 for i in range(100)])
    assert clock.now_ms() == seen[-1] // 1000


def test_a_small_step_back_of_the_ticks_does_not_turn_time_back():
    ticks = [500]
    clock = TickClock(lambda: ticks[0], 1024)
    ticks[0] = 490
    assert clock.now_us() == 0
    ticks[0] = 510
    assert clock.now_us() == 10


async def test_sleeping_lets_other_tasks_run():
    seen = []

    async def other():
        seen.append(1)

    task = asyncio.create_task(other())
    await Clock().sleep_ms(1)
    await task
    assert seen == [1]


def test_a_seed_draws_the_same_on_every_runtime():
    rng = Rng(7)
    assert [rng.below(1000) for _ in range(6)] == [543, 426, 941, 908, 560, 350]
    assert Rng(2**40).next32() == Rng(2**40).next32() != Rng(0).next32()
    draws = [Rng(3).between(5, 7)] + [rng.between(5, 7) for _ in range(200)]
    assert sorted(set(draws)) == [5, 6, 7]
    hits = sum([rng.chance(250) for _ in range(4000)])
    assert 850 < hits < 1150
    assert not any([rng.chance(0) for _ in range(50)]) and all([rng.chance(1000) for _ in range(50)])
    assert len(rng.bytes(9)) == 9


def test_the_log_is_bounded_and_counts_dropped_lines():
    log = Log(capacity=3)
    for i in range(5):
        assert log.add("info", "line %d" % i, i * 10) == i + 1
    assert log.since(0) == [(3, 20, "info", "line 2"), (4, 30, "info", "line 3"), (5, 40, "info", "line 4")]
    assert log.since(4) == [(5, 40, "info", "line 4")] and log.since(5) == []
    assert log.dropped == 2


def test_the_log_keeps_the_same_lines_as_a_list_within_its_size():
    rng, log, kept = Rng(5), Log(capacity=40), []
    for n in range(1, 3001):
        text = "ä" * rng.below(20) + "x" * rng.below(120 if rng.chance(950) else 1900)
        level = ("debug", "info", "warning", "error")[rng.below(4)]
        now_ms = 2**30 - 1500 + n
        assert log.add(level, text, now_ms) == n
        kept.append((n, now_ms, level, text))
        lines = log.since(0)
        assert 0 < len(lines) <= 40 and lines == kept[-len(lines) :] and log.dropped == n - len(lines)
        room = sum([9 + len(line[3].encode()) for line in lines])
        assert len(lines) == min(n, 40) or room > 500
        kept = kept[-40:]


def test_a_line_that_is_too_long_is_cut_between_characters():
    log = Log(capacity=2)
    log.add("info", "x" * 1999 + "ä", 1)
    log.add("strange", "y" * 5000, 2)
    assert [(line[2], len(line[3])) for line in log.since(0)] in ([("info", 1999), ("info", 2000)], [("info", 2000)])


def test_each_counter_has_a_name():
    log = Log()
    assert log.counter("crc") == 1 and log.counter("crc", 4) == 5 and log.counter("crc", 0) == 5
    assert log.counter("other", 0) == 0 and log.counters == {"crc": 5}


def test_the_echo_gets_each_line():
    seen = []
    log = Log()
    log.echo = seen.append
    log.add("error", "x", 1)
    assert seen == [(1, 1, "error", "x")]


def test_a_traceback_names_the_error_and_memory_is_a_number_or_unknown():
    try:
        raise ValueError("of a kind")
    except ValueError as e:
        text = compat.format_exception(e)
    assert "ValueError" in text and "of a kind" in text
    assert compat.const(5) == 5
    assert compat.mem_free() is None or compat.mem_free() > 0
    assert compat.mem_alloc() is None or compat.mem_alloc() > 0


def test_utf8_is_checked_strictly():
    for good in (b"", b"abc", b"\xc3\xa9", b"\xe2\x82\xac", b"\xf0\x9f\x98\x80", b"\xed\x9f\xbf", b"\xf4\x8f\xbf\xbf"):
        assert is_utf8(good) and is_utf8(bytearray(good)), good
    for bad in (b"\x80", b"\xc0\xaf", b"\xc1\xbf", b"\xe0\x9f\xbf", b"\xed\xa0\x80", b"\xf0\x8f\xbf\xbf"):
        assert not is_utf8(bad), bad
    for bad in (b"\xf4\x90\x80\x80", b"\xf5\x80\x80\x80", b"\xe2\x82", b"\xe2\x28\xa1", b"a\xc3", b"\xc3\x28"):
        assert not is_utf8(bad), bad


def test_utf8_after_each_lead_is_judged_as_the_standard_says():
    for lead in range(0xC0, 0x100):
        for second in (0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xFF):
            for tail in (b"", b"\x80", b"\x80\xbf", b"\x80\xbf\x80"):
                size = 2 if lead < 0xE0 else 3 if lead < 0xF0 else 4
                low, high = {0xE0: (0xA0, 0xBF), 0xED: (0x80, 0x9F), 0xF0: (0x90, 0xBF), 0xF4: (0x80, 0x8F)}.get(lead, (0x80, 0xBF))
                good = 0xC2 <= lead <= 0xF4 and low <= second <= high and len(tail) == size - 2
                data = bytes([lead, second]) + tail
                assert is_utf8(data) == good and is_utf8(b"\xc3\xa4a" + data + b"z") == good, data


def test_digits_are_0_to_9_and_at_least_one():
    for text, digits in (("0", True), ("0123456789", True), ("", False), ("\u00b2", False), ("1\u00b2", False), ("\u0661", False), ("-1", False)):
        assert is_digits(text) == digits, text


def test_terminal_control_characters_are_escaped():
    assert printable("plain \u00e9 \u2192 text") == "plain \u00e9 \u2192 text"
    assert printable("a\x1b[2Jb") == "a\\x1b[2Jb" and printable("one\ntwo\r") == "one\\ntwo\\x0d"
    assert printable("\x00\x7f\x9b") == "\\x00\\x7f\\x9b" and printable("\u202egpj") == "\\u202egpj"


def test_a_line_of_the_log_is_one_line_whatever_it_quotes():
    log, echoed = Log(), []
    log.echo = echoed.append
    log.add("info", "link closed: code=1000 \x1b]0;evil\x07\n99 0.000 info forged", 5)
    for line in (log.since(0)[0][3], echoed[0][3]):
        assert "\n" not in line and "\x1b" not in line and "\x07" not in line and "forged" in line
