"""Where a device is, in one spelling: two entries that lead to the same host or serial port are one place.

An address has many spellings (letter case, a dot at the end, `localhost`, `127.1`, `/dev/./ttyS0`, a link to a device), and the
same device taken twice has two masters. Names are not looked up: what only a name server knows is not seen here.
"""

import ipaddress
import os
import re
import socket
from typing import Any

LOOPBACK = "127.0.0.1"
LOOPBACK_NAMES = ("localhost", "localhost.localdomain", "ip6-localhost", "ip6-loopback")
SOCKET = "socket://"


def plain(host: str) -> str:
    """The host as in the compiled site: lower case, without the trailing dot of a full name."""
    return host.lower().rstrip(".") or host


def host_of(written: str) -> str:
    """One spelling for all that lead to the same host: an address in its usual form, loopback as 127.0.0.1."""
    host = plain(written)
    if host in LOOPBACK_NAMES or host.endswith(".localhost"):
        return LOOPBACK
    address = _address(host)
    if address is None:
        return host
    mapped = getattr(address, "ipv4_mapped", None)
    if mapped is not None:
        address = mapped
    here = address.is_unspecified or (address.version == 6 and address.is_loopback)
    return LOOPBACK if here else address.compressed


def _address(host: str) -> "ipaddress.IPv4Address | ipaddress.IPv6Address | None":
    try:
        if ":" in host:
            return ipaddress.IPv6Address(host)
        if re.fullmatch(r"\d{1,3}(\.\d{1,3}){3}", host):
            return ipaddress.IPv4Address(".".join(str(int(each)) for each in host.split(".")))
        if re.fullmatch(r"\d[0-9a-fx.]*", host):  # 127.1, 0x7f000001: what the C library takes for an address
            return ipaddress.IPv4Address(socket.inet_aton(host))
    except (ValueError, OSError):
        pass
    return None


def server(host: str, port: int) -> tuple[object, ...]:
    """A TCP server."""
    return ("tcp", host_of(host), port)


def line(port: str) -> tuple[object, ...]:
    """A serial port as a bus names it: a device whose links are followed where they are here, or what is behind a socket."""
    if port.startswith(SOCKET):
        host, _, number = port.removeprefix(SOCKET).rpartition(":")
        return server(host, int(number))
    if port.startswith("/"):
        return ("serial", os.path.realpath("/" + port.lstrip("/")))
    return ("serial", port)


def spelled(first: Any, second: Any) -> str:
    """What to add to a message where two spellings of one place differ."""
    return "" if first == second else f', written "{first}" there'
