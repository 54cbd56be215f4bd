"""What each device brings to the site facts: our own two kinds from here, all others from their profile."""

from typing import Any

from ampacity.circuit.trusted.errors import Rejected
from ampacity_host import profiles
from ampacity_host.configure.compiler.cascade import is_primary, primary_facts
from ampacity_host.configure.site_file.circuit_tree import by_name, each_phase
from ampacity_host.configure.site_file.mistakes import Collector
from ampacity_host.configure.site_file.parser import SiteFile, Table
from ampacity_host.configure.site_file.structure import OWN_KINDS
from ampacity_host.configure.site_file.supply import loads_with, supply_phases, supply_voltage
from ampacity_host.configure.site_file.toml_text import near

SETTLE_MS = 5000  # IEC 61851-1 Annex A: a car follows a new duty cycle within 5 s
HARDWARE_WATCHDOG_MS = 1000
BOOT_MS = 500
OWN_MAX_DA = 800
OWN_LEASE_MS = (1000, 3600000)
PROFILE_KEYS = ("max_a", "min_a", "fallback_a", "watchdog_s", "power_on_a", "boot_s", "phase_switch", "off_shows")


def tolerance_ms(watchdog_ms: int) -> int:
    """How late a watchdog may fire: 10 %, at least 1 s."""
    return max(1000, -(-watchdog_ms // 10))


def local_facts(evse: Table) -> dict[str, Any]:
    """The local charging point of the primary: a reset opens the contactor, so it draws no current without the primary."""
    return own_facts(evse) | {
        "fallback_da": 0,
        "power_on_da": 0,
        "power_on_source": "documented",
        "watchdog_ms": HARDWARE_WATCHDOG_MS,
        "watchdog_tolerance_ms": tolerance_ms(HARDWARE_WATCHDOG_MS),
        "watchdog_fixed": True,
        "latency_ms": 100,
        "proof": "limit",
    }


def secondary_facts(evse: Table) -> dict[str, Any]:
    """Our own secondary: the lease is its watchdog; it starts with its fallback; its settings outlive a power cut."""
    below = primary_facts(evse) if is_primary(evse) else {"watchdog_ms": evse["watchdog_s"], "latency_ms": 200}
    return own_facts(evse) | {
        "fallback_da": evse["fallback_a"],
        "power_on_da": max(evse["fallback_a"], evse["power_on_a"] or 0),
        "power_on_source": "settings",
        "watchdog_tolerance_ms": tolerance_ms(below["watchdog_ms"]),
        "watchdog_fixed": False,
        "proof": "sequence",
    } | below


def own_facts(evse: Table) -> dict[str, Any]:
    return {
        "max_da": evse["max_a"],
        "min_da": evse["min_a"],
        "step_da": 1,
        "settle_ms": SETTLE_MS,
        "boot_ms": BOOT_MS,
        "survives": True,
        "holds": False,
        "poll_feeds": False,
        "fingerprint": None,
    }


def evse_facts(evse: Table, without: "set[str] | None" = None) -> dict[str, Any]:
    """The device's part of an EVSE entry; without: written fields to pass over. Raises Rejected for what it cannot do."""
    if evse["kind"] == "local":
        return local_facts(evse)
    if evse["kind"] == "ampacity":
        return secondary_facts(evse)
    written = {key: evse.written[key] for key in PROFILE_KEYS if key in evse.written and key not in (without or ())}
    return dict(profiles.evse_facts(profiles.load("evse-" + evse["kind"]), written))


def meter_facts(meter: Table, without: "set[str] | None" = None) -> dict[str, Any]:
    """The device's part of a meter entry; without: as above. Raises Rejected for what it cannot do."""
    written: dict[str, Any] = {"meter_timeout_s": meter["meter_timeout_s"] / 1000, "meter_frozen_s": meter["meter_frozen_s"] / 1000}
    if meter["phases"]:
        written["phases"] = meter.written["phases"]
    written = {key: value for key, value in written.items() if key not in (without or ())}
    return dict(profiles.meter_facts(profiles.load("meter-" + meter["profile"]), written))


def check_own(evse: Table, collector: Collector) -> None:
    """What our own two kinds can be set to."""
    if evse["phase_switch"]:
        collector.add(evse, "phase_switch", f'kind "{evse["kind"]}" cannot switch its phases', "leave it out")
    if evse["off_shows"] is not None:
        collector.add(evse, "off_shows", f'kind "{evse["kind"]}" needs no off_shows', "leave it out")
    if evse["boot_s"] is not None:
        collector.add(evse, "boot_s", f'kind "{evse["kind"]}" keeps its settings over a restart', "leave it out")
    if is_primary(evse):
        return
    if evse["max_a"] is not None and evse["max_a"] > OWN_MAX_DA:
        collector.add(evse, "max_a", f"{evse['max_a'] / 10:g} A is more than a pilot can offer", "use at most 80 A")
    if evse["kind"] == "ampacity":
        if not OWN_LEASE_MS[0] <= evse["watchdog_s"] <= OWN_LEASE_MS[1]:
            collector.add(evse, "watchdog_s", f"{evse['watchdog_s'] / 1000:g} s is not a valid lease", "use 1 to 3600 s")
        if evse["power_on_a"] and evse["power_on_a"] < evse["min_a"]:
            collector.add(evse, "power_on_a", f"{evse['power_on_a'] / 10:g} A is below min_a", "use 0 or at least min_a")


def check_devices(site: SiteFile, collector: Collector) -> None:
    """Every device has a profile, the profile takes the site's values, and its bus can carry it."""
    for evse in site.evses:
        if evse["kind"] and "max_a" not in evse.broken and check_profile(evse, "kind", "evse", collector):
            if evse["kind"] in OWN_KINDS:
                check_own(evse, collector)
            check_facts(evse, evse_facts, collector)
            check_link(evse, "evse-" + evse["kind"], site, collector)
    for meter in site.meters:
        if meter["profile"] and check_profile(meter, "profile", "meter", collector):
            check_facts(meter, meter_facts, collector)
            check_link(meter, "meter-" + meter["profile"], site, collector)
    check_shared(site, collector)
    check_sums(site, collector)


def check_profile(table: Table, key: str, kind: str, collector: Collector) -> bool:
    if profiles.exists(kind, table[key]) or (kind == "evse" and table[key] in OWN_KINDS):
        return True
    known = profiles.names(kind)
    own = [*OWN_KINDS] if kind == "evse" else []
    other, said = ("meter", "a meter, not an EVSE") if own else ("evse", "an EVSE, not a meter")
    if table[key] in profiles.names(other) or table[key] in OWN_KINDS:
        collector.add(table, key, f'"{table[key]}" is {said}', "`ampacity devices` lists all" if own else "have: " + ", ".join(known))
        return False
    close, alike = near(table[key], own + known), [name for name in known if table[key] in name]
    hint = f'did you mean "{close}"? `ampacity devices` lists all' if close and len(alike) < 2 else "have: " + ", ".join(alike or own + known)
    collector.add(table, key, f'there is no profile "{table[key]}"', hint)
    return False


def check_facts(table: Table, facts_of: Any, collector: Collector) -> None:
    """Every field that the profile refuses: after a refusal it is asked again without that field."""
    refused_fields = set(table.broken)
    while True:
        try:
            facts = facts_of(table, refused_fields)
            break
        except Rejected as refused:
            if refused.field in refused_fields:
                return
            refused_fields.add(refused.field)
            if not collector.has(table, refused.field):
                value = table.written.get(refused.field, refused.value)
                collector.add(table, refused.field, f"{value} is not allowed by its profile", f"use {refused.allowed}")
    if facts.get("phase_switch") and len(table["phases"] or [0, 1, 2]) != 3:
        collector.add(table, "phase_switch", "needs an EVSE on three phases", "leave it out, or name three phases")
    if facts.get("blocked"):
        collector.add(table, "kind", "cannot be regulated by its profile", str(facts["blocked"]))
    if facts.get("inputs") == 0:
        collector.add(table, "profile", "shows no current per phase", "it is not used as a meter", "warning")


def check_sums(site: SiteFile, collector: Collector) -> None:
    """A contracted power and a surplus are sums over all lines, and generation is seen by a meter of currents only."""
    for circuit in site.circuits:
        meter = next((meter for meter in site.meters if meter["name"] == circuit["meter"]), None)
        lines = None if meter is None or not meter["profile"] else lines_measured(meter, site)
        wanted = [(circuit, key, 1 if key == "generation_a" else supply_phases(site)) for key in ("contract_kw", "generation_a")]
        wanted = [(table, key, least) for table, key, least in wanted if any(each_phase(circuit[key] or 0, 1))]
        if site.solar is not None and site.solar["circuit"] == circuit["name"]:
            wanted.append((site.solar, "circuit", supply_phases(site)))
        for table, key, least in wanted:
            if lines is not None and lines < least:
                wrong = f'"{circuit["meter"]}" ' + ("does not measure all lines" if lines else "shows no current per phase")
                collector.add(table, key, wrong, "name a meter of all lines")


def lines_measured(meter: Table, site: SiteFile) -> int | None:
    """So many lines of the supply; None: its table is wrong, which is said elsewhere."""
    try:
        inputs = int(meter_facts(meter)["inputs"])
    except (Rejected, LookupError, OSError):
        return None
    return min(len(meter["phases"] or ()) or supply_phases(site), inputs)


def check_link(table: Table, profile: str, site: SiteFile, collector: Collector) -> None:
    """The bus speaks what the device speaks; a serial setting that differs from the documented one is said."""
    known = by_name(site.buses)
    if table["bus"] not in known:
        return
    bus = site.buses[known[table["bus"]]]
    if table.get("kind") in OWN_KINDS:
        if bus["kind"] == "ascii":
            collector.add(table, "bus", f'is ascii, and kind "{table["kind"]}" needs rtu or tcp', "use such a bus")
        return
    link = profiles.load(profile)["link"]
    if bus["kind"] and bus["kind"] not in link["media"] and not behind_gateway(bus, link):
        right = "use such a bus"
        if bus["kind"] == "tcp" and "rtu" in link["media"]:
            right += "; for a gateway from Modbus TCP to RTU write gateway = true at the bus"
        collector.add(table, "bus", f'is {bus["kind"]}, but the device supports {" or ".join(link["media"])}', right)
        return
    if "units" in link and table["unit"] is not None and not link["units"][0] <= table["unit"] <= link["units"][1]:
        collector.add(table, "unit", f"{table['unit']} is not allowed by its profile", f"use {link['units'][0]} to {link['units'][1]}")
    for key in ("baud", "parity"):
        if bus["kind"] != "tcp" and key in link and bus[key] != link[key]:
            right = f"set the device itself to {bus[key]}, or the bus to {link[key]}"
            collector.add(table, "bus", f"has {key} {bus[key]}; the device is documented at {link[key]}", right, "warning")


def behind_gateway(bus: Table, link: dict[str, Any]) -> bool:
    """A serial device that a gateway asks for us. What all units of a line must hear passes no gateway that we know."""
    return bool(bus["kind"] == "tcp" and bus["gateway"] and "rtu" in link["media"] and "shared" not in link)


def check_shared(site: SiteFile, collector: Collector) -> None:
    """The unit of shared limit frames must not be used by a device on the line."""
    for evse in site.evses:
        link: dict[str, Any] = profiles.load("evse-" + evse["kind"])["link"] if evse["kind"] and profiles.exists("evse", evse["kind"]) else {}
        if "shared" not in link:
            continue
        for other in (*site.meters, *site.evses):
            if other["bus"] == evse["bus"] and other["unit"] == link["shared"]["unit"]:
                collector.add(other, "unit", f'{other["unit"]} is the unit at which {evse.where} receives its limits', "use another unit")


def compiled_profiles(site: SiteFile) -> dict[str, Any]:
    """Every profile that the site uses, compiled for the controller, by its file's name without the ending.

    Its EVSEs share one scale of watts, with the lowest voltage of all: for the others an order counts more amperes than it is.
    """
    volts = {"meter-" + meter["profile"]: supply_voltage(site) for meter in site.meters}
    for evse in site.evses:
        if evse["kind"] not in OWN_KINDS:
            name, own = "evse-" + evse["kind"], loads_with(evse, site)
            volts[name] = min(own, volts.get(name, own))
    return {short(name): profiles.compile_profile(profiles.load(name), volts[name]) for name in sorted(volts)}


def short(name: str) -> str:
    """The profile's name as entries of the site facts write it."""
    return name.partition("-")[2]
