"""A charging profile as the CSMS writes it: is it allowed, what are its numbers, and what do they say at a moment.

Nothing here is started or remembered, so nothing can start twice when the wall clock jumps. Times are unix seconds;
limits are tenths of an ampere per phase or tenths of a watt in all. `clock` False: the time of day is unknown. Then
Absolute and Recurring schedules count with their lowest limit, and only Relative ones run.
"""

from ampacity.base.strict_json import floor_da
from ampacity.base.wallclock import parse_iso

if False:  # for the type checker
    from collections.abc import Iterable

    from ampacity.ocpp.messages import Message

    Found = tuple["int | None", "int | None", "str | None", int]  # (limit, phases, unit, unix seconds until which this holds)

NEVER = 1 << 50
RECURRENCE_S = {"Daily": 86400, "Weekly": 604800}
STACK_LEVEL_MAX = 9
PERIODS_MAX = 48
LIMIT_MAX = 1000000


class Profile:
    """Numbers of a profile that `refusal` let pass. The document itself lies in the store."""

    def __init__(self, document: "Message", evse_id: int) -> None:
        schedule = document["chargingSchedule"][0]
        self.id: int = document["id"]
        self.evse_id = evse_id
        self.stack_level: int = document["stackLevel"]
        self.purpose: str = document["chargingProfilePurpose"]
        self.kind: str = document["chargingProfileKind"]
        self.recurrence_s = RECURRENCE_S[document["recurrencyKind"]] if self.kind == "Recurring" else 0
        self.valid_from_s = _seconds(document.get("validFrom"), 0)
        self.valid_to_s = _seconds(document.get("validTo"), NEVER)
        self.start_s = _seconds(schedule.get("startSchedule"), 0)
        self.duration_s: "int | None" = schedule.get("duration")
        self.unit: str = schedule["chargingRateUnit"]
        self.transaction_id: "str | None" = document.get("transactionId")
        flat = []
        for period in schedule["chargingSchedulePeriod"]:
            flat += [period["startPeriod"], floor_da(period["limit"]), period.get("numberPhases", 0)]
        self.periods: "tuple[int, ...]" = tuple(flat)

    def lowest(self) -> int:
        """The lowest limit of all periods."""
        return min(self.periods[i] for i in range(1, len(self.periods), 3))

    def overlaps(self, other: "Profile") -> bool:
        """Could both be valid at one moment?"""
        return self.valid_from_s < other.valid_to_s and other.valid_from_s < self.valid_to_s


def _seconds(text: "str | None", otherwise: int) -> int:
    return otherwise if text is None else parse_iso(text) // 1000


def refusal(document: "Message", phases: int) -> "str | None":
    """Reason code of a profile that is wrong in itself, or None. phases: of the EVSE, or of the station."""
    if document["chargingProfilePurpose"] == "ChargingStationExternalConstraints":
        return "InvalidProfile"
    if not 0 <= document["stackLevel"] <= STACK_LEVEL_MAX:
        return "InvalidStackLevel"
    if len(document["chargingSchedule"]) != 1:
        return "InvalidSchedule"
    kind, schedule = document["chargingProfileKind"], document["chargingSchedule"][0]
    if (kind == "Relative") != ("startSchedule" not in schedule):
        return "InvalidSchedule"
    if kind == "Recurring" and "recurrencyKind" not in document:
        return "InvalidProfile"
    if kind == "Relative" and document["chargingProfilePurpose"] == "ChargingStationMaxProfile":
        return "InvalidProfile"
    if _seconds(document.get("validFrom"), 0) >= _seconds(document.get("validTo"), NEVER):
        return "InvalidProfile"
    return _schedule_refusal(schedule, phases)


def _schedule_refusal(schedule: "Message", phases: int) -> "str | None":
    if len(schedule["chargingSchedulePeriod"]) > PERIODS_MAX:
        return "TooManyElements"
    if schedule.get("duration", 1) <= 0:
        return "InvalidSchedule"
    before = -1
    for period in schedule["chargingSchedulePeriod"]:
        start = period["startPeriod"]
        if start <= before or before < 0 and start != 0:
            return "InvalidSchedule"
        before = start
        if not 0 <= period["limit"] <= LIMIT_MAX:
            return "InvalidSchedule"
        if "phaseToUse" in period:
            return "UnsupportedParam"
        if not _phases_ok(period, phases):
            return "UnsupportedParam"
    return None


def _phases_ok(period: "Message", phases: int) -> bool:
    """K01.FR.43, .45: fewer phases than the EVSE closes cannot be promised, unless there is no current anyway."""
    number = period.get("numberPhases")
    if number is None:
        return True
    return 1 <= number <= 3 and (number >= phases or period["limit"] == 0)


def running(profile: "Profile", t: int, tx_start: "int | None", clock: bool = True) -> "tuple[int | None, int | None, int]":
    """(limit, phases or None, until) of a Profile at t; limit None: it says nothing now. until: when that may change.

    tx_start: when the transaction began; None: as if it began at t.
    """
    if not clock and profile.kind != "Relative":
        return profile.lowest(), None, NEVER
    if clock and t < profile.valid_from_s:
        return None, None, profile.valid_from_s
    if clock and t >= profile.valid_to_s:
        return None, None, NEVER
    start, end = _span(profile, t, tx_start)
    if t < start:
        return None, None, start
    if t >= end:
        return None, None, start + profile.recurrence_s if profile.recurrence_s else NEVER
    limit, phases, until = _period(profile, t - start)
    return limit, phases, min(start + until, end, profile.valid_to_s if clock else NEVER)


def _span(profile: "Profile", t: int, tx_start: "int | None") -> "tuple[int, int]":
    """Start and end of the run of the schedule that t falls in."""
    start = profile.start_s
    if profile.kind == "Relative":
        start = t if tx_start is None else tx_start
    longest = NEVER
    if profile.recurrence_s and t >= start:
        start += (t - start) // profile.recurrence_s * profile.recurrence_s
        longest = profile.recurrence_s
    duration = longest if profile.duration_s is None else min(profile.duration_s, longest)
    return start, start + duration


def _period(profile: "Profile", offset: int) -> "tuple[int, int | None, int]":
    """(limit, phases, end) of the period at `offset` seconds; periods are (start, limit, phases or 0) one after another."""
    flat = profile.periods
    i = 0
    while i + 3 < len(flat) and flat[i + 3] <= offset:
        i += 3
    return flat[i + 1], flat[i + 2] or None, flat[i + 3] if i + 3 < len(flat) else NEVER


def strongest(profiles: "Iterable[Profile]", t: int, tx_start: "int | None", clock: bool = True) -> "Found":
    """Of profiles of one purpose the running one with the highest stack level (K01.FR.17).

    (limit, phases, unit, until); limit None: none runs.
    """
    best: "tuple[int | None, int | None, str | None]" = (None, None, None)
    level, until = -1, NEVER
    for profile in profiles:
        limit, phases, change = running(profile, t, tx_start, clock)
        until = min(until, change)
        if limit is not None and profile.stack_level > level:
            best, level = (limit, phases, profile.unit), profile.stack_level
    return best + (until,)


def evse_limit(mine: "Iterable[Profile]", defaults: "Iterable[Profile]", t: int, tx_start: "int | None", clock: bool = True) -> "Found":
    """What the TxProfiles `mine`, else the TxDefaultProfiles say at t (K02.FR.04, K02.FR.08): as `strongest`."""
    limit, phases, unit, until = strongest(mine, t, tx_start, clock)
    if limit is not None:
        return limit, phases, unit, until
    limit, phases, unit, change = strongest(defaults, t, tx_start, clock)
    return limit, phases, unit, min(until, change)


def station_limit(profiles: "Iterable[Profile]", t: int, clock: bool = True) -> "Found":
    """What ChargingStationMaxProfile says at t: as `strongest`."""
    return strongest([p for p in profiles if p.purpose == "ChargingStationMaxProfile"], t, None, clock)
