"""Files of a controller behind a MicroPython prompt, moved by mpremote's transport: pushed and pulled.

A file is written next to the old one in small pieces, its SHA-256 compared on both sides, and only then renamed: a cable
pulled at any moment leaves the old configuration whole.
"""

import ast
import hashlib
import json
import os
import sys
import tempfile
import time
from contextlib import redirect_stdout, suppress
from pathlib import Path
from typing import Any

from mpremote.transport import TransportError, TransportExecError
from mpremote.transport_serial import SerialTransport
from serial import SerialException

NAME = "site.json"
PIECE = 384
CONNECT_S = 8
PAUSE_S = 0.5
HASH = """
def _hash(name):
    import hashlib
    digest = hashlib.sha256()
    try:
        with open(name, 'rb') as f:
            while True:
                piece = f.read(256)
                if not piece:
                    break
                digest.update(piece)
    except OSError:
        return None
    return digest.digest()
"""
STAGE_BEGINS = '"""Boot stage: '
IS_STAGE = f"""
try:
    with open('main.py') as _file:
        print(_file.read({len(STAGE_BEGINS)}) == {STAGE_BEGINS!r})
except OSError:
    print(False)
"""


class NoConnection(Exception):
    """No MicroPython prompt answers at that port."""


class TransferRefused(Exception):
    """The controller answered, and what was asked did not work."""


class Prompt:
    """The raw prompt of a MicroPython controller; a context. Entering it stops what runs there, leaving starts it again."""

    def __init__(self, port: str) -> None:
        self.port = port

    def __enter__(self) -> "Prompt":
        try:
            self.transport = SerialTransport(self.port, baudrate=115200, timeout=CONNECT_S)
            self.transport.serial.write(b"\r\x03")  # an application on trial needs two: it ends, and the pause before its next start ends
            time.sleep(PAUSE_S)
            with redirect_stdout(sys.stderr):  # mpremote prints what it did not understand; several at once are in a redirection already
                self.transport.enter_raw_repl(soft_reset=False, timeout_overall=CONNECT_S)
        except (TransportError, SerialException, OSError) as error:
            raise NoConnection(f"no MicroPython prompt at {self.port}: {error}") from None
        return self

    def __exit__(self, *exc: object) -> None:
        """A soft reset: the controller starts again with what is stored there."""
        try:
            self.transport.exit_raw_repl()
            self.transport.serial.write(b"\x04")
            self.transport.read_until(1, b"soft reboot", timeout=CONNECT_S)
        except (TransportError, SerialException, OSError):
            pass  # the cable is gone, and there is nothing left to leave in order
        with suppress(SerialException, OSError):  # likewise, and the first error is the one to report
            self.transport.close()

    def run(self, code: str) -> Any:
        """Execute code there; what it printed, read as a Python literal (None if it printed nothing)."""
        try:
            printed = self.transport.exec(code).decode().strip()
        except TransportExecError as error:
            raise TransferRefused(error.error_output.strip().splitlines()[-1]) from None
        except (TransportError, SerialException, OSError) as error:
            raise NoConnection(f"the connection to {self.port} broke: {error}") from None
        return ast.literal_eval(printed) if printed else None

    def data_folder(self) -> str:
        """The data folder of the boot stage, boards/boot/main.py; "", the root, where there is no such stage.

        With a frozen firmware the stage is its `main.py` alone.
        """
        return "data" if self.hash_of("boot/roots") is not None or self.run(IS_STAGE) else ""

    def hash_of(self, name: str) -> bytes | None:
        """SHA-256 of a file there; None if there is none."""
        digest = self.run(HASH + f"print(_hash({name!r}))")
        return digest if isinstance(digest, bytes) else None

    def read(self, name: str) -> bytes:
        """A file's content, checked by its hash. Raises TransferRefused if there is none."""
        expected = self.hash_of(name)
        if expected is None:
            raise TransferRefused(f"the controller has no {name}")
        self.run(f"_file = open({name!r}, 'rb')")
        data = b"".join(iter(lambda: self.run(f"print(_file.read({PIECE}))") or b"", b""))
        self.run("_file.close()")
        if hashlib.sha256(data).digest() != expected:
            raise TransferRefused(f"{name} changed while it was read")
        return data

    def write(self, name: str, data: bytes) -> None:
        """Replace a file as a whole; the content is read back and compared before the old one goes."""
        new, folder = name + ".new", name.rpartition("/")[0]
        self.run("import os")
        if folder:
            self.run(f"try:\n os.mkdir({folder!r})\nexcept OSError:\n pass")
        self.run(f"_file = open({new!r}, 'wb')")
        for at in range(0, len(data), PIECE):
            self.run(f"_file.write({data[at : at + PIECE]!r}) and None")
        self.run("_file.close()\ngetattr(os, 'sync', lambda: None)()")
        if self.hash_of(new) != hashlib.sha256(data).digest():
            raise TransferRefused("the controller stored other bytes than were sent; its old configuration stays in force")
        self.rename(new, name)

    def rename(self, old: str, name: str) -> None:
        """A file takes the place of another one."""
        self.run(f"import os\ntry:\n os.rename({old!r}, {name!r})\nexcept OSError:\n os.remove({name!r})\n os.rename({old!r}, {name!r})")


def place_of(folder: str) -> str:
    return f"{folder.rstrip('/')}/{NAME}" if folder else NAME


def encoded(config: dict[str, Any]) -> bytes:
    """The bytes that a controller stores: the same configuration gives the same bytes."""
    return json.dumps(config, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


def write_private(path: Path, data: bytes) -> None:
    """Replaces a file as a whole; from the first byte on only its owner can read it."""
    handle, new = tempfile.mkstemp(prefix=path.name + ".", dir=path.parent)  # made with mode 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.replace(new, path)
    except OSError:
        os.unlink(new)
        raise
