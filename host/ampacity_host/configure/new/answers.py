"""Answers as text → values of a site file, read by the schema's own readers: no range is written a second time."""

import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any

from ampacity_host.configure.site_file.schema import LISTS, SINGLE, Field
from ampacity_host.configure.site_file.toml_text import near
from ampacity_host.configure.site_file.value_readers import Wrong

UNITS = {"_a": "A", "_s": "s", "_w": "W", "_kw": "kW", "voltage": "V"}
SCHEMAS: dict[str, dict[str, Field]] = {**SINGLE, **LISTS}


class BadAnswer(Exception):
    """An answer that cannot be used; the text names it and what is allowed."""


def unit_of(key: str) -> str:
    """The unit of a field by the end of its name, such as A; "" if it has none."""
    return next((unit for end, unit in UNITS.items() if key.endswith(end)), "")


def allowed(kind: str, key: str) -> str:
    """The allowed range of a field, in the words of its reader."""
    try:
        SCHEMAS[kind][key].read(object())
    except Wrong as wrong:
        return str(wrong)
    return ""


def value_of(kind: str, key: str, text: str) -> Any:
    """What the site file has for this text: a number, a text, true or false, a list (items separated by /).

    A unit after a number is dropped ("63 A"). Raises BadAnswer.
    """
    read = SCHEMAS[kind][key].read
    for value in readings(text.strip(), unit_of(key)):
        try:
            read(value)
            return value
        except Wrong:
            continue
    raise BadAnswer(f"{key}: {text!r} is not allowed; use {allowed(kind, key)}")


def readings(text: str, unit: str) -> Iterator[Any]:
    """Each value that a text can mean."""
    amount = number(re.sub(rf"\s*{unit}$", "", text) if unit else text)
    if amount is not None:
        yield amount
    if text in ("true", "false"):
        yield text == "true"
    yield text
    items = [each.strip() for each in text.split("/")]
    yield [each if (one := number(each)) is None else one for each in items]


def count_of(text: str, high: int) -> int:
    """A whole number from 1 to high. Raises BadAnswer."""
    count = number(text)
    if not isinstance(count, int) or not 1 <= count <= high:
        raise BadAnswer(f"{text!r} is not allowed; use a whole number from 1 to {high}")
    return count


def number(text: str) -> "int | Decimal | None":
    if re.fullmatch("[0-9]{1,9}", text):
        return int(text)
    try:
        return Decimal(text) if re.fullmatch(r"[0-9]{0,9}\.[0-9]{1,6}", text) else None
    except InvalidOperation:
        return None


def full_key(kind: str, key: str) -> str:
    """The field that a key names, with or without its unit: max is max_a. Raises BadAnswer."""
    schema = SCHEMAS[kind]
    for name in (key, key.replace("-", "_") + "_a", key.replace("-", "_") + "_s"):
        if name in schema:
            return name
    close = near(key, schema)
    raise BadAnswer(f"{key}: is unknown; " + (f"did you mean {close}?" if close else "known: " + ", ".join(schema)))


def parts_of(text: str, first: str) -> dict[str, str]:
    """keba-p30,count=4,max=16 as {first: "keba-p30", "count": "4", "max": "16"}. Raises BadAnswer."""
    found: dict[str, str] = {}
    for number_, part in enumerate(text.split(",")):
        key, equals, value = part.partition("=")
        if not equals and not number_:
            key, value = first, part
        key, value = key.strip(), value.strip()
        if not key or not value:
            raise BadAnswer(f"{part!r} is not KEY=VALUE")
        if key in found:
            raise BadAnswer(f"{key}: is given twice")
        found[key] = value
    return found
