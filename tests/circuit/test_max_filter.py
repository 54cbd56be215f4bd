"""The greatest and the least of a short while: kept for one bucket at least, for two at most."""

from ampacity.circuit.trusted.metering.max_filter import EMPTY, MaxFilter, MinMaxHistory


def test_a_maximum_is_kept_for_one_to_two_buckets():
    window = MaxFilter(2, 1000)
    window.advance(100)
    assert window.put(0, 50) == 50 and window.put(1, 70) == 70 and window.put(0, 30) == 50
    for now_ms, most in ((1099, 50), (1100, 50), (2099, 50), (2100, 20)):
        window.advance(now_ms)
        assert window.put(0, 20) == most, now_ms
    window.advance(3100)
    assert window.put(1, 10) == 10, "nothing was put there for two buckets"
    assert window.put(0, 10) == 20
    window.advance(9000)
    window.advance(10000)
    assert window.put(0, -1000) == -1000 and window.put(1, EMPTY + 1) == EMPTY + 1


def filled():
    """Two EVSEs of two phases; the second was read at 100, 600 and 1150 ms."""
    past = MinMaxHistory(2, 2, 1000)
    for now_ms, values in ((100, [50, 70]), (600, [30, 90]), (1150, [40, 80])):
        past.put(1, values, now_ms)
    return past


def bracketed(past, k, values):
    lo, hi = [7] * 4, [8] * 4
    past.bracket(k, values, lo, hi)
    return lo, hi


def test_the_history_of_an_evse_is_the_minimum_and_maximum_of_its_readings_per_phase():
    past = filled()
    assert bracketed(past, 1, [60, 60]) == ([7, 7, 30, 60], [8, 8, 60, 90])
    assert bracketed(past, 1, [35, 85]) == ([7, 7, 30, 70], [8, 8, 50, 90])
    assert bracketed(past, 1, [10, 100]) == ([7, 7, 10, 70], [8, 8, 50, 100])


def test_an_evse_without_a_history_counts_its_present_reading():
    assert bracketed(filled(), 0, [60, 0]) == ([60, 0, 7, 7], [60, 0, 8, 8])
    assert [filled().most(at, 55) for at in range(4)] == [55, 55, 55, 90]


def test_a_reading_counts_for_one_to_two_buckets():
    past = filled()
    past.advance(1, 2149)
    assert bracketed(past, 1, [60, 60]) == ([7, 7, 30, 60], [8, 8, 60, 90])
    past.advance(1, 2150)
    assert bracketed(past, 1, [60, 60]) == ([7, 7, 40, 60], [8, 8, 60, 80])
    assert past.most(2, 10) == 40 and past.most(3, 85) == 85
    past.advance(1, 3150)
    assert bracketed(past, 1, [60, 60]) == ([7, 7, 60, 60], [8, 8, 60, 60])
    past.put(1, [20, 20], 3200)
    assert past.most(2, 10) == 20


def test_a_clock_that_starts_at_zero_changes_nothing():
    for begins_ms in (0, 1, 700):
        window, past = MaxFilter(1, 1000), MinMaxHistory(1, 1, 1000)
        for after_ms, da, most in ((0, 50, 50), (999, 10, 50), (1000, 10, 50), (1999, 10, 50), (2000, 10, 10)):
            window.advance(begins_ms + after_ms)
            assert window.put(0, da) == most, after_ms
            past.put(0, [da], begins_ms + after_ms)
            assert past.most(0, 0) == most, after_ms


def test_buckets_of_one_evse_rotate_independently_of_another():
    past = MinMaxHistory(3, 2, 1000)
    for k in (0, 1, 2):
        past.put(k, [50 + k, 60 + k], 100)
    past.advance(2, 1100)
    past.advance(2, 2100)
    assert [past.most(at, 0) for at in range(6)] == [50, 60, 51, 61, 0, 0]
    past = MinMaxHistory(2, 1, 1000)
    past.put(0, [50], 100)
    past.put(1, [60], 900)
    past.put(0, [10], 1100)
    past.put(0, [10], 2100)
    past.put(1, [20], 1899)
    assert past.most(0, 0) == 10 and past.most(1, 0) == 60
    past.put(1, [20], 1900)
    past.put(1, [20], 2900)
    assert past.most(1, 0) == 20
