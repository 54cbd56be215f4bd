"""Addresses: "HOST:PORT" as a boot file writes it, and hosts that are numbers."""

from ampacity.base.errors import Rejected
from ampacity.base.printable import is_digits


def parse_address(text: str) -> "tuple[str, int]":
    """ "HOST:PORT" → (host, port). Rejected for anything else."""
    host, _, port = text.rpartition(":")
    if not host or not is_digits(port) or len(port) > 5 or not 0 < int(port) < 65536:
        raise Rejected("address", text, "HOST:PORT with a port of 1..65535")
    return host, int(port)


def is_ip_literal(host: str) -> bool:
    """True for a dotted IPv4 address or anything with a colon (IPv6)."""
    if ":" in host:
        return True
    parts = host.split(".")
    return len(parts) == 4 and all([is_digits(part) and len(part) <= 3 and int(part) < 256 for part in parts])


def numeric_host(host: str) -> str:
    """The address to connect to, IPv4 or IPv6. Rejected for names: looking them up here would block the loop."""
    if host == "localhost":
        return "127.0.0.1"
    if not is_ip_literal(host):
        raise Rejected("host", host, "a numeric address; net/dns looks up names")
    return host
