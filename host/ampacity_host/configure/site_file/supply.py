"""The supply of a site: its lines, its system, and the voltage with which orders in watts are counted.

`voltage` is line to neutral in every system; what an EVSE loads its lines with also depends on its terminals.
"""

from ampacity_host import profiles
from ampacity_host.configure.site_file.mistakes import Collector
from ampacity_host.configure.site_file.parser import SiteFile, Table

PHASES = {"wye": (1, 3), "split": (2,), "delta-it": (3,)}
DEFAULT_V = {"wye": 230, "split": 120, "delta-it": 133}
ALLOWED_V = {"wye": ((100, 150), (216, 350)), "split": ((100, 130),), "delta-it": ((100, 480),)}  # 208 and 400 V are between two lines of a wye
NOMINAL = {"wye": "120 with 120/208 V, 230 with 230/400 V", "split": "120 with 120/240 V", "delta-it": "133 with 230 V between lines"}
LOW_V = 130  # up to here a supply of 120 or 127 V to neutral
IT_BETWEEN_LINES_V = 200  # from here on what is written may be meant between two lines
ROOT_OF_3 = (1732, 1000)  # rounded down: a lower voltage counts more amperes


def supply_phases(site: SiteFile) -> int:
    """How many lines supply the site: as written, else 2 for split phase and 3 otherwise."""
    written = site.site["phases"]
    if written:
        return int(written)
    return 2 if site.site["system"] == "split" else 3


def supply_voltage(site: SiteFile) -> int:
    """Volts between a line and neutral, as written or the usual one of the system. Orders in watts are counted with it."""
    return int(site.site["voltage"] or DEFAULT_V[site.site["system"]])


def between_lines(system: str, volts: int) -> int:
    """Volts between two lines, rounded down. volts: between a line and neutral."""
    return 2 * volts if system == "split" else volts * ROOT_OF_3[0] // ROOT_OF_3[1]


def loads_with(evse: Table, site: SiteFile) -> int:
    """The lowest voltage with which watts of this EVSE load a line: to neutral, or between its two lines."""
    volts, system = supply_voltage(site), site.site["system"]
    pair = any(len(lines) == 2 for lines in evse["phases"] or ()) or (system == "split" and not evse["phases"])
    if not pair or system == "delta-it":  # whether the author of a delta-it site meant it between lines is not known
        return volts
    return between_lines(system, volts)


def ordered_in_watts(kind: str | None) -> bool:
    """Does the profile of such an EVSE convert its orders with a voltage?"""
    return bool(kind and profiles.exists("evse", kind) and profiles.in_watts(profiles.load("evse-" + kind)))


def check_supply(site: SiteFile, collector: Collector) -> None:
    """Lines and voltage fit the system; the voltage is written where a wrong one would count too few amperes."""
    if "system" in site.site.broken:
        return
    count, kind = supply_phases(site), site.site["system"]
    if count not in PHASES[kind]:
        right = "use " + " or ".join(str(n) for n in PHASES[kind])
        if kind == "wye":
            right += '; of two lines of a three-phase supply write phases = 3, and the terminals of each EVSE, such as ["L1-L2"]'
        collector.add(site.site, "phases", f'{count} is not allowed with system "{kind}"', right)
    if "voltage" not in site.site.broken:
        check_voltage(site, collector)


def check_voltage(site: SiteFile, collector: Collector) -> None:
    """In its range if it is written; written where pairs or orders in watts depend on it."""
    volts, kind = site.site["voltage"], site.site["system"]
    if volts is None:
        voltage_needed(site, collector)
    elif not any(low <= volts <= high for low, high in ALLOWED_V[kind]):
        ranges = " or ".join(f"{low} to {high}" for low, high in ALLOWED_V[kind])
        wrong = f'{volts} is not allowed with system "{kind}", because it is between a line and neutral'
        collector.add(site.site, "voltage", wrong, f"use {ranges}: {NOMINAL[kind]}")
    elif kind == "delta-it" and volts >= IT_BETWEEN_LINES_V:
        wrong = f"{volts} is taken as between a line and neutral: {volts * ROOT_OF_3[0] // ROOT_OF_3[1]} V between lines"
        collector.add(site.site, "voltage", wrong, f"use {NOMINAL[kind]}", "warning")


def voltage_needed(site: SiteFile, collector: Collector) -> None:
    """A wye supply has no usual voltage: with too high a one an order in watts counts too few amperes."""
    if site.site["system"] != "wye":
        return
    pairs = [evse.where for evse in site.evses if any(len(lines) == 2 for lines in evse["phases"] or [])]
    watts = [evse.where for evse in site.evses if ordered_in_watts(evse["kind"])]
    if pairs or watts:
        why = f"{pairs[0]} is between two lines of a wye supply" if pairs else f"{watts[0]} is ordered in watts"
        collector.add(site.site, "voltage", f"is missing, and {why}", f"use {NOMINAL['wye']}: orders in watts are counted with it")
