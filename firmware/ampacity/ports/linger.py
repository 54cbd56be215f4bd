"""Closing a TCP connection with a reset, on the platforms whose sockets have options."""

import socket
import struct

if False:  # for the type checker
    from typing import Any

LINGER_ZERO = struct.pack("ii", 1, 0)


def reset_on_close(sock: "Any") -> None:
    """From now on the socket's close() sends a reset: what it still holds is not sent any more."""
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_ZERO)
    except (OSError, AttributeError):  # closed already, or a stack without it
        pass
