"""Chips with a serial loader: images by `esptool`, which runs as a program of its own, in pieces.

Each piece whose digest on the flash is right already is skipped, so a write that a pulled cable interrupted is continued with the piece in
which it was. At the end the digests of all pieces are read back.
"""

import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from ampacity_host.flash.jobs import CableLost, Failed, NotWritten, port_is_there
from ampacity_host.flash.tool import ToolEnded, percent_in, run_tool
from ampacity_host.progress import Progress

PIECE_BYTES = 256 * 1024
PERMANENT = ("Wrong chip", "doesn't fit", "will not fit", "not available in", "not supported", "No such option", "Invalid value", "No module named")
WRITE, WRITTEN = "write-flash", "Hash of data verified"
WHOLE = (WRITTEN, "kipping", "Verification successful")
OTHER_BYTES = ("MD5", "digest", "erification failed")


def done_of(printed: str, pieces: int) -> tuple[int, int]:
    """(done, all) in hundredths of a piece, by what esptool printed: lines for whole pieces, and the percentage of the one at work."""
    whole = sum(printed.count(word) for word in WHOLE)
    last = max(printed.rfind(word) for word in WHOLE)
    return min(whole * 100 + percent_in(printed[last + 1 :]), pieces * 100), pieces * 100


@dataclass
class SerialLoaderJob:
    """name: the port; chip: for `--chip`; parts: [(offset in the flash, content)]; rom: no helper program is uploaded."""

    name: str
    chip: str
    parts: list[tuple[int, bytes]]
    baud: int
    rom: bool = False
    _written: int = field(default=0, init=False)  # pieces that earlier attempts wrote

    def run(self, progress: Progress) -> str:
        """Writes what is not there, then compares the digests of everything. The sentence counts all attempts."""
        with tempfile.TemporaryDirectory() as folder:
            pieces = self._pieces(Path(folder))
            printed = self._tool(progress, "writing", WRITE, *self._speed(), "--skip-flashed", *pieces)
            wanted, skipped = len(pieces) // 2, max(printed.lower().count("skipping") - self._written, 0)
            self._tool(progress, "reading back", "verify-flash", *pieces, after="hard-reset")
        size = sum(len(data) for _, data in self.parts)
        there = f", {skipped} of {wanted} pieces were there already" if skipped else ""
        return f"{size} bytes written, digests read back{there}"

    def is_there(self) -> bool:
        """Does the port exist?"""
        return port_is_there(self.name)

    def _pieces(self, folder: Path) -> list[str]:
        """[offset, file, offset, file, …]."""
        words = []
        for offset, data in self.parts:
            for at in range(0, len(data), PIECE_BYTES):
                file = folder / f"{offset + at:08x}.bin"
                file.write_bytes(data[at : at + PIECE_BYTES])
                words += [f"{offset + at:#x}", str(file)]
        return words

    def _speed(self) -> list[str]:
        return ["--flash-mode", "keep", "--flash-size", "keep", "--flash-freq", "keep"]

    def _tool(self, progress: Progress, what: str, command: str, *words: str, after: str = "no-reset") -> str:
        options = ["--chip", self.chip, "--port", self.name, "--baud", str(self.baud), "--connect-attempts", "3", "--after", after]
        options += ["--no-stub"] if self.rom else []
        try:
            call = [sys.executable, "-m", "esptool", *options, command, *words]
            return run_tool(call, lambda printed: progress.part(self.name, what, *done_of(printed, sum(word.startswith("0x") for word in words))))
        except ToolEnded as ended:
            self._written += ended.output.count(WRITTEN) if command == WRITE else 0
            if any(word in str(ended) for word in PERMANENT):
                raise Failed(str(ended)) from None
            raise (NotWritten if any(word in str(ended) for word in OTHER_BYTES) else CableLost)(f"{what}: {ended}") from None
