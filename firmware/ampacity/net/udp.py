"""A datagram door for the two things that need one, names and time: asked a few times a day, so it simply polls."""

import asyncio
import socket

POLL_S = 0.02
AT_ONCE = 8  # datagrams taken between two polls: limits the time of a flood
DATAGRAM_MAX = 1500


class Datagrams:
    """Datagrams to and from one IPv4 address (a literal)."""

    def __init__(self, host: str, port: int) -> None:
        address = socket.getaddrinfo(host, port, 0, socket.SOCK_DGRAM)[0][-1]  # of a literal: no query
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.connect(address)
        self._taken = 0

    def send(self, data: bytes) -> None:
        """OSError if the network is down."""
        self._socket.send(data)

    async def receive(self, timeout_ms: int) -> "bytes | None":
        """The next datagram, at most 1,500 bytes; None if none came within about timeout_ms, or the port is closed there."""
        for _ in range(max(1, timeout_ms // 20)):
            try:
                data = self._socket.recv(DATAGRAM_MAX) if self._taken < AT_ONCE else None
                if data:
                    self._taken += 1
                    await asyncio.sleep(0)
                    return data
            except OSError as error:
                if error.errno != 11:  # EAGAIN
                    return None
            self._taken = 0
            await asyncio.sleep(POLL_S)
        return None

    def close(self) -> None:
        """Give the socket back; nothing is received any more."""
        self._socket.close()
