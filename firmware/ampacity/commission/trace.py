"""What was seen during a run, thinned to what a report can carry: [ms, order, reported, drawn per terminal, per line of each meter].

Times are milliseconds since the run began, currents da; None where unknown.
"""

if False:  # for the type checker
    from typing import Any

    from ampacity.commission.experiments import Observation

ROWS_MAX = 160
STILL_MS = 1000
OLD_MS = 3000  # an older reading of the device is none: nothing is asked while its fail-safe is tested


class Trace:
    """Bounded: when it is full every second row goes and the pace halves."""

    def __init__(self, start_ms: int) -> None:
        self.rows: "list[list[Any]]" = []
        self._start_ms = start_ms
        self._pace_ms = STILL_MS
        self._last_ms: "int | None" = None

    def take(self, observed: "Observation", now_ms: int) -> None:
        """One look; what follows too soon upon the last that was kept is passed over."""
        if self._last_ms is not None and now_ms - self._last_ms < self._pace_ms:
            return
        self._last_ms = now_ms
        meters = [None if lines is None else list(lines) for lines, _ in observed.meters]
        old = observed.amps_ms < 0 or now_ms - observed.amps_ms > OLD_MS
        amps = None if old or observed.amps_da is None else list(observed.amps_da)
        self.rows.append([now_ms - self._start_ms, observed.order_da, observed.limit_da, amps, meters])
        if len(self.rows) >= ROWS_MAX:
            self.rows = [row for index, row in enumerate(self.rows) if index % 2 == 0]
            self._pace_ms *= 2
