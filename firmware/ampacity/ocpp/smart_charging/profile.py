"""A charging profile as numbers: what it says at a moment. Whether it is allowed: acceptance.py.

Nothing here is started or remembered, so nothing can start twice when the wall clock jumps. Times are unix seconds;
limits are tenths of an ampere per phase or tenths of a watt in all. `clock` False: the time of day is unknown. Then
Absolute and Recurring schedules count with their lowest limit, and only Relative ones run.
"""

from ampacity.base.strict_json import floor_da
from ampacity.base.wallclock import parse_iso

if False:  # for the type checker
    from collections.abc import Iterable, Sequence

    from ampacity.ocpp.messages import Message

    Term = tuple[int, "int | None", str]  # (limit, numberPhases where given, unit): all terms of a target hold together
    Found = tuple["list[Term]", int]  # with the seconds until which it holds

NEVER = 1 << 50
RECURRENCE_S = {"Daily": 86400, "Weekly": 604800}
STACK_LEVEL_MAX = 9
PERIODS_MAX = 48
LIMIT_MAX = 1000000


class Profile:
    """Numbers of a profile that `refusal` (acceptance.py) let pass, with one of its schedules. The document itself lies in the store.

    is_kept: False: the medium refused it, and it holds until a restart. awaited: it is the last one of a report. last: the document of one that was
    removed before.
    """

    awaited = False
    is_kept = True
    last: "Message | None" = None

    def __init__(self, document: "Message", evse_id: int, index: int = 0) -> None:
        schedules = document["chargingSchedule"]
        schedule = schedules[min(index, len(schedules) - 1)]
        self.schedules = len(schedules)
        self.id: int = document["id"]
        self.evse_id = evse_id
        self.stack_level: int = document["stackLevel"]
        self.purpose: str = document["chargingProfilePurpose"]
        self.kind: str = document["chargingProfileKind"]
        self.recurrence_s = RECURRENCE_S[document["recurrencyKind"]] if self.kind == "Recurring" else 0
        self.valid_from_s = seconds(document.get("validFrom"), 0)
        self.valid_to_s = seconds(document.get("validTo"), NEVER)
        self.start_s = seconds(schedule.get("startSchedule"), 0)
        self.duration_s: "int | None" = schedule.get("duration")
        self.unit: str = schedule["chargingRateUnit"]
        self.transaction_id: "str | None" = document.get("transactionId")
        flat = []
        for period in schedule["chargingSchedulePeriod"]:
            flat += [period["startPeriod"], floor_da(period["limit"]), period.get("numberPhases", 0)]
        self.periods: "tuple[int, ...]" = tuple(flat)

    def certain(self) -> bool:
        """Does it run whatever time of day it is?"""
        return self.kind == "Relative" and self.duration_s is None and not self.valid_from_s and self.valid_to_s == NEVER

    def lowest(self) -> int:
        """The lowest limit of all periods."""
        return min(self.periods[i] for i in range(1, len(self.periods), 3))

    def overlaps(self, other: "Profile") -> bool:
        """Could both be valid at one moment?"""
        return self.valid_from_s < other.valid_to_s and other.valid_from_s < self.valid_to_s


def seconds(text: "str | None", otherwise: int) -> int:
    """ISO 8601 text as unix seconds; None gives `otherwise`. ValueError: it is no date."""
    return otherwise if text is None else parse_iso(text) // 1000


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
    low, high = 0, len(flat) // 3
    while high - low > 1:  # halved: many profiles of 48 periods must not keep a microcontroller busy
        middle = (low + high) // 2
        if flat[3 * middle] <= offset:
            low = middle
        else:
            high = middle
    i = 3 * low
    return flat[i + 1], flat[i + 2] or None, flat[i + 3] if i + 3 < len(flat) else NEVER


def leading(profiles: "Sequence[Profile]", t: int, tx_start: "int | None", clock: bool = True) -> "Found":
    """Of profiles of one purpose, the highest stack level first: what the first one that runs at t says (K01.FR.17).

    Gives ([(limit, phases or None, unit)], until). While the time of day is unknown every profile that may run counts.
    """
    terms: "list[Term]" = []
    until = NEVER
    for profile in profiles:
        limit, phases, change = running(profile, t, tx_start, clock)
        until = min(until, change)
        if limit is not None:
            terms.append((limit, phases, profile.unit))
            if clock or profile.certain():
                break
    return terms, until


def stacked(profiles: "Iterable[Profile]") -> "list[Profile]":
    """The highest stack level first."""
    return sorted(profiles, key=lambda profile: (-profile.stack_level, profile.id))
