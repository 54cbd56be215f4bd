"""Certificates and keys that a site file names: which tables need which, whether they can be read, and their texts.

A secondary's own key is in no facts but its own: a primary's configuration never holds it.
"""

from contextlib import suppress
from pathlib import Path
from typing import Any

from ampacity.circuit.trusted.errors import Rejected
from ampacity.ports.linux_tls import context
from ampacity.ports.tls_credentials import TlsCredentials
from ampacity_host.configure.site_file.mistakes import Collector
from ampacity_host.configure.site_file.parser import SiteFile, Table

ROOT, CERTIFICATE, KEY = FILES = ("root_pem", "certificate_pem", "key_pem")
SECURE_PORT = 802


def check_tls(site: SiteFile, collector: Collector) -> None:
    """Add every mistake about certificates to the collector."""
    if site.ocpp is not None:
        check_upstream(site.ocpp, collector)
    for bus in site.buses:
        check_bus(bus, collector)
    if site.parent is not None:
        check_parent_line(site.parent, collector)
    for evse in site.evses:
        bus_of = next((bus for bus in site.buses if bus["name"] == evse["bus"]), None)
        if bus_of is None or not bus_of["tls"] or evse["kind"] != "ampacity":
            leave_out(evse, (CERTIFICATE, KEY), "is only for kind \"ampacity\" on a bus with tls", collector)
    for table in (site.ocpp, site.parent, *site.buses, *site.evses):
        if table is not None:
            check_files(table, site, collector)


def check_upstream(ocpp: Table, collector: Collector) -> None:
    profile = ocpp["security_profile"]
    if profile in (2, 3):
        need(ocpp, (ROOT,), f"security_profile is {profile}", collector)
    if profile == 3:
        need(ocpp, (CERTIFICATE, KEY), "security_profile is 3", collector)
    else:
        leave_out(ocpp, (CERTIFICATE, KEY), "belongs to security_profile 3", collector)


def check_bus(bus: Table, collector: Collector) -> None:
    if not bus["tls"]:
        leave_out(bus, (*FILES, "roles"), "belongs to tls = true", collector)
    elif bus["kind"] != "tcp":
        collector.add(bus, "tls", f'does not belong to kind "{bus["kind"]}"', "leave it out")
    else:
        need(bus, FILES, "tls = true needs it", collector)


def check_parent_line(parent: Table, collector: Collector) -> None:
    """On a serial port, or over TCP; never both."""
    if parent["tcp_port"] is None:
        if parent["port"] is None and "port" not in parent.broken:
            collector.add(parent, "port", "is missing", "write port = … (serial), or host and tcp_port")
        leave_out(parent, ("host", "tls", *FILES, "roles"), "belongs to tcp_port", collector)
    else:
        leave_out(parent, ("port", "baud", "parity", "stop"), "is not allowed with tcp_port", collector)
        if parent["tls"]:
            need(parent, FILES, "tls = true needs it", collector)
        else:
            leave_out(parent, (*FILES, "roles"), "belongs to tls = true", collector)


def need(table: Table, keys: tuple[str, ...], because: str, collector: Collector) -> None:
    for key in keys:
        if table[key] is None and key not in table.broken:
            collector.add(table, key, f"is missing, but {because}", f'write {key} = "FILE"')


def leave_out(table: Table, keys: tuple[str, ...], why: str, collector: Collector) -> None:
    for key in keys:
        if key in table.written:
            collector.add(table, key, why, "leave it out")


def check_files(table: Table, site: SiteFile, collector: Collector) -> None:
    """Every file that a table names can be read, holds what it should, and the key belongs to the certificate."""
    texts: dict[str, str | None] = {}
    for key in FILES:
        if table.get(key) is not None:
            try:
                texts[key] = text_of(table, key, site)
            except (OSError, UnicodeDecodeError):
                collector.add_secret(table, key, f'"{table[key]}" cannot be read', "name a file in the folder of the site file")
    if any(collector.has(table, key) for key in FILES):
        return
    if not texts:
        return
    root = texts.get(ROOT) or texts.get(CERTIFICATE)  # a secondary's own are checked by themselves
    try:
        context(TlsCredentials(root, texts.get(CERTIFICATE), texts.get(KEY)), False)
    except Rejected as wrong:
        field = wrong.field if wrong.field in texts else next(iter(texts))
        collector.add_secret(table, field, f"{wrong.value} is not allowed", f"use {wrong.allowed}")
        return
    look_inside(table, site, {key: text for key, text in texts.items() if text and key != KEY}, collector)


def look_inside(table: Table, site: SiteFile, texts: dict[str, str], collector: Collector) -> None:
    """Checks the contents of the certificates."""
    from ampacity_host.configure.site_file.certificates import check_dates, check_name, check_role

    for key, text in texts.items():
        check_dates(table, key, text, collector)
    if CERTIFICATE not in texts:
        return
    if table.kind == "bus":
        check_role(table, CERTIFICATE, texts[CERTIFICATE], collector)
    elif table.kind == "evse":
        bus = next(each for each in site.buses if each["name"] == table["bus"])
        host = table["host"] or bus["host"]
        if host:
            check_name(table, CERTIFICATE, texts[CERTIFICATE], host, collector)


def text_of(table: Table, key: str, site: SiteFile) -> str:
    return (Path(site.path).parent / str(table[key])).read_text()


def material(table: Table, site: SiteFile, keys: tuple[str, ...] = FILES) -> dict[str, str]:
    """The texts of the files that a table names. One that cannot be read is left out: a start does without that connection."""
    texts: dict[str, str] = {}
    for key in keys:
        if table.get(key) is not None:
            with suppress(OSError, UnicodeDecodeError):
                texts[key] = text_of(table, key, site)
    return texts


def own_tls(site: SiteFile, name: str) -> dict[str, str] | None:
    """What the secondary behind EVSE `name` shows and checks on a bus with tls; None on any other. KeyError: it names no files."""
    evse = next(each for each in site.evses if each["name"] == name)
    bus = next((each for each in site.buses if each["name"] == evse["bus"]), None)
    if bus is None or not bus["tls"]:
        return None
    if evse[CERTIFICATE] is None or evse[KEY] is None:
        raise KeyError(CERTIFICATE)
    return material(bus, site, (ROOT,)) | material(evse, site, (CERTIFICATE, KEY))


def tcp_port_of(table: Table) -> int:
    """As written, else the standard's: 802 with TLS, 502 without."""
    if table["tcp_port"] is not None:
        return int(table["tcp_port"])
    return SECURE_PORT if table["tls"] else 502


def tcp_facts(host: str | None, port: int, roles: Any) -> dict[str, Any]:
    """What roles/control/modbus_tcp_server.py takes: where to listen (an address of its own, else all of them), and the rights of each role."""
    numeric = host is not None and (":" in host or host.replace(".", "").isdigit())
    facts: dict[str, Any] = {"host": host if numeric else "0.0.0.0", "tcp_port": port}
    return facts | ({"roles": roles} if roles else {})
