"""Readers of single values: each takes what TOML gave, and gives the value in the firmware's units or raises Wrong.

Numbers arrive as int or Decimal (never as a float), so that 0.1 A is exactly one deci-ampere. Worst cases are rounded
up, permissions down.
"""

import re
from collections.abc import Callable
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any

from ampacity.base.tz import Zone

Reader = Callable[[Any], Any]
LINES = {"L1": 0, "L2": 1, "L3": 2}


class Wrong(Exception):
    """A value that is not allowed; the text says what is."""


def number(value: Any, allowed: str) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise Wrong(allowed)
    exact = Decimal(value)
    if not exact.is_finite():
        raise Wrong(allowed)
    return exact


def scaled(low: str, high: str, unit: str, factor: int, rounding: str, zero: bool = False) -> Reader:
    """A number in `unit` as an integer of 1/factor; zero: 0 is allowed below `low` too."""
    allowed = f"{'0 or ' if zero else ''}{low} to {high} {unit}"

    def read(value: Any) -> int:
        exact = number(value, allowed)
        if not (Decimal(low) <= exact <= Decimal(high) or (zero and exact == 0)):
            raise Wrong(allowed)
        return int((exact * factor).to_integral_value(rounding))

    return read


def amps_up(low: str, high: str, zero: bool = False) -> Reader:
    """Amperes as deci-amperes, rounded up: for a worst case."""
    return scaled(low, high, "A", 10, ROUND_CEILING, zero)


def amps_down(low: str, high: str, zero: bool = False) -> Reader:
    """Amperes as deci-amperes, rounded down: for what is permitted."""
    return scaled(low, high, "A", 10, ROUND_FLOOR, zero)


def seconds(low: str, high: str, zero: bool = False) -> Reader:
    """Seconds as milliseconds, rounded down."""
    return scaled(low, high, "s", 1000, ROUND_FLOOR, zero)


def fraction(low: str, high: str) -> Reader:
    """A plain number, kept exact."""

    def read(value: Any) -> Decimal:
        exact = number(value, f"{low} to {high}")
        if not Decimal(low) <= exact <= Decimal(high):
            raise Wrong(f"{low} to {high}")
        return exact

    return read


def whole(low: int, high: int) -> Reader:
    allowed = f"a whole number from {low} to {high}"

    def read(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise Wrong(allowed)
        return value

    return read


def listening(value: Any) -> str:
    """ "ADDRESS:PORT" with an IPv4 address that others can connect to."""
    parts = re.fullmatch(r"(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3}):([1-9]\d{0,4})", value) if isinstance(value, str) else None
    numbers = [int(part) for part in parts.groups()] if parts else [0]
    if not 0 < numbers[0] < 224 or max(numbers[:4]) > 255 or numbers[4] > 65535:
        raise Wrong("IPv4-ADDRESS:PORT, such as 192.168.1.10:8080")
    return str(value)


def one_of(*choices: Any) -> Reader:
    allowed = "one of " + ", ".join(repr(c) if isinstance(c, str) else str(c) for c in choices)

    def read(value: Any) -> Any:
        if value not in choices or isinstance(value, bool) != isinstance(choices[0], bool):
            raise Wrong(allowed)
        return choices[choices.index(value)]  # 9600.0 is 9600

    return read


def flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise Wrong("true or false")
    return value


def text(pattern: str, allowed: str) -> Reader:
    def read(value: Any) -> str:
        if not isinstance(value, str) or not re.fullmatch(pattern, value):
            raise Wrong(allowed)
        return value

    return read


def checked(fits: Callable[[str], bool], allowed: str) -> Reader:
    """A text that a check of the firmware accepts."""
    def read(value: Any) -> str:
        if not isinstance(value, str) or not fits(value):
            raise Wrong(allowed)
        return value

    return read


def posix_zone(value: Any) -> str:
    """A time zone that the controller can read: it has no data base of their names."""
    allowed = "a POSIX zone such as CET-1CEST,M3.5.0,M10.5.0/3, or UTC0"
    if not isinstance(value, str) or len(value) > 61:
        raise Wrong(allowed)
    try:
        Zone(value)
    except ValueError:
        raise Wrong(allowed) from None
    return value


def names(value: Any) -> list[str]:
    """A list of different names."""
    if not isinstance(value, list) or not value or not all(isinstance(item, str) for item in value) or len(set(value)) != len(value):
        raise Wrong("a list of names, each once")
    return value


RIGHTS = ("read", "order", "settings")


def rights(value: Any) -> dict[str, list[str]]:
    """{ Operator = "read", Energy = "read order" }: role names and what each may do."""
    allowed = 'role names and their rights, such as { Operator = "read", Energy = "read order" }; rights: ' + ", ".join(RIGHTS)
    if not isinstance(value, dict) or not value or not all(isinstance(words, str) for words in value.values()):
        raise Wrong(allowed)
    table = {name: words.split() for name, words in value.items()}
    if not all(name.isascii() and name.isprintable() and 1 <= len(name) <= 64 for name in table):
        raise Wrong(allowed)
    if any(word not in RIGHTS for words in table.values() for word in words):
        raise Wrong(allowed)
    return table


def per_phase(reader: Reader) -> Reader:
    """One number for all phases, or a list with one for each; gives the number or the list."""

    def read(value: Any) -> Any:
        if isinstance(value, list):
            if not 1 <= len(value) <= 3:
                raise Wrong("a number, or a list with one number per supply phase")
            return [reader(item) for item in value]
        return reader(value)

    return read


def terminals(value: Any) -> list[list[int]]:
    """["L1","L2","L3"] as [[0],[1],[2]]; ["L1-L2"] as [[0,1]]."""
    allowed = 'a list such as ["L1", "L2", "L3"], ["L2"] or ["L1-L2"], each line at most once'
    if not isinstance(value, list) or not 1 <= len(value) <= 3 or not all(isinstance(item, str) for item in value):
        raise Wrong(allowed)
    lines = [item.split("-") for item in value]
    flat = [name for names in lines for name in names]
    if any(name not in LINES for name in flat) or len(set(flat)) != len(flat):
        raise Wrong(allowed)
    if any(len(names) > 2 for names in lines) or (len(lines) > 1 and any(len(names) == 2 for names in lines)):
        raise Wrong(allowed + "; two lines such as L1-L2 stand alone")
    return [sorted(LINES[name] for name in names) for names in lines]
