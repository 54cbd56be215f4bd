"""What a part needs of another whose room it does not import, as types for the checker. No runtime loads this file."""

if False:  # for the type checker
    from typing import Any, Protocol

    from ampacity.base.clock import Clock

    class ByteReader(Protocol):
        """The reading half of a connection."""

        async def read(self, n: int) -> bytes:
            """1..n bytes; b"" when the other end has closed. Raises OSError."""

    class ByteWriter(Protocol):
        """The writing half of a connection."""

        def write(self, data: bytes) -> Any:
            """Queue bytes; they leave with drain()."""

        async def drain(self) -> Any:
            """Wait until the bytes have left. Raises OSError."""

        def close(self) -> Any:
            """Begin to close."""

        async def wait_closed(self) -> Any:
            """Wait until it is closed. Raises OSError."""

        def get_extra_info(self, name: str) -> Any:
            """A fact about the connection, such as "peername"; None where the runtime does not know it."""

    class Aborter(Protocol):
        """What ends connections at once."""

        clock: Clock

        def abort(self, writer: Any) -> None:
            """Drop a connection without waiting for its peer."""
