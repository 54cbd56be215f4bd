"""Duty and amperes, both ways."""

from ampacity.evse.iec61851 import permille_of
from ampacity.point.duty import DIGITAL_PERMILLE, duty_u16, high_ticks, vehicle_reads


def test_a_car_never_reads_more_than_was_offered_and_at_most_2_a_less():
    for offer_da in range(60, 801):
        kind, read_da = vehicle_reads(permille_of(offer_da))
        assert kind == "offer" and offer_da - 20 <= read_da <= offer_da, offer_da


def test_the_offers_of_the_standard_are_read_within_half_an_ampere():
    for offer_da in (60, 100, 130, 160, 200, 320, 510, 630, 700, 800):
        assert offer_da - 5 <= vehicle_reads(permille_of(offer_da))[1] <= offer_da


def test_every_duty_of_table_a_8_has_its_meaning():
    for permille, meaning in (
        (0, ("none", 0)), (29, ("none", 0)), (30, ("digital", 0)), (DIGITAL_PERMILLE, ("digital", 0)), (70, ("digital", 0)), (71, ("error", 0)),
        (79, ("error", 0)), (80, ("offer", 60)), (99, ("offer", 60)), (100, ("offer", 60)), (850, ("offer", 510)), (851, ("offer", 527)),
        (960, ("offer", 800)), (970, ("offer", 800)), (971, ("none", 0)), (1000, ("none", 0)),
    ):
        assert vehicle_reads(permille) == meaning, permille


def test_ticks_never_say_more_than_the_duty_and_miss_it_by_less_than_one():
    for period_ticks in (8192, 64863, 48000, 1 << 16):
        for permille in (100, 266, 533, 850, 960):
            ticks = high_ticks(permille, period_ticks)
            assert 0 <= permille * period_ticks - ticks * 1000 < 1000
    assert duty_u16(1000) == 65535 and duty_u16(0) == 0
