"""What an image is built for: a board's variant, its role, and the bytes that the board has for it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ampacity.circuit.trusted.errors import Rejected
from ampacity_host.board.command import chosen
from ampacity_host.board.findings import Board
from ampacity_host.board.loader import find
from ampacity_host.board.rules.memory import APPLICATION_KIB

SLOTS = 2
DATA_KIB = 256  # of the file system, for settings, journal and the boot stage
KIB = 1024
ROLES = ("both", "primary", "secondary")
ROOMS = ("ocpp", "commission")  # that an image may leave out


@dataclass(frozen=True)
class Target:
    """board: one variant, with defaults; manifest: its freeze manifest; options: for it."""

    board: Board
    manifest: Path
    options: dict[str, Any]

    @property
    def name(self) -> str:
        return f"{self.board['name']}:{self.board['variant']}"

    @property
    def role(self) -> str:
        return str(self.options["role"])

    @property
    def application_bytes(self) -> int | None:
        """Most bytes of the compiled application; None: a desktop board without a flash map has no partition for it."""
        return APPLICATION_KIB * KIB if "flash" in self.board else None

    @property
    def slot_bytes(self) -> int | None:
        """Bytes of one of the two slots on the board's file system; None: the board has no flash map, or no slots there."""
        found = files_region(self.board) if self.board["update"]["kind"] == "files-ab" else None
        return (found[1]["size_kib"] - DATA_KIB) * KIB // SLOTS if found else None

    @property
    def heap_bytes(self) -> int:
        """Heap after the interpreter's start."""
        return int(self.board["memory"]["heap_kib"]) * KIB


def files_region(board: Board) -> tuple[str, dict[str, Any]] | None:
    """(table of the flash, region) of the file system; None where the board has no flash map."""
    for name in ("flash", "spi_flash"):
        for region in board.get(name, {}).get("region", ()):
            if region["kind"] == "files":
                return name, region
    return None


def target(text: str, role: str | None, left_out: tuple[str, ...]) -> Target:
    """The target of NAME[:VARIANT]. role: None for that of the board. Raises Rejected."""
    board = chosen(text)
    if board["port"] == "linux":
        raise Rejected("board", board["name"], "a board that runs MicroPython; on Linux the firmware is installed as a package (docs/install.md)")
    role = role or ("both" if board["site"]["evses_max"] else "secondary")
    return Target(board, file_of(text).parent / "manifest.py", {"role": role} | {room: False for room in left_out})


def file_of(text: str) -> Path:
    """The board file of NAME[:VARIANT]. Raises Rejected."""
    return find(text.rpartition(":")[0] if ":" in text and not Path(text).exists() else text)
