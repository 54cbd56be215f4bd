"""The voltage that turns watts into amperes: the highest one measured, at least the site's nominal one (section 5)."""

if False:  # for the type checker
    from ampacity.roles.primary_face import PrimaryFace

LOOK_MS = 1000


class VoltageMonitor:
    """Looks once a second at what EVSEs and meters report, and reports it to the guard."""

    def __init__(self, primary: "PrimaryFace") -> None:
        self.primary = primary
        self._due_ms = 0

    def step(self, now_ms: int) -> None:
        """Housekeeping: once a second the guard gets the highest voltage, in dV."""
        if now_ms >= self._due_ms:
            self._due_ms = now_ms + LOOK_MS
            self.primary.guard.voltage(highest_dv(self.primary))


def highest_dv(primary: "PrimaryFace") -> int:
    """The highest voltage to neutral, deci-volt. An EVSE between two lines reports theirs, which says nothing of it."""
    highest_dv = primary.site["voltage_v"] * 10
    for index, evse in enumerate(primary.site["evses"]):
        if len(evse["terminals"][0]) == 1:
            for dv in primary.evses.facts(index).volts_dv or ():
                if dv and dv > highest_dv:
                    highest_dv = dv
    for reading in primary.readings:
        if reading and reading.get("volts_dv"):
            highest_dv = max([highest_dv] + [dv for dv in reading["volts_dv"] if dv])
    return highest_dv
