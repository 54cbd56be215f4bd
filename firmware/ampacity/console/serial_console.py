"""The console on a serial line: the same lines and answers as on a socket, for a terminal or `ampacity configure` on a cable.

A program ends its lines with LF, and reads no echo. A terminal sends CR, and other keys that no program sends: from the first of them on a
person gets echo, editing and completion (line_editor.py), until a line ends with LF.

Its cable ends at the controller, so who commits here counts as a person at the controller (decision 21). A session ends after ten minutes
without a line, and where the device goes away.
"""

from ampacity.console.access import SERIAL
from ampacity.console.server import PROMPT, answered

if False:  # for the type checker
    from collections.abc import Callable

    from ampacity.base.clock import Clock
    from ampacity.base.log import Log
    from ampacity.console.access import Access
    from ampacity.console.console import Console
    from ampacity.console.interfaces import SerialLine, SerialPlatform, Target
    from ampacity.console.line_editor import LineEditor

BAUD = 115200
READ_US = 1000000
IDLE_MS = 600000
PENDING_BYTES_MAX = 2048  # without a line end; then it is no person and no tool
TYPED = b"\t\x03\x08\x0e\x10\x15\x1b\x7f"  # bytes that only a person sends, in addition to CR
CR, LF = 0x0D, 0x0A
PIECE_BYTES = 256
PIECE_MS = 25  # how long so many bytes take at 115200 baud


def line_facts(port: str) -> "dict[str, object]":
    """What opens the line of this port."""
    return {"name": "console", "port": port, "baud": BAUD, "parity": "N", "stop": 1}


async def serve_permanently(platform: "SerialPlatform", access: "Access", target: "Callable[[], Target]", log: "Log") -> None:
    """The console on the serial line that the boot facts name, for as long as the controller runs."""
    port = platform.boot["console_line"]
    line = platform.open_line(line_facts(port))

    def tell(text: str) -> None:
        log.add("warning", "serial console: %s %s" % (port, text), platform.clock.now_ms())

    try:
        await SerialConsole(line, platform.clock, access, target, tell).run()
    finally:
        line.close()


class SerialConsole:
    """line: opened with line_facts. target: function that returns the target, called at the first line.

    tell: hears when the device goes and comes.
    """

    def __init__(
        self, line: "SerialLine", clock: "Clock", access: "Access", target: "Callable[[], Target]", tell: "Callable[[str], object] | None" = None,
    ) -> None:  # fmt: skip
        self._line = line
        self._tell = tell
        self._there = True
        self._clock = clock
        self._access = access
        self._target = target
        self._console: "Console | None" = None
        self._editor: "LineEditor | None" = None  # while a person types
        self._after_cr = False  # then LF is the second half of a line end
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
        if self._line.up != self._there:
            self._there = self._line.up
            if self._tell is not None:
                self._tell("is there" if self._there else "is not there")
        if not self._line.up or now_ms - self._heard_ms > IDLE_MS:
            self._end()
            self._heard_ms = now_ms
        while data:
            if self._editor is None:
                data = await self._of_program(data)
            else:
                data = await self._of_person(self._editor, data)
        if len(self._pending) > PENDING_BYTES_MAX:
            self._pending = b""

    async def _of_program(self, data: bytes) -> bytes:
        """Answers whole lines as far as no key of a terminal comes; the bytes from there on."""
        end = 0
        while end < len(data) and data[end] not in TYPED and (data[end] != CR or data[end + 1 : end + 2] == b"\n"):
            end += 1
        self._pending += data[:end].replace(b"\r\n", b"\n")
        while b"\n" in self._pending:
            text, _, self._pending = self._pending.partition(b"\n")
            await self._answer(text)
        if end < len(data):
            await self._begin_editing()
        return data[end:]

    async def _begin_editing(self) -> None:
        from ampacity.console.line_editor import LineEditor

        editor = self._editor = LineEditor(PROMPT.encode(), self._completions)
        editor.line, self._pending = self._pending[:PENDING_BYTES_MAX], b""
        if editor.line:
            editor.show()

    async def _of_person(self, editor: "LineEditor", data: bytes) -> bytes:
        """Keys up to the end of a line, which is answered; the bytes behind it."""
        second, self._after_cr = self._after_cr and data[0] == LF, False
        if second:
            self._editor = None
            return data[1:]
        for at in range(len(data)):
            text = editor.take(data[at])
            if text is not None:
                await self._echo(editor)
                if data[at] == LF:
                    self._editor = None
                await self._answer(text)
                if text.strip() == b"logout":
                    editor.forget()
                self._after_cr = data[at] == CR
                return data[at + 1 :]
        await self._echo(editor)
        return b""

    async def _echo(self, editor: "LineEditor") -> None:
        out, editor.out = editor.out, b""
        await self._send(out)

    def _session(self) -> "Console":
        if self._console is None:
            from ampacity.console.console import Console

            self._console = Console(self._target(), None, SERIAL)
        return self._console

    def _completions(self, before: str, begun: str) -> "list[str]":
        return self._session().completions(before, begun, self._access.role_at(SERIAL))

    async def _answer(self, text: bytes) -> None:
        self._heard_ms = self._clock.now_ms()
        data = await answered(self._session(), text, self._access.role_at(SERIAL), self._clock)
        await self._send(data if self._editor is None else data.replace(b"\n", b"\r\n"))

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
        self._editor = None
        self._pending = b""
