"""Warnings of values that are allowed, and probably not what their author meant: kilowatts for amperes, a line for two."""

from ampacity_host.configure.site_file.circuit_tree import each_phase
from ampacity_host.configure.site_file.mistakes import Collector
from ampacity_host.configure.site_file.parser import SiteFile, Table
from ampacity_host.configure.site_file.supply import LOW_V, supply_phases, supply_voltage

SOCKET_DA = 200  # with 120 V no socket for a car has more
KILOWATTS = {110: "11 kW, 16 A", 220: "22 kW, 32 A"}  # of three phases, by the same number in da


def check_meant(site: SiteFile, collector: Collector) -> None:
    """Add every warning of this kind to the collector."""
    for evse in site.evses:
        if evse["max_a"] is not None and evse["site"] is None and evse["after_lease_s"] is None and "phases" not in evse.broken:
            kilowatts(evse, site, collector)
            low_voltage(evse, site, collector)
            connector(evse, site, collector)
    upstream_url(site, collector)
    thresholds(site, collector)


def lines_of(evse: Table, site: SiteFile) -> int:
    """How many terminals it has: all lines where that is not written."""
    return len(evse["phases"]) if evse["phases"] else 1 if site.site["system"] == "split" else supply_phases(site)


def kilowatts(evse: Table, site: SiteFile, collector: Collector) -> None:
    """11 and 22 are what three-phase devices are called by."""
    if evse["max_a"] in KILOWATTS and lines_of(evse, site) == 3 and "max_a" in evse.written:
        said = f"{evse['max_a'] / 10:g} A has the number of a device with {KILOWATTS[evse['max_a']]}"
        collector.add(evse, "max_a", said, "write the amperes that it can offer", "warning")


def low_voltage(evse: Table, site: SiteFile, collector: Collector) -> None:
    """With 120 V to neutral an EVSE of a car's usual current is between two lines."""
    volts = supply_voltage(site)
    ends: list[list[int]] = evse["phases"] or []
    if site.site["system"] == "delta-it" or volts > LOW_V or supply_phases(site) < 2 or any(len(lines) == 2 for lines in ends):
        return
    if len(ends) == 2 or len(ends) == 1 and evse["max_a"] > SOCKET_DA:
        first, second = (0, 1) if len(ends) == 2 else (ends[0][0], (ends[0][0] + 1) % supply_phases(site))
        first, second = sorted((first, second))
        said = f"{evse['max_a'] / 10:g} A at {volts} V to neutral is unusual"
        collector.add(evse, "phases", said, f'between two lines write phases = ["L{first + 1}-L{second + 1}"]', "warning")


def connector(evse: Table, site: SiteFile, collector: Collector) -> None:
    """What the name of a connector says of phases and current."""
    name, count = evse["connector"], lines_of(evse, site)
    if "connector" not in evse.written or "connector" in evse.broken:
        return
    if (name == "cType1" or "-1P-" in name) and count > 1:
        collector.add(evse, "connector", f"{name} has one phase, and the EVSE {count}", "write the phases of the EVSE", "warning")
    if name.endswith(("-16A", "-32A")) and evse["max_a"] > 10 * int(name[-3:-1]):
        collector.add(evse, "connector", f"{name} has {name[-3:-1]} A, and max_a is {evse['max_a'] / 10:g} A", "correct one of them", "warning")


def upstream_url(site: SiteFile, collector: Collector) -> None:
    """The identity is appended to the URL, so that it would be there twice."""
    if site.ocpp is not None and site.ocpp["url"] and site.ocpp["identity"] and site.ocpp["url"].endswith("/" + site.ocpp["identity"]):
        collector.add(site.ocpp, "url", "ends with the identity, which is appended to it", "leave it out here", "warning")


def thresholds(site: SiteFile, collector: Collector) -> None:
    """A current that the grid connection does not carry is never seen."""
    most_da = [max(each_phase(circuit["rating_a"], 1)) for circuit in site.circuits if circuit["parent"] is None and circuit["rating_a"] is not None]
    for load in site.safety_loads:
        if load["meter"] and most_da and load["threshold_a"] > most_da[0]:
            said = f"{load['threshold_a'] / 10:g} A is above the rating of the site, {most_da[0] / 10:g} A: the load never counts as running"
            collector.add(load, "threshold_a", said, "write the least current with which it runs", "warning")
