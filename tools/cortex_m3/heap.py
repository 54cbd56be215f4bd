"""`python -m tools.cortex_m3.heap 450 400`: heap in use and longest free block of a secondary on the emulated board with less heap, KiB.

Its image from its slot, as `make cortex-m3-test` starts it; `main.py` makes a `bytearray` of the rest of the heap before all else. A line for each
heap: on the bus, and with a console session. 1: one did not start; 2: the emulator is missing.
"""

import logging
import sys
import tempfile
import time
from pathlib import Path

from ampacity.bus.leases import register_table as table
from tools.cortex_m3.board import Board, there
from tools.cortex_m3.try_out import BUS, CONSOLE, UNIT, Failed, Primary, TryOut, run
from tools.micropython.build_m3 import BOARD_HEAP_BYTES

KIB = 1024
BLOCK_BYTES = 16  # of MicroPython's heap on words of 32 bits
SETTLED_S = 4.0
REST = "_rest = bytearray(%d)\n"
ASK = "import gc, micropython; gc.collect(); print(gc.mem_alloc()); micropython.mem_info(); micropython.qstr_info()"


class HeapTryOut(TryOut):
    """A board with a part of its heap."""

    def shrink(self, rest: int) -> None:
        """From the next start on so many bytes are taken."""
        self.mpremote("fs", "cp", ":main.py", self.work / "main.py")
        lines = [line for line in (self.work / "main.py").read_text().splitlines(True) if not line.startswith(REST[:8])]
        lines.insert(next(at for at, line in enumerate(lines) if line.startswith("import")), REST % rest)
        (self.work / "main.py").write_text("".join(lines))
        self.mpremote("fs", "cp", self.work / "main.py", ":main.py")

    def restart(self) -> None:
        """Until it has answered on the bus, and some seconds more. Raises Failed."""
        self.board.power_off()
        self.board.power_on()
        primary = Primary(self.board.uart[BUS], UNIT)
        try:
            primary.read(table.BASE, 2, tries=60)
        finally:
            primary.close()
        time.sleep(SETTLED_S)

    def told(self, rest: int) -> str:
        """In use without the rest, and the longest free block; the prompt stops the controller."""
        used, *lines = self.mpremote("resume", "exec", ASK).splitlines()
        longest = int(next(line for line in lines if "max free sz" in line).rpartition(" ")[2]) * BLOCK_BYTES
        return f"{(int(used) - rest) // KIB} in use, {longest // KIB} the longest free block, {lines[-1].partition(',')[2].split(',')[0].strip()}"

    def measured(self, heap_kib: int) -> str:
        """The line of this heap. Raises Failed."""
        rest = BOARD_HEAP_BYTES - heap_kib * KIB
        self.shrink(rest)
        self.restart()
        on_bus = self.told(rest)
        self.restart()
        run("ampacity", "console", "--controller", self.board.uart[CONSOLE], "show", "update", "--json")
        return f"{heap_kib}: on the bus {on_bus}; with a console session {self.told(rest)}"


def main(words: "list[str]") -> int:
    """See the module."""
    if not there():
        print("cortex-m3-heap: no emulated board here; run: make cortex-m3", file=sys.stderr)
        return 2
    logging.getLogger("pymodbus").setLevel(logging.CRITICAL)
    try:
        with tempfile.TemporaryDirectory(prefix="ampacity-m3.") as work, Board(Path(work) / "flash") as board:
            try_out = HeapTryOut(board, Path(work))
            try_out.flashed()
            try_out.configured()
            for word in words:
                print(try_out.measured(int(word)), flush=True)
    except (Failed, RuntimeError) as problem:
        print(f"cortex-m3-heap: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
