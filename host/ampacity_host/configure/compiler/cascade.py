"""Primaries below primaries: what a site with `[parent]` is to its parent, and the parent's entry for it (rule 13).

A site file that names another one (`kind = "ampacity"`, `site = "child.toml"`) takes every number from there: they are
sums of the EVSEs below and cannot be configured.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ampacity.circuit.trusted.amperes import amps
from ampacity.circuit.trusted.device.reserve import Declared, default_da
from ampacity.circuit.trusted.site.check import declared_da
from ampacity.circuit.trusted.site.tree import Evse, Site
from ampacity.roles.control.parent_link import FRESH_MS as SUM_FRESH_MS
from ampacity_host.configure.analysis.budgets import round_ms
from ampacity_host.configure.analysis.line_timing import finding, lines_of
from ampacity_host.configure.site_file.device_address import line
from ampacity_host.configure.site_file.mistakes import Collector, SiteErrors
from ampacity_host.configure.site_file.parser import SiteFile, Table
from ampacity_host.configure.site_file.supply import between_lines, supply_phases, supply_voltage
from ampacity_host.configure.site_file.tls import material, tcp_facts, tcp_port_of

TICK_MS = 100
OWN_LATENCY_MS = 1000
WORKED_OUT = ("max_a", "fallback_a", "watchdog_s", "power_on_a", "after_lease_s", "settle_s")
LINE_KEYS = ("baud", "parity", "stop")
Reader = Callable[[Path, tuple[Path, ...]], tuple[SiteFile, dict[str, Any], dict[str, Any]]]  # (path, above) to site, report and facts


def is_primary(evse: Table) -> bool:
    """True if this entry is a primary with EVSEs below."""
    return evse.get("below") is not None or evse["after_lease_s"] is not None


def primary_facts(evse: Table) -> dict[str, Any]:
    """What such an entry has beyond that of a secondary: its lease, and what comes after that."""
    below = evse.get("below") or {"after_lease_ms": evse["after_lease_s"], "settle_ms": evse["settle_s"], "latency_ms": OWN_LATENCY_MS}
    return {
        "primary": True,
        "lease_ms": evse["watchdog_s"],
        "watchdog_ms": evse["watchdog_s"] + below["after_lease_ms"],
        "settle_ms": below["settle_ms"],
        "latency_ms": below["latency_ms"],
        "below_transit_ms": below.get("transit_ms", 0),
        "below_reading_ms": below.get("reading_ms", SUM_FRESH_MS),
    }


# from below: what a site shows upward

def default_state_da(evse: Evse) -> int:
    """The most it draws when its primary is gone for long, da: its reserve; all that it can where no watchdog ends an order."""
    return default_da(evse, Declared(evse), declared_da(evse), evse.max_da)


def fullest_da(site: Site, amounts_da: list[int], caps_da: list[int] | None = None) -> int:
    """Σ of an amount per EVSE on the root's fullest phase, each phase at most its cap."""
    root = next(c.index for c in site.circuits if c.parent == -1)
    keys = range(root * site.phases, (root + 1) * site.phases)
    sums = [sum(da * evse.keys.count(key) for da, evse in zip(amounts_da, site.evses, strict=True)) for key in keys]
    return max(min(each, cap) for each, cap in zip(sums, caps_da or sums, strict=True))


def parent_entry(parent: Table, facts: dict[str, Any], site_file: SiteFile) -> dict[str, Any]:
    """`parent` of the site facts. facts: the rest of them."""
    site = Site(facts)
    sums_da = fullest_da(site, [default_state_da(evse) for evse in site.evses])
    rating_da = next(c.rating_da for c in site.circuits if c.parent == -1)
    lines = lines_of(facts)
    orders_ms = max((each.orders_ms for each in lines), default=0)
    root = next(index for index, entry in enumerate(facts["circuits"]) if entry["parent"] == -1)
    most_da = fullest_da(site, [evse.max_da for evse in site.evses], rating_da)
    return {
        "name": parent["bus"],
        "serial": str(facts["name"])[:32],
        "unit": parent["unit"],
        "max_da": most_da if parent["max_a"] is None else parent["max_a"],
        "fallback_da": sums_da if parent["fallback_a"] is None else parent["fallback_a"],
        "power_on_da": sums_da if parent["fallback_a"] is None else parent["fallback_a"],
        "lease_ms": parent["lease_s"],
        "after_lease_ms": max((evse.lapse_ms(evse.watchdog_ms) for evse in site.evses if evse.watchdog_ms > 0), default=0),
        "settle_ms": max((evse["settle_ms"] for evse in facts["evses"]), default=0),
        "latency_ms": TICK_MS + orders_ms + max((evse["latency_ms"] for evse in facts["evses"]), default=0),
        "transit_ms": max((evse["transit_ms"] + evse.get("below_transit_ms", 0) for evse in facts["evses"]), default=0),
        "reading_ms": min(SUM_FRESH_MS, round_ms(facts, root, lines)),
    } | parent_line(parent, site_file)


def parent_line(parent: Table, site: SiteFile) -> dict[str, Any]:
    """The line to the parent: a serial port and its settings, or where to listen on TCP."""
    if parent["tcp_port"] is None:
        return {key: parent[key] for key in ("port", *LINE_KEYS)}
    tls = {"tls": material(parent, site)} if parent["tls"] else {}
    return {"tcp": tcp_facts(parent["host"], parent["tcp_port"], parent["roles"]) | tls}


def check_parent(facts: dict[str, Any]) -> list[dict[str, Any]]:
    """Findings where what is promised to the parent is less than what is drawn without asking."""
    parent = facts.get("parent")
    if parent is None:
        return []
    site = Site(facts)
    reserves_da = [declared_da(evse) for evse in site.evses]
    least_da = fullest_da(site, reserves_da)
    if least_da <= parent["fallback_da"]:
        return never_starts(site, reserves_da, parent["max_da"])
    text = f"reserves {amps(least_da)} exceed the fallback {amps(parent['fallback_da'])} declared to the parent"
    fix = f"fallback_a = {least_da / 10:g} under [parent], or leave it out"
    return [finding("parent-fallback", "parent", text, fix, None, least_da - parent["fallback_da"])]


def never_starts(site: Site, reserves_da: list[int], most_da: int) -> list[dict[str, Any]]:
    """A warning for each EVSE that no grant leaves room for: the reserves of the others are always counted."""
    found = []
    for evse in site.evses:
        amounts_da = list(reserves_da)
        amounts_da[evse.index] = max(evse.min_da, reserves_da[evse.index])
        needed_da = fullest_da(site, amounts_da)
        if needed_da > most_da:
            text = f"{evse.name} can never start: its minimum plus the other reserves needs a grant of {amps(needed_da)}"
            fix = f"max_a of at least {needed_da / 10:g} under [parent], or smaller reserves"
            found.append(finding("parent-grant", evse.name, text, fix, None, needed_da - most_da) | {"level": "warning"})
    return found


# from above: an entry that names a site file

def resolve(site: SiteFile, collector: Collector, above: tuple[Path, ...], read: Reader) -> None:
    """Fill in the entries that name a site file; their mistakes go to the collector. above: the files that lead here."""
    check_own_line(site, collector)
    for evse in site.evses:
        if evse["site"] is not None and evse["kind"] == "ampacity":
            resolve_one(evse, site, collector, (*above, site.path.resolve()), read)
        elif evse["kind"] != "ampacity":
            for key in ("site", "after_lease_s", "settle_s"):
                if key in evse.written:
                    collector.add(evse, key, 'belongs to kind "ampacity"', "leave it out")
        elif "settle_s" in evse.written and evse["after_lease_s"] is None:
            collector.add(evse, "settle_s", "belongs to a primary below", "write after_lease_s, or leave it out")


def check_own_line(site: SiteFile, collector: Collector) -> None:
    """The line to the parent is none of ours."""
    if site.parent is None:
        return
    for bus in site.buses:
        if bus["name"] == site.parent["bus"]:
            collector.add(site.parent, "bus", f'"{bus["name"]}" is a bus of this site', "name the parent's line")
        elif None not in (site.parent["port"], bus["port"]) and bus["port"] != "virtual" and line(bus["port"]) == line(site.parent["port"]):
            collector.add(site.parent, "port", f'belongs to bus "{bus["name"]}"', "the parent's line needs a port of its own")


def resolve_one(evse: Table, site: SiteFile, collector: Collector, above: tuple[Path, ...], read: Reader) -> None:
    for key in WORKED_OUT:
        if key in evse.written:
            collector.add(evse, key, f'is derived from "{evse["site"]}"', "leave it out")
    facts = facts_below(evse, site, collector, above, read)
    if facts is None:
        evse.broken.add("max_a")
        return
    below = facts["parent"]
    check_line(evse, below, site, collector)
    check_supply_below(evse, facts, site, collector)
    lines = evse["phases"] or [[line] for line in range(facts["phases"])]
    if not evse["phases"] and "phases" not in evse.broken and facts["phases"] < supply_phases(site):
        wrong = f"is missing: the site below has {facts['phases']} of the {supply_phases(site)} lines"
        collector.add(evse, "phases", wrong, 'name the lines that feed it, such as ["L2"]')
    if len(lines) != facts["phases"] or any(len(each) != 1 for each in lines):
        collector.add(evse, "phases", f"name {len(lines)} lines, but the site below has {facts['phases']}", "name one for each of its lines")
    evse.values.update(
        below=below, phases=lines, max_a=below["max_da"], fallback_a=below["fallback_da"], power_on_a=below["power_on_da"],
        watchdog_s=below["lease_ms"], assumed_other_a=root_of(facts)["assumed_other_da"],
        generation_a=[sum(each) for each in zip(*(circuit["generation_da"] for circuit in facts["circuits"]), strict=True)],
    )  # fmt: skip


def root_of(facts: dict[str, Any]) -> dict[str, Any]:
    """The circuit of a compiled site that has no parent."""
    return next(circuit for circuit in facts["circuits"] if circuit["parent"] == -1)


def check_supply_below(evse: Table, facts: dict[str, Any], site: SiteFile, collector: Collector) -> None:
    """Both files are of one supply: without neutral or with one, at one voltage to it, and at one between two lines."""
    volts, system = supply_voltage(site), site.site["system"]
    if {"voltage", "system"} & site.site.broken:
        return
    if (system == "delta-it") != (facts["system"] == "delta-it"):
        wrong = f'"{evse["site"]}" has system "{facts["system"]}", this file "{system}"'
        collector.add(evse, "site", wrong, "write the system of the supply in both files")
    elif volts != facts["voltage_v"]:
        wrong = f'"{evse["site"]}" has {facts["voltage_v"]} V between a line and neutral, this file {volts} V'
        collector.add(evse, "site", wrong, "write the same voltage in both files")
    elif facts["phases"] > 1 and between_lines(system, volts) != between_lines(facts["system"], volts):
        wrong = f'"{evse["site"]}" has system "{facts["system"]}", this file "{system}", with another voltage between two lines'
        collector.add(evse, "site", wrong, "write the system of the supply in both files")


def facts_below(evse: Table, site: SiteFile, collector: Collector, above: tuple[Path, ...], read: Reader) -> dict[str, Any] | None:
    """The compiled site that an entry names; None (and a mistake) if it cannot be used."""
    name, path = evse["site"], site.path.parent / evse["site"]
    if path.resolve() in above:
        collector.add(evse, "site", f'"{name}" leads back to this file', "name a site below this one")
        return None
    try:
        child, told, facts = read(path, above)
    except SiteErrors as errors:
        collector.add(evse, "site", f'"{name}": {errors.mistakes[0]}', "correct that file first")
        return None
    if child.parent is None:
        collector.add(evse, "site", f'"{name}" has no [parent]', "write one there: its line, unit and lease")
        return None
    if not told["ok"]:
        first = next(each for each in told["findings"] if each["level"] == "error")
        collector.add(evse, "site", f'"{name}" is refused: {first["text"]}', f"ampacity check {name}")
        return None
    return facts


def check_line(evse: Table, below: dict[str, Any], site: SiteFile, collector: Collector) -> None:
    """Both ends of the line are set alike."""
    if evse["unit"] is not None and evse["unit"] != below["unit"]:
        collector.add(evse, "unit", f"is {evse['unit']}, but its [parent] says {below['unit']}", "write the same in both files")
    bus = next((each for each in site.buses if each["name"] == evse["bus"]), None)
    if bus is None or bus["kind"] is None:
        return
    tcp = below.get("tcp")
    if (bus["kind"] == "tcp") != (tcp is not None):
        collector.add(evse, "bus", f"is {bus['kind']}, but its [parent] is {'tcp' if tcp else 'a serial line'}", "write the same in both files")
        return
    if tcp is not None:
        if bool(bus["tls"]) != ("tls" in tcp):
            collector.add(evse, "bus", "has tls on one end only", "write the same in both files")
        port = evse["tcp_port"] or tcp_port_of(bus)
        if port != tcp["tcp_port"]:
            said = f"is {port}, but its [parent] says {tcp['tcp_port']}"
            collector.add(evse, "tcp_port", said, "write the same in both files, unless a gateway translates the port", "warning")
        return
    for key in LINE_KEYS:
        if bus[key] != below[key]:
            collector.add(evse, "bus", f"has {key} {bus[key]}, but its [parent] says {below[key]}", "write the same in both files")
