"""Duty of the pilot and amperes, both ways (IEC 61851-1:2017, Tables A.7 and A.8). Integers only.

The charging point says an offer by `evse/iec61851.py` `permille_of` (Table A.7); `vehicle_reads` is what a car makes of a duty (Table
A.8). Rounding is always down: a car never reads more than what was offered.
"""

PILOT_HZ = 1000
DIGITAL_PERMILLE = 50  # digital communication (ISO 15118) is required; no current by PWM


def vehicle_reads(permille: int) -> "tuple[str, int]":
    """(meaning, deci-amperes) of a duty in per-mille, 0 to 1000.

    "none": no charging; "digital": communication is required (3 to 7 %); "error": no charging; "offer": the most that the car may draw.
    """
    if 30 <= permille <= 70:
        return "digital", 0
    if 70 < permille < 80:
        return "error", 0
    if permille < 80 or permille > 970:
        return "none", 0
    if permille < 100:
        return "offer", 60
    if permille <= 850:
        return "offer", permille * 6 // 10
    return "offer", min(800, (permille - 640) * 10 // 4)


def high_ticks(permille: int, period_ticks: int) -> int:
    """Ticks of a timer at +12 V in a period of `period_ticks`, rounded down. permille: 0 to 1000."""
    return permille * period_ticks // 1000


def duty_u16(permille: int) -> int:
    """The same for an output that counts a period as 65535; 65535 is steady."""
    return high_ticks(permille, 65535)
