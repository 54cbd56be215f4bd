"""Excursions above a rating: from the meters' frames to the log and to a journal that outlives restarts.

The journal `excursions` is a ring; the host's `ampacity report excursions` reads it. Written by the housekeeping
loop only.
"""

from ampacity.base import strict_json
from ampacity.circuit.excursions import Excursions, words
from ampacity.roles.optional.part import OptionalPart
from ampacity.store.journal import Journal

if False:  # for the type checker
    from typing import Any

    from ampacity.base.log import Log
    from ampacity.base.wallclock import WallClock
    from ampacity.circuit.guard import Guard
    from ampacity.roles.interfaces import Files

JOURNAL = "excursions"
JOURNAL_BYTES = 32768
# shape of a record (base/document_shape.py)
RECORD = (
    "{circuit:s200,phase:(L1 L2 L3),peak_da:i0..,rating_da:i0..,duration_ms:i0..,over_das:i0..,i2t_a2s:i0..,breaker:?s40,used_permille:i0..,"
    "would_trip:b,since_ms?:i0..,unix_ms?:i0..253402300799000}"
)


class ExcursionLog(OptionalPart):
    """guard: whose meters are looked at. files: of the store. wallclock: for the date, where there is one."""

    def __init__(self, guard: "Guard", files: "Files", wallclock: "WallClock", log: "Log") -> None:
        self.guard = guard
        self.log = log
        self.wallclock = wallclock
        self.core = Excursions(guard.site)
        self.journal = Journal(files, JOURNAL, size_max=JOURNAL_BYTES, oldest_goes=True)

    def reading(self, meter: int, now_ms: int) -> None:
        """A frame of this meter has just gone to the guard."""
        for view in self.guard.other.by_meter[meter]:
            if view.raw_ms == now_ms:
                self.core.reading(view.circuit, view.raw_da, now_ms)

    def step(self, now_ms: int) -> None:
        """Tell and keep what ended since."""
        if self.core.records:
            for record in self.core.take():
                self._keep(record, now_ms)

    def close(self, now_ms: int) -> None:
        """The controller is about to restart."""
        self.core.close()
        self.step(now_ms)

    def _keep(self, record: "dict[str, Any]", now_ms: int) -> None:
        self.log.add("warning", "excursion: " + words(record), now_ms)
        unix_ms = self.wallclock.unix_ms(now_ms)
        if unix_ms is not None:
            record["unix_ms"] = unix_ms - (now_ms - record["since_ms"])
        try:
            self.journal.append(strict_json.dumps(record).encode())
        except OSError as e:
            self.log.counter("storage_errors")
            self.log.add("error", "excursion not kept: %s" % e, now_ms)
