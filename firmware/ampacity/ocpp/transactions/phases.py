"""On how many phases a car charges: told when the currents have settled, and again when it changes (E02.FR.18, E02.FR.19)."""

from ampacity.ocpp.transactions.meter import phases_used

STEADY_MS = 3000  # on-board chargers begin one phase after the other


class PhasesUsed:
    """Of one transaction. told: the number that the CSMS knows, 0: none."""

    def __init__(self):
        self.told = 0
        self._seen = 0
        self._since_ms = 0

    def look(self, point, now_ms):
        """New readings: the number that is to be told now, or 0."""
        seen = phases_used(point) if point.state == "Charging" else 0
        if seen != self._seen:
            self._seen, self._since_ms = seen, now_ms
        if not seen or seen == self.told or now_ms - self._since_ms < STEADY_MS:
            return 0
        self.told = seen
        return seen
