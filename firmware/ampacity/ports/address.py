"""Addresses as a boot file writes them: "HOST:PORT", and numeric hosts."""

from ampacity.base.errors import Rejected
from ampacity.base.printable import is_digits


def parse_address(text: str) -> "tuple[str, int]":
    """ "HOST:PORT" → (host, port). Rejected for anything else."""
    host, colon, port = text.rpartition(":")
    if not colon or not is_digits(port) or not 0 < int(port) < 65536:
        raise Rejected("address", text, "HOST:PORT with a port of 1..65535")
    return host or "127.0.0.1", int(port)


def numeric_host(host: str) -> str:
    """The address to connect to, IPv4 or IPv6. Rejected for names: looking them up here would block the loop."""
    if host == "localhost":
        return "127.0.0.1"
    parts = host.split(".")
    if ":" in host or (len(parts) == 4 and all([is_digits(part) and int(part) < 256 for part in parts])):
        return host
    raise Rejected("host", host, "a numeric address; net/dns looks up names")
