"""What `ampacity scan` was asked for: where, at which settings and units, and how long the bus must have been silent."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from ampacity.base.errors import Rejected
from ampacity.circuit.trusted.site.tree import Site
from ampacity.commission.identify import KnownDevice
from ampacity.commission.scan import Scan
from ampacity.commission.scan_text import settings_for, settings_of, units_for, units_of
from ampacity.profiles.known import KNOWN
from ampacity_host.configure import compile_site, load_site

TCP_PORT = 502
ASCII_SETTING = (38400, "E", 1)


def endpoint(text: str) -> tuple[str, int]:
    """(host, port) of HOST, HOST:PORT or [V6]:PORT. Raises Rejected."""
    host, colon, port = text.rpartition(":") if text.count(":") == 1 or text.startswith("[") and "]:" in text else (text, "", "")
    if not host or (colon and not (port.isdigit() and 0 < int(port) < 65536)):
        raise Rejected("tcp", text, "HOST or HOST:PORT, port 1..65535")
    return host.strip("[]"), int(port or TCP_PORT)


def scan_of(options: SimpleNamespace, now_us: int) -> Scan:
    """The scan that the options ask for. Raises Rejected, OSError or configure's SiteErrors."""
    rtu = options.port is not None
    units = units_of(options.units, rtu) if options.units else units_for(options.full, rtu)
    settings = settings_of(options.baud) if options.baud else settings_for(options.full, ASCII_SETTING if options.ascii else None)
    facts: dict[str, Any] = {"kind": "rtu" if rtu else "tcp", "name": "scan", "port": options.port}
    if options.ascii:
        facts["framing"] = "ascii"
    wait_ms = 0 if options.standing else watchdogs_ms(options.site, rtu)
    return Scan(facts, settings, units, KNOWN, now_us, wait_ms)


def watchdogs_ms(site: "Path | None", rtu: bool) -> int:
    """Time of silence after which every EVSE there is in its fallback: by the site file, else the longest factory setting."""
    if site is None:
        return max(known.watchdog_ms for known in map(KnownDevice, KNOWN) if any(medium in known.media for medium in ("ra" if rtu else "t")))
    tree = Site(compile_site(load_site(site)))
    longest_ms = 0
    for evse in tree.evses:
        if evse.bus >= 0 and not evse.watchdog_ms:
            raise Rejected("standing", f"{evse.name} has no watchdog", "--standing, if you ensure that this bus may stop")
        longest_ms = max(longest_ms, evse.lapse_ms(evse.watchdog_ms) if evse.bus >= 0 else 0)
    return longest_ms
