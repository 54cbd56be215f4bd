"""Does a secondary hold a lease? Derived from the wire: its status replies contain the remaining time of its lease."""

from ampacity.bus.leases import register_table as lease_table

READS = (3, 4, 23)
DOUBT_MS = 300


def offset_of(name):
    """The word of a status field, counted from the start of the block."""
    at = 0
    for row, kind, _, _ in lease_table.STATUS:
        if row == name:
            return at
        at += lease_table.size_of(kind)
    raise KeyError(name)


class LeaseMonitor:
    """Receives whole frames of one line; `state(unit, now_ms)` is "armed", "expired" or "none" (never seen)."""

    def __init__(self, line):
        self._time = line.time
        self._asked = {}
        self._until_ms = {}
        self._left = offset_of("lease_left_ds")
        line.on_frame = self._frame

    def _frame(self, station, data):
        if len(data) < 6 or data[1] not in READS:
            return
        if station.primary:
            self._asked[data[0]] = data[2] << 8 | data[3]
        else:
            self._reply(data[0], data)

    def _reply(self, unit, data):
        at = self._asked.pop(unit, None)
        if at is None:
            return
        word = lease_table.STATUS_AT + self._left - at
        if word >= 0 and 2 * word + 1 < data[2]:
            left_ds = data[3 + 2 * word] << 8 | data[4 + 2 * word]
            if left_ds or unit in self._until_ms:
                self._until_ms[unit] = self._time.now_ms + left_ds * 100

    def forget(self, unit):
        """The secondary restarts, without a lease."""
        self._until_ms.pop(unit, None)

    def holds(self, unit):
        """Does it certainly hold a lease now? The value on the wire is rounded up, and slightly old."""
        return self._time.now_ms < self._until_ms.get(unit, 0) - DOUBT_MS

    def state(self, unit):
        until_ms = self._until_ms.get(unit)
        if until_ms is None:
            return "none"
        return "armed" if self._time.now_ms < until_ms else "expired"
