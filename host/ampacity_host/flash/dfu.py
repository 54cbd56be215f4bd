"""DFU: files of the DfuSe format, and `dfu-util`, which writes them and reads the flash back."""

import os
import shutil
import struct
import tempfile
import zlib
from dataclasses import dataclass
from pathlib import Path

from ampacity_host.flash.jobs import CableLost, Failed
from ampacity_host.flash.tool import ToolEnded, percent_in, run_tool
from ampacity_host.progress import Progress

PREFIX, TARGET, ELEMENT = struct.Struct("<5sBIB"), struct.Struct("<6sBI255sII"), struct.Struct("<II")
SUFFIX = struct.Struct("<HHHH3sBI")  # version, product, vendor, format, mark, bytes, CRC-32 of all before it
CRC_BYTES, ANY = 4, 0xFFFF
AWAY = (
    "No DFU capable", "Lost device", "Cannot open DFU", "LIBUSB_ERROR_NO_DEVICE", "LIBUSB_ERROR_IO", "LIBUSB_ERROR_PIPE", "LIBUSB_ERROR_TIMEOUT",
    "get_status",
)  # fmt: skip
CLOSED = "LIBUSB_ERROR_ACCESS"  # it is there, and this user may not open it


class NotDfuse(Exception):
    """A file that is not DfuSe, or that writes to another place."""


def elements(data: bytes, base: int, room: tuple[int, int], usb: str) -> list[tuple[int, bytes]]:
    """[(address, content)] of a file. room: (start, end) of the interpreter's and loader's regions, bytes; usb: vendor:product. Raises NotDfuse."""
    try:
        magic, version, _, targets = PREFIX.unpack_from(data)
        if magic != b"DfuSe" or version != 1 or data[-8:-5] != b"UFD":
            raise NotDfuse("no file of the DfuSe format")
        at, found = PREFIX.size, []
        for _ in range(targets):
            mark, _, _, _, _, count = TARGET.unpack_from(data, at)
            if mark != b"Target":
                raise NotDfuse("no file of the DfuSe format")
            at += TARGET.size
            for _ in range(count):
                address, size = ELEMENT.unpack_from(data, at)
                at += ELEMENT.size
                found.append((address, data[at : at + size]))
                at += size
    except struct.error:
        raise NotDfuse("a DfuSe file that is cut off") from None
    if at > len(data) - SUFFIX.size:
        raise NotDfuse("a DfuSe file that is cut off")
    _, product, vendor, _, _, _, check = SUFFIX.unpack(data[-SUFFIX.size :])
    if check != zlib.crc32(data[:-CRC_BYTES]) ^ 0xFFFFFFFF:
        raise NotDfuse("a DfuSe file that is damaged: its checksum is not that of its content")
    if any(of not in (ANY, int(wanted, 16)) for of, wanted in zip((vendor, product), usb.split(":"), strict=True)):
        raise NotDfuse(f"it is for a device {vendor:04x}:{product:04x}, this board is {usb}")
    if not any(content for _, content in found):
        raise NotDfuse("a DfuSe file without content")
    for address, content in found:
        if not base + room[0] <= address <= base + room[1] - len(content):
            raise NotDfuse(f"it writes {len(content)} bytes to {address:#010x}, outside the interpreter's region")
    return found


def program() -> str | None:
    """The program `dfu-util`; AMPACITY_DFU_UTIL names another one. None: it is not there."""
    return shutil.which(os.environ.get("AMPACITY_DFU_UTIL") or "dfu-util")


@dataclass
class DfuJob:
    """serial: USB serial number, "" for the only device; usb: vendor:product; file: the .dfu file; wanted: its elements."""

    serial: str
    usb: str
    file: Path
    wanted: list[tuple[int, bytes]]
    tool: str

    @property
    def name(self) -> str:
        return self.serial or f"usb {self.usb}"

    def is_there(self) -> bool:
        """Is it in the list of the program?"""
        try:
            printed = run_tool([self.tool, "--list", "--device", self.usb], lambda printed: None)
        except ToolEnded as ended:
            printed = ended.output
        except OSError:
            return False
        if CLOSED in printed:
            return True
        return any("Found DFU" in line and (not self.serial or f'serial="{self.serial}"' in line) for line in printed.splitlines())

    def run(self, progress: Progress) -> str:
        """Writes, reads every element back, and starts the interpreter."""
        self._call(progress, "writing", "--download", str(self.file))
        with tempfile.TemporaryDirectory() as folder:
            for number, (address, content) in enumerate(self.wanted):
                back = Path(folder) / f"{number}.bin"
                last = ":leave" if number == len(self.wanted) - 1 else ""
                self._call(progress, "reading back", "--dfuse-address", f"{address:#010x}:{len(content)}{last}", "--upload", str(back))
                if not back.is_file() or back.read_bytes() != content:
                    raise Failed(f"the device reads back other bytes at {address:#010x} than were written")
        return f"{sum(len(content) for _, content in self.wanted)} bytes written and read back"

    def _call(self, progress: Progress, what: str, *words: str) -> None:
        options = ["--device", self.usb, "--alt", "0", *(["--serial", self.serial] if self.serial else [])]
        try:
            run_tool([self.tool, *options, *words], lambda printed: progress.part(self.name, what, percent_in(printed), 100))
        except ToolEnded as ended:
            if CLOSED in ended.output:
                raise Failed(f"{what}: {ended}; this user may not open it: a udev rule is missing") from None
            raise (CableLost if any(word in ended.output for word in AWAY) else Failed)(f"{what}: {ended}") from None
