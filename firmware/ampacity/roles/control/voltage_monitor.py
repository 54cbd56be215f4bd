"""The voltage that turns watts into amperes: the highest one measured, at least the site's nominal one (section 5).

An order in watts counts with the nominal voltage. Where what is measured is another one for a minute, the log says so: the site file is wrong
then, and such an order lets more flow than it counts.
"""

from ampacity.base.compat import const

if False:  # for the type checker
    from ampacity.roles.primary_face import PrimaryFace

_LOOK_MS = const(1000)
_ODD_MS = const(60000)
_ODD_PERCENT = const(15)  # from the nominal voltage; a supply stays within 10 % (EN 50160, 4.2.2)
_LOST_DV = const(500)  # less is a phase without voltage


class VoltageMonitor:
    """Looks once a second at what EVSEs and meters report, and reports it to the guard."""

    def __init__(self, primary: "PrimaryFace") -> None:
        self.primary = primary
        self._due_ms = 0
        self._odd_ms = -1
        self._is_told = False

    def step(self, now_ms: int) -> None:
        """Housekeeping: once a second the guard gets the highest voltage, in dV."""
        if now_ms >= self._due_ms:
            self._due_ms = now_ms + _LOOK_MS
            nominal_dv = self.primary.site["voltage_v"] * 10
            highest_dv = max(measured_dv(self.primary) or [0])
            self.primary.guard.voltage(max(nominal_dv, highest_dv))
            self._compare(highest_dv, nominal_dv, now_ms)

    def _compare(self, highest_dv: int, nominal_dv: int, now_ms: int) -> None:
        is_odd = abs(highest_dv - nominal_dv) * 100 > nominal_dv * _ODD_PERCENT and highest_dv >= _LOST_DV
        if not is_odd or self.primary.site["system"] == "delta-it":
            self._odd_ms = -1
        elif self._odd_ms < 0:
            self._odd_ms = now_ms
        elif now_ms - self._odd_ms >= _ODD_MS and not self._is_told:
            self._is_told = True
            text = "%d V are measured, the site file says `voltage` %d: orders in watts count with that; correct it"
            self.primary.log.add("warning", text % (highest_dv // 10, nominal_dv // 10), now_ms)


def measured_dv(primary: "PrimaryFace") -> "list[int]":
    """All voltages to neutral, deci-volt. An EVSE between two lines reports theirs, which says nothing of it."""
    found: "list[int]" = []
    for index, evse in enumerate(primary.site["evses"]):
        if len(evse["terminals"][0]) == 1:
            found += primary.evses.facts(index).volts_dv or []
    for reading in primary.readings:
        if reading:
            found += reading.get("volts_dv") or []
    return [dv for dv in found if dv]
