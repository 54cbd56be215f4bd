"""UF2 files, and the drive of a boot loader that takes them. The loader restarts after the last block: its drive disappears."""

import os
import struct
import time
from dataclasses import dataclass
from pathlib import Path

from ampacity_host.flash.jobs import CableLost, Failed
from ampacity_host.progress import Progress

BLOCK = struct.Struct("<8I476sI")
BLOCK_BYTES = 512
PAYLOAD_BYTES = 256  # the boot ROM of the RP2 chips takes no other, and restarts once it has all numbers of a file
MAGIC = (0x0A324655, 0x9E5D5157, 0x0AB16F30)
NOT_MAIN_FLASH, HAS_FAMILY = 1, 0x2000
INFO = "INFO_UF2.TXT"
BOARD_ID = "Board-ID:"
COPY_BYTES = 64 * 1024
GONE_S = 5.0


class NotUf2(Exception):
    """A file that is not UF2, or for another chip."""


def flash_content(data: bytes, family: int, base: int, room: tuple[int, int]) -> tuple[int, bytes]:
    """(address, content) of what a file writes to the flash. room: (start, end) of the interpreter's region, bytes. Raises NotUf2."""
    if not data or len(data) % BLOCK_BYTES:
        raise NotUf2(f"{len(data)} bytes are no UF2 file, which has blocks of {BLOCK_BYTES}")
    parts: dict[int, bytes] = {}
    numbers: list[tuple[int, int]] = []
    for number in range(len(data) // BLOCK_BYTES):
        first, second, flags, address, size, place, count, of_family, payload, last = BLOCK.unpack_from(data, number * BLOCK_BYTES)
        if (first, second, last) != MAGIC or size > 476:
            raise NotUf2(f"block {number} is no UF2 block")
        if flags & HAS_FAMILY and of_family != family:
            if not flags & NOT_MAIN_FLASH and parts:
                raise NotUf2(f"block {number} is for family {of_family:#010x}; use a file for {family:#010x}")
            continue  # a note for the loader itself, such as that of an erratum
        if flags & NOT_MAIN_FLASH:
            continue
        if not base + room[0] <= address <= base + room[1] - size:
            raise NotUf2(f"block {number} writes to {address:#010x}, outside the interpreter's region")
        if size != PAYLOAD_BYTES or address % PAYLOAD_BYTES:
            raise NotUf2(f"block {number} has {size} bytes for {address:#010x}; the boot loader takes pages of {PAYLOAD_BYTES} only")
        if address in parts:
            raise NotUf2(f"block {number} writes to {address:#010x} again; download the file again")
        parts[address] = payload[:size]
        numbers.append((place, count))
    if not parts:
        raise NotUf2(f"no block is for family {family:#010x}: a file for another chip")
    if numbers != [(place, len(numbers)) for place in range(len(numbers))]:
        wrong = next((place, count) for at, (place, count) in enumerate(numbers) if (place, count) != (at, len(numbers)))
        raise NotUf2(f"it is not whole: {len(numbers)} blocks, one of which is number {wrong[0]} of {wrong[1]}; download it again")
    start, end = min(parts), max(address + len(part) for address, part in parts.items())
    whole = bytearray(b"\xff" * (end - start))
    for address, part in parts.items():
        whole[address - start : address - start + len(part)] = part
    return start, bytes(whole)


@dataclass
class DriveJob:
    """name: folder of the drive; board_id: start of the one in its INFO_UF2.TXT; file: name and content that is copied."""

    name: str
    board_id: str
    file: tuple[str, bytes]
    gone_s: float = GONE_S

    def is_there(self) -> bool:
        """Is the boot loader's drive mounted?"""
        return (Path(self.name) / INFO).is_file()

    def run(self, progress: Progress) -> str:
        """Copies, from the start in each attempt: the loader knows no part of a file."""
        self._check()
        try:
            self._copy(progress)
        except OSError as problem:
            raise CableLost(f"the drive went away while the file was copied ({problem.strerror})") from None
        return self._after()

    def _check(self) -> None:
        try:
            lines = (Path(self.name) / INFO).read_text(encoding="ascii", errors="replace").splitlines()
        except OSError:
            raise CableLost(f"no {INFO} there: hold the BOOT button while the cable is plugged in") from None
        found = next((line.partition(":")[2].strip() for line in lines if line.startswith(BOARD_ID)), "")
        if not found.startswith(self.board_id):
            raise Failed(f"the drive belongs to {found or 'another device'}, not {self.board_id}")

    def _copy(self, progress: Progress) -> None:
        name, data = self.file
        with open(Path(self.name) / name, "wb", buffering=0) as file:
            for at in range(0, len(data), COPY_BYTES):
                file.write(data[at : at + COPY_BYTES])
                progress.part(self.name, "copying", min(at + COPY_BYTES, len(data)), len(data))
            try:
                os.fsync(file.fileno())
            except OSError:  # all blocks are written: the device may have restarted before the system was done
                if self.is_there():
                    raise

    def _after(self) -> str:
        """The drive disappears, or the file can be read there and is the same."""
        name, data = self.file
        end = time.monotonic() + self.gone_s
        while time.monotonic() < end:
            if not self.is_there():
                return f"{len(data)} bytes copied, the device restarted"
            time.sleep(0.05)
        try:
            found = (Path(self.name) / name).read_bytes()
        except OSError:
            raise CableLost("the drive is still there, without the file: the loader took no block of it") from None
        if found != data:
            raise CableLost("the drive holds other bytes than were copied")
        return f"{len(data)} bytes copied and read back; the device did not restart by itself"
