"""Warnings of what a site file does not declare, and of declared values that do not agree: nothing else would report it.

A value that is left out counts as its default, which is not always on the safe side.
"""

from collections.abc import Iterable

from ampacity_host.configure.site_file.circuit_tree import each_phase, evses_under, inside
from ampacity_host.configure.site_file.mistakes import Collector
from ampacity_host.configure.site_file.parser import SiteFile, Table
from ampacity_host.configure.site_file.supply import LOW_V, supply_phases, supply_voltage


def check_declared(site: SiteFile, collector: Collector) -> None:
    """Add every warning of this kind to the collector."""
    other_loads(site, collector)
    generation(site, collector)
    meters(site, collector)
    continuous(site, collector)


def below_da(circuit: Table, key: str, site: SiteFile, count: int, above: "tuple[str, ...]" = ()) -> list[int]:
    """Σ of a field over the circuits below, at least of what is below them, and of the same in the site files of primaries here, per line."""
    sums = [0] * count
    for each in site.circuits:
        if key == "assumed_other_a" and each["parent"] == circuit["name"] and each["name"] not in above:  # a ring is reported elsewhere
            both = zip(each_phase(each[key], count), below_da(each, key, site, count, (*above, circuit["name"])), strict=False)
            sums = [a + max(b) for a, b in zip(sums, both, strict=False)]
    for evse in site.evses:
        if evse["circuit"] == circuit["name"]:
            for ends, da in zip(evse["phases"] or (), evse.get(key, ()), strict=False):
                if ends[0] < count:
                    sums[ends[0]] += da
    return sums


def other_loads(site: SiteFile, collector: Collector) -> None:
    """Other load that is less than that declared below it, without that of a safety load, or not written at all."""
    count = supply_phases(site)
    for circuit in site.circuits:
        declared = each_phase(circuit["assumed_other_a"], count)
        together = below_da(circuit, "assumed_other_a", site, count)
        if "assumed_other_a" in circuit.broken:
            continue
        if any(more > less for more, less in zip(together, declared, strict=False)):
            right = "declare the worst case of all other load below this circuit"
            collector.add(circuit, "assumed_other_a", "is less than the sum of the circuits and sites below it", right, "warning")
        elif circuit["parent"] is None and site.safety_loads and not any(declared):
            wrong = f'is 0 A, and {site.safety_loads[0].where} is other load'
            collector.add(circuit, "assumed_other_a", wrong, "include its current", "warning")
        elif "assumed_other_a" not in circuit.written and not any(together) and (circuit["parent"] is None or circuit["meter"]):
            if evses_under(circuit, site):
                right = "write the worst case of all load that is no EVSE, or 0 if nothing else is connected"
                collector.add(circuit, "assumed_other_a", "is missing and counts as 0 A", right, "warning")


def generation(site: SiteFile, collector: Collector) -> None:
    """Generation behind a primary flows through the meters of this site, too."""
    if not any(any(evse.get("generation_a", ())) for evse in site.evses):
        return
    count = supply_phases(site)
    for circuit in site.circuits:
        if not circuit["meter"] or "generation_a" in circuit.broken:
            continue
        here = inside(circuit, site)
        together = summed(below_da(each, "generation_a", site, count) for each in here)
        own = summed(each_phase(each["generation_a"], count) for each in here)
        lacks_da = max(more - less for more, less in zip(together, own, strict=False))
        if lacks_da > 0:
            wrong = "is, with that of the circuits below, less than that of the sites below it"
            collector.add(circuit, "generation_a", wrong, f"add {lacks_da / 10:g} A, which they declare", "warning")


def summed(rows: Iterable[list[int]]) -> list[int]:
    """The sum of each phase."""
    return [sum(amounts) for amounts in zip(*rows, strict=False)]


def meters(site: SiteFile, collector: Collector) -> None:
    """A meter is of use only where something names it."""
    named = {table["meter"] for table in (*site.circuits, *site.safety_loads)}
    for meter in site.meters:
        if meter["name"] and meter["name"] not in named:
            right = f'write meter = "{meter["name"]}" at the circuit that it measures'
            collector.add(meter, "", "measures nothing, because no circuit names it", right, "warning")


def continuous(site: SiteFile, collector: Collector) -> None:
    """Where a supply has 120 V to neutral, a rating is usually that of a moment, and 0.8 of it may flow for hours."""
    low = site.site["system"] == "split" or site.site["system"] == "wye" and supply_voltage(site) <= LOW_V
    for circuit in site.circuits if low else ():
        if "continuous" in circuit.written:
            continue
        wrong = f"is missing: the whole rating counts for hours with {supply_voltage(site)} V to neutral"
        collector.add(circuit, "continuous", wrong, "write continuous = 0.8 in North America, or 1", "warning")
