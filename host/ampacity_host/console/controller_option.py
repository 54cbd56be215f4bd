"""The one way to name a controller: --controller with its data folder, HOST:PORT of its console, or the serial device of its console."""

import json
import stat
from pathlib import Path
from typing import NamedTuple

from ampacity_host.console.link import Door, SerialDoor, SocketDoor

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


def door_of(controller: ControllerRef) -> Door:
    """The way to its console. Raises ValueError with what would be right."""
    if controller.tty is not None:
        return SerialDoor(controller.tty)
    text = controller.address if controller.folder is None else kept_address(controller.folder)
    host, _, port = str(text).rpartition(":")
    if not host or not port.isdigit() or int(port) > 65535:
        raise ValueError(f"{text!r} is not HOST:PORT")
    return SocketDoor(host, int(port))


def is_of_rig(controller: ControllerRef) -> bool:
    """Is this the data folder of a simulated site, or of a controller in it? Only a folder tells."""
    for name in ("boot.json", "primary/boot.json"):
        try:
            if controller.folder is not None and "sim" in json.loads((controller.folder / name).read_text()):
                return True
        except (OSError, ValueError, TypeError):
            continue
    return False


def kept_address(data: Path) -> str:
    """Console address from a data folder; also that of a bench, or of the primary in it. Raises ValueError."""
    for name in ("console.json", "boot.json", "primary/boot.json"):
        try:
            return str(json.loads((data / name).read_text())["console"])
        except PermissionError:
            raise ValueError(f"no read access to {data / name}: run this as the user of the controller, or use its HOST:PORT") from None
        except (OSError, ValueError, KeyError):
            continue
    raise ValueError(f"no console.json in {data}: is its controller running?")
