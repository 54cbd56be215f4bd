"""What is written to which device, in which order: from the board's data, the options and the files. Declared first, run later."""

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from ampacity.circuit.trusted.errors import Rejected
from ampacity_host.board.findings import Board
from ampacity_host.board.loader import chip_facts
from ampacity_host.build.target import DATA_KIB, KIB, files_region
from ampacity_host.flash.content import ENTRY_FROZEN
from ampacity_host.flash.dfu import DfuJob, NotDfuse, elements
from ampacity_host.flash.dfu import program as dfu_program
from ampacity_host.flash.jobs import Job
from ampacity_host.flash.littlefs_image import made
from ampacity_host.flash.partitions import bootable
from ampacity_host.flash.prompt import PromptJob
from ampacity_host.flash.serial_loader import SerialLoaderJob
from ampacity_host.flash.uf2 import DriveJob, NotUf2, flash_content

WHERE = "docs/install.md"
SLOTS = "files-ab"
OF_THE_INTERPRETER = ("boot", "table", "interpreter", "settings")


@dataclass(frozen=True)
class Devices:
    """ports: serial devices; drives: folders of UF2 boot loaders; usb: serial numbers of DFU devices."""

    ports: tuple[str, ...]
    drives: tuple[str, ...] = ()
    usb: tuple[str, ...] = ()


@dataclass(frozen=True)
class Way:
    """baud: for esptool; rom: without its helper program; interpreter: the file, or None."""

    baud: int
    rom: bool
    interpreter: Path | None


def program_of(board: Board, file: Path) -> dict[str, Any]:
    """How the board's chip is written. file: of the board. Raises Rejected where it is not."""
    chips = file.resolve().parents[1] / "chips"
    facts = chip_facts(board["chip"], chips if chips.is_dir() else None)
    if "program" not in facts or files_region(board) is None:
        text = f"a board with a microcontroller that `ampacity flash` writes; on a computer `ampacity run` starts the firmware ({WHERE})"
        raise Rejected("board", board["name"], text)
    if board["update"]["kind"] != SLOTS:
        raise Rejected("update.kind", board["update"]["kind"], f'"{SLOTS}": two slots on the file system')
    return dict(facts["program"])


def stages(
    board: Board, program: dict[str, Any], files: dict[str, bytes], devices: Devices, way: Way, frozen: bool = False
) -> list[list[Job]]:
    """Lists of jobs: each list runs at once, after the one before. Raises Rejected, NotUf2, NotDfuse, TooLarge, OSError.

    frozen: the files are those of a controller whose firmware is in its interpreter.
    """
    check_devices(program, devices, way)
    if frozen:
        check_frozen(program, way)
    if program["interpreter"] == "esptool":
        return [by_esptool(board, program, files, devices, way)]
    first: list[Job] = []
    code = None
    if way.interpreter:
        data = way.interpreter.read_bytes()
        room = span(board, ("interpreter",) if program["interpreter"] == "uf2" else ("boot", "interpreter"))
        if program["interpreter"] == "uf2":
            code = flash_content(data, program["family"], program["base"], room)
            copied = (way.interpreter.name, data)
            first += [DriveJob(drive, program["name"], copied) for drive in devices.drives]
        else:
            wanted = elements(data, program["base"], room, program["name"])
            tool = dfu_program() or ""
            first += [DfuJob(serial, program["name"], way.interpreter, wanted, tool) for serial in devices.usb or ("",)]
    return [first, [PromptJob(port, files, code, 0 if frozen else slots_bytes(board), frozen) for port in devices.ports]]


def by_esptool(board: Board, program: dict[str, Any], files: dict[str, bytes], devices: Devices, way: Way) -> list[Job]:
    """Interpreter and file system in one go."""
    region, image = file_system(board, files)
    parts = [(region["start_kib"] * KIB, image)]
    if way.interpreter:
        data, start = way.interpreter.read_bytes(), program["image_at_kib"] * KIB
        end = span(board, OF_THE_INTERPRETER)[1]
        if start + len(data) > end:
            raise Rejected("--interpreter", f"{len(data)} bytes", f"an image of at most {end - start} bytes: the file system begins behind it")
        parts.insert(0, (start, bootable(board, data, start, program["name"])))
    return [SerialLoaderJob(port, program["name"], parts, way.baud, way.rom) for port in devices.ports]


def file_system(board: Board, files: dict[str, bytes]) -> tuple[dict[str, Any], bytes]:
    """(region, its image). Raises TooLarge."""
    found = files_region(board)
    assert found is not None
    table, region = found
    block = board[table]["erase_kib"] * KIB
    return region, made(files.items(), block, region["size_kib"] * KIB // block)


def slots_bytes(board: Board) -> int:
    """Bytes of both slots on the file system."""
    found = files_region(board)
    return (found[1]["size_kib"] - DATA_KIB) * KIB if found else 0


def span(board: Board, kinds: tuple[str, ...]) -> tuple[int, int]:
    """(start, end) in bytes of the regions of these kinds."""
    regions = [row for row in board["flash"]["region"] if row["kind"] in kinds]
    return min(row["start_kib"] for row in regions) * KIB, max(row["start_kib"] + row["size_kib"] for row in regions) * KIB


def check_devices(program: dict[str, Any], devices: Devices, way: Way) -> None:
    """Raises Rejected for an option that is missing, given twice, or without a use."""
    kind = program["interpreter"]
    for option, given, of in (("--drive", devices.drives, "uf2"), ("--usb", devices.usb, "dfu-util")):
        if given and (kind != of or not way.interpreter):
            raise Rejected(option, ", ".join(given), f"it only with --interpreter, on a board that is written by {of}; this one: {kind}")
    if kind == "uf2" and way.interpreter and not devices.drives:
        raise Rejected("--drive", "none", "the folder of the boot loader's drive, once for each board: it takes the interpreter")
    if kind == "dfu-util" and way.interpreter and not dfu_program():
        raise Rejected("dfu-util", "absent", "the program on the PATH (Debian: apt-get install dfu-util), or AMPACITY_DFU_UTIL")
    if way.rom and kind != "esptool":
        raise Rejected("--rom-loader", "given", f"it only on a board that is written by esptool; this one: {kind}")
    if not devices.ports and not (devices.drives or (kind == "dfu-util" and way.interpreter)):
        raise Rejected("--port", "none", "the serial device of the board, once for each board")
    for name in (*devices.ports, *devices.drives, *devices.usb):
        if [*devices.ports, *devices.drives, *devices.usb].count(name) > 1:
            raise Rejected("devices", name, "each device once")


def check_frozen(program: dict[str, Any], way: Way) -> None:
    """Raises Rejected where esptool would write an interpreter without the firmware; it does not reach the prompt, which says it otherwise."""
    if program["interpreter"] == "esptool" and (way.interpreter is None or ENTRY_FROZEN not in way.interpreter.read_bytes()):
        raise Rejected("--interpreter", str(way.interpreter), "the interpreter that the firmware is frozen into, or --bundle with an application")


def digest(files: dict[str, bytes]) -> str:
    """SHA-256 over names and contents: what all boards of one run share."""
    running = sha256()
    for name, data in sorted(files.items()):
        running.update(f"{name}\0{len(data)}\0".encode() + data)
    return running.hexdigest()


__all__ = ["Devices", "NotDfuse", "NotUf2", "Way", "digest", "program_of", "stages"]
