"""The console's platform: lines over a local socket, a serial line or standard input.

The prompt "> " ends every answer and nothing else does: inside an answer an arrow is written without a blank, so that
a program knows where an answer is over. A local door leads straight to the installer until a password is set; any
other door is not opened before that.
"""

import asyncio

from ampacity.base.address import parse_address
from ampacity.base.admission import Admission
from ampacity.base.compat import const
from ampacity.base.errors import Rejected
from ampacity.base.protocol_sniffing import is_other_protocol
from ampacity.base.rate_limited_log import RateLimitedLog
from ampacity.base.within import within

if False:  # for the type checker
    from collections.abc import Callable
    from typing import Any

    from ampacity.base.clock import Clock
    from ampacity.base.interfaces import ByteReader, ByteWriter
    from ampacity.base.log import Log
    from ampacity.console.access import Access
    from ampacity.console.console import Console
    from ampacity.console.interfaces import Network, Target

PROMPT = "> "
_CHUNK_BYTES = const(256)
_PAUSE_MS = const(2)  # between two slices of a password
LOCAL_HOSTS = ("127.0.0.1", "::1", "localhost")
CLIENTS_MAX = 8
WAITING = 4  # connections that have not yet said a line
QUEUED_MAX, STRANGERS_QUEUED_MAX = 8, 3  # lines that wait for their turn, those of ended connections too
_UNREAD_S_MAX = const(10)  # for so long an answer may wait to be read


def role_of(host: str, access: "Access") -> str:
    """Role of a console on this host without a login. Raises Rejected for an address that must not be open yet."""
    if not access.is_set() and host not in LOCAL_HOSTS:
        raise Rejected("console", host, "127.0.0.1 until the installer's password is set")
    return access.role_at("network")


async def serve(platform: "Network", host: str, port: int, access: "Access", target: "Callable[[], Target]", log: "Log") -> "Any":
    """Listen on host:port; each connection gets a separate Console. Returns the server (close()).

    target: function that returns the target of the consoles; called at the first line, which also loads the console.
    Connections of other protocols, and those above CLIENTS_MAX, are closed, counted and logged.
    """
    role_of(host, access)
    served = ConsoleServer(platform, target, log, lambda: role_of(host, access), access.knows)
    return await platform.listen(host, port, served.handle)


async def serve_permanently(platform: "Network", access: "Access", target: "Callable[[], Target]", log: "Log") -> None:
    """The console on the socket that the boot facts name, for as long as the controller runs."""
    host, port = parse_address(platform.boot["console"])
    server = await serve(platform, host, port, access, target, log)
    try:
        while True:
            await platform.clock.sleep_ms(3600000)
    finally:
        server.close()


class ConsoleServer:
    """All connections of one console door. One line is answered at a time, and then others have as long a turn."""

    def __init__(
        self, platform: "Network", target: "Callable[[], Target]", log: "Log", role: "Callable[[], str]", knows: "Callable[[str], bool]"
    ) -> None:
        self.platform = platform
        self.knows = knows
        self.target = target
        self.log = log
        self.role = role
        self.turn = asyncio.Lock()
        self.queued = self.strangers = 0  # lines that wait for their turn or have it; those of strangers among them
        self.limited_log = RateLimitedLog(log, "console")
        self.admission = Admission(platform, CLIENTS_MAX, WAITING, self._full)

    async def handle(self, reader: "ByteReader", writer: "ByteWriter") -> None:
        """One connection, from its prompt to its end; raises nothing that the network caused."""
        conversation = ConsoleConnection(self, writer)
        try:
            await conversation.converse(reader)
            await close(writer)
        except (OSError, EOFError, asyncio.TimeoutError):
            pass
        finally:
            self.admission.leave(conversation.client)
            if conversation.console is not None:
                conversation.console.open = False
            self.platform.abort(writer)

    def foreign(self) -> None:
        """Closes a connection of another protocol, such as a browser that a web page sent here."""
        self.log.counter("console_foreign")
        self.limited_log.add("not a console client (HTTP, TLS or similar): connection closed", self.platform.clock.now_ms())

    def busy(self) -> None:
        """A line came for which there is no turn."""
        self.log.counter("console_busy")
        self.limited_log.add("too many commands queued: one was refused", self.platform.clock.now_ms())

    def _full(self, text: str, now_ms: int) -> None:
        self.log.counter("console_turned_away")
        self.limited_log.add(text, now_ms)


class ConsoleConnection:
    """One connection. `console`: its own, from its first line on."""

    def __init__(self, port: "ConsoleServer", writer: "ByteWriter") -> None:
        self.console: "Console | None" = None
        self._peer = port.platform.peer_host(writer) or "an unknown address"
        self.client = port.admission.enter(writer, port.knows(self._peer))
        self._port = port
        self._writer = writer

    async def converse(self, reader: "ByteReader") -> None:
        """Answer lines until the other side ends, says what no client says, or reads no answer."""
        from ampacity.console.console import LINE_MAX

        pending = b""
        await self._send(PROMPT.encode())
        while True:
            data = await reader.read(_CHUNK_BYTES)
            if not data:
                return
            pending += data
            while b"\n" in pending:
                at = pending.index(b"\n")
                line, pending = pending[:at], pending[at + 1 :]
                if is_other_protocol(line):
                    return self._port.foreign()
                if not self._port.admission.heard(self.client):
                    return
                if not await self._answer(line):
                    return None
            if len(pending) > 4 * LINE_MAX:
                return

    async def _answer(self, line: bytes) -> bool:
        """True: it was answered. False: the connection has ended, or too many lines are queued."""
        port = self._port
        stranger = not self._known()
        if port.queued >= QUEUED_MAX or (stranger and port.strangers >= STRANGERS_QUEUED_MAX):
            port.busy()
            await self._send(b"error: console: too many commands queued; try again\n")
            return False
        port.queued += 1
        port.strangers += stranger
        try:
            data = await self._in_turn(line)
        finally:
            port.queued -= 1
            port.strangers -= stranger
        if data is None:
            return False
        await self._send(data)
        return True

    async def _in_turn(self, line: bytes) -> "bytes | None":
        """The answer; None: its connection was ended while it waited."""
        port = self._port
        clock = port.platform.clock
        port.admission.answering(self.client, True, self._known())
        async with port.turn:
            if not port.admission.has(self.client):
                return None
            began_ms = clock.now_ms()
            if self.console is None:
                from ampacity.console.console import Console

                self.console = Console(port.target(), self._peer)
            data = await answered(self.console, line, port.role(), clock)
            await clock.sleep_ms(clock.now_ms() - began_ms)
        port.admission.answering(self.client, False, self._known())
        return data

    def _known(self) -> bool:
        """Has it, or its address, shown the password?"""
        return self._port.knows(self._peer) or (self.console is not None and self.console.logged_in)

    async def _send(self, data: bytes) -> None:
        self._writer.write(data)
        await within(self._writer.drain(), _UNREAD_S_MAX)


async def close(writer: "ByteWriter") -> None:
    """End a connection; on one of the runtimes only the second call does."""
    try:
        writer.close()
        await writer.wait_closed()
    except OSError:
        pass


async def answered(console: "Console", line: bytes, role: str, clock: "Clock") -> bytes:
    """The bytes that answer one line of bytes, prompt included."""
    try:
        text = console.line(line.decode().strip(), role, clock.now_ms())
        while text is None:
            await clock.sleep_ms(_PAUSE_MS)
            text = console.continue_line(clock)
    except UnicodeError:
        text = "error: line: use UTF-8"
    if text:
        text = text.replace("-> ", "\u2192 ").replace(PROMPT, ">") + "\n"
    return (text + PROMPT).encode()
