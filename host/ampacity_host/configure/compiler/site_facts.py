"""A checked site file → the site facts that the firmware is configured with (all currents in da, all times in ms)."""

from typing import Any

from ampacity_host.configure.analysis.budgets import frees_phases
from ampacity_host.configure.analysis.line_timing import lines_of
from ampacity_host.configure.compiler.cascade import parent_entry
from ampacity_host.configure.compiler.device_facts import compiled_profiles, evse_facts, meter_facts
from ampacity_host.configure.site_file.circuit_tree import by_name, each_phase
from ampacity_host.configure.site_file.device_address import plain
from ampacity_host.configure.site_file.parser import SiteFile, Table
from ampacity_host.configure.site_file.structure import OWN_KINDS, feeder_of
from ampacity_host.configure.site_file.supply import supply_phases, supply_voltage
from ampacity_host.configure.site_file.tls import material, tcp_facts, tcp_port_of

FORMAT = 1
SERIAL_MAX = 32  # characters
FRAME_CHARACTERS_MAX = 256
ASCII_CHARACTERS_MAX = 513
DIRECT_TCP_MS = 5000
GATEWAY_MS = 60000
BEHIND_GATEWAY = {"port": "virtual", "baud": 19200, "parity": "E", "stop": 1}  # the line of our own secondaries there


def character_bits(bus: Table) -> int:
    """Start, eight data, parity and stop bits of one character."""
    return 1 + 8 + int(bus["parity"] != "N") + int(bus["stop"])


def far_away(bus: Table) -> bool:
    """A serial line at the other end of a TCP connection."""
    return str(bus["port"]).startswith("socket://")


def transit_ms(bus: Table) -> int:
    """The longest a request may still arrive after it was sent: own UART one frame, TCP direct 5 s, gateway 60 s."""
    if bus["transit_s"]:
        return int(bus["transit_s"])
    if bus["kind"] != "tcp" and far_away(bus):
        return GATEWAY_MS
    if bus["kind"] != "tcp":
        characters = ASCII_CHARACTERS_MAX if bus["kind"] == "ascii" else FRAME_CHARACTERS_MAX
        return -(-characters * character_bits(bus) * 1000 // int(bus["baud"]))
    return GATEWAY_MS if bus["gateway"] else DIRECT_TCP_MS


def host_of(table: Table) -> str | None:
    return plain(table["host"]) if table["host"] else None


def circuit_entry(circuit: Table, site: SiteFile) -> dict[str, Any]:
    phases = supply_phases(site)
    rating = each_phase(circuit["rating_a"], phases)
    return {
        "name": circuit["name"],
        "parent": by_name(site.circuits)[circuit["parent"]] if circuit["parent"] else -1,
        "rating_da": [int(each * circuit["continuous"]) for each in rating],
        "breaker": circuit["breaker"] or (f"B{rating[0] / 10:g}" if len(set(rating)) == 1 else None),
        "assumed_other_da": each_phase(circuit["assumed_other_a"], phases),
        "meter": meter_of(circuit, site),
        "generation_da": each_phase(circuit["generation_a"], phases),
    } | sharing_of(circuit)


def meter_of(circuit: Table, site: SiteFile) -> int:
    """Its index; a meter without a current for each phase counts as none."""
    index = by_name(site.meters)[circuit["meter"]] if circuit["meter"] else -1
    return index if index >= 0 and meter_entry(site.meters[index], site)["phases"] else -1


def sharing_of(circuit: Table) -> dict[str, int]:
    """Limits of the sharing on a circuit, where it has some."""
    keys = (("max_unbalance_da", "max_unbalance_a"), ("max_neutral_da", "max_neutral_a"), ("contract_w", "contract_kw"))
    return {fact: circuit[key] for fact, key in keys if circuit[key] is not None}


def bus_entry(bus: Table, site: SiteFile) -> dict[str, Any]:
    kind = "rtu" if bus["kind"] == "ascii" else bus["kind"]  # a serial line in another spelling
    entry = {"name": bus["name"], "kind": kind, "transit_ms": transit_ms(bus), "gateway": bus["gateway"], "private": bus["private"]}
    if kind == "rtu":
        framing: dict[str, Any] = {"framing": "ascii"} if bus["kind"] == "ascii" else {}
        framing |= {"over_tcp": True} if far_away(bus) else {}
        return entry | {"port": bus["port"], "baud": bus["baud"], "parity": bus["parity"], "stop": bus["stop"]} | framing
    secure = {"tls": material(bus, site), "roles": bus["roles"]} if bus["tls"] else {}
    return entry | {"host": host_of(bus), "tcp_port": tcp_port_of(bus)} | secure


def meter_entry(meter: Table, site: SiteFile) -> dict[str, Any]:
    facts = meter_facts(meter)
    count = min(supply_phases(site), facts["inputs"])
    measured = [lines[0] for lines in meter["phases"]] if meter["phases"] else list(range(count))
    return {
        "name": meter["name"],
        "profile": meter["profile"],
        "bus": by_name(site.buses)[meter["bus"]],
        "unit": meter["unit"],
        "phases": measured,
        "host": host_of(meter),
        "tcp_port": meter["tcp_port"],
    } | facts


def terminals_of(evse: Table, site: SiteFile) -> list[list[int]]:
    """As written; left out, the EVSE is taken to load every line of the supply."""
    if evse["phases"]:
        return [list(lines) for lines in evse["phases"]]
    if site.site["system"] == "split":
        return [[0, 1]]
    return [[line] for line in range(supply_phases(site))]


def evse_entry(evse: Table, site: SiteFile) -> dict[str, Any]:
    circuit = by_name(site.circuits)[evse["circuit"]]
    bus = by_name(site.buses)[evse["bus"]] if evse["bus"] else -1
    return {
        "name": evse["name"],
        "kind": evse["kind"] if evse["kind"] in OWN_KINDS else "profile",
        "profile": None if evse["kind"] in OWN_KINDS else evse["kind"],
        "bus": bus,
        "unit": evse["unit"] or 0,
        "host": host_of(evse),
        "tcp_port": evse["tcp_port"],
        "circuit": circuit,
        "terminals": terminals_of(evse, site),
        "limit_da": evse["max_a"] if evse["limit_a"] is None else evse["limit_a"],
        "feeder_da": feeder_of(evse, site.circuits[circuit]),
        "priority": evse["priority"],
        "weight": evse["weight"],
        "transit_ms": transit_ms(site.buses[bus]) if bus >= 0 else 0,
        "connector": evse["connector"],
    } | optional(evse, "feeder_output") | held(site.buses[bus] if bus >= 0 else None) | evse_facts(evse)


def held(bus: Table | None) -> dict[str, bool]:
    """Can what a device says be held on its way by something that stays when the device restarts?"""
    return {"held": True} if bus is not None and (bus["gateway"] or far_away(bus)) else {}


def optional(table: Table, *keys: str) -> dict[str, Any]:
    """What most sites leave out, under the site file's own names."""
    return {key: table[key] for key in keys if table[key] is not None}


def safety_load_entry(load: Table, site: SiteFile) -> dict[str, Any]:
    evses = by_name(site.evses)
    return {
        "name": load["name"],
        "meter": by_name(site.meters)[load["meter"]] if load["meter"] else -1,
        "input": load["input"],
        "evses": list(evses.values()) if load["evses"] is None else [evses[name] for name in load["evses"]],
        "threshold_da": load["threshold_a"],
        "hold_ms": load["safety_hold_s"],
        "timeout_ms": load["timeout_s"],
    }


def upstream_entry(site: SiteFile) -> dict[str, Any] | None:
    ocpp = site.ocpp
    if ocpp is None:
        return None
    keys = ("version", "identity", "url", "security_profile", "password", "storage_kib")
    rare = {key: ocpp[key] for key in ("additional_root_check", "iso15118") if ocpp[key]}
    rare |= {key: ocpp[key] for key in ("publish_address", "publish_kib") if ocpp["publish_address"] is not None}
    rare |= {"tls_min": ocpp["tls_min"]} if ocpp["tls_min"] != "1.2" else {}
    return {key: ocpp[key] for key in keys} | material(ocpp, site) | rare


def settings_entry(site: SiteFile) -> dict[str, int]:
    settings = site.settings
    return {
        "slot_s": settings["slot_s"],
        "deadband_da": settings["deadband_a"],
        "raise_hold_ms": settings["raise_hold_s"],
        "restart_hold_ms": settings["restart_hold_s"],
        "idle_ms": settings["idle_s"],
    } | {fact: settings[key] for fact, key in (("wake_ms", "wake_s"), ("start_delay_s", "start_delay_s")) if key in settings.written}


def extra_tables(site: SiteFile) -> dict[str, Any]:
    """Tables that most sites do not have."""
    tables: dict[str, Any] = {}
    if site.safety_loads:
        tables["safety_loads"] = [safety_load_entry(load, site) for load in site.safety_loads]
    if site.solar is not None:
        tables["solar"] = solar_entry(site.solar, site)
    return tables


def solar_entry(solar: Table, site: SiteFile) -> dict[str, Any]:
    evses = by_name(site.evses)
    return {
        "circuit": by_name(site.circuits)[solar["circuit"]],
        "evses": list(evses.values()) if solar["evses"] is None else [evses[name] for name in solar["evses"]],
        "margin_w": solar["margin_w"],
        "run_ms": solar["min_run_s"],
    }


def compile_site(site: SiteFile) -> dict[str, Any]:
    """The site facts of a site file that `load_site` gave: JSON-able, the content of a controller's `site.json`."""
    facts = {
        "format": FORMAT,
        "name": site.name,
        "voltage_v": supply_voltage(site),
        "system": site.site["system"],
        "phases": supply_phases(site),
        "require_tested": site.site["require_tested"],
        "circuits": [circuit_entry(circuit, site) for circuit in site.circuits],
        "buses": [bus_entry(bus, site) for bus in site.buses],
        "meters": [meter_entry(meter, site) for meter in site.meters],
        "evses": [evse_entry(evse, site) for evse in site.evses],
        "profiles": compiled_profiles(site),
        "ocpp": upstream_entry(site),
        "time": {"tz": site.time["tz"], "ntp": site.time["ntp"]},
        "settings": settings_entry(site),
    } | optional(site.site, "alarm_output") | extra_tables(site)
    put_unused_phases(facts, site)
    return facts | ({"parent": parent_entry(site.parent, facts, site)} if site.parent is not None else {})


def put_unused_phases(facts: dict[str, Any], site: SiteFile) -> None:
    """Marks the circuits on which an unused phase of a car does not count (rule 14)."""
    lines = lines_of(facts)
    for index, (entry, circuit) in enumerate(zip(facts["circuits"], site.circuits, strict=True)):
        if frees_phases(facts, index, circuit["unused_phases"], lines):
            entry["frees_phases"] = True


def secondary_config(facts: dict[str, Any], name: str, line: str | None = None, serial: str = "") -> dict[str, Any]:
    """The `site.json` of the secondary behind EVSE `name`: what `ampacity.roles.secondary` takes, nothing of the rest.

    line: its own serial port (default: as the bus names the primary's); it needs one behind a gateway, too. Raises
    KeyError if there is no such EVSE of our kind. On a bus with tls the certificates are missing: the facts of a primary
    do not hold its secondaries' keys.
    """
    entry = next((e for e in facts["evses"] if e["name"] == name and e["kind"] == "ampacity" and not e.get("primary")), None)
    if entry is None:
        raise KeyError(name)
    bus = facts["buses"][entry["bus"]]
    config = {
        "format": FORMAT,
        "role": "secondary",
        "name": name,
        "unit": entry["unit"],
        "max_da": entry["max_da"],
        "fallback_da": entry["fallback_da"],
        "power_on_da": entry["power_on_da"],
        "lease_max_ms": entry["watchdog_ms"],
        "terminals": len(entry["terminals"]),
        "connector": entry["connector"],
        "serial": serial or f"{facts['name'][: max(0, SERIAL_MAX - 1 - len(name))]}-{name}"[-SERIAL_MAX:],
        "bus": bus["name"],
    }
    if bus["kind"] == "tcp" and not bus["gateway"]:
        where = (entry["host"] or bus["host"], entry["tcp_port"] or bus["tcp_port"])
        return config | {"tcp": tcp_facts(*where, bus.get("roles"))}
    config |= {key: bus.get(key, default) for key, default in BEHIND_GATEWAY.items()}
    return config | ({"port": line} if line else {})
