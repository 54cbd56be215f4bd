"""The verdict of the breaker's curve (IEC 60898-1)."""

import math

import pytest

from ampacity_host.rig.plant.breaker import Breaker, parse_breaker, trip_time_s


def test_it_never_trips_at_the_conventional_non_tripping_current():
    assert trip_time_s("B", 1.13) == math.inf


@pytest.mark.parametrize("curve,multiple", [("B", 3.0), ("C", 5.0), ("D", 10.0)])
def test_it_may_trip_at_once_from_its_magnetic_band_on(curve, multiple):
    assert trip_time_s(curve, multiple) == 0.01
    assert trip_time_s(curve, multiple * 0.99) > 0.01


def test_more_current_trips_sooner():
    times = [trip_time_s("C", 1.2 + step / 10) for step in range(30)]
    assert times == sorted(times, reverse=True)


def test_a_short_excursion_does_not_trip_and_a_long_one_does():
    breaker = Breaker("C", 630)
    breaker.carry(900, 10_000)
    assert not breaker.would_trip
    breaker.carry(900, 3_600_000)
    assert breaker.would_trip


def test_the_breaker_cools_between_excursions():
    breaker = Breaker("B", 160)
    for _ in range(50):
        breaker.carry(220, 10_000)
        breaker.carry(100, 600_000)
    assert not breaker.would_trip


def test_names_and_the_default():
    assert parse_breaker("C63", 500) == ("C", 630)
    assert parse_breaker(None, 320) == ("B", 320)
