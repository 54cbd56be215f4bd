"""Row `mounted`: the modules of a controller from a pack, a littlefs image, a romfs image in memory, and frozen: heap, start, size.

A pack is what slots hold, a littlefs image is what they held: a module is copied into the heap. A romfs that the chip maps into
its memory is executed in place. Two images lie in one piece of memory here, as two slots would, and the second one is mounted. 32-bit
MicroPython (tools/bench/runtime32.py).
"""

import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from mpremote.romfs import VfsRomWriter

from ampacity_host.board.manifest import frozen
from ampacity_host.build import pack
from ampacity_host.build.compiler import compiled
from ampacity_host.flash import littlefs_image
from tools.bench.entry import Entry, entry, unmeasured
from tools.bench.runtime32 import PROBES, frozen_runtime
from tools.micropython.find import ROOT

ROWS = ("mounted",)
KIB, ROUNDS = 1024, 20
STEP_KIB, MOST_KIB = 4, 1024
BLOCK_BYTES = 512  # of littlefs: its least waste
LEAST = f"least heap for the import, with interpreter and probe, in steps of {STEP_KIB} KiB; reference: frozen"
PLACES = ("pack", "littlefs", "romfs", "frozen")
BOARD = ROOT / "boards" / "rp2350" / "manifest.py"


def romfs(files: "list[tuple[str, bytes]]") -> bytes:
    """The image of these files, (path, content) each."""
    writer = VfsRomWriter()

    def put(rows: "list[tuple[str, bytes]]") -> None:
        held = dict(rows)
        for name in sorted({path.partition("/")[0] for path in held}):
            if name in held:
                writer.mkfile(name, held[name])
            else:
                writer.opendir(name)
                put([(path.partition("/")[2], data) for path, data in rows if path.startswith(name + "/")])
                writer.closedir()

    put(files)
    return bytes(writer.finalise())


def images(folder: Path, role: str) -> "dict[str, Path]":
    """Place → image of a role, as the board has it, with the doors of this machine; a romfs twice, one behind the other."""
    files = [(module.path, module.data) for module in compiled(frozen(BOARD, role=role, port="unix"), lambda done, whole: None)]
    data = {"pack": pack.made(files), "littlefs": littlefs_image.made(files, BLOCK_BYTES), "romfs": romfs(files) * 2, "frozen": b""}
    for place, content in data.items():
        (folder / place).write_bytes(content)
    return {place: folder / place for place in data}


def run(runtime: Path, place: str, image: Path, role: str, heap_kib: int) -> "subprocess.CompletedProcess[str]":
    """The probe with this heap."""
    command = [str(runtime), "-X", f"heapsize={heap_kib}K", str(PROBES / "mounted.py"), place, str(image), role, str(ROOT / "boards" / "boot")]
    return subprocess.run(command, capture_output=True, text=True, check=False, env={"MICROPYPATH": ".frozen"})


def loaded(runtime: Path, place: str, image: Path, role: str) -> "tuple[int, int, int]":
    """(bytes of heap, milliseconds of the processor, least heap in KiB): the least of some runs; the heap with which the import just succeeds."""
    runs = [[int(word) for word in run(runtime, place, image, role, 4 * MOST_KIB).stdout.split()] for _ in range(ROUNDS)]
    low, high = 0, MOST_KIB // STEP_KIB
    while high - low > 1:
        middle = (low + high) // 2
        if run(runtime, place, image, role, middle * STEP_KIB).returncode:
            low = middle
        else:
            high = middle
    return min(each[0] for each in runs), min(each[1] for each in runs), high * STEP_KIB


def figures(runtime: Path, role: str) -> Iterator[Entry]:
    with tempfile.TemporaryDirectory(prefix="ampacity-bench.") as name:
        places = images(Path(name), "both" if role == "primary" else role)
        found = {place: loaded(runtime, place, places[place], role) for place in PLACES}
        sizes = {place: places[place].stat().st_size // (2 if place == "romfs" else 1) for place in PLACES}
    for place in PLACES[:3]:
        row, (heap, start, least), best = f"mounted/{role}/{place}", found[place], found["frozen"]
        yield entry(f"{row}-heap", heap / KIB, best[0] / KIB, "KiB", None, "mount and imported modules; reference: frozen")
        if place != "romfs":  # its image is in the heap here
            yield entry(f"{row}-least", least, best[2], "KiB", None, LEAST)
        yield entry(f"{row}-start", start, best[1], "ms", None, "processor time of their import on this machine; reference: frozen")
        yield entry(f"{row}-image", sizes[place] / KIB, sizes["littlefs"] / KIB, "KiB", None, "reference: littlefs")


def rows() -> Iterator[Entry]:
    try:
        runtime = frozen_runtime(fetch=True)
    except RuntimeError as problem:
        yield unmeasured("mounted", str(problem))
        return
    for role in ("primary", "secondary"):
        yield from figures(runtime, role)
