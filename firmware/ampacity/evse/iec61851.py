"""The numbers of IEC 61851-1:2017 Annex A and B: pilot voltages, duty for a current, cable coding. Integers only."""

from ampacity.base.quantities import CHARGING_DA_MIN

DUTY_DA_MAX = 800

# (level, lowest mV, highest mV) as the EVSE detects them, Table A.4; in the gaps the last level holds
BANDS = (
    ("A", 11000, 13000),
    ("B", 8000, 10000),
    ("C", 5000, 7000),
    ("D", 2000, 4000),
    ("E", -1000, 1000),
    ("N", -13500, -9000),
)
LOW_MV_MIN, LOW_MV_MAX = -13500, -10900  # low half of the wave with the car's diode in place

# (lowest ohm, highest ohm, da): Annex B, windows of edition 3; a reading between two windows takes the lower current
CABLES = ((1001, 4500, 130), (309, 1000, 200), (141, 308, 320), (60, 140, 630))


def level_of(high_mv: int, last: str) -> str:
    """Level "A".."E" for the high half of the pilot, "N" where our own −12 V hides the car; `last` in the gaps."""
    for level, lowest, highest in BANDS:
        if lowest <= high_mv <= highest:
            return level
    return last


def permille_of(current_da: int) -> int:
    """Duty in per-mille for an offer in deci-amperes, rounded down; 0: no duty says so little. Table A.7."""
    if current_da < CHARGING_DA_MIN:
        return 0
    if current_da <= 510:
        return current_da * 10 // 6
    return min(current_da, DUTY_DA_MAX) * 4 // 10 + 640


def cable_da(ohm: "int | None") -> "int | None":
    """What a cable carries by its resistor, in deci-amperes; None for open, short, or nothing that is coded."""
    if ohm is None:
        return None
    for lowest, highest, current_da in CABLES:
        if lowest <= ohm <= highest:
            return current_da
    return None
