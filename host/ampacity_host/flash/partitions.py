"""The interpreter of an ESP32: its image is checked against the board's flash map, and boots from the slot that it fills.

The combined image of MicroPython's build holds boot loader, partition table and application. With two slots for the interpreter a record in
the flash (`otadata`) says which one the boot loader starts; without a record it starts the first. An image is written to the first slot, so
the record is erased with it: whatever ran before from the second slot, the image that was just written starts. Boot loader and application are
looked at as the chip does before it starts them: chip, segments, checksum, and the SHA-256 where one is appended.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from hashlib import sha256
from operator import xor

from ampacity.circuit.trusted.errors import Rejected
from ampacity_host.board.findings import Board
from ampacity_host.build.target import KIB

ENTRY = "<HBBII16sI"
ENTRY_BYTES = 32
TABLE_BYTES = 0xC00
MAGIC, APPLICATION_MAGIC, ERASED = 0x50AA, 0xE9, 0xFF
APPLICATION, DATA = 0, 1
OTA_RECORD = 0  # subtype of data
HEAD_BYTES, CHIP_AT, HASHED_AT = 24, 12, 23  # of an image
SEGMENT = struct.Struct("<II")  # address, bytes
SEGMENTS_MAX, CHECKSUM_FIRST, SHA_BYTES = 16, 0xEF, 32
CHIP_IDS = {"esp32": 0, "esp32s2": 2, "esp32c3": 5, "esp32s3": 9, "esp32c2": 12, "esp32c6": 13, "esp32h2": 16}  # by esptool's names
COMBINED = "the combined image of the build (firmware.bin; micropython.bin is the application alone)"
OPTION = "--interpreter"


@dataclass(frozen=True)
class Partition:
    """kind, subtype: of the table; start, size: bytes in the flash."""

    kind: int
    subtype: int
    start: int
    size: int
    label: str

    @property
    def place(self) -> tuple[int, int]:
        return self.start, self.size


def bootable(board: Board, data: bytes, at: int, chip: str) -> bytes:
    """The image as it is written from `at` on: with an erased record of the slot to start. Raises Rejected where it cannot boot on this board.

    chip: its name for esptool.
    """
    tables = [row for row in board["flash"]["region"] if row["kind"] == "table"]
    if not tables:
        return data
    start = tables[0]["start_kib"] * KIB
    found = list(partitions(data[start - at : start - at + TABLE_BYTES]))
    if not found:
        raise Rejected(OPTION, f"an image without a partition table at {start:#x}", COMBINED)
    _compare(board, found)
    slots = sorted(each.start for each in found if each.kind == APPLICATION)
    if data[slots[0] - at : slots[0] - at + 1] != bytes([APPLICATION_MAGIC]):
        raise Rejected(OPTION, f"an image without an application at {slots[0]:#x}", COMBINED)
    for what, image in (("boot loader", data[: start - at]), ("application", data[slots[0] - at :])):
        fault = _fault(image, CHIP_IDS.get(chip))
        if fault:
            raise Rejected(OPTION, f"an image with {fault} {what}", COMBINED)
    written = bytearray(data)
    for each in found:
        if (each.kind, each.subtype) == (DATA, OTA_RECORD):
            written[each.start - at : each.start - at + each.size] = bytes([ERASED]) * each.size
    return bytes(written)


def _fault(image: bytes, chip_id: int | None) -> str:
    """Why the chip would not start it, as a word before its name; "": it would. chip_id: None, any."""
    if image[:1] != bytes([APPLICATION_MAGIC]) or len(image) < HEAD_BYTES or not 1 <= image[1] <= SEGMENTS_MAX:
        return "no"
    if chip_id is not None and int.from_bytes(image[CHIP_AT : CHIP_AT + 2], "little") != chip_id:
        return "another chip's"
    at, checksum = HEAD_BYTES, CHECKSUM_FIRST
    for _ in range(image[1]):
        if len(image) < at + SEGMENT.size:
            return "an incomplete"
        at += SEGMENT.size
        size = SEGMENT.unpack_from(image, at - SEGMENT.size)[1]
        checksum = reduce(xor, image[at : at + size], checksum)
        at += size
    at |= 15  # the last byte of a line of 16
    if len(image) <= at + SHA_BYTES * image[HASHED_AT]:
        return "an incomplete"
    digest = sha256(image[: at + 1]).digest()
    if image[at] != checksum or image[HASHED_AT] and image[at + 1 : at + 1 + SHA_BYTES] != digest:
        return "a damaged"
    return ""


def partitions(table: bytes) -> Iterator[Partition]:
    """The entries of a partition table; none of what is no table."""
    for offset in range(0, len(table) - ENTRY_BYTES + 1, ENTRY_BYTES):
        magic, kind, subtype, start, size, label, _flags = struct.unpack_from(ENTRY, table, offset)
        if magic != MAGIC:
            return
        yield Partition(kind, subtype, start, size, label.rstrip(b"\0").decode("ascii", "replace"))


def _compare(board: Board, found: list[Partition]) -> None:
    """Raises Rejected where slots, record or file system are elsewhere than in the board's flash map."""
    for row in board["flash"]["region"]:
        place = (row["start_kib"] * KIB, row["size_kib"] * KIB)
        kind = APPLICATION if row["kind"] == "interpreter" else DATA
        if row["kind"] in ("interpreter", "files", "settings") and place not in [each.place for each in found if each.kind == kind]:
            wanted = f"a partition table with {row['name']} at {place[0]:#x}, {place[1] // KIB} KiB, as in the flash map of the board"
            raise Rejected(OPTION, "an image with " + ", ".join(f"{each.label} at {each.start:#x}" for each in found), wanted)
    regions = [row["start_kib"] * KIB for row in board["flash"]["region"] if row["kind"] == "interpreter"]
    for each in found:
        if each.kind == APPLICATION and each.start not in regions:
            raise Rejected(OPTION, f"an image with {each.label} at {each.start:#x}", "no application outside the slots of the board's flash map")
