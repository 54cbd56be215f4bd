"""A serial line at the other end of a TCP connection: a gateway that hands characters on as they are, "socket://HOST:PORT".

What such a gateway was handed must not come later than the bus facts say (transit_ms): nothing is queued while there is
no connection, or behind data that waits to leave: the other end may take none for a moment, and still send, or a retransmission
is under way. A connection in which data waits, or is not acknowledged, for UNHEARD_MS is dropped with what it holds.
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
UNHEARD_MS = 6000  # outages of up to 3 s end with the retransmission at 3 s: a reset in an outage may be lost, and the gateway keep the old one
LINGER_ZERO = struct.pack("ii", 1, 0)
TCP = 6  # the numbers as Linux has them, on both runtimes
OPTIONS = (
    (1, 1),  # TCP_NODELAY
    (18, UNHEARD_MS),  # TCP_USER_TIMEOUT
    (25, 1),  # TCP_NOTSENT_LOWAT: it is writable only while no byte waits to leave
)


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
    found = socket.getaddrinfo(address[0], address[1])[0]
    sock = socket.socket(found[0])
    sock.setblocking(False)
    try:
        sock.connect(found[-1])
    except OSError as error:
        if error.errno not in CONNECTING:
            sock.close()
            raise
    for option, value in OPTIONS:
        try:
            sock.setsockopt(TCP, option, value)
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
