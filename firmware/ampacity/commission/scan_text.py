"""What an installer types for a scan, and what is shown of one: words in, words out."""

from ampacity.base.errors import Rejected
from ampacity.base.printable import is_digits
from ampacity.base.quantities import amps
from ampacity.commission.address_sweep import DUPLICATE_TEXT, GARBLED_TEXT
from ampacity.commission.scan import ANY_UNITS, LAST_UNIT, QUICK_SETTINGS, QUICK_UNITS, SETTINGS

if False:  # for the type checker
    from typing import Any

    from ampacity.commission.scan import Scan

CURRENTS = ("max_current", "min_current", "hardware_limit")  # in da
BAUDS = (1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200)


def units_of(text: str, rtu: bool = True) -> "list[int]":
    """Addresses of "1-32", "7" or "1-10,100"; over TCP up to 255. Raises Rejected."""
    most = LAST_UNIT if rtu else 255
    units: list[int] = []
    for part in text.split(","):
        low, _, high = part.partition("-")
        if not is_digits(low) or (high and not is_digits(high)):
            raise Rejected("units", text, "addresses 1..%d, such as 1-32 or 1-10,100" % most)
        first, last = int(low), int(high or low)
        if not 1 <= first <= last <= most:
            raise Rejected("units", text, "addresses 1..%d, the lower one first" % most)
        units += [unit for unit in range(first, last + 1) if unit not in units]
    return units


def units_for(full: bool, rtu: bool = True) -> "list[int]":
    """All addresses, or the usual ones; over TCP first those that show whether the device checks the address."""
    units = list(range(1, (LAST_UNIT if full else QUICK_UNITS) + 1))
    if rtu:
        return units
    return list(ANY_UNITS) + [unit for unit in units + [100, 180, 200, 247] if unit not in ANY_UNITS and (unit <= units[-1] or not full)]


def settings_of(text: str) -> "list[tuple[int, str, int]]":
    """Settings of "9600", "19200E1,9600N1" or "9600N". A speed alone: even and no parity. Raises Rejected."""
    found: list[tuple[int, str, int]] = []
    for part in text.split(","):
        digits = part
        while digits and not is_digits(digits):
            digits = digits[:-1]
        rest = part[len(digits) :].upper()
        if not digits or int(digits) not in BAUDS or rest[:1] not in ("", "E", "O", "N") or rest[1:] not in ("", "1", "2"):
            raise Rejected("baud", part, "one of %s, then E, O or N and the stop bits, as 19200E1" % ", ".join([str(baud) for baud in BAUDS]))
        stop = int(rest[1:] or 1)
        found += [(int(digits), parity, stop) for parity in (rest[:1] or "EN")]
    return found


def settings_for(full: bool, first: "tuple[int, str, int] | None" = None) -> "list[tuple[int, str, int]]":
    """The settings to try: `first` (the site's own), then likely ones, with full all."""
    chosen = list(SETTINGS if full else SETTINGS[:QUICK_SETTINGS])
    return chosen if first is None else [first] + [setting for setting in chosen if setting != first]


def found_lines(rows: "list[dict[str, Any]]") -> "list[str]":
    """A line for each unit that was found, in columns."""
    cells = [[str(row["setting"]), "unit %s" % row["unit"], _name(row), _details(row)] for row in rows]
    widths = [max([0] + [len(cell[k]) for cell in cells]) for k in range(3)]
    lines = []
    for cell in cells:
        padded = [cell[k] + " " * (widths[k] - len(cell[k])) for k in range(3) if widths[k]]
        lines.append("  ".join(padded + [cell[3]]).rstrip())
    return lines


def _name(row: "dict[str, Any]") -> str:
    if row["note"] in (DUPLICATE_TEXT, GARBLED_TEXT):
        return "?"
    fits = row["fits"]
    if row["device"] is None:
        return "unknown"
    if row["sure"] or len(fits) <= 1:
        return str(row["device"])
    return " or ".join(fits)


def _details(row: "dict[str, Any]") -> str:
    names, values = row["names"], row["values"]
    parts = [str(row["note"])] if row["note"] else []
    parts += ["%s %s" % (key, names[key]) for key in ("vendor", "product", "serial", "firmware") if names.get(key)]
    parts += [_value(key, values[key]) for key in sorted(values) if key not in names]
    if row["also"]:
        parts.append("the same at %s: parity is not checked here" % ", ".join(row["also"]))
    if row["device"] is None and not row["note"]:
        parts.append("answers: " + str(row["answers"]))
    return ", ".join(parts)


def _value(key: str, value: "int | str") -> str:
    if key in CURRENTS and isinstance(value, int):
        return "%s %s" % (key, amps(value))
    return "%s %s" % (key, value)


def report(scan: "Scan", now_us: int) -> "dict[str, Any]":
    """A scan as one document: stage, verdict, progress, found, skipped."""
    return {
        "format": 1, "stage": scan.stage, "verdict": scan.verdict, "progress": scan.progress(now_us), "found": scan.found(),
        "skipped": [{"unit": unit, "why": why} for unit, why in scan.skipped()],
    }  # fmt: skip


def lines(document: "dict[str, Any]") -> "list[str]":
    """That document for people."""
    shown = found_lines(document["found"])
    if document["stage"] != "over":
        shown.append(document["progress"])
    elif document["verdict"]:
        shown.append("stopped: " + document["verdict"])
    elif not document["found"]:
        shown.append("no device answers")
    else:
        shown.append("%d found" % len(document["found"]))
    for row in document["skipped"]:
        shown.append("unit %d was not called: %s" % (row["unit"], row["why"]))
    return shown
