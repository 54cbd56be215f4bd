"""push, pull, diff: the configuration of a controller behind a MicroPython prompt, moved by mpremote's transport.

A file is written next to the old one in small pieces, its SHA-256 compared on both sides, and only then renamed: a cable
pulled at any moment leaves the old configuration whole.
"""

import ast
import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mpremote.transport import TransportError, TransportExecError
from mpremote.transport_serial import SerialTransport
from serial import SerialException

from ampacity_host.configure.command import accepted
from ampacity_host.failure import failed

NAME = "site.json"
PIECE = 384
CONNECT_S = 8
SECRETS = ("password", "key_pem")
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
        new = name + ".new"
        self.run(f"import os\n_file = open({new!r}, 'wb')")
        for at in range(0, len(data), PIECE):
            self.run(f"_file.write({data[at : at + PIECE]!r}) and None")
        self.run("_file.close()\ngetattr(os, 'sync', lambda: None)()")
        if self.hash_of(new) != hashlib.sha256(data).digest():
            raise TransferRefused("the controller stored other bytes than were sent; its old configuration stays in force")
        self.run(f"try:\n os.rename({new!r}, {name!r})\nexcept OSError:\n os.remove({name!r})\n os.rename({new!r}, {name!r})")


def place_of(folder: str) -> str:
    return f"{folder.rstrip('/')}/{NAME}" if folder else NAME


def encoded(config: dict[str, Any]) -> bytes:
    """The bytes that a controller stores: the same configuration gives the same bytes."""
    return json.dumps(config, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


def differences(stored: Any, wanted: Any, path: str = "") -> Iterator[str]:
    """Lines "path: stored -> wanted" of all leaves in which two configurations differ; secrets are not shown."""
    if isinstance(stored, dict) and isinstance(wanted, dict):
        for key in sorted(stored.keys() | wanted.keys()):
            yield from differences(stored.get(key), wanted.get(key), f"{path}.{key}" if path else key)
    elif isinstance(stored, list) and isinstance(wanted, list) and len(stored) == len(wanted):
        for index, (one, other) in enumerate(zip(stored, wanted, strict=True)):
            yield from differences(one, other, f"{path}[{name_of(other, index)}]")
    elif stored != wanted:
        hidden = path.rpartition(".")[2] in SECRETS
        yield f"{path}: differs" if hidden else f"{path}: {json.dumps(stored)} -> {json.dumps(wanted)}"


def name_of(item: Any, index: int) -> object:
    return item["name"] if isinstance(item, dict) and "name" in item else index


def push_command(site: Path, port: str, folder: str, secondary: str | None, line: str | None, as_json: bool = False) -> int:
    """Write and read back. 0 done, 1 refused, 3 no connection."""
    config = accepted(site, secondary, line)
    if config is None:
        return 1
    data, name = encoded(config), place_of(folder)
    told = {"file": name, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    try:
        with Prompt(port) as prompt:
            if prompt.hash_of(name) == hashlib.sha256(data).digest():
                print(json.dumps(told | {"written": False}) if as_json else f"{name}: the controller already has it")
                return 0
            prompt.write(name, data)
            back = prompt.read(name)
            if back != data:
                raise TransferRefused("the controller reads back other bytes than were sent")
    except (NoConnection, TransferRefused) as problem:
        return print_problem(problem)
    text = f"{name}: {len(data)} bytes written, read back the same, sha256 {told['sha256'][:16]}"  # type: ignore[index]
    print(json.dumps(told | {"written": True}) if as_json else text)
    return 0


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


def pull_command(port: str, folder: str, out: Path | None) -> int:
    """Fetch the configuration. 0 done, 1 there is none, 2 it cannot be written here, 3 no connection."""
    try:
        with Prompt(port) as prompt:
            data = prompt.read(place_of(folder))
    except (NoConnection, TransferRefused) as problem:
        return print_problem(problem)
    if out is None:
        print(data.decode())
        return 0
    try:
        write_private(out, data)
    except OSError as problem:
        return failed(f"{out}: {problem.strerror}", 2)
    return 0


def diff_command(site: Path, port: str, folder: str, secondary: str | None, line: str | None, as_json: bool = False) -> int:
    """0 the same, 1 it differs, 3 no connection."""
    config = accepted(site, secondary, line)
    if config is None:
        return 1
    try:
        with Prompt(port) as prompt:
            stored = json.loads(prompt.read(place_of(folder)))
    except (NoConnection, TransferRefused) as problem:
        return print_problem(problem)
    except ValueError:
        print("the controller's configuration is not JSON", file=sys.stderr)
        return 1
    lines = list(differences(stored, json.loads(encoded(config))))
    for text in [json.dumps({"same": not lines, "differences": lines})] if as_json else lines:
        print(text)
    return 1 if lines else 0


def print_problem(problem: Exception) -> int:
    print(f"ampacity: {problem}", file=sys.stderr)
    return 3 if isinstance(problem, NoConnection) else 1
