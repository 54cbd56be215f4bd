"""The composite schedule: what all profiles make together over a time, as GetCompositeSchedule asks for it (K08)."""

if False:  # for the type checker
    from collections.abc import Callable

STEPS_MAX = 96


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
