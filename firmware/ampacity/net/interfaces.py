"""What the network's cores need of the station, the platform and the configuration, as types for the checker. No runtime loads this file."""

if False:  # for the type checker
    from collections.abc import Awaitable
    from typing import Any, Protocol

    from ampacity.base.interfaces import ByteReader, ByteWriter

    class Station(Protocol):
        """The OCPP part that uses the link."""

        def connected(self, now_ms: int) -> None:
            """The WebSocket is open."""

        def disconnected(self, now_ms: int) -> None:
            """The connection has closed."""

        def receive(self, text: str, now_ms: int) -> None:
            """A message from the CSMS, at most message_max bytes."""

        def oversized(self, head: bytes, size: int, now_ms: int) -> None:
            """A message of `size` bytes, more than message_max; head: its first bytes."""

        def next(self, now_ms: int) -> "tuple[str | None, int | None]":
            """The message to send now, or None; when to ask again, None: when wake() is called."""

    class Connector(Protocol):
        """The part of a platform that makes connections."""

        def connect(self, host: str, port: int, tls: Any = None, server_hostname: "str | None" = None) -> "Awaitable[tuple[ByteReader, ByteWriter]]":
            """Connect to an IP literal, with `tls` as a TLS client. Raises OSError."""

        def abort(self, writer: Any) -> None:
            """Drop a connection with a reset: nothing that was written stays on its way."""

    class ConnectionConfig(Protocol):
        """What one connection reads of LinkConfig."""

        url: str
        certified: bool
        ping_interval_s: int
        handshake_timeout_ms: int
        pong_timeout_ms: int
        send_timeout_ms: int
        close_timeout_ms: int
