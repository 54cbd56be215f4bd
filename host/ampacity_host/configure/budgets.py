"""The times that a site is promised (safety.md 3.5), and whether its breakers hold for that long.

After a step of the other load an overload lasts at most meter age + decide + bus + device + car. When the primary
dies, EVSEs hold their last order until their watchdogs end: the exposure.
"""

from typing import Any

from ampacity_host.configure.timing import BusTiming, finding
from ampacity_host.rig.plant.breaker import parse_breaker, trip_time_s

TICK_MS = 100


def in_subtree(facts: dict[str, Any], circuit: int) -> set[int]:
    """Indexes of a circuit and all circuits below it."""
    inside = {circuit}
    for _ in facts["circuits"]:
        inside |= {index for index, entry in enumerate(facts["circuits"]) if entry["parent"] in inside}
    return inside


def evses_below(facts: dict[str, Any], circuit: int) -> list[dict[str, Any]]:
    inside = in_subtree(facts, circuit)
    return [evse for evse in facts["evses"] if evse["circuit"] in inside]


def loads(evse: dict[str, Any], phase: int) -> bool:
    return any(phase in lines for lines in evse["terminals"])


def circuit_budget(facts: dict[str, Any], circuit: int, timings: list[BusTiming]) -> dict[str, Any]:
    """The parts of a circuit's budget in ms, their sum, and the exposure with a dead primary (None: for ever)."""
    entry, evses = facts["circuits"][circuit], evses_below(facts, circuit)
    buses = [timings[index] for index in sorted({evse["bus"] for evse in evses if evse["bus"] >= 0})]
    meter = facts["meters"][entry["meter"]] if entry["meter"] >= 0 else None
    parts = {
        "meter_age_ms": timings[meter["bus"]].cycle_ms if meter else 0,
        "decide_ms": TICK_MS,
        "bus_ms": max((timing.orders_ms for timing in buses), default=0),
        "device_ms": max((evse["latency_ms"] for evse in evses), default=0),
        "car_ms": max((evse["settle_ms"] for evse in evses), default=0),
    }
    ends = [e["watchdog_ms"] + e["watchdog_tolerance_ms"] + e["settle_ms"] if e["watchdog_ms"] else None for e in evses]
    exposure = None if None in ends else max((end for end in ends if end is not None), default=0)
    return {"circuit": entry["name"], **parts, "total_ms": sum(parts.values()), "exposure_ms": exposure}


def worst_peak_da(facts: dict[str, Any], circuit: int, phase: int) -> int:
    """The most that may flow until an overload is removed: all that EVSEs may have been given, and the other load's worst."""
    entry = facts["circuits"][circuit]
    rating, other = entry["rating_da"][phase], entry["assumed_other_da"][phase]
    most = sum(evse["limit_da"] for evse in evses_below(facts, circuit) if loads(evse, phase))
    return int(min(rating, most) + other) if entry["meter"] >= 0 else rating


def check_breakers(facts: dict[str, Any], budgets: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Findings where a circuit's breaker may open before an overload within its budget or exposure is gone."""
    found = []
    for index, (entry, budget) in enumerate(zip(facts["circuits"], budgets, strict=True)):
        curve, rated_da = parse_breaker(entry["breaker"], max(entry["rating_da"]))
        if max(entry["rating_da"]) > rated_da:
            text = f"its rating {max(entry['rating_da']) / 10:g} A is above its breaker {entry['breaker']}"
            found.append(finding("breaker-small", entry["name"], text, f"rating_a = {rated_da / 10:g}, or the breaker that is there"))
            continue
        lasts_ms = max(budget["total_ms"], budget["exposure_ms"] or 0)
        for phase in range(facts["phases"]):
            peak = worst_peak_da(facts, index, phase)
            holds_s = trip_time_s(curve, peak / rated_da)
            if holds_s < lasts_ms / 1000:
                text = f"{peak / 10:g} A may flow for {lasts_ms / 1000:g} s; {entry['breaker']} may open after {holds_s:.1f} s"
                fix = "a shorter watchdog_s below this circuit, lower limit_a, or a larger breaker"
                found.append(finding("breaker-trips", entry["name"], text, fix, phase))
                break
    return found


def site_budgets(facts: dict[str, Any]) -> list[dict[str, Any]]:
    """The budget of every circuit, in the order of the site facts."""
    timings = [BusTiming(facts, index) for index in range(len(facts["buses"]))]
    return [circuit_budget(facts, index, timings) for index in range(len(facts["circuits"]))]
