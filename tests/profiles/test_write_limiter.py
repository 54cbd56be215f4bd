"""Writes of one device: gaps, back-off, a cap a day; what is new and lowers waits for nothing. On both runtimes."""

from ampacity.bus.profile.orders.write_limiter import DAY_MS, FIRST_MS, LAST_LOWER_MS, LAST_MS, WriteLimiter

START_MS = 2**30 - 60000


def waits(write_limiter, value, lowers, count):
    """How long each repetition of a write had to wait."""
    found, now_ms = [], START_MS
    write_limiter.sent("order", value, now_ms)
    for _ in range(count):
        due_ms = write_limiter.ready_ms("order", value, now_ms, lowers)
        found.append(due_ms - now_ms)
        now_ms = due_ms
        write_limiter.sent("order", value, now_ms)
    return found


def test_the_same_write_waits_twice_as_long_each_time_up_to_ten_minutes():
    assert waits(WriteLimiter(), 100, False, 10) == [FIRST_MS << n for n in range(7)] + [LAST_MS] * 3


def test_a_write_that_makes_safe_is_repeated_at_least_once_a_minute():
    assert waits(WriteLimiter(), 0, True, 8) == [5000, 10000, 20000, 40000] + [LAST_LOWER_MS] * 4


def test_a_new_write_or_one_that_worked_does_not_wait():
    write_limiter = WriteLimiter()
    waits(write_limiter, 100, False, 5)
    now_ms = START_MS + DAY_MS
    write_limiter.sent("order", 100, now_ms)
    assert write_limiter.ready_ms("order", 100, now_ms) > now_ms
    assert write_limiter.ready_ms("order", 90, now_ms) == now_ms and write_limiter.ready_ms("order", 90, now_ms, True) == now_ms
    assert write_limiter.ready_ms(("set", 10), 100, now_ms) == now_ms
    write_limiter.worked("order")
    write_limiter.worked("order")
    assert write_limiter.ready_ms("order", 100, now_ms) == now_ms


def test_the_writes_of_a_day_stay_within_the_limit_of_the_device_for_any_values():
    write_limiter, now_ms, sent = WriteLimiter(96), START_MS, 0
    while now_ms < START_MS + DAY_MS:
        due_ms = write_limiter.ready_ms("order", sent % 2, now_ms)
        if due_ms > now_ms:
            assert write_limiter.ready_ms("order", 7, now_ms, True) == now_ms, "a new lower was held back"
            now_ms = due_ms
            continue
        write_limiter.sent("order", sent % 2, now_ms)
        sent += 1
        now_ms += 250
    assert 90 <= sent <= 96, sent


def test_after_a_quiet_day_the_whole_write_budget_is_available_again():
    write_limiter = WriteLimiter(96)
    for day in range(2):
        now_ms = START_MS + day * DAY_MS
        for number in range(48):
            assert write_limiter.ready_ms("order", number, now_ms) == now_ms, number
            write_limiter.sent("order", number, now_ms)
        assert write_limiter.ready_ms("order", 99, now_ms) > now_ms
