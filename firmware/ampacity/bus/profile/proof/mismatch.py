"""The register that prevents proof of a limit: its name, the value shown and the value expected, for `why` and the log."""

from ampacity.base.quantities import amps, seconds
from ampacity.bus.profile.proof.conditions import holds
from ampacity.bus.profile.registers.codec import ADDRESS, NAME

AMPERES = ("order", "fallback", "power_on")


def register_text(field: list, shown: object, wanted: str) -> str:
    """A register beside what was wanted of it; shown and wanted are finished words."""
    return "register %s (%d) shows %s, %s" % (field[NAME], field[ADDRESS], shown, wanted)


def words_of(kind: str, value: "int | str | None") -> str:
    """A value as people read it."""
    if value is None:
        return "not a number"
    if kind in AMPERES and isinstance(value, int):
        return amps(value)
    if kind == "watchdog" and isinstance(value, int):
        return seconds(value)
    return str(value)


def setting_text(audit: object, write: list, fields: list) -> str:
    """A setting that is not as it was written."""
    what, index = write[3], write[8]
    wanted = words_of(what, audit.wanted(write))
    if index < 0:
        return "register %d was not written, expected %s" % (write[1], wanted)
    shown = audit.readings.values[index]
    if index in audit.readings.denied:
        return "register %s (%d) could not be read and is not written, expected %s" % (fields[index][NAME], fields[index][ADDRESS], wanted)
    return register_text(fields[index], words_of(what, shown), "written " + wanted)


def proof_text(driver: object) -> "str | None":
    """The first condition of the present order that does not hold."""
    order, readings = driver._order, driver._readings
    after = "" if order.target_da else _after_pause(driver)
    rows = driver._table["proof"]["charge" if order.target_da else "pause"]
    most_da = driver._recipe.most_da(order.target_da)
    for row in rows:
        index, kind, argument = row
        if holds([row], readings.values, most_da, driver._targets):
            continue
        if readings.asked_ms[index] < 0 and readings.values[index] is None:
            return "register %s (%d) could not be read" % (readings.fields[index][NAME], readings.fields[index][ADDRESS])
        if kind in ("order", "watchdog"):
            wanted = "ordered " + words_of(kind, order.target_da if kind == "order" else driver._targets["watchdog"])
        elif kind == "none_of":
            wanted = "a mode in which it obeys no order"
        else:
            said = " while charging" if order.target_da else " while paused"
            wanted = "expected " + " or ".join([str(value) for value in argument]) + said
        return register_text(readings.fields[index], words_of(kind, readings.values[index]), wanted) + after
    return None


def _after_pause(driver: object) -> str:
    """What else is to be said of a pause that is not shown."""
    if driver._order.off_disproved:
        return "; current flowed after an earlier pause"
    told = driver._table["proof"].get("told")
    if told and not driver._off_shows and driver._order.off_believed and holds(told, driver._readings.values, 0, driver._targets):
        return "; not documented: `ampacity commission` determines what it shows"
    return ""


def held_text(driver: object) -> "str | None":
    """What it holds is not shown to be the order, so it may not be enabled."""
    index, order = driver._limit_index(), driver._order
    if index < 0 or order.at >= len(order.writes) or not order.wants_limit_shown(order.writes[order.at]):
        return None
    wanted = "ordered " + words_of("order", order.target_da) + "; not enabled, since it might allow more"
    return register_text(driver._readings.fields[index], words_of("order", driver._readings.values[index]), wanted)
