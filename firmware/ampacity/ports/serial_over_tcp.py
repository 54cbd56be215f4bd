"""A serial line at the other end of a TCP connection: a gateway that hands characters on as they are, "socket://HOST:PORT".

What such a gateway was handed must not come later than the bus facts say (transit_ms): nothing is queued while there is
no connection, and one whose bytes are not acknowledged is dropped, with its pending data.
"""

import socket
import struct

from ampacity.base.address import numeric_host, parse_address
from ampacity.base.errors import Rejected

if False:  # for the type checker
    from typing import Any

    from ampacity.ports.interfaces import Address

SCHEME = "socket://"
CONNECTING = (115, 119)  # EINPROGRESS as the platforms number it
UNHEARD_MS = 3000
LINGER_ZERO = struct.pack("ii", 1, 0)
IPPROTO_TCP, TCP_NODELAY, TCP_USER_TIMEOUT = 6, 1, 18  # Linux's numbers, on both runtimes


def address_of(port: object) -> "Address | None":
    """ "socket://HOST:PORT" → (host, port), None for a port of another kind. Rejected for an address that is none."""
    if not isinstance(port, str) or port[: len(SCHEME)] != SCHEME:
        return None
    host, number = parse_address(port[len(SCHEME) :])
    try:
        return numeric_host(host), number
    except Rejected:
        raise Rejected("port", port, "socket://HOST:PORT with a numeric address")


def begin(address: "Address") -> "socket.socket":
    """A socket that does not wait and is about to be connected. OSError if it cannot be."""
    sock = socket.socket()
    sock.setblocking(False)
    try:
        sock.connect(socket.getaddrinfo(address[0], address[1])[0][-1])
    except OSError as error:
        if error.errno not in CONNECTING:
            sock.close()
            raise
    for level, option, value in ((IPPROTO_TCP, TCP_NODELAY, 1), (IPPROTO_TCP, TCP_USER_TIMEOUT, UNHEARD_MS)):
        try:
            sock.setsockopt(level, option, value)
        except OSError:
            pass  # a stack without it
    return sock


def reset_on_close(sock: "Any") -> None:
    """From now on close() of any socket, also of one that is no serial line, sends a reset: what it still holds is not sent any more."""
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_ZERO)
    except (OSError, AttributeError):  # closed already, or a stack without it
        pass


def drop(sock: "socket.socket") -> None:
    """Close it with a reset: what it still holds is not sent any more."""
    reset_on_close(sock)
    sock.close()
