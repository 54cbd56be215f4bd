"""The console on a serial line: the same lines and answers as on a socket, without echo, for a terminal or `ampacity configure` on a cable.

Its cable ends at the controller, so who commits here counts as a person at the controller (decision 21). A session ends after ten minutes
without a line, and where the device goes away.
"""

from ampacity.console.access import SERIAL
from ampacity.console.server import PROMPT, answered

if False:  # for the type checker
    from collections.abc import Callable

    from ampacity.base.clock import Clock
    from ampacity.console.access import Access
    from ampacity.console.console import Console
    from ampacity.console.interfaces import SerialLine, Target

BAUD = 115200
READ_US = 1000000
IDLE_MS = 600000
PENDING_BYTES_MAX = 2048  # without a line end; then it is no person and no tool
PIECE_BYTES = 256
PIECE_MS = 25  # how long so many bytes take at 115200 baud


def line_facts(port: str) -> "dict[str, object]":
    """What opens the line of this port."""
    return {"name": "console", "port": port, "baud": BAUD, "parity": "N", "stop": 1}


class SerialConsole:
    """line: opened with line_facts. target: function that returns the target, called at the first line."""

    def __init__(self, line: "SerialLine", clock: "Clock", access: "Access", target: "Callable[[], Target]") -> None:
        self._line = line
        self._clock = clock
        self._access = access
        self._target = target
        self._console: "Console | None" = None
        self._pending = b""
        self._heard_ms = 0

    async def run(self) -> None:
        """As long as the controller runs."""
        await self._send(PROMPT.encode())
        while True:
            await self.take(await self._line.read(READ_US))

    async def take(self, data: bytes) -> None:
        """What came; b"": nothing did."""
        now_ms = self._clock.now_ms()
        if not self._line.up or now_ms - self._heard_ms > IDLE_MS:
            self._end()
        self._pending += data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        while b"\n" in self._pending:
            text, _, self._pending = self._pending.partition(b"\n")
            self._heard_ms = now_ms
            await self._answer(text)
        if len(self._pending) > PENDING_BYTES_MAX:
            self._pending = b""

    async def _answer(self, text: bytes) -> None:
        if self._console is None:
            from ampacity.console.console import Console

            self._console = Console(self._target(), None, SERIAL)
        await self._send(await answered(self._console, text, self._access.role_at(SERIAL), self._clock))

    async def _send(self, data: bytes) -> None:
        """No faster than the line carries it."""
        for at in range(0, len(data), PIECE_BYTES):
            self._line.write(data[at : at + PIECE_BYTES])
            if at + PIECE_BYTES < len(data):
                await self._clock.sleep_ms(PIECE_MS)

    def _end(self) -> None:
        if self._console is not None:
            self._console.open = False
            self._console = None
        self._pending = b""
