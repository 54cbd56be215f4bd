"""What the parts of a platform hand each other, as types for the checker. No runtime loads this file."""

if False:  # for the type checker
    from collections.abc import Awaitable, Callable, Coroutine
    from typing import Any, Protocol

    import machine

    from ampacity.base.clock import Clock

    Facts = dict[str, Any]  # of boot.json, or of a bus in site.json
    Modes = tuple[int, int, int]  # iflag, cflag and speed of Linux's termios
    Address = tuple[str, int]  # host, port
    Handler = Callable[[Any, Any], Coroutine[Any, Any, None]]  # serves the reader and the writer of one connection
    Refused = Callable[[str], object]  # is handed the reason of each handshake that failed

    class Machine(Protocol):
        """The module `machine` of a board, as far as it is handed on. Its types are those of the port (tools/micropython/port_types.py)."""

        Pin: type[machine.Pin]
        ADC: type[machine.ADC]
        PWM: type[machine.PWM]
        Timer: type[machine.Timer]
        UART: type[machine.UART]
        mem32: Any

    class Tty(Protocol):
        """A serial device that is open."""

        def write(self, data: bytes) -> None:
            """Hand over bytes without waiting. Raises OSError: the device is gone."""

        def close(self) -> None:
            """Give the device back."""

    OpenTty = Callable[[Callable[[bytes], None], Callable[[], None]], Tty]  # (on_data, on_lost); raises OSError

    class Sleeper(Protocol):
        """A sleep of one task that others can end."""

        async def wait(self, duration_us: int) -> None:
            """Sleep, at most until wake()."""

        def wake(self) -> None:
            """End the sleep."""

    class Watchdog(Protocol):
        """Restarts a controller whose safety loop hangs."""

        @property
        def armed(self) -> bool:
            """True if it restarts the controller when it is not fed."""

        def feed(self) -> None:
            """Only the safety loop calls this, after it has checked the invariant (docs/safety.md, rule 11)."""

    class Serving(Protocol):
        """The part of a platform that a secured server needs."""

        clock: Clock

        def abort(self, writer: Any) -> None:
            """Drop a connection at once."""

        def peer_host(self, writer: Any) -> "str | None":
            """The address of the other end; None where the runtime does not say."""

    class BenchPlatform(Protocol):
        """The part of a platform that the link to the bench needs."""

        clock: Clock

        def connect(self, host: str, port: int) -> "Awaitable[tuple[Any, Any]]":
            """(reader, writer) of a TCP connection. Raises OSError."""

        def waiter(self) -> Sleeper:
            """A sleep that others can end."""
