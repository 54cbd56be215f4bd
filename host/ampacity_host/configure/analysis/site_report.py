"""What `ampacity check` finds out about a site that can be read: sums, refusals, budgets, and what ignorance costs."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ampacity.circuit.trusted.device.reserve import Declared, fallback_da, holds, power_on_da, watchdog_ms
from ampacity.circuit.trusted.site.check import ReserveSums, check_site
from ampacity.circuit.trusted.site.tree import Evse
from ampacity_host.configure.analysis.budgets import check_breakers, evse_budgets, evses_below, loads, site_budgets
from ampacity_host.configure.analysis.fixes import Tools, fixes
from ampacity_host.configure.analysis.line_timing import BusTiming, check_ages, check_settings, check_watchdogs, lines_of
from ampacity_host.configure.analysis.never import check_limits
from ampacity_host.configure.analysis.unmeasured import measures, unmeasured_devices, unmeasured_phases
from ampacity_host.configure.compiler.cascade import check_parent
from ampacity_host.configure.compiler.site_facts import compile_site
from ampacity_host.configure.site_file.parser import SiteFile


def reserves_da(facts: dict[str, Any], kept: dict[str, Any] | None = None) -> list[int]:
    """What each EVSE may draw without asking, by the one implementation that the controller uses too."""
    return ReserveSums(facts, kept).reserve_da


def other_da(facts: dict[str, Any], without_meters: bool = False) -> list[list[int]]:
    """Other load that counts for a raise by what is declared, of each circuit and phase (section 3): its own or the sum of those below; at
    a meter that works, to which generation is added back, at least that."""
    circuits = facts["circuits"]

    def counted(index: int, phase: int) -> tuple[int, int]:
        """(other load, generation) of a circuit with those below."""
        below = [counted(i, phase) for i, entry in enumerate(circuits) if entry["parent"] == index]
        fed = circuits[index]["generation_da"][phase] + sum(each[1] for each in below)
        other = max(circuits[index]["assumed_other_da"][phase], sum(each[0] for each in below))
        return max(other, fed) if circuits[index]["meter"] >= 0 and not without_meters else other, fed

    return [[counted(index, phase)[0] for phase in range(facts["phases"])] for index in range(len(circuits))]


def circuit_sums(facts: dict[str, Any], kept: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    """For every circuit and phase: rating, reserves, assumed other load, what is left of the rating, Σ of limits; in A."""
    rows, others = [], other_da(facts)
    reserved = {evse["name"]: da for evse, da in zip(facts["evses"], reserves_da(facts, kept), strict=True)}
    for index, entry in enumerate(facts["circuits"]):
        evses = evses_below(facts, index)
        for phase in range(facts["phases"]):
            rating, other = entry["rating_da"][phase], others[index][phase]
            reserves = sum(reserved[evse["name"]] for evse in evses if loads(evse, phase))
            wishes = sum(evse["limit_da"] for evse in evses if loads(evse, phase))
            row = {"rating_a": rating, "reserves_a": reserves, "assumed_other_a": other, "free_a": rating - reserves - other, "limits_a": wishes}
            rows.append({"circuit": entry["name"], "phase": f"L{phase + 1}", **{key: value / 10 for key, value in row.items()}})
    return rows


def needing_meters(facts: dict[str, Any], kept: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    """Circuits on which no car can charge while their meter is lost: `circuit`, `left_a` for the EVSE that lacks least of its minimum,
    `needs_a` of that EVSE (section 3.4)."""
    rows, others, reserved = [], other_da(facts, without_meters=True), reserves_da(facts, kept)
    reserve_da = {evse["name"]: da for evse, da in zip(facts["evses"], reserved, strict=True)}
    for index, entry in enumerate(facts["circuits"]):
        evses = evses_below(facts, index) if entry["meter"] >= 0 else []
        left_da = [entry["rating_da"][p] - others[index][p] - sum(reserve_da[evse["name"]] for evse in evses if loads(evse, p))
                   for p in range(facts["phases"])]  # fmt: skip
        room = [(reserve_da[evse["name"]] + min(left_da[p] for p in range(facts["phases"]) if loads(evse, p)), evse["min_da"]) for evse in evses]
        if room and all(da < least_da for da, least_da in room):
            da, least_da = max(room, key=lambda one: one[0] - one[1])
            rows.append({"circuit": entry["name"], "left_a": max(0, da) / 10, "needs_a": least_da / 10})
    return rows


def fallback_proposal(facts: dict[str, Any], kept: dict[str, Any] | None = None) -> int:
    """How many of the units that now pause when the primary is lost could fall back to 6 A instead, in file order."""
    others = other_da(facts)
    left = [[c["rating_da"][p] - others[at][p] for p in range(facts["phases"])] for at, c in enumerate(facts["circuits"])]

    def take(evse: dict[str, Any], amount_da: int) -> bool:
        path, circuit = [], evse["circuit"]
        while circuit >= 0:
            path.append(circuit)
            circuit = facts["circuits"][circuit]["parent"]
        cells = [(c, p) for c in path for p in range(facts["phases"]) if loads(evse, p)]
        if any(left[c][p] < amount_da for c, p in cells):
            return False
        for c, p in cells:
            left[c][p] -= amount_da
        return True

    reserved = reserves_da(facts, kept)
    for evse, reserve in zip(facts["evses"], reserved, strict=True):
        take(evse, reserve)
    pausing = [evse for evse, reserve in zip(facts["evses"], reserved, strict=True) if not reserve]
    could = [evse for evse in pausing if evse["kind"] != "local" and evse["watchdog_ms"] and not evse.get("primary")]
    return sum(1 for evse in could if take(evse, max(60, evse["min_da"])))


def evidence(facts: dict[str, Any], known: list[Declared] | None = None) -> list[dict[str, Any]]:
    """Each piece of evidence that is missing or only declared, what it costs in amperes, and what would free them. known: of each EVSE,
    with its tests; None: nothing was tested."""
    rows = []
    for at, evse in enumerate(facts["evses"]):
        for what, cost_da, frees in missing(evse, facts["require_tested"], known[at].seen if known else {}, bool(known and known[at].tested)):
            rows.append({"evse": evse["name"], "what": what, "costs_a": cost_da / 10, "frees": frees})
        meter = meter_above(evse, facts)
        if meter is not None and not measures(evse, facts):
            what = f"unmeasured EVSE: its current also appears in the residual of meter {meter}, so raises count it twice"
            frees = "a meter for this EVSE, or a device that measures its current"
            rows.append({"evse": evse["name"], "what": what, "costs_a": evse["limit_da"] / 10, "frees": frees})
    return rows


def meter_above(evse: dict[str, Any], facts: dict[str, Any]) -> str | None:
    """The nearest meter that measures it with others; None: there is none."""
    circuit = evse["circuit"]
    while circuit >= 0:
        entry = facts["circuits"][circuit]
        if entry["meter"] >= 0:
            return str(facts["meters"][entry["meter"]]["name"])
        circuit = entry["parent"]
    return None


def missing(evse: dict[str, Any], require_tested: bool, seen: dict[str, int], tested: bool) -> list[tuple[str, int, str]]:
    found = []
    source, most = evse["power_on_source"], evse["max_da"]
    fallback = evse["fallback_da"] if evse["watchdog_ms"] else 0
    if source == "unknown" and "power_on_da" not in seen:
        frees = "the power-on test (restart while its highest order is active and a car is plugged in), or power_on_a"
        found.append(("power-on value unknown: its maximum counts", most - fallback, frees))
    if source == "declared" and not tested:
        cost = most - max(evse["power_on_da"], fallback) if require_tested else 0
        found.append(("power-on value declared, not tested", cost, "the power-on test"))
    if not evse["watchdog_ms"]:
        frees = "a group contactor held by the safety loop, or a device with a watchdog that can be read back"
        found.append(("no effective watchdog: without communication it keeps its highest order", most - evse["power_on_da"], frees))
    if evse.get("proof") == "measured":
        text = "no register shows the limit in force: its maximum counts until a car draws no more than ordered"
        found.append((text, 0, "a charging car"))
    if not evse["watchdog_ms"] and not evse["holds"] and not seen.get("holds"):
        found.append(("not tested that it keeps its order without communication", most - evse["power_on_da"], "the communication-loss test (30 min)"))
    return found


def findings(facts: dict[str, Any], budgets: list[dict[str, Any]], kept: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    """All that section 4 refuses: the sums by the firmware's own check, then times and breakers."""
    times = [*check_watchdogs(facts), *check_settings(facts), *check_ages(facts)]
    return [*check_site(facts, kept), *times, *check_breakers(facts, budgets), *check_parent(facts)]


def all_findings(site: SiteFile, kept: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    """The findings alone, of a site that was changed on trial."""
    facts = compile_site(site)
    return findings(facts, site_budgets(facts), kept)


def reserve_causes(facts: dict[str, Any], kept: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    """Each ampere that an EVSE may draw without asking, with its cause: `from_a` to `to_a`, in file order, from below."""
    sums, rows = ReserveSums(facts, kept), []
    for evse, entry, known, reserve in zip(sums.site.evses, facts["evses"], sums.known, sums.reserve_da, strict=True):
        reached = 0
        for value, cause in sorted(causes(evse, entry, known, reserve), key=lambda each: each[0]):
            if min(value, reserve) > reached:
                rows.append({"evse": evse.name, "from_a": reached / 10, "to_a": min(value, reserve) / 10, "cause": cause})
                reached = min(value, reserve)
    return rows


def causes(evse: Evse, entry: dict[str, Any], known: Declared, reserve: int) -> list[tuple[int, str]]:
    """(up to how many da, why), as `reserve_da` of the firmware comes to its number."""
    source = {
        "unknown": "power-on value not documented: its maximum counts until power_on_a declares less",
        "documented": "power-on value documented by its manufacturer; power_on_a declares less if the device can be set to it",
        "declared": "power_on_a", "settings": "power-on value, set over the bus",
    }[entry["power_on_source"]]
    found = [(power_on_da(evse, known), source)]
    if evse.shared_feed:
        found.append((reserve, "other clients may feed its watchdog, so it does not count: private = true on its bus if there are none"))
    elif watchdog_ms(evse, known) > 0:
        found.append((fallback_da(evse, known), "fallback_a: its limit after loss of the primary"))
    elif not holds(evse, known):
        found.append((reserve, "no effective watchdog, and not tested that it keeps its order without communication: its maximum counts"))
    found.append((reserve, "seen in the commissioning test of this device"))
    return found


def report(site: SiteFile, kept: dict[str, Any] | None, load: Callable[[Path, str], SiteFile]) -> dict[str, Any]:
    """kept: the evidence in the journal of its controller. load: reads a site of its path with other text.

    {"ok", "site", "warnings", "findings", "circuits", "buses", "budgets", "evse_budgets", "evidence", "could_fall_back_to_6_a",
    "needs_its_meter", "reserves", "fixes"}.
    """
    facts = compile_site(site)
    budgets = site_budgets(facts)
    found = [*findings(facts, budgets, kept), *unmeasured_devices(facts), *unmeasured_phases(facts), *check_limits(facts)]
    refused = any(each["level"] == "error" for each in found)
    proposed = fixes(site, kept, found, Tools(load, all_findings)) if refused else {"passes": True, "changes": [], "left": []}
    lead(found, proposed)
    return {
        "ok": not refused,
        "site": site.name,
        "file": str(site.path),
        "mistakes": [],
        "warnings": [mistake.as_dict() for mistake in site.warnings],
        "findings": found,
        "circuits": circuit_sums(facts, kept),
        "buses": [bus_row(line) for line in lines_of(facts)],
        "budgets": budgets,
        "evse_budgets": evse_budgets(facts),
        "evidence": evidence(facts, ReserveSums(facts, kept).known),
        "could_fall_back_to_6_a": fallback_proposal(facts, kept),
        "needs_its_meter": needing_meters(facts, kept),
        "reserves": reserve_causes(facts, kept),
        "fixes": proposed,
    } | ({"parent": for_the_parent(facts["parent"])} if "parent" in facts else {})


def lead(found: list[dict[str, Any]], proposed: dict[str, Any]) -> None:
    """A sum that fails names the lines that make it hold, not a larger mains, where such lines are known."""
    if not proposed["passes"]:
        return
    lines = "; ".join(f"{row['name']}: " + ", ".join(each["toml"] for each in row["lines"]) for row in proposed["changes"])
    for each in found:
        if each["code"] == "reserves" and each["level"] == "error" and lines:
            each["fix"] = lines


def bus_row(line: BusTiming) -> dict[str, Any]:
    """One line; of a TCP bus each host and port has its own."""
    where = {"bus": line.name, "host": line.end[0] if line.end else None, "tcp_port": line.end[1] if line.end else None}
    return where | {"units": len(line.units), "well_ms": line.well_ms, "cycle_ms": line.cycle_ms, "orders_ms": line.orders_ms}


def for_the_parent(parent: dict[str, Any]) -> dict[str, float]:
    """What the parent's site file would write by numbers: amperes and seconds."""
    fields = {"max_a": ("max_da", 10), "fallback_a": ("fallback_da", 10), "watchdog_s": ("lease_ms", 1000)}
    fields |= {"after_lease_s": ("after_lease_ms", 1000), "settle_s": ("settle_ms", 1000)}
    return {name: parent[key] / unit for name, (key, unit) in fields.items()}
