"""What a console needs of the role and the platform behind it, as types for the checker. No runtime loads this file."""

if False:  # for the type checker
    from collections.abc import Awaitable, Callable, Coroutine
    from typing import Any, Protocol

    from ampacity.base.clock import Clock
    from ampacity.base.interfaces import ByteReader, ByteWriter
    from ampacity.base.log import Log
    from ampacity.console.access import Access
    from ampacity.console.changes import Changes
    from ampacity.console.settings import SettingTable

    Words = list[str]  # behind the command
    Run = Callable[[Words, int], Any]  # words and now_ms to the answer's text
    Command = tuple[str, Run] | tuple[str, Run, str] | tuple[str, Run, str, Callable[[Words], bool]]  # usage, function, question, asks?

    class Target(Protocol):
        """What a console works on: a role."""

        log: Log
        settings: SettingTable
        access: Access
        version: str
        changes: Changes
        commands: "dict[str, Command]"

        def noted(self, words: "list[str]") -> str:
            """What the journal of changes has of a command that was done; "" of one that changes nothing. Without secrets."""

        def view(self) -> "dict[str, Any]":
            """The site as `show` shows it; amperes as numbers with one decimal."""

        def why(self, evse: str) -> str:
            """What decides about this EVSE now. Raises Rejected for an unknown name."""

        def limit(self, target: str, limit_da: "int | None", watts: "int | None", ttl_ms: "int | None", now_ms: int) -> Any:
            """Set a limit by hand, or withdraw it (both values None). Raises Rejected."""

    class SerialLine(Protocol):
        """A serial line, as ports/line.py has it."""

        @property
        def up(self) -> bool:
            """Is the device there now?"""

        def write(self, data: bytes) -> None:
            """Hand bytes to the device."""

        async def read(self, timeout_us: int) -> bytes:
            """The bytes that came, b"" after timeout_us."""

        def close(self) -> None:
            """Let go of the device."""

    class SerialPlatform(Protocol):
        """The part of a platform that opens lines."""

        clock: Clock
        boot: "dict[str, Any]"
        open_line: "Callable[[dict[str, Any]], Any]"

    class Network(Protocol):
        """The part of a platform that serves connections."""

        clock: Clock
        boot: "dict[str, Any]"

        def abort(self, writer: Any) -> None:
            """Drop a connection at once."""

        def peer_host(self, writer: Any) -> "str | None":
            """The address of the other end; None where the runtime does not say."""

        def listen(self, host: str, port: int, handler: "Callable[[ByteReader, ByteWriter], Coroutine[Any, Any, None]]") -> "Awaitable[Any]":
            """Serve connections; the result has close(). Raises OSError."""
