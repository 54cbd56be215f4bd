"""Scales as fractions: what a raw register counts in the controller's integer units.

value = raw × mul / div, in da, dv, W, Wh, ms, tenths of a degree or of a per cent.
"""

from decimal import Decimal
from fractions import Fraction

TO_OURS = {"A": 10, "V": 10, "W": 1, "kW": 1000, "Wh": 1, "kWh": 1000, "s": 1000, "ms": 1, "dC": 1, "%": 10, None: 1}
WATTS = ("W", "kW")


def fraction(register: dict) -> Fraction:
    """Controller units per raw count of a register, exact."""
    return Fraction(register.get("scale", 1)) * TO_OURS[register.get("unit")]  # a text such as "1/167" is exact, too


def da(amps: "int | float | Decimal") -> int:
    """Amperes to deci-amperes, rounded down, forgiving what a binary fraction loses (0.005 A)."""
    exact = Fraction(str(amps)) * 10
    return int(exact + Fraction(5, 100))


def ms(seconds: "int | float | Decimal") -> int:
    """Seconds to milliseconds, rounded down."""
    return int(Fraction(str(seconds)) * 1000)
