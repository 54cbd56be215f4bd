"""Does what a device shows prove an order, name its state, or fault it? Rows of a compiled profile against readings."""

if False:  # for the type checker
    from typing import Any


def fields_of(rows: "list[Any]") -> "list[Any]":
    """Indexes of the fields that these rows look at."""
    return [row[0] for row in rows]


def near_ms(value_ms: int, wanted_ms: int) -> bool:
    """Is a watchdog's time what was set, as the device rounds it? The ledger counts what it shows."""
    return wanted_ms <= 2 * value_ms and value_ms <= 2 * wanted_ms


def holds(rows: "list[Any]", values: "list[Any]", most_da: int, settings: "dict[str, Any]", blank: bool = False) -> bool:
    """Do all conditions [field, kind, argument] hold? An unread value holds none; blank: it may be no number of a limit.

    "order": the limit in force is no more than the device may make of the order (a lower one is the device's own
    caution, and proves as much). "least": no more than the least that it charges with. "watchdog": the armed time is
    the one we set, or what the device makes of it.
    """
    for index, kind, argument in rows:
        value = values[index]
        if value is None and blank and kind == "order":
            continue
        if value is None:
            return False
        if kind == "order" and value > most_da:
            return False
        if kind == "least" and value > settings["least"]:
            return False
        if kind == "watchdog" and value != settings["watchdog"] and value != settings.get("watchdog_taken"):
            return False
        if kind in ("one_of", "is") and value not in argument:
            return False
        if kind == "none_of" and value in argument:
            return False
    return True


def first_match(rows: "list[Any]", values: "list[Any]") -> "str | None":
    """The text of the first rule [field, mask, value, text, least] that matches; None when none does. None: any will do."""
    for index, mask, wanted, text, least in rows:
        value = values[index]
        if value is None or (least is not None and value < least):
            continue
        if wanted is None or (value & mask if mask else value) == wanted:
            return text
    return None
