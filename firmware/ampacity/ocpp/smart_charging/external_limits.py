"""Limits that no CSMS has set: reported as ChargingStationExternalConstraints, their changes by NotifyChargingLimit and ClearedChargingLimit
(K11 to K13). They are in force without us: the guard has them from their sources.

Told is the difference between what holds and what the CSMS knows, so nothing piles up while there is no connection.
"""

from ampacity.ocpp.optional_blocks import OptionalBlock
from ampacity.ocpp.smart_charging.acceptance import OUTSIDE_IDS
from ampacity.ocpp.smart_charging.in_force import is_significant
from ampacity.ocpp.smart_charging.profile import Profile
from ampacity.ocpp.transactions.meter_values import tenths

if False:  # for the type checker
    from ampacity.ocpp.interfaces import StationFace
    from ampacity.ocpp.messages import Call, Done, Message, Reply

    OutsideRow = tuple[str, int, int, str, "int | None"]  # (of SOURCES, EVSE or 0, tenths of A per phase or of W, unit, valid until in ms or None)
    Key = tuple[int, int]  # (EVSE or 0, index in SOURCES)

SOURCES = ("EMS", "Other", "SO")
UNITS = ("A", "W")
NOTIFY_MS = 10000  # least time between two reports of one source on one target


class Limit:
    """limits: unit → (tenths, valid until in ms or None, since when). told: unit → tenths, as the CSMS knows it; None: nothing. told_ms: of
    the last report."""

    def __init__(self) -> None:
        self.limits: "dict[str, tuple[int, int | None, int]]" = {}
        self.told: "dict[str, int] | None" = None
        self.told_ms: "int | None" = None

    def waits(self, now_ms: int) -> bool:
        """Is the last report less than NOTIFY_MS ago?"""
        return self.told_ms is not None and now_ms < self.told_ms + NOTIFY_MS


class Block(OptionalBlock):
    """At most one Limit for each source and target, with at most one value in each unit: the lowest."""

    def __init__(self, station: "StationFace", now_ms: int) -> None:
        self._station = station
        self._limits: "dict[Key, Limit]" = {}

    def put(self, rows: "list[OutsideRow]", now_ms: int) -> None:
        """All that hold; what is missing is released. ValueError: no such source or unit."""
        found: "dict[Key, dict[str, tuple[int, int | None, int]]]" = {}
        for source, evse_id, value, unit, until_ms in rows:
            UNITS.index(unit)
            known = found.setdefault((evse_id, SOURCES.index(source)), {})
            if unit not in known or value < known[unit][0]:
                known[unit] = (value, until_ms, now_ms)
        for key in sorted(found):
            self._limits.setdefault(key, Limit())
        for key in sorted(self._limits):
            self._exchange(self._limits[key], found.get(key, {}))
        self._station.in_force.changed()

    def _exchange(self, limit: "Limit", found: "dict[str, tuple[int, int | None, int]]") -> None:
        """What has not changed holds since it did."""
        for unit in sorted(found):
            before = limit.limits.get(unit)
            if before is not None and before[:2] == found[unit][:2]:
                found[unit] = before
        limit.limits = found

    def tick(self, now_ms: int) -> "int | None":
        """Limits that end; when the next one ends or may be reported."""
        wakes = []
        for key in sorted(self._limits):
            limit = self._limits[key]
            for unit in sorted(limit.limits):
                until_ms = limit.limits[unit][1]
                if until_ms is None:
                    continue
                if now_ms >= until_ms:
                    del limit.limits[unit]
                    self._station.in_force.changed()
                else:
                    wakes.append(until_ms)
            if limit.waits(now_ms):
                wakes.append(limit.told_ms + NOTIFY_MS)  # type: ignore[operator]  # it waits for this
            elif not limit.limits and limit.told is None:
                del self._limits[key]
        return min(wakes) if wakes else None

    def pull(self, now_ms: int) -> "Call | None":
        """The next NotifyChargingLimit or ClearedChargingLimit, or None."""
        if not self._station.model.on("SmartChargingCtrlr", "Enabled"):
            return None
        for key in sorted(self._limits):
            limit = self._limits[key]
            if self._differs(limit) and (not limit.limits or not limit.waits(now_ms)):
                told = {unit: limit.limits[unit][0] for unit in sorted(limit.limits)} or None
                action, payload = self._notice(key, limit, now_ms)
                return (action, payload, self._done(limit, told))
        return None

    def _differs(self, limit: "Limit") -> bool:
        """Has it changed by more than LimitChangeSignificance since the last report (K11.FR.02, K12.FR.02)?"""
        told = limit.told or {}
        if sorted(told) != sorted(limit.limits):
            return True
        return any([is_significant(self._station, told[unit], limit.limits[unit][0]) for unit in sorted(told)])

    def _notice(self, key: "Key", limit: "Limit", now_ms: int) -> "tuple[str, Message]":
        evse_id, source = key
        payload: "Message" = {"chargingLimitSource": SOURCES[source]}
        if limit.limits:
            payload = {"chargingLimit": payload}
        if evse_id:
            payload["evseId"] = evse_id
        if not limit.limits:
            return "ClearedChargingLimit", payload
        if self._station.model.on("SmartChargingCtrlr", "NotifyChargingLimitWithSchedules"):  # K11.FR.03
            payload["chargingSchedule"] = [self._schedule(key, unit, limit.limits[unit], now_ms) for unit in sorted(limit.limits)]
        return "NotifyChargingLimit", payload

    def _done(self, limit: "Limit", told: "dict[str, int] | None") -> "Done":
        def done(kind: str, payload: "Reply", now_ms: int) -> None:
            if kind != "lost":
                limit.told, limit.told_ms = told, now_ms

        return done

    def forget_asked(self) -> None:
        """Another CSMS: it knows of none of them."""
        for key in sorted(self._limits):
            self._limits[key].told = self._limits[key].told_ms = None

    def profiles(self) -> "list[tuple[int, Profile, int]]":
        """[(EVSE or 0, profile, when it began in ms)]: for what they leave of a composite schedule."""
        found = []
        for key in sorted(self._limits):
            limit = self._limits[key]
            for unit in sorted(limit.limits):
                schedule = self._schedule(key, unit, limit.limits[unit], None)
                found.append((key[0], Profile(_document(key, unit, "Relative", schedule), key[0]), limit.limits[unit][2]))
        return found

    def documents(self, now_ms: int) -> "list[tuple[str, int, Message]]":
        """[(chargingLimitSource, EVSE or 0, ChargingProfileType)]: for ReportChargingProfiles (K11.FR.06)."""
        found = []
        for key in sorted(self._limits):
            limit = self._limits[key]
            for unit in sorted(limit.limits):
                schedule = self._schedule(key, unit, limit.limits[unit], now_ms)
                found.append((SOURCES[key[1]], key[0], _document(key, unit, "Absolute", schedule)))
        return found

    def _schedule(self, key: "Key", unit: str, held: "tuple[int, int | None, int]", now_ms: "int | None") -> "Message":
        """ChargingScheduleType of a limit; now_ms None: without the time of day."""
        value, until_ms, since_ms = held
        period = {"startPeriod": 0, "limit": tenths(value)}
        schedule: "Message" = {"id": profile_id(key, unit), "chargingRateUnit": unit, "chargingSchedulePeriod": [period]}
        if now_ms is not None:
            schedule["startSchedule"] = self._station.iso(since_ms)
        if until_ms is not None:
            schedule["duration"] = max(1, (until_ms - since_ms + 999) // 1000)
        return schedule


def profile_id(key: "Key", unit: str) -> int:
    """The same limit always has the same id, of a range that is closed to the CSMS."""
    return OUTSIDE_IDS + (key[0] * len(SOURCES) + key[1]) * len(UNITS) + UNITS.index(unit)


def _document(key: "Key", unit: str, kind: str, schedule: "Message") -> "Message":
    return {
        "id": profile_id(key, unit), "stackLevel": 0, "chargingProfilePurpose": "ChargingStationExternalConstraints", "chargingProfileKind": kind,
        "chargingSchedule": [schedule],
    }
