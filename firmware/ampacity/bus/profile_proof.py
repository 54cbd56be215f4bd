"""Does what a device shows prove an order, name its state, or fault it? Rows of a compiled profile against readings."""


def fields_of(rows: list) -> list:
    """Indexes of the fields that these rows look at."""
    return [row[0] for row in rows]


def holds(rows: list, values: list, most_da: int, settings: dict) -> bool:
    """Do all conditions [field, kind, argument] hold? An unread value holds none.

    "order": the limit in force is no more than the device may make of the order (a lower one is the device's own
    caution, and proves as much). "watchdog": the armed time is the one we set.
    """
    for index, kind, argument in rows:
        value = values[index]
        if value is None:
            return False
        if kind == "order" and value > most_da:
            return False
        if kind == "watchdog" and value != settings["watchdog"]:
            return False
        if kind in ("one_of", "is") and value not in argument:
            return False
        if kind == "none_of" and value in argument:
            return False
    return True


def first_match(rows: list, values: list) -> "str | None":
    """The text of the first rule [field, mask, value, text, least] that matches; None when none does. None: any will do."""
    for index, mask, wanted, text, least in rows:
        value = values[index]
        if value is None or (least is not None and value < least):
            continue
        if wanted is None or (value & mask if mask else value) == wanted:
            return text
    return None
