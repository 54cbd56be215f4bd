"""The register that prevents proof of a limit: its name, the value shown and the value expected, for `why` and the log."""

from ampacity.base.quantities import amps, seconds
from ampacity.bus.profile.registers.codec import ADDRESS, NAME

if False:  # for the type checker
    from typing import Any

AMPERES = ("order", "fallback", "power_on")


def register_text(field: "list[Any]", shown: object, wanted: str) -> str:
    """A register and what was wanted of it; shown and wanted are finished words."""
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
