"""What must hold between the tables of a site file: names, tree, addresses, phases, feeders (safety.md section 4).

Sums of currents are not checked here: `ampacity.circuit.trusted.site.check` does that, the same code on the host and at boot.
"""

from ampacity_host.configure.site_file import device_address
from ampacity_host.configure.site_file.circuit_tree import by_name, reference
from ampacity_host.configure.site_file.declared import check_declared
from ampacity_host.configure.site_file.meant import check_meant
from ampacity_host.configure.site_file.measured import check_measured
from ampacity_host.configure.site_file.mistakes import Collector
from ampacity_host.configure.site_file.ocpp_versions import refusal
from ampacity_host.configure.site_file.parser import SiteFile, Table
from ampacity_host.configure.site_file.pins import check_pins
from ampacity_host.configure.site_file.supply import check_supply, supply_phases
from ampacity_host.configure.site_file.tls import check_tls, tcp_facts, tcp_port_of

OWN_KINDS = ("local", "ampacity")
SITE = "site"
RTU_UNITS = (1, 247)
ANYWHERE = ("0.0.0.0", "::")


def check_structure(site: SiteFile, collector: Collector) -> None:
    """Add every mistake between tables to the collector."""
    names(site, collector)
    check_supply(site, collector)
    tree(site, collector)
    references(site, collector)
    buses(site, collector)
    addresses(site, collector)
    phases(site, collector)
    currents(site, collector)
    upstream(site, collector)
    check_measured(site, collector)
    check_pins(site, collector)
    check_declared(site, collector)
    check_meant(site, collector)
    check_tls(site, collector)


def names(site: SiteFile, collector: Collector) -> None:
    for tables in (site.circuits, site.buses, site.meters, site.evses):
        first = by_name(tables)
        for table in tables:
            if table["name"] and first.get(table["name"]) != table.index:
                other = tables[first[table["name"]]].line
                collector.add(table, "name", f'"{table["name"]}" is taken (line {other})', "give each its own name")
    if not site.circuits:
        collector.add(site.site, "", "the site has no circuit", "write one [[circuit]]: the grid connection")
    for table in site.circuits + site.evses:
        if table["name"] == SITE:
            collector.add(table, "name", f'"{SITE}" names all EVSEs together, as in `limit {SITE} 16`', "give it another name")
    circuits = by_name(site.circuits)
    for evse in site.evses:
        if evse["name"] in circuits:
            collector.add(evse, "name", f'"{evse["name"]}" names a circuit too', "give each its own name")


def tree(site: SiteFile, collector: Collector) -> None:
    """One root, no orphan, no cycle; lists of currents as long as the supply has phases."""
    known = by_name(site.circuits)
    roots = [c for c in site.circuits if c["parent"] is None]
    if site.circuits and not roots:
        collector.add(site.circuits[0], "parent", "every circuit has a parent", "leave parent out of the root circuit")
    for second in roots[1:]:
        collector.add(second, "parent", f'is missing, and "{roots[0]["name"]}" is the root', "name its parent")
    for circuit in site.circuits:
        reference(circuit, "parent", known, "circuit", collector)
        if in_cycle(circuit, site.circuits, known):
            collector.add(circuit, "parent", "leads back to the circuit itself", "name a circuit nearer to the root")
        for key in ("rating_a", "assumed_other_a", "generation_a"):
            count = supply_phases(site)
            if isinstance(circuit[key], list) and len(circuit[key]) != count:
                collector.add(circuit, key, f"has {len(circuit[key])} numbers", f"use one number, or {count}")


def in_cycle(circuit: Table, circuits: list[Table], known: dict[str, int]) -> bool:
    here = circuit
    for _ in circuits:
        parent = known.get(here["parent"]) if here["parent"] else None
        if parent is None:
            return False
        here = circuits[parent]
        if here is circuit:
            return True
    return False


def references(site: SiteFile, collector: Collector) -> None:
    circuits, buses, meters = by_name(site.circuits), by_name(site.buses), by_name(site.meters)
    for circuit in site.circuits:
        reference(circuit, "meter", meters, "meter", collector)
    for meter in site.meters:
        reference(meter, "bus", buses, "bus", collector)
    locals_ = [e for e in site.evses if e["kind"] == "local"]
    for second in locals_[1:]:
        collector.add(second, "kind", f'"local" is taken by "{locals_[0]["name"]}"', "a primary has only one local EVSE")
    for evse in site.evses:
        reference(evse, "circuit", circuits, "circuit", collector)
        reference(evse, "bus", buses, "bus", collector)
        if evse["kind"] == "local":
            for key in ("bus", "unit", "host", "tcp_port", "watchdog_s", "power_on_a"):
                if key in evse.written:
                    collector.add(evse, key, 'does not belong to kind "local"', "leave it out")
        elif evse["kind"]:
            for key in ("bus", "unit"):
                if evse[key] is None and key not in evse.broken:
                    collector.add(evse, key, "is missing", f"write {key} = …")


def buses(site: SiteFile, collector: Collector) -> None:
    """Each bus has what its kind needs, and no serial port or TCP server belongs to two of them."""
    owners: dict[object, Table] = {}
    for bus in site.buses:
        own, foreign = ("port", ("host",)) if bus["kind"] != "tcp" else ("host", ("port",))
        if bus["kind"] is None:
            continue
        wired = ("gateway", "tcp_port") if str(bus["port"]).startswith("socket://") else ("gateway", "private", "tcp_port")
        for key in (*foreign, *(("baud", "parity", "stop") if own == "host" else wired)):
            if key in bus.written:
                collector.add(bus, key, f'does not belong to kind "{bus["kind"]}"', "leave it out")
        users = [t for t in (*site.meters, *site.evses) if t["bus"] == bus["name"]]
        homeless = own == "host" and any(t["host"] is None for t in users)
        if bus[own] is None and own not in bus.broken and (own == "port" or homeless):
            collector.add(bus, own, "is missing", f"write {own} = …")
        if bus[own] is None or bus["port"] == "virtual":
            continue
        place = device_address.line(bus["port"]) if own == "port" else device_address.server(bus["host"], tcp_port_of(bus))
        if place in owners:
            owner = owners[place]
            said = device_address.spelled(owner["port"] or owner["host"], bus[own])
            collector.add(bus, own, f'already belongs to bus "{owner["name"]}"{said}', "put both devices on one bus")
        owners.setdefault(place, bus)
    endpoints(site, collector)


def server_of(bus: Table) -> tuple[object, ...] | None:
    """The TCP server that a bus names itself."""
    if bus["kind"] == "tcp":
        return device_address.server(bus["host"], tcp_port_of(bus)) if bus["host"] else None
    return device_address.line(bus["port"]) if str(bus["port"]).startswith(device_address.SOCKET) else None


def endpoints(site: SiteFile, collector: Collector) -> None:
    """One connection for each TCP server: devices that share one are on one bus, with the same spelling of its host."""
    known = by_name(site.buses)
    first: dict[object, tuple[Table, Table, str]] = {}
    passages: set[object] = set()
    for bus in site.buses:
        if bus["kind"] != "tcp" and server_of(bus) is not None:
            first[server_of(bus)] = (bus, bus, bus["port"])
    for table in (*site.meters, *site.evses):
        if table["bus"] not in known:
            continue
        bus = site.buses[known[table["bus"]]]
        host = table["host"] or bus["host"]
        if bus["kind"] != "tcp" or host is None:
            continue
        place = device_address.server(host, table["tcp_port"] or tcp_port_of(bus))
        other, home, written = first.setdefault(place, (table, bus, device_address.plain(host)))
        key = "host" if "host" in table.written else "bus"
        if home is not bus and not place == server_of(bus) == server_of(home):  # that was said of the buses
            collector.add(table, key, f'"{host}" is also on bus "{home["name"]}"', "put both devices on one bus")
        elif home is bus and written != device_address.plain(host) and table["unit"] != other["unit"]:
            collector.add(table, key, f'"{host}" is also the host of {other.where}, written "{written}" there', "use the same spelling")
        elif home is bus and other.kind != table.kind and other["unit"] != table["unit"] and not bus["gateway"] and place not in passages:
            passages.add(place)  # a meter and an EVSE are two devices: something is between
            said = f"{other.where} with unit {other['unit']} is at the same address"
            collector.add(table, "unit", said, f'if that is a gateway, write gateway = true at bus "{bus["name"]}"', "warning")


def address_of(table: Table, bus: Table) -> tuple[object, ...]:
    """Identity of a device: bus and unit on RTU; host, port and unit on TCP, the host in one spelling."""
    if bus["kind"] != "tcp":
        return (bus["name"], table["unit"])
    host = table["host"] or bus["host"]
    return (host and device_address.host_of(host), table["tcp_port"] or tcp_port_of(bus), table["unit"])


def addresses(site: SiteFile, collector: Collector) -> None:
    known = by_name(site.buses)
    taken: dict[tuple[object, ...], Table] = {}
    for table in (*site.meters, *site.evses):
        if table["bus"] not in known or table["unit"] is None:
            continue
        bus = site.buses[known[table["bus"]]]
        if bus["kind"] != "tcp":
            if not RTU_UNITS[0] <= table["unit"] <= RTU_UNITS[1]:
                collector.add(table, "unit", f"{table['unit']} is not allowed on a serial bus", "use 1 to 247")
            for key in ("host", "tcp_port"):
                if key in table.written:
                    collector.add(table, key, f'does not belong to the serial bus "{bus["name"]}"', "leave it out")
        address = address_of(table, bus)
        if address in taken:
            same_address(table, bus, taken[address], collector)
        taken.setdefault(address, table)
    own_endpoints(site, collector)


def same_address(table: Table, bus: Table, other: Table, collector: Collector) -> None:
    """Two devices at one address: on a line and behind a gateway the unit distinguishes them, else the host."""
    unit, host = table["unit"], table["host"] or bus["host"]
    if bus["kind"] != "tcp" or bus["gateway"]:
        where = f" behind {host}" if host and bus["kind"] == "tcp" else ""
        collector.add(table, "unit", f"{unit} is already the address of {other.where}{where}", "use a free unit")
    elif host:  # where none is written, that is the mistake
        place = f"{host}:{table['tcp_port'] or tcp_port_of(bus)}"
        collector.add(table, "host", f"{place} with unit {unit} is already the address of {other.where}",
                      "give each device its own host or tcp_port; behind a gateway its own unit")  # fmt: skip


def own_endpoints(site: SiteFile, collector: Collector) -> None:
    """Each device with this firmware on TCP has its own address, unless it is behind a gateway."""
    known = by_name(site.buses)
    taken: dict[object, Table] = {}
    for table in sorted((*site.meters, *site.evses), key=lambda table: table.get("kind") != "ampacity"):
        bus = site.buses[known[table["bus"]]] if table["bus"] in known else None
        if bus is None or bus["kind"] != "tcp" or bus["gateway"]:
            continue
        place = address_of(table, bus)[:2]
        if place in taken and place[0] is not None and taken[place]["unit"] != table["unit"]:
            wrong = f"{place[0]}:{place[1]} is already the address of {taken[place].where}"
            collector.add(table, "host", wrong, "give each its own host or tcp_port")
        if table.get("kind") == "ampacity":
            taken.setdefault(place, table)


def phases(site: SiteFile, collector: Collector) -> None:
    """Only lines that the supply has, and only what the wiring system allows."""
    count, kind = supply_phases(site), site.site["system"]
    for table in (*site.meters, *site.evses):
        ends = table["phases"]
        if not ends:
            continue
        if max(line for lines in ends for line in lines) >= count:
            have = ", ".join(f"L{n + 1}" for n in range(count))
            collector.add(table, "phases", "names a line that the supply does not have", f"have: {have}")
        elif table.kind == "meter" and any(len(lines) == 2 for lines in ends):
            collector.add(table, "phases", "a meter's input measures one line", 'use names such as "L1"')
        elif table.kind == "evse" and kind == "delta-it" and len(ends) < 3 and len(ends[0]) == 1:
            collector.add(table, "phases", "there is no neutral in this supply", 'use two lines such as ["L1-L2"], or all three')


def currents(site: SiteFile, collector: Collector) -> None:
    """Each EVSE's own currents fit together and its feeder carries the most it can offer."""
    known = by_name(site.circuits)
    for evse in site.evses:
        most = evse["max_a"]
        if most is None:
            continue
        for key in ("limit_a", "fallback_a", "power_on_a", "min_a"):
            if evse[key] is not None and evse[key] > most:
                collector.add(evse, key, f"{evse[key] / 10:g} A is above max_a {most / 10:g} A", "use max_a or less")
        if evse["fallback_a"] and evse["fallback_a"] < evse["min_a"] and evse["site"] is None and evse["after_lease_s"] is None:
            right = f"use 0 (pause) or at least {evse['min_a'] / 10:g} A"
            collector.add(evse, "fallback_a", f"{evse['fallback_a'] / 10:g} A is below min_a", right)
        if evse["kind"] == "local" and evse["fallback_a"]:
            collector.add(evse, "fallback_a", "a local EVSE opens its contactor without the primary", "use 0 or leave it out")
        if evse["circuit"] in known:
            feeder = feeder_of(evse, site.circuits[known[evse["circuit"]]])
            if feeder is not None and feeder < most:
                right = f"max_a {feeder / 10:g} A (set in the device), or a feeder for {most / 10:g} A"
                collector.add(evse, "feeder_a", f"{feeder / 10:g} A is less than max_a {most / 10:g} A", right)


def feeder_of(evse: Table, circuit: Table) -> int | None:
    """What the EVSE's own line carries, da: as written, else its circuit's rating on the phases that it loads."""
    if evse["feeder_a"] is not None:
        return int(evse["feeder_a"])
    rating = circuit["rating_a"]
    if isinstance(rating, list):
        loads = {line for terminal in evse["phases"] or () for line in terminal}
        return min((da for line, da in enumerate(rating) if not loads or line in loads), default=None)
    return None if rating is None else int(rating)


def upstream(site: SiteFile, collector: Collector) -> None:
    """Version, security profile, URL and password of [ocpp] fit together and to this firmware."""
    ocpp = site.ocpp
    if ocpp is None:
        return
    if ocpp["version"] is not None and (wrong := refusal(ocpp["version"])):
        collector.add(ocpp, "version", *wrong)
    profile, url = ocpp["security_profile"], ocpp["url"] or ""
    if profile in (2, 3) and url.startswith("ws://"):
        collector.add(ocpp, "url", f"is not encrypted, but security_profile is {profile}", "use wss://…")
    if profile in (0, 1) and url.startswith("wss://"):
        collector.add(ocpp, "security_profile", f"{profile} requires ws://", "use 2 (password) or 3 (certificate)")
    if profile in (1, 2) and ocpp["password"] is None and "password" not in ocpp.broken:
        collector.add(ocpp, "password", f"is missing, but security_profile is {profile}", "write password = …")
    listening_twice(site, collector)
    if ocpp["publish_address"] is None and "publish_kib" in ocpp.written and "publish_address" not in ocpp.broken:
        collector.add(ocpp, "publish_kib", "belongs to publish_address", "leave it out, or write publish_address = …")


def listening_twice(site: SiteFile, collector: Collector) -> None:
    """This controller listens for its parent and for charging stations that download published firmware: not at one address and port."""
    address, parent = site.ocpp["publish_address"] if site.ocpp else None, site.parent
    if address is None or parent is None or parent["tcp_port"] is None:
        return
    host, _, port = address.rpartition(":")
    line = tcp_facts(parent["host"], parent["tcp_port"], None)
    same = line["host"] in ANYWHERE or device_address.host_of(line["host"]) == device_address.host_of(host)
    if same and int(port) == line["tcp_port"]:
        said = f'port {port} is tcp_port of [parent] (line {parent.line_of("tcp_port")})'
        collector.add(site.ocpp, "publish_address", said, "give each its own port")
