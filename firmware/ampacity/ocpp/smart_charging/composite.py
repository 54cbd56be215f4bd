"""Charging profiles as integer functions of time: what holds at a moment, until when, and what that makes together.

Nothing here is started or remembered, so nothing can start twice when the wall clock jumps. Times are unix seconds;
limits are tenths of an ampere per phase or tenths of a watt in all. `clock` False: nobody knows the time of day. Then
Absolute and Recurring schedules count with their lowest limit, and only Relative ones run.
"""

if False:  # for the type checker
    from collections.abc import Callable, Iterable
    from typing import Protocol

    Found = tuple["int | None", "int | None", "str | None", int]  # (limit, phases, unit, unix seconds until which this holds)

    class Schedule(Protocol):
        """The numbers of a charging profile: profile.py."""

        kind: str
        purpose: str
        unit: str
        stack_level: int
        recurrence_s: int
        valid_from_s: int
        valid_to_s: int
        start_s: int
        duration_s: "int | None"
        periods: "tuple[int, ...]"

        def lowest(self) -> int: ...

NEVER = 1 << 50
STEPS_MAX = 96


def running(profile: "Schedule", t: int, tx_start: "int | None", clock: bool = True) -> "tuple[int | None, int | None, int]":
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


def _span(profile: "Schedule", t: int, tx_start: "int | None") -> "tuple[int, int]":
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


def _period(profile: "Schedule", offset: int) -> "tuple[int, int | None, int]":
    """(limit, phases, end) of the period at `offset` seconds; periods are (start, limit, phases or 0) one after another."""
    flat = profile.periods
    i = 0
    while i + 3 < len(flat) and flat[i + 3] <= offset:
        i += 3
    return flat[i + 1], flat[i + 2] or None, flat[i + 3] if i + 3 < len(flat) else NEVER


def strongest(profiles: "Iterable[Schedule]", t: int, tx_start: "int | None", clock: bool = True) -> "Found":
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


def evse_limit(mine: "Iterable[Schedule]", defaults: "Iterable[Schedule]", t: int, tx_start: "int | None", clock: bool = True) -> "Found":
    """What the TxProfiles `mine`, else the TxDefaultProfiles say at t (K02.FR.04, K02.FR.08): as `strongest`."""
    limit, phases, unit, until = strongest(mine, t, tx_start, clock)
    if limit is not None:
        return limit, phases, unit, until
    limit, phases, unit, change = strongest(defaults, t, tx_start, clock)
    return limit, phases, unit, min(until, change)


def station_limit(profiles: "Iterable[Schedule]", t: int, clock: bool = True) -> "Found":
    """What ChargingStationMaxProfile says at t: as `strongest`."""
    return strongest([p for p in profiles if p.purpose == "ChargingStationMaxProfile"], t, None, clock)


def converted(limit: int, unit: str, wanted: str, phases: int, voltage_v: int) -> int:
    """A limit in the wanted unit ("A" or "W"), rounded down (K01.FR.50)."""
    if unit == wanted:
        return limit
    watts_per_ampere = voltage_v * phases
    return limit * watts_per_ampere if wanted == "W" else limit // watts_per_ampere


def composite(
    limit_at: "Callable[[int], tuple[int, int, int]]", t: int, duration_s: int, periods_max: int,
) -> "tuple[list[tuple[int, int, int]], int]":
    """([(start offset, limit, phases)], seconds covered) from t on. limit_at(t) → (limit, phases, until).

    Equal neighbours are one period. After periods_max periods, or STEPS_MAX steps, it ends early: the work is bounded
    whatever duration is asked for.
    """
    result: "list[tuple[int, int, int]]" = []
    at, end = t, t + duration_s
    for _ in range(STEPS_MAX):
        limit, phases, until = limit_at(at)
        if not result or result[-1][1:] != (limit, phases):
            if len(result) == periods_max:
                return result, at - t
            result.append((at - t, limit, phases))
        at = min(max(until, at + 1), end)
        if at >= end:
            break
    return result, at - t
