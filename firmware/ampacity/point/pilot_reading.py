"""Windows of the pilot → the reading that counts: hysteresis by the bands of Table A.4, and two windows for every change.

The pilot machine (evse/pilot.py) acts at once on a reading toward less current. So a single disturbed window must not reach it: a level or a
wave form that differs from the accepted one counts when a second window in a row shows the same. With a window each 10 ms a
change is accepted 20 ms after it happened at the latest, which leaves 80 of the 100 ms of sequences 2.2 and 8.1 to the contactor.
"""

from ampacity.evse.iec61851 import LOW_MV_MAX, LOW_MV_MIN, level_of

CONFIRM = 2
STEADY_MV_MAX = 1500  # halves that differ by less are no wave


def wave_of(high_mv: int, low_mv: int) -> str:
    """Form of the pilot: "steady", "wave" (low half at −12 V: the diode blocks) or "other"."""
    if high_mv - low_mv <= STEADY_MV_MAX:
        return "steady"
    return "wave" if LOW_MV_MIN <= low_mv <= LOW_MV_MAX else "other"


class PilotReading:
    """`high_mv`, `low_mv`: the accepted reading; `level`: "A" to "E", "N" at our own −12 V; `wave`; `taken_ms`: time of the window that last
    agreed with it, None before the first.
    """

    def __init__(self) -> None:
        self.high_mv = self.low_mv = 12000
        self.level = "A"
        self.wave = "steady"
        self.taken_ms: "int | None" = None
        self._next: "tuple[str, str] | None" = None
        self._count = 0

    def take(self, high_mv: int, low_mv: int, now_ms: int) -> bool:
        """One window; True: level or wave form changed by it."""
        found = (level_of(high_mv, self.level), wave_of(high_mv, low_mv))
        changed = found != (self.level, self.wave)
        if changed:
            self._count = self._count + 1 if found == self._next else 1
            self._next = found
            if self._count < CONFIRM:
                return False
            self.level, self.wave = found
        self._next = None
        self.high_mv, self.low_mv, self.taken_ms = high_mv, low_mv, now_ms
        return changed
