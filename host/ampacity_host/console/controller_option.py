"""The one way to name a controller: --controller with its data folder, HOST:PORT of its console, or the serial device of its console."""

import asyncio
import stat
from pathlib import Path
from typing import NamedTuple

WAYS = "DIR, HOST:PORT or TTY"


class ControllerRef(NamedTuple):
    """Exactly one is set."""

    folder: Path | None = None
    address: str | None = None
    tty: str | None = None


def parse_controller(text: str) -> ControllerRef:
    """What a text names. Raises ValueError with what would be right."""
    path = Path(text)
    if path.is_dir():
        return ControllerRef(folder=path)
    if text.startswith("/dev/") or path.exists() and stat.S_ISCHR(path.stat().st_mode):
        return ControllerRef(tty=text)
    host, colon, port = text.rpartition(":")
    if colon and host and port.isdigit() and int(port) < 65536:
        return ControllerRef(address=text)
    raise ValueError(f"{text!r} is not a controller; use {WAYS}: its data folder, the address of its console, or a serial device")


class SerialConsole:
    """A console on a serial device, asked like one on a socket."""

    def __init__(self, tty: str) -> None:
        from ampacity_host.console.link import SerialLink

        self._open = SerialLink
        self._tty = tty
        self._link: SerialLink | None = None

    async def ask(self, line: str) -> str:
        """The answer's text. OSError when there is none."""
        from ampacity_host.console.link import LinkLost

        try:
            if self._link is None:
                self._link = self._open(self._tty)
            return await asyncio.to_thread(self._link.ask, line)
        except LinkLost as problem:
            raise OSError(5, str(problem)) from None

    def close(self) -> None:
        if self._link is not None:
            self._link.close()
            self._link = None
