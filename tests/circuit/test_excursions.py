"""Section 3.5: the log of what flowed above a rating, and the verdict of the breaker's curve."""

from helper_circuit import START_MS, circuit, evse, meter_facts, site

from ampacity.circuit.excursions import KEPT_MAX, Excursions, parse_breaker, trip_ms, words
from ampacity.circuit.trusted.site.tree import Site


def log_of(breaker="C63", rating=630):
    root = circuit(rating=rating, meter=0)
    root["breaker"] = breaker
    return Excursions(Site(site([evse()], [root], [meter_facts()])))


def play(log, pieces, step_ms=1000):
    """pieces: (da on L1, seconds), the others at 100 da."""
    now_ms = START_MS
    for da, seconds in pieces:
        for _ in range(seconds * 1000 // step_ms):
            log.reading(0, [da, 100, -100], now_ms)
            now_ms += step_ms
    return log.take()


def test_a_current_within_the_rating_leaves_no_record():
    assert play(log_of(), [(630, 60), (0, 20)]) == []


def test_an_excursion_has_peak_duration_charge_and_i2t():
    record = play(log_of(), [(600, 5), (730, 11), (600, 10)])[0]
    assert record["circuit"] == "main" and record["phase"] == "L1"
    assert record["peak_da"] == 730 and record["duration_ms"] == 10000
    assert 1000 <= record["over_das"] <= 1100, record
    assert 73 * 73 * 10 <= record["i2t_a2s"] <= 73 * 73 * 12
    assert not record["would_trip"]
    assert record["since_ms"] == START_MS + 5000


def test_two_excursions_within_five_seconds_are_one():
    assert len(play(log_of(), [(700, 5), (600, 3), (700, 5), (600, 10)])) == 1
    assert len(play(log_of(), [(700, 5), (600, 8), (700, 5), (600, 10)])) == 2


def test_the_curve_points_of_the_standard():
    assert trip_ms("B", 113, 100) == 0
    assert trip_ms("B", 114, 100) > 2000000
    assert trip_ms("B", 255, 100) == 1000
    assert trip_ms("B", 299, 100) == 100 and trip_ms("B", 300, 100) == 10
    assert trip_ms("C", 499, 100) == 100 and trip_ms("C", 500, 100) == 10
    assert trip_ms("D", 1000, 100) == 10


def test_a_curve_is_never_slower_at_more_current():
    for curve in "BCD":
        times = [trip_ms(curve, da, 100) for da in range(114, 1100)]
        assert times == sorted(times, key=lambda ms: -ms)


def test_a_long_overload_reaches_the_trip_time_of_the_breaker():
    assert not play(log_of(), [(1000, 60), (0, 10)])[0]["would_trip"]
    assert play(log_of(), [(1000, 120), (0, 10)])[0]["would_trip"]
    assert play(log_of("B16", 160), [(480, 1), (0, 10)])[0]["would_trip"]


def test_heat_adds_up_over_several_excursions_and_decays_with_time():
    log = log_of()
    records = play(log, [(1000, 30), (500, 10)] * 3)
    assert [r["would_trip"] for r in records] == [False, False, True]
    log = log_of()
    records = play(log, [(1000, 45), (500, 3600)] * 3, step_ms=5000)
    assert [r["would_trip"] for r in records] == [False, False, False]


def test_feed_in_counts_by_its_magnitude():
    record = play(log_of(), [(-730, 5), (0, 10)])[0]
    assert record["peak_da"] == 730


def test_frames_far_apart_are_not_joined():
    log = log_of()
    log.reading(0, [700, 0, 0], START_MS)
    log.reading(0, [700, 0, 0], START_MS + 60000)
    log.reading(0, [0, 0, 0], START_MS + 66000)
    assert log.take()[0]["over_das"] == 210


def test_the_list_is_bounded_and_counts_dropped_entries():
    log = log_of()
    now_ms = START_MS
    for _ in range(KEPT_MAX + 3):
        for da in (700, 0, 0):
            log.reading(0, [da, 0, 0], now_ms)
            now_ms += 5000
    assert log.dropped == 3 and len(log.take()) == KEPT_MAX and log.take() == []


def test_an_open_excursion_is_stored_when_the_controller_stops():
    log = log_of()
    play(log, [(700, 3)])
    log.close()
    assert log.take()[0]["duration_ms"] == 2000


def test_a_breaker_is_read_from_its_name_or_is_b_at_the_rating():
    assert parse_breaker("C63", 500) == ("C", 630)
    assert parse_breaker("B12.5", 500) == ("B", 125)
    assert parse_breaker(None, 500) == ("B", 500)


def test_a_record_reads_as_a_line():
    record = play(log_of(), [(730, 11), (600, 10)])[0]
    assert words(record).startswith("main L1 up to 73.0 A (rating 63.0 A) for 10.0 s, 10"), words(record)
    assert "C63 does not trip" in words(record)
