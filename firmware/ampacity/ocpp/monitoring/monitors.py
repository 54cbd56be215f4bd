"""The monitors of the station: which there are, and the look at what they monitor, once a second (N03 to N08).

Only what is monitored is looked at, MONITORS_PER_LOOK variables at a time, then there is a rest: with more than 40 monitors a round takes longer
than a second. Monitors whose severity is above the level, or above OfflineQueuingSeverity while the station is offline, are not looked at: once
they count again, they report what is then (part 2, remark of N07).

Three sources: the hardwired monitor (id 1, device_model/device_events.py), the preconfigured ones (AvailabilityState of the station and of each EVSE,
from id 2), which the bases All and FactoryDefault activate, and custom ones (from id 1000), which are kept over restarts.
"""

from ampacity.ocpp.device_model.device_events import CUSTOM, HARDWIRED, HARDWIRED_ONLY, LEVEL_MAX, PRECONFIGURED, PROBLEM_ID, PROBLEM_SEVERITY
from ampacity.ocpp.monitoring.monitor import ALERT, ALIGNED, CHANGED, CLEARED, DELTA, NOTHING, NUMERIC, PERIODIC, Monitor
from ampacity.ocpp.optional_blocks import OptionalBlock

if False:  # for the type checker
    from typing import Any

    from ampacity.ocpp.device_model.model import Row, Scope
    from ampacity.ocpp.interfaces import StationFace

DOC = "ocpp_monitors"
CUSTOM_MAX = 64
CUSTOM_ID, PRECONFIGURED_ID = 1000, 2
PRECONFIGURED_SEVERITY = 8
LOOK_MS = 1000
MONITORS_PER_LOOK = 8
REST_MS = 200  # between these: at most 40 monitors a second
KEEP_MS = 60000  # which thresholds are exceeded is written at most so often
STATE = "AvailabilityState"


class Block(OptionalBlock):
    """`base`: MonitoringBaseEnumType; `level`: events of higher severity numbers are not reported."""

    def __init__(self, station: "StationFace", now_ms: int) -> None:
        self._station = station
        self._rows: "dict[tuple[Scope, str, str, str], Row | None]" = {}
        kept = station.documents.get(DOC) or {}
        self.base: str = kept.get("base", HARDWIRED_ONLY)
        self.level: int = kept.get("level", LEVEL_MAX)
        self._next: int = kept.get("next", CUSTOM_ID)
        self._off: "list[int]" = kept.get("off", [])  # preconfigured ones that the CSMS has cleared
        self.custom = [self._restored(row) for row in kept.get("custom", ()) if self._is_possible(row)]
        self._active: "list[Monitor]" = []
        self._arrange()
        for monitor in self._active:
            monitor.active = monitor.number in kept.get("exceeded", ())
        self._due_ms: "int | None" = None
        self._kept_ms = now_ms - KEEP_MS
        self._changed = False

    # --- which there are

    def all(self) -> "list[Monitor]":
        """Every monitor, the hardwired one first."""
        name = ("ChargingStation", "Problem", "")
        return [Monitor(PROBLEM_ID, 0, name, DELTA, 1, PROBLEM_SEVERITY, False, HARDWIRED, None)] + self._active

    def find(self, number: int) -> "Monitor | None":
        """The monitor of this id, or None."""
        for monitor in self.all():
            if monitor.number == number:
                return monitor
        return None

    def row(self, scope: "Scope", component: str, variable: str, instance: str) -> "Row | None":
        """The row of a variable, one for all scopes that are alike; None while there is no such variable."""
        alike = scope if isinstance(scope, str) else (scope > 0) - (scope < 0)
        key = (alike, component, variable, instance)
        row = self._rows.get(key)
        if row is None:
            row = self._station.model.find(scope, component, variable, instance)
            if row is not None and (row.default or row.mutability != "RO"):  # not a fact, which each EVSE reports or not
                self._rows[key] = row
        return row

    def install(self, monitor: Monitor, replaced: "Monitor | None", now_ms: int) -> None:
        """A custom monitor, in the place of another one, or as a new one, which gets its id here. The next look follows at once (N07.FR.18)."""
        if replaced is None:
            monitor.number, self._next = self._next, self._next + 1
        elif replaced.kind == monitor.kind:  # is the new threshold exceeded, or the old one cleared (N07.FR.11)?
            monitor.active, monitor.fresh = replaced.active, True
        self.custom = [each for each in self.custom if each is not replaced] + [monitor]
        self._arrange()
        if monitor.kind in (PERIODIC, ALIGNED):
            self._look_at(monitor, self._severity_max(), now_ms)
            self._due_ms = self._soonest()

    def clear(self, monitor: Monitor) -> None:
        """Remove one that is not hardwired, without any event (N07.FR.12)."""
        self.custom = [each for each in self.custom if each is not monitor]
        if monitor.number < CUSTOM_ID:
            self._off = self._off + [monitor.number]
        self._arrange()

    def set_base(self, base: str) -> None:
        """All, FactoryDefault or HardWiredOnly (N03). OSError: it could not be kept, nothing has changed."""
        before = self.state()
        self.base, self._off = base, []
        if base != "All":  # N03.FR.04, N03.FR.05
            self.custom = []
        self._arrange()
        self.keep(before)

    def set_level(self, level: int) -> None:
        """Report monitors up to this severity number (N05). OSError: it could not be kept, nothing has changed."""
        before = self.state()
        self.level = level
        self.keep(before)

    def state(self) -> "tuple[Any, ...]":
        """What `keep` returns to when the new state cannot be written."""
        return self.base, self.level, self._next, self._off, self.custom

    def keep(self, before: "tuple[Any, ...] | None" = None) -> None:
        """Write all that outlives a restart (N07.FR.13). OSError: it could not be; with `before` that state holds again."""
        document = {
            "base": self.base, "level": self.level, "next": self._next, "off": self._off, "custom": [each.document() for each in self.custom],
            "exceeded": [each.number for each in self._active if each.active],
        }  # fmt: skip
        try:
            self._station.documents.put(DOC, document)
        except OSError:
            if before is not None:
                self.base, self.level, self._next, self._off, self.custom = before
                self._arrange()
            raise
        self._changed = False

    def _is_possible(self, row: "list[Any]") -> bool:
        """Is what was kept a monitor of this station? A site may have fewer EVSEs than before."""
        if not isinstance(row[6], (int, float)) or isinstance(row[6], bool):
            self._station.documents.distrust(DOC, "monitor %d has no number as its value; it is not used" % row[0])
            return False
        return isinstance(row[1], str) or row[1] == 0 or self._station.evse(abs(row[1])) is not None

    def _restored(self, row: "list[Any]") -> Monitor:
        name = (row[2], row[3], row[4])
        return Monitor(row[0], row[1], name, row[5], row[6], row[7], row[8], CUSTOM, self.row(row[1], *name))

    def _arrange(self) -> None:
        """The monitors in force. A preconfigured one that stays in force stays the same object."""
        before = [each for each in self._active if each.source == PRECONFIGURED]
        taken = [each.number for each in self.custom] + self._off
        scopes = [0] + [evse.id for evse in self._station.evses] if self.base != HARDWIRED_ONLY else []
        factory = []
        for scope in scopes:
            if PRECONFIGURED_ID + scope not in taken:
                known = [each for each in before if each.scope == scope]
                factory.append(known[0] if known else self._preconfigured(scope))
        self._active = factory + self.custom
        self._at = self._look_ms = self._rest_ms = 0  # now: a difference counts from the present value

    def _preconfigured(self, scope: int) -> Monitor:
        name = ("EVSE" if scope else "ChargingStation", STATE, "")
        row = self.row(scope, *name)
        return Monitor(PRECONFIGURED_ID + scope, scope, name, DELTA, 1, PRECONFIGURED_SEVERITY, False, PRECONFIGURED, row)

    # --- the look

    def reports(self, severity: int) -> bool:
        """Is an event of this severity reported at all?"""
        return severity <= self.level and self._station.model.on("MonitoringCtrlr", "Enabled")

    def tick(self, now_ms: int) -> "int | None":
        """A few monitors, when a look is due; when to come again."""
        if self._changed and now_ms - self._kept_ms >= KEEP_MS:
            self._keep_exceeded(now_ms)
        if not self._active or not self._station.model.on("MonitoringCtrlr", "Enabled"):
            return None
        if now_ms < self._rest_ms:
            return self._rest_ms
        if not self._at:
            if now_ms < self._wake():
                return self._wake()
            self._look_ms = now_ms + LOOK_MS
        severity_max = self._severity_max()
        for monitor in self._active[self._at : self._at + MONITORS_PER_LOOK]:
            self._look_at(monitor, severity_max, now_ms)
        self._at += MONITORS_PER_LOOK
        self._rest_ms = now_ms + REST_MS
        if self._at < len(self._active):
            return self._rest_ms
        self._at = 0
        self._due_ms = self._soonest()
        return max(self._rest_ms, self._wake())

    def _wake(self) -> int:
        return self._look_ms if self._due_ms is None else min(self._look_ms, self._due_ms)

    def _soonest(self) -> "int | None":
        times = [each.due_ms for each in self._active if each.due_ms is not None]
        return min(times) if times else None

    def _severity_max(self) -> int:
        """Monitors of higher severity numbers rest."""
        if self._station.accepted():
            return self.level
        return min(self.level, self._station.model.number("MonitoringCtrlr", "OfflineQueuingSeverity"))

    def _look_at(self, monitor: Monitor, severity_max: int, now_ms: int) -> None:
        if monitor.in_transaction and not self._in_transaction(monitor.scope):
            monitor.rest()
            return
        periodic = monitor.kind in (PERIODIC, ALIGNED)
        if periodic and not monitor.is_due(now_ms, self._station.wallclock.unix_ms(now_ms)):
            return
        if monitor.severity > severity_max:
            return
        if monitor.row is None:
            monitor.row = self.row(monitor.scope, monitor.component, monitor.variable, monitor.instance)
        row = monitor.row
        text = None if row is None else self._station.model.value(monitor.scope, row) if periodic else self._value(monitor.scope, row)
        if row is None or text is None:
            return
        found = CHANGED if periodic else monitor.look(text, row.kind in NUMERIC)
        if found == NOTHING:
            return
        trigger = "Periodic" if periodic else "Delta" if monitor.kind == DELTA else "Alerting"
        self._report(monitor, trigger, found, "" if row.mutability == "WO" else text, now_ms)
        if trigger == "Alerting":
            self._keep_exceeded(now_ms)

    def _value(self, scope: "Scope", row: "Row") -> "str | None":
        """The value to compare; None while it is not known, after a start. That of a write-only variable is compared, never reported (N07.FR.10)."""
        station = self._station
        if row.mutability == "WO":
            return station.password() or ""
        if isinstance(scope, str):
            return station.model.value(scope, row) or None
        evse = station.evse(abs(scope)) if scope else None
        if row.variable == STATE and not (evse.settled if evse is not None else all([each.settled for each in station.evses])):
            return None
        if row.variable == "Power" and evse is not None and evse.values.get("power_w") is None:
            if not evse.settled or evse.values.get("amps_da") is not None:  # one that is not heard has 0, as the variable says
                return None
        return station.model.value(scope, row)

    def _in_transaction(self, scope: "Scope") -> bool:
        return any([evse.tx is not None for evse in self._station.evses if scope in (0, evse.id, -evse.id)])

    def _report(self, monitor: Monitor, trigger: str, found: str, text: str, now_ms: int) -> None:
        evse = None if isinstance(monitor.scope, str) else self._station.evse(abs(monitor.scope))
        transaction = None
        if evse is not None:  # its car is still there: the event belongs to the transaction that has just ended
            transaction = evse.tx.id if evse.tx is not None else evse.last_tx if evse.plugged else None
        cleared = found == CLEARED if found in (ALERT, CLEARED) else None
        self._station.events.add(monitor.scope, monitor, text, now_ms, trigger, monitor.source, monitor.number, cleared, transaction)

    def _keep_exceeded(self, now_ms: int) -> None:
        """Which thresholds are exceeded (N07.FR.14); a value that changes all the time does not wear out the store."""
        self._changed = True
        if now_ms - self._kept_ms >= KEEP_MS:
            self._kept_ms = now_ms
            self.keep_now()

    def keep_now(self) -> None:
        """Write it; before a restart it may be newer than what was written last."""
        try:
            self.keep()
        except OSError:
            self._station.log.counter("ocpp_not_kept")
