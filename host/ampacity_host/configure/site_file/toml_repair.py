"""What a TOML file with slips says nevertheless: each slip that has one reading is corrected, any other line is left out, so that a
mistake of form hides no other mistake.

A file of which only guesses would be left (a bracket or a text that is not closed) says nothing.
"""

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

Slip = tuple[int, str, str]  # line, what is wrong, the cure
ROUNDS_MAX = 20
LONG = 100_000  # characters: such a file is no longer typed by hand, and each round takes its time
LINE = re.compile(r"""^(\s*(?:[A-Za-z0-9_-]+|"[^"]*")\s*=\s*)(.*)$""")
COLON = re.compile(r"^(\s*[A-Za-z0-9_-]+)\s*:\s*")
HEADER = re.compile(r"^\s*(\[\[?)\s*([A-Za-z0-9_.-]+)")
STRAIGHT = str.maketrans({quote: '"' for quote in "“”„‟«»"})
NUMBER = r"(-?\d+(?:\.\d+)?)"
VALUES = (  # how a value that is none was meant
    (re.compile(r"^(-?\d+),(\d+)\s*$"), r"\1.\2"),
    (re.compile(rf"^{NUMBER}\s*[A-Za-z%°]+\s*$"), r"\1"),
    (re.compile(r"^([A-Za-z/][^\s\"'#,]*)\s*$"), r'"\1"'),
)


@dataclass(frozen=True)
class Rest:
    """What is left of a file."""

    text: str
    values: dict[str, Any]
    lost: dict[int, str] = field(default_factory=dict)  # by line the name of an unreadable value; "": the name is unknown, too


def headed(brackets: str, name: str, many: Iterable[str]) -> str:
    """A table's header, with the brackets that it should have. many: tables of which there are several."""
    count = 2 if name in many else len(brackets)
    return "[" * count + name + "]" * count


def probable_meaning(line: str, many: Iterable[str]) -> str | None:
    """The probable meaning of a line; None: unknown."""
    header = HEADER.match(line)
    if header:
        return headed(header[1], header[2], many)
    line = COLON.sub(r"\1 = ", line.translate(STRAIGHT), count=1)
    found = LINE.match(line)
    if found is None:
        return None
    value = found[2].split("#")[0].strip().rstrip(";").rstrip()
    for pattern, meant in VALUES:
        for each in (found[1] + value, found[1] + pattern.sub(meant, value)):
            try:
                tomllib.loads(each)
            except ValueError:
                continue
            return each
    return None


def rest_of(text: str, slips: Any, many: Iterable[str]) -> tuple[list[Slip], Rest | None]:
    """Every slip that is found, and what is left. slips(text, error): those that are seen of a text, at least where the parser stopped."""
    lines, guessed = text.splitlines(), 0
    found: dict[int, Slip] = {}
    lost: dict[int, str] = {}
    new: dict[int, Slip] = {}
    for _ in range(ROUNDS_MAX if len(text) < LONG else 2):
        try:
            values = tomllib.loads("\n".join(lines), parse_float=Decimal)
            return in_order(found), Rest("\n".join(lines), values, lost)
        except ValueError as error:
            new = {slip[0]: slip for slip in slips("\n".join(lines), str(error)) if slip[0] not in found}
        if not new or 0 in new:
            break
        stopped = min(new)
        if len(new) == 1 and guessed and not any(line.strip() for line in lines[guessed : stopped - 1]):
            break  # the line before it was blamed for what began earlier
        guessed = 0
        for number in new:
            line = lines[number - 1]
            twice = new[number][1].endswith(" already")
            meant = None if twice else probable_meaning(line, many)
            if meant is None and not twice:
                name = LINE.match(COLON.sub(r"\1 = ", line))
                lost[number] = name[1].split("=")[0].strip().strip('"') if name else ""
                guessed = number if len(new) == 1 else 0
            if twice and HEADER.match(line):
                return in_order(found | new), None
            lines[number - 1] = meant or ""
        found |= new
    return in_order(found | new), None


def in_order(found: dict[int, Slip]) -> list[Slip]:
    return [found[number] for number in sorted(found)]
