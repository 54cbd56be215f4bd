"""A line to a controller's console and its answer, over its socket or a serial device: for the commands, and for the rig.

One client, `ConsoleLink`, in asyncio. `BlockingLink` is the same for a command that has no loop of its own. The prompt ends every
answer and nothing else does (`ampacity.console.server`).
"""

import asyncio
import contextlib
import getpass
import json
import os
import secrets
import sys
from collections.abc import Callable
from typing import Any, Protocol

from ampacity.base.printable import printable
from ampacity.base.within import within

PROMPT = b"> "
REFUSED = "error: "
ANSWER_BYTES_MAX = 1 << 22
CONNECT_S = 5.0
ANSWER_S = 15.0
LOGOUT_S = 2.0  # a controller that is busy or away for longer ends the login by itself
PASSWORD_S = 30.0  # the controller works on a password for a second, a small one for longer
RETRY_S = 0.5
MARK_S = 0.5  # until the second mark, after which each waits twice as long
BAUD = 115200
ERASE = b"\x15"  # Ctrl-U removes what was typed before, and makes a program's line one of a terminal, which has an echo
RUBBED = b"\x08 \x08"  # the echo of ERASE for each character
PASSWORDS = ("login ", "password ")
LOGIN_FIRST = ("login as installer first", "login as viewer first")  # the installer may do both
PASSWORD = "AMPACITY_PASSWORD"  # noqa: S105 - name of the variable
ASKS = ("show", "why", "log", "scan status", "commission status", "commission lines", "commission report", "replace status",
        "transfer begin", "transfer status")  # change nothing, or a second time nothing more; a piece is that of the session of its `begin`


def repeatable(line: str) -> bool:
    """May this line be sent twice? Only if it changes nothing."""
    return not line.strip() or any((line + " ").startswith(words + " ") for words in ASKS)


class LinkLost(OSError):
    """The controller does not answer; the text names its place."""


class Refused(Exception):
    """The controller refused a line; its own words."""


class Link(Protocol):
    """What a command needs of a console."""

    def ask(self, line: str) -> str:
        """The answer's text. LinkLost when there is none."""

    def close(self) -> None:
        """Ends it."""


def accepted(text: str) -> str:
    """An answer as it is. Refused where it begins with "error: "."""
    if text.startswith(REFUSED):
        raise Refused(text[len(REFUSED) :])
    return text


def as_json(link: Link, line: str) -> Any:
    """The answer as JSON. Refused for "error: …"."""
    return json.loads(accepted(link.ask(line)))


class Door(Protocol):
    """A way to a console. keeps_login: a login there outlives the connection."""

    name: str
    keeps_login: bool

    async def open(self) -> "Connection":
        """A new connection, at which the next line gets the next answer. OSError."""


class Connection:
    """An open way: `reader` has what the console says, `write` takes lines, `close` ends it.

    greets: it also says a prompt when the controller starts, in the middle of whatever it was.
    """

    def __init__(self, reader: asyncio.StreamReader, write: Any, close: Any, greets: bool = False) -> None:
        self.reader, self.write, self.close, self.greets = reader, write, close, greets

    async def ended(self) -> bool:
        """Was it ended at the other side since the last answer?"""
        await asyncio.sleep(0.001)  # what came while no loop ran is read now
        return self.reader.at_eof() or self.reader.exception() is not None

    async def until_prompt(self) -> str:
        """The text before the next prompt."""
        data = await self.reader.readuntil(PROMPT)
        return data[: -len(PROMPT)].decode("utf-8", "replace").replace("\r\n", "\n").rstrip("\n")


class SocketDoor:
    """A console that listens at host:port; it begins with a prompt."""

    keeps_login = False

    def __init__(self, host: str, port: int) -> None:
        self._address = (host, port)
        self.name = f"{host}:{port}"

    async def open(self) -> Connection:
        reader, writer = await asyncio.open_connection(*self._address, limit=ANSWER_BYTES_MAX)
        connection = Connection(reader, writer.write, writer.close)
        try:
            await connection.until_prompt()
        except BaseException:
            writer.close()
            raise
        return connection


class SerialDoor:
    """A console on a serial device: no beginning, and perhaps the rest of an answer to another client, or of a line that a person typed."""

    keeps_login = True

    def __init__(self, tty: str) -> None:
        self.name = tty

    async def open(self) -> Connection:
        import serial

        try:
            port = serial.Serial(self.name, BAUD, timeout=0, write_timeout=CONNECT_S)
        except ValueError as problem:
            raise OSError(22, str(problem)) from None
        reader = asyncio.StreamReader(limit=ANSWER_BYTES_MAX)
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), port)
        try:
            await answer_of_mark(reader, port.write)
        except BaseException:
            transport.close()
            raise
        return Connection(reader, port.write, transport.close, greets=True)


async def answer_of_mark(reader: asyncio.StreamReader, write: Any) -> None:
    """Until the answer to an empty line of ours, told from all others by its echo: a mark that is typed and erased again.

    What came before is the greeting of a controller that started, or answers that are late. A controller that starts may not have heard the
    line: then there is another one, with another mark. Raises EOFError.
    """
    wait_s = MARK_S
    while True:
        mark = secrets.token_hex(6).encode()
        write(ERASE + mark + ERASE + b"\n")
        try:
            await within(reader.readuntil(mark + RUBBED * len(mark) + b"\r\n" + PROMPT), wait_s)
            return
        except TimeoutError:
            wait_s *= 2


class ConsoleLink:
    """One question after the other; the connection is made when it is needed, and again after a loss.

    answer_s: for an answer with all that it takes to get it, connect_s: for a connection; retry_s: wait before the second attempt,
    which only a line gets that did not leave, or that changes nothing.
    password: function that gives the installer's at once, None: there is none to give. Where the controller asks for a login, one is made.
    """

    def __init__(
        self, door: Door, connect_s: float = CONNECT_S, answer_s: float = ANSWER_S, retry_s: float = RETRY_S,
        password: Callable[[], str | None] = lambda: None,
    ) -> None:  # fmt: skip
        self._password = password
        self._door = door
        self._connect_s, self._answer_s, self._retry_s = connect_s, answer_s, retry_s
        self._connection: Connection | None = None
        self._logged_in = False
        self._lock = asyncio.Lock()

    async def ask(self, line: str) -> str:
        """The answer's text; "error: …" where the connection broke at a line that changes something. LinkLost when there is none.

        A line with a control character would be several lines, or keys of a terminal: it is not sent. Nor are bytes that are no text.
        """
        if printable(line) != line:
            return f"{REFUSED}a line with control characters, or bytes that are no text, is not sent"
        text = await self._answer(line)
        password = self._password() if needs_login(text) else None
        return text if password is None else await self.ask_after_login(line, password)

    async def ask_after_login(self, line: str, password: str) -> str:
        """The answer to the line once the installer has logged in; that of a login which was refused."""
        self._logged_in = True
        login = await self.ask(f"login {password}")
        return login if login.startswith(REFUSED) else await self._answer(line)

    async def _answer(self, line: str) -> str:
        async with self._lock:
            try:
                return await within(self._ask(line), max(PASSWORD_S, self._answer_s) if line.startswith(PASSWORDS) else self._answer_s)
            except TimeoutError:
                raise LinkLost(f"no console at {self._door.name}: no answer") from None

    async def json(self, line: str) -> Any:
        """The answer as JSON. ValueError when it is none."""
        return json.loads(await self.ask(line))

    async def _ask(self, line: str) -> str:
        for last in (False, True):
            sent = False
            try:
                connection = await self._connected()
                sent = True
                return await self._say(connection, line, last)
            except (OSError, EOFError, asyncio.LimitOverrunError) as problem:
                if sent and not repeatable(line):
                    return f"{REFUSED}the connection was lost at `{line.split()[0]}`: the command may have been executed; check its status"
                if last:
                    raise LinkLost(f"no console at {self._door.name}: {reason(problem)}") from None
            await asyncio.sleep(self._retry_s)
        raise AssertionError

    async def _connected(self) -> Connection:
        """The connection of the line before, unless it ended meanwhile; else a new one."""
        if self._connection is not None and await self._connection.ended():
            self.close()
        if self._connection is None:
            self._connection = await within(self._door.open(), self._connect_s)
        return self._connection

    async def _say(self, connection: Connection, line: str, last: bool) -> str:
        """An answer that was not read to its end would be the next line's: then the connection goes.

        A bare prompt may be the greeting of a controller that has just started; only the last attempt takes it for an answer without words.
        """
        try:
            connection.write(line.encode(errors="surrogateescape") + b"\n")
            text = await connection.until_prompt()
            if connection.greets and line and not text and not (last and repeatable(line)):
                raise EOFError
        except BaseException:
            self.close()
            raise
        return (text + "\n").removeprefix(line + "\n").rstrip("\n") if line else text  # a serial console may echo

    def leaves_login(self) -> bool:
        """Would a login that this link made remain after `close`?"""
        return self._logged_in and self._door.keeps_login

    async def end(self) -> None:
        """Logs out where it would remain logged in, and ends the connection."""
        if self.leaves_login():
            self._logged_in = False
            with contextlib.suppress(OSError):
                await within(self._ask("logout"), LOGOUT_S)
        self.close()

    def close(self) -> None:
        """Ends the connection, if there is one; the next line makes another."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(OSError):
                connection.close()


def reason(problem: Exception) -> str:
    """Why, in a person's words."""
    if isinstance(problem, TimeoutError):
        return "no answer"
    if isinstance(problem, EOFError):
        return "it closed the connection"
    if isinstance(problem, ConnectionError) and problem.errno:
        return os.strerror(problem.errno)  # asyncio's own words are a call's
    return getattr(problem, "strerror", None) or str(problem)


def needs_login(text: str) -> bool:
    """Is this answer a refusal that a login of the installer ends?"""
    return text.startswith(REFUSED) and any(words in text for words in LOGIN_FIRST)


def password_of_environment() -> str | None:
    """The installer's password in AMPACITY_PASSWORD."""
    return os.environ.get(PASSWORD) or None


def asked_password() -> str | None:
    """The same, or what the person at the terminal types."""
    return password_of_environment() or (getpass.getpass("installer's password: ") if sys.stdin.isatty() else None)


class BlockingLink:
    """A ConsoleLink whose answers are waited for; Ctrl-C ends a wait.

    password: as there, but it may ask a person: outside of the loop, so that Ctrl-C ends that, too.
    """

    def __init__(self, door: Door, password: Callable[[], str | None] = password_of_environment) -> None:
        self._link = ConsoleLink(door)
        self._runner = asyncio.Runner()
        self._password = password

    def ask(self, line: str) -> str:
        """The answer's text; that of a login which was refused. LinkLost when there is none."""
        text = self._runner.run(self._link.ask(line))
        password = self._password() if needs_login(text) else None
        return text if password is None else self._runner.run(self._link.ask_after_login(line, password))

    def close(self) -> None:
        """Ends it, also inside of a wait that Ctrl-C ended."""
        if self._link.leaves_login():
            with contextlib.suppress(KeyboardInterrupt):
                self._runner.run(self._link.end())
        self._link.close()
        self._runner.close()
