"""`ampacity console`: lines to a running controller's console and its answers, one command or a conversation."""

import asyncio
import json
import sys
from pathlib import Path

from ampacity_host.controller import SerialConsole
from ampacity_host.rig.process.console import ConsoleLink

REFUSED = "error: "
LEAVE = ("exit", "quit")


def console_command(line: str, data: Path | None, connect: str | None, tty: str | None = None) -> int:
    """0 answered, 1 refused by the controller, 2 wrong usage, 3 no connection."""
    if tty is not None:
        return over_serial(line, tty)
    try:
        host, port = address(data, connect)
    except ValueError as problem:
        print(f"ampacity: {problem}", file=sys.stderr)
        return 2
    try:
        return asyncio.run(converse(ConsoleLink(host, port), line))
    except OSError as problem:
        print(f"ampacity: no console at {host}:{port}: {problem.strerror or problem}", file=sys.stderr)
        return 3


def over_serial(line: str, tty: str) -> int:
    """The same on a serial device."""
    link = SerialConsole(tty)
    try:
        return asyncio.run(converse(link, line))
    except OSError as problem:
        print(f"ampacity: no console at {problem.strerror or problem}", file=sys.stderr)
        return 3
    finally:
        link.close()


def address(data: Path | None, connect: str | None) -> tuple[str, int]:
    """(host, port) from --connect, else from the data folder DIR. Raises ValueError with what would be right."""
    if connect is None:
        if data is None:
            raise ValueError("name the controller: --controller DIR, HOST:PORT or TTY")
        connect = kept_address(data)
    host, _, port = str(connect).rpartition(":")
    if not host or not port.isdigit() or int(port) > 65535:
        raise ValueError(f"{connect!r} is no HOST:PORT")
    return host, int(port)


def kept_address(data: Path) -> str:
    """What a data folder says of its controller's console; also that of a bench, or of the primary in it. Raises ValueError."""
    for name in ("console.json", "boot.json", "primary/boot.json"):
        try:
            return str(json.loads((data / name).read_text())["console"])
        except (OSError, ValueError, KeyError):
            continue
    raise ValueError(f"no console.json in {data}: is its controller running?")


async def converse(link: ConsoleLink | SerialConsole, line: str) -> int:
    """One command, or with an empty line every line of standard input until its end or `exit`."""
    if line:
        return answered(await link.ask(line))
    status = 0
    while True:
        typed = await asyncio.to_thread(read_line)
        if typed is None or typed.strip() in LEAVE:
            return status
        if typed.strip():
            status = answered(await link.ask(typed.strip()))


def read_line() -> str | None:
    """A line from the person or the pipe; None at its end."""
    try:
        return input("> " if sys.stdin.isatty() else "")
    except EOFError:
        return None


def answered(text: str) -> int:
    print(text, flush=True)
    return 1 if text.startswith(REFUSED) else 0
