"""The times that a site is promised (safety.md 3.5), and whether its breakers hold for that long.

After a step of the other load an overload lasts at most meter age + decide + bus + device + car. The meter's age is that of a
meter which dies just before the step: what it showed last counts until it is noticed to be old or frozen. Where only meters below
show the step, the EVSEs have to be read as well. The bus has the longest that a path may hold an order back. When the primary dies,
EVSEs hold their last order until their watchdogs end: the exposure. Computed here only: the report, the breakers and the judge of the
rig take it from here.
"""

from typing import Any

from ampacity.bus.device_facts import STEADY_POLL_MS
from ampacity.bus.leases.register_table import PASSED_MS
from ampacity.circuit.trusted.device.evse_state import FRESH_MS
from ampacity.circuit.trusted.metering.meter_estimator import WAIT_BELOW_MS, WAIT_MS
from ampacity.circuit.trusted.site.tree import Site
from ampacity.roles.control.parent_link import FRESH_MS as SUM_FRESH_MS
from ampacity_host.configure.analysis.line_timing import BusTiming, finding, line_of, lines_of
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


def metered(facts: dict[str, Any], circuit: int) -> list[int]:
    """The circuits by whose meters its other load is known: itself, else the nearest circuits below that have one."""
    if facts["circuits"][circuit]["meter"] >= 0:
        return [circuit]
    below = [index for index, entry in enumerate(facts["circuits"]) if entry["parent"] == circuit]
    return [each for index in below for each in metered(facts, index)]


def meter_ages_ms(facts: dict[str, Any], meter: dict[str, Any], line: BusTiming) -> tuple[int, int]:
    """How old what it shows may be: (while it lives, until it is noticed to be dead or frozen).

    While it lives: what it samples, its period, and a cycle of its line. The readings of a coarse one may be constant; only its silence is detected.
    """
    profile = facts["profiles"].get(meter["profile"]) or {}
    lost_ms = meter["timeout_ms"] if meter["coarse"] else max(meter["timeout_ms"], meter["frozen_ms"])
    return meter["sample_ms"] + int(profile.get("live_ms", 0)) + line.cycle_ms, meter["sample_ms"] + lost_ms


def reading_ms(facts: dict[str, Any], circuit: int, lines: list[BusTiming]) -> int:
    """The longest for which a frame of this circuit's meter waits until all EVSEs below were read after it (3.1), in ms."""
    below = any(evse.get("primary") for evse in evses_below(facts, circuit))
    return min(WAIT_BELOW_MS if below else WAIT_MS, round_ms(facts, circuit, lines))


def round_ms(facts: dict[str, Any], circuit: int, lines: list[BusTiming]) -> int:
    """The longest until all EVSEs below this circuit were read once; what a primary shows of its own may be as old before that."""
    rounds = [0]
    for evse in evses_below(facts, circuit):
        if evse.get("primary"):
            rounds.append(evse.get("below_reading_ms", SUM_FRESH_MS) + PASSED_MS + line_of(lines, facts, evse).cycle_ms)
        elif evse["bus"] >= 0:
            live_ms = int((facts["profiles"].get(evse["profile"]) or {}).get("live_ms", 0))
            rounds.append(max(STEADY_POLL_MS, live_ms) + line_of(lines, facts, evse).cycle_ms)
    return max(rounds)


def seen_ms(facts: dict[str, Any], circuit: int, lines: list[BusTiming]) -> tuple[int, int, int]:
    """After how long other load is known by its meters, in ms: (while they live, until they are noticed to be dead or frozen, how much
    later what cars may draw and do not).

    Its own meter shows a current above the rating at once. Anything else is certain when all EVSEs were read after the frame, which may wait
    for those of the frame before it; after a silence of the meter there is none.
    """
    own = facts["circuits"][circuit]["meter"] >= 0
    seen = []
    for each in metered(facts, circuit):
        meter = facts["meters"][facts["circuits"][each]["meter"]]
        well_ms, lost_ms = meter_ages_ms(facts, meter, line_of(lines, facts, meter))
        read_ms = reading_ms(facts, each, lines)
        seen.append((well_ms, lost_ms, 2 * read_ms) if own else (well_ms + 2 * read_ms, lost_ms + read_ms, 0))
    return max((one[0] for one in seen), default=0), max((max(one[:2]) for one in seen), default=0), max((one[2] for one in seen), default=0)


def evse_times(facts: dict[str, Any], evse: dict[str, Any], lines: list[BusTiming]) -> dict[str, Any]:
    """From a decision until the car has followed, in ms: `bus_ms` holds `transit_ms`; and the exposure (None: unlimited)."""
    line = line_of(lines, facts, evse) if evse["bus"] >= 0 else None
    wire_ms = line.busy_ms + line.orders_ms if line else 0
    transit_ms = evse["transit_ms"] + evse.get("below_transit_ms", 0)
    parts = {"bus_ms": wire_ms + transit_ms, "device_ms": evse["latency_ms"], "car_ms": evse["settle_ms"]}
    return {**parts, "transit_ms": transit_ms, "total_ms": sum(parts.values())}


def exposures_ms(facts: dict[str, Any]) -> list[int | None]:
    """How long each EVSE may hold its last order with a dead primary: as the ledger counts silence (rule 5); None: unlimited."""
    return [evse.lapse_ms(evse.watchdog_ms) if evse.watchdog_ms > 0 else None for evse in Site(facts).evses]


NOBODY = {"bus_ms": 0, "device_ms": 0, "car_ms": 0, "transit_ms": 0, "total_ms": 0}


def circuit_budget(facts: dict[str, Any], circuit: int, lines: list[BusTiming]) -> dict[str, Any]:
    """The parts of a circuit's budget in ms, by its slowest EVSE, and their sum; the exposure with a dead primary (None: unlimited).

    `well_ms`: the sum while its meter lives and no path holds an order back; `reading_ms`: how much later orders have had their effect
    for what cars may draw and do not. `slowest`: that EVSE.
    """
    name, evses = facts["circuits"][circuit]["name"], evses_below(facts, circuit)
    times = [(evse_times(facts, evse, lines), str(evse["name"])) for evse in evses] or [(NOBODY, "")]
    slowest, who = max(times, key=lambda one: int(one[0]["total_ms"]))
    prompt_ms = max(int(one["total_ms"] - one["transit_ms"]) for one, _ in times)
    well_ms, age_ms, later_ms = seen_ms(facts, circuit, lines)
    parts = {"meter_age_ms": age_ms, "decide_ms": TICK_MS, **{key: slowest[key] for key in ("bus_ms", "device_ms", "car_ms")}}
    exposures = [each for each, evse in zip(exposures_ms(facts), facts["evses"], strict=True) if evse in evses]
    exposure = None if None in exposures else max((each for each in exposures if each is not None), default=0)
    return {
        "circuit": name, **parts, "total_ms": sum(parts.values()), "exposure_ms": exposure, "slowest": who,
        "transit_ms": slowest["transit_ms"], "meter_well_ms": well_ms, "well_ms": well_ms + TICK_MS + prompt_ms,
        "reading_ms": later_ms, **phases_budget(facts, circuit, lines),
    }  # fmt: skip


def phases_budget(facts: dict[str, Any], circuit: int, lines: list[BusTiming]) -> dict[str, Any]:
    """Where unused phases are free, how long and how high a car that uses them again may load it, and how long where its line is
    cut or the primary dies at that moment: `again_ms`, `again_da`, `again_cut_ms`; else 0."""
    if not facts["circuits"][circuit].get("frees_phases"):
        return {"again_ms": 0, "again_cut_ms": 0, "again_da": 0}
    return {"again_ms": again_ms(facts, circuit, lines), "again_cut_ms": cut_ms(facts, circuit), "again_da": max(again_da(facts, circuit))}


def again_ms(facts: dict[str, Any], circuit: int, lines: list[BusTiming]) -> int:
    """How long a phase that a car had not used (rule 14) may load this circuit before that is noticed and made room for, in ms:
    until its EVSE's reading is too old, or the meter shows it, and then as after a step of other load."""
    slowest = max((int(evse_times(facts, evse, lines)["total_ms"]) for evse in evses_below(facts, circuit)), default=0)
    return max(FRESH_MS, seen_ms(facts, circuit, lines)[1]) + TICK_MS + slowest


def lends_phases(evse: dict[str, Any]) -> bool:
    """May a car there leave phases unused? What is below a primary counts on all phases that can close (rule 14)."""
    return len(evse["terminals"]) > 1 and not evse.get("primary")


def again_da(facts: dict[str, Any], circuit: int) -> list[int]:
    """The peak per phase while one car, the greatest there is, uses such a phase of a full circuit again, in da."""
    peaks = []
    for phase, rating in enumerate(facts["circuits"][circuit]["rating_da"]):
        there = [evse for evse in evses_below(facts, circuit) if lends_phases(evse) and loads(evse, phase)]
        peaks.append(rating + max((evse["limit_da"] for evse in there), default=0))
    return peaks


def holds_again_s(facts: dict[str, Any], circuit: int) -> float:
    """How long the circuit's breaker holds that peak, in s."""
    entry, peaks = facts["circuits"][circuit], again_da(facts, circuit)
    return min(holds_s(entry, phase, peak) for phase, peak in enumerate(peaks))


def breaker_name(entry: dict[str, Any], phase: int) -> str:
    """As the site file has it; without one: curve B at the rating of this phase."""
    curve, rated_da = parse_breaker(entry["breaker"], entry["rating_da"][phase])
    return f"{curve}{rated_da / 10:g}"


def holds_s(entry: dict[str, Any], phase: int, peak_da: int) -> float:
    """How long the breaker of a circuit holds this current on a phase, in s; without one of its own: curve B at the phase's rating."""
    curve, rated_da = parse_breaker(entry["breaker"], entry["rating_da"][phase])
    return float(trip_time_s(curve, peak_da / rated_da))


def cut_ms(facts: dict[str, Any], circuit: int) -> int:
    """The longest that an EVSE below holds its order where its line is cut or the primary dies, in ms."""
    below = evses_below(facts, circuit)
    exposures = [each for each, evse in zip(exposures_ms(facts), facts["evses"], strict=True) if evse in below and lends_phases(evse)]
    return max((each for each in exposures if each is not None), default=0)  # one without a watchdog lends nothing (rule 14)


def frees_phases(facts: dict[str, Any], circuit: int, said: str | None, lines: list[BusTiming]) -> bool:
    """True if unused phases of cars do not count on this circuit. Default: where it has a meter, and its
    breaker holds a car that uses them again, also where its line is cut at that moment."""
    if said is not None:
        return said == "free"
    if facts["circuits"][circuit]["meter"] < 0 or facts["phases"] == 1:
        return False
    return holds_again_s(facts, circuit) * 1000 >= max(again_ms(facts, circuit, lines), cut_ms(facts, circuit))


def evse_budgets(facts: dict[str, Any]) -> list[dict[str, Any]]:
    """What each EVSE adds to the budgets of its circuits, ms, in file order."""
    lines, exposures = lines_of(facts), exposures_ms(facts)
    return [
        {"evse": evse["name"], **evse_times(facts, evse, lines), "exposure_ms": exposure}
        for evse, exposure in zip(facts["evses"], exposures, strict=True)
    ]


def worst_peak_da(facts: dict[str, Any], circuit: int, phase: int, other: int) -> int:
    """The most that may flow until an overload is removed: all that EVSEs may have been given, and `other`, the other load's worst."""
    entry = facts["circuits"][circuit]
    rating = entry["rating_da"][phase]
    most = sum(evse["limit_da"] for evse in evses_below(facts, circuit) if loads(evse, phase))
    return int(min(rating, most) + other) if entry["meter"] >= 0 else rating


def check_breakers(facts: dict[str, Any], budgets: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Findings where a circuit's breaker may open before an overload within its budget or exposure is gone."""
    found = []
    assumed_da = Site(facts).assumed_da  # at least that of the circuits below
    for index, (entry, budget) in enumerate(zip(facts["circuits"], budgets, strict=True)):
        rated_da = parse_breaker(entry["breaker"], max(entry["rating_da"]))[1]
        if max(entry["rating_da"]) > rated_da:
            text = f"its rating {max(entry['rating_da']) / 10:g} A is above its breaker {entry['breaker']}"
            found.append(finding("breaker-small", entry["name"], text, f"rating_a = {rated_da / 10:g}, or the breaker that is installed"))
            continue
        lasts_ms = max(budget["total_ms"], budget["exposure_ms"] or 0)
        for phase in range(facts["phases"]):
            peak = worst_peak_da(facts, index, phase, assumed_da[index * facts["phases"] + phase])
            time_s = holds_s(entry, phase, peak)
            if time_s < lasts_ms / 1000:
                text = f"{peak / 10:g} A may flow for {lasts_ms / 1000:g} s; {breaker_name(entry, phase)} may open after {time_s:.1f} s"
                fix = "a shorter watchdog_s below this circuit, lower limit_a, or a larger breaker"
                found.append(finding("breaker-trips", entry["name"], text, fix, phase))
                break
        found += check_again(facts, index, budget)
    return found


def check_again(facts: dict[str, Any], circuit: int, budget: dict[str, Any]) -> list[dict[str, Any]]:
    """A finding if unused phases are declared free, but the breaker may open when one car uses them again."""
    entry, peaks, lasts_s = facts["circuits"][circuit], again_da(facts, circuit), max(budget["again_ms"], budget["again_cut_ms"]) / 1000
    time_s, phase = min((holds_s(entry, phase, peak), phase) for phase, peak in enumerate(peaks))
    if time_s >= lasts_s:
        return []
    text = f"{peaks[phase] / 10:g} A may flow for {lasts_s:g} s when a car uses further phases; "
    text += f"{breaker_name(entry, phase)} may open after {time_s:.1f} s"
    return [finding("breaker-phases", entry["name"], text, 'unused_phases = "count", or lower limit_a')]


def site_budgets(facts: dict[str, Any]) -> list[dict[str, Any]]:
    """The budget of every circuit, in the order of the site facts."""
    lines = lines_of(facts)
    return [circuit_budget(facts, index, lines) for index in range(len(facts["circuits"]))]
