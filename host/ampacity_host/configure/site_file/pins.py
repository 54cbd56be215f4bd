"""Inputs and outputs of the controller: an output has one purpose, and its pin no other."""

from ampacity_host.configure.site_file.mistakes import Collector
from ampacity_host.configure.site_file.parser import SiteFile, Table


def check_pins(site: SiteFile, collector: Collector) -> None:
    """Add a mistake for each second use of a pin. Two safety loads may read one input."""
    uses = [(site.site, "alarm_output"), *((evse, "feeder_output") for evse in site.evses), *((load, "input") for load in site.safety_loads)]
    first: dict[str, tuple[Table, str]] = {}
    for table, key in uses:
        if table[key] is None:
            continue
        owner, its_key = first.setdefault(table[key], (table, key))
        if owner is not table and not key == its_key == "input":
            collector.add(table, key, f'"{table[key]}" is already {its_key} of {owner.where}', "give each its own pin")
