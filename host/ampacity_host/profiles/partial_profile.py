"""What is left of a profile of which some values cannot be read: so that one mistake hides no other, and makes none up."""

from collections.abc import Callable, Iterable
from copy import deepcopy
from typing import Any

import jsonschema

from ampacity_host.profiles import schema_errors

OF_A_TABLE = ("required", "additionalProperties", "dependentRequired", "minProperties", "oneOf")  # about a table, not about its value
Place = tuple[str | int, ...]
Profile = dict[str, Any]


def dotted(place: Iterable[str | int]) -> str:
    return ".".join([str(part) for part in place])


def with_ones(profile: Profile, places: list[Place]) -> Profile:
    """A number in place of these, which are none."""
    copy = deepcopy(profile) if places else profile
    for *above, last in places:
        inside(copy, above)[last] = 1
    return copy


def without(profile: Profile, places: Iterable[Place]) -> Profile:
    """The same without these values; a register that cannot be read is still there by its name."""
    copy = deepcopy(profile)
    for *above, last in sorted(set(places), key=lambda place: [str(part).rjust(9) for part in place], reverse=True):  # lists from their ends
        table = inside(copy, above)
        if above == ["registers"]:
            table[last] = {}
        else:
            del table[last]
    return copy


def inside(value: Any, place: Iterable[str | int]) -> Any:
    for part in place:
        value = value[part]
    return value


def unread(errors: list[jsonschema.ValidationError]) -> list[Place]:
    """The places of values that are not what they should be."""
    return [tuple(error.absolute_path) for error in errors if error.absolute_path and error.validator not in OF_A_TABLE]


def about_a_number(error: jsonschema.ValidationError, places: list[Place]) -> bool:
    """True if the finding concerns only a placeholder for an invalid number."""
    place = tuple(error.absolute_path)
    return place in places or (error.validator == "uniqueItems" and any(other[: len(place)] == place for other in places))


def hurt(places: list[Place], errors: list[jsonschema.ValidationError], tables: list[str]) -> set[str]:
    """Tables of which something is not known, and `registers.NAME`."""
    found = set()
    for place in [*places, *[tuple(error.absolute_path) for error in errors]]:
        if place:
            found.add(dotted(place[: 2 if place[0] == "registers" else 1]))
    for error in errors:
        if not error.absolute_path:
            names = [schema_errors.missing(error)] if error.validator == "required" else schema_errors.unknown(error)
            found |= {close for name in names if (close := schema_errors.close(name, tables))}
    return found


def findings(check: Callable[[Profile], list[str]], profile: Profile, hurt: set[str]) -> list[str]:
    """What a check finds, but of registers that cannot be read; nothing where what it needs is not there."""
    try:
        found = check(profile)
    except (LookupError, TypeError, AttributeError, ValueError, ArithmeticError):
        if not hurt:
            raise
        return []
    registers = [name.partition(".")[2] for name in hurt if name.startswith("registers.")]
    return [text for text in found if not any(repr(name) in text or f"registers.{name}:" in text for name in registers)]
