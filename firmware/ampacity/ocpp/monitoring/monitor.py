"""One monitor of a variable: which, when it triggers, and what it has seen."""

if False:  # for the type checker
    from typing import Any

    from ampacity.ocpp.device_model.model import Row, Scope

UPPER, LOWER, DELTA, PERIODIC, ALIGNED = "UpperThreshold", "LowerThreshold", "Delta", "Periodic", "PeriodicClockAligned"
NUMERIC = ("integer", "decimal")
DAY_MS = 86400000
NOTHING, ALERT, CLEARED, CHANGED = "", "alert", "cleared", "changed"


class Monitor:
    """number: its id; scope: as in model.py; kind: MonitorEnumType; value: threshold, difference, or interval in s; severity: 0..9;
    in_transaction: only while there is one; source: EventNotificationEnumType; row: of the variable, None while no device reports it.

    `active`: the threshold is exceeded, and this was reported. `fresh`: the threshold was replaced since then. `seen`: the value that a difference
    counts from, or the beginning of the interval. `due_ms`: of a periodic one.
    """

    active = fresh = False
    seen: "str | float | int | None" = None
    due_ms: "int | None" = None

    def __init__(
        self, number: int, scope: "Scope", name: "tuple[str, str, str]", kind: str, value: "int | float", severity: int, in_transaction: bool,
        source: str, row: "Row | None",
    ) -> None:
        self.number = number
        self.scope = scope
        self.component, self.variable, self.instance = name
        self.kind = kind
        self.value = value
        self.severity = severity
        self.in_transaction = in_transaction
        self.source = source
        self.row = row

    def has_name_of(self, scope: "Scope", component: str, variable: str, instance: str) -> bool:
        """Does it look at this variable?"""
        return (self.scope, self.component, self.variable, self.instance) == (scope, component, variable, instance)

    def rest(self) -> None:
        """There is nothing to look at (its transaction is over): it begins again later."""
        if self.active or self.seen is not None or self.due_ms is not None:
            self.active = False
            self.seen = self.due_ms = None

    def look(self, text: str, numeric: bool) -> str:
        """What a value means for a threshold or a difference: NOTHING, ALERT, CLEARED, CHANGED (N07.FR.02, N07.FR.11, N07.FR.16 to N07.FR.19)."""
        if self.kind == DELTA and not numeric:
            before, self.seen = self.seen, text
            return NOTHING if before is None or before == text else CHANGED
        try:
            number = float(text)
        except ValueError:
            return NOTHING
        if self.kind == DELTA:
            if self.seen is not None and abs(number - self.seen) <= self.value:  # type: ignore[operator]  # a number is kept for a numeric variable
                return NOTHING
            before, self.seen = self.seen, number
            return NOTHING if before is None else CHANGED
        over = number > self.value if self.kind == UPPER else number < self.value
        told, self.active = self.active and not (over and self.fresh), over
        self.fresh = False
        return NOTHING if over == told else ALERT if over else CLEARED

    def is_due(self, now_ms: int, unix_ms: "int | None") -> bool:
        """Is a periodic one to report now (N08.FR.06, N08.FR.07)? Aligned ones wait for the time of day. Its first call starts the interval."""
        period_ms = int(self.value) * 1000
        if self.kind == PERIODIC:
            due = self.due_ms is not None and now_ms >= self.due_ms
            if self.due_ms is None or now_ms >= self.due_ms:
                after_ms = (now_ms if self.due_ms is None else self.due_ms) + period_ms
                self.due_ms = after_ms if after_ms > now_ms else now_ms + period_ms
            return due
        if unix_ms is None:
            return False
        day_ms = unix_ms % DAY_MS
        interval = unix_ms - day_ms % period_ms  # when it began; a new one begins at midnight
        before, self.seen = self.seen, interval
        self.due_ms = now_ms + min((day_ms // period_ms + 1) * period_ms, DAY_MS) - day_ms
        return before is not None and before != interval

    def document(self) -> "list[Any]":
        """What is kept of a custom one."""
        return [self.number, self.scope, self.component, self.variable, self.instance, self.kind, self.value, self.severity, self.in_transaction]
