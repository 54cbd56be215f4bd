"""Row `mounted`: the modules of a controller from a littlefs image, from a romfs image in memory, and frozen: heap, start, size.

littlefs is what slots hold: a module is copied into the heap. A romfs that the chip maps into its memory is executed in place. Two
images lie in one piece of memory here, as two slots would, and the second one is mounted. 32-bit MicroPython (tools/bench/runtime32.py).
"""

import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from mpremote.romfs import VfsRomWriter

from ampacity_host.board.manifest import frozen
from ampacity_host.build.compiler import compiled
from ampacity_host.build.image import BLOCK_BYTES
from ampacity_host.build.littlefs_image import made
from tools.bench.entry import Entry, entry, unmeasured
from tools.bench.runtime32 import PROBES, frozen_runtime
from tools.micropython.find import ROOT

ROWS = ("mounted",)
KIB, ROUNDS = 1024, 5
HEAP = "heapsize=4M"
PLACES = ("littlefs", "romfs", "frozen")
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
    data = {"littlefs": made(files, BLOCK_BYTES), "romfs": romfs(files) * 2, "frozen": b""}
    for place, content in data.items():
        (folder / place).write_bytes(content)
    return {place: folder / place for place in data}


def loaded(runtime: Path, place: str, image: Path, role: str) -> "tuple[int, int]":
    """(bytes of heap, milliseconds), the least of some runs."""
    command = [str(runtime), "-X", HEAP, str(PROBES / "mounted.py"), place, str(image), role, str(ROOT / "boards" / "boot")]
    runs = []
    for _ in range(ROUNDS):
        done = subprocess.run(command, capture_output=True, text=True, check=True, env={"MICROPYPATH": ".frozen"})
        runs.append([int(word) for word in done.stdout.split()])
    return min(run[0] for run in runs), min(run[1] for run in runs)


def figures(runtime: Path, role: str) -> Iterator[Entry]:
    with tempfile.TemporaryDirectory(prefix="ampacity-bench.") as name:
        places = images(Path(name), "both" if role == "primary" else role)
        found = {place: loaded(runtime, place, places[place], role) for place in PLACES}
        sizes = {"littlefs": places["littlefs"].stat().st_size, "romfs": places["romfs"].stat().st_size // 2}
    for place in PLACES[:2]:
        row, (heap, start), best = f"mounted/{role}/{place}", found[place], found["frozen"]
        yield entry(f"{row}-heap", heap / KIB, best[0] / KIB, "KiB", None, "imported modules; reference: frozen")
        yield entry(f"{row}-start", start, best[1], "ms", None, "their import on this machine; reference: frozen")
        yield entry(f"{row}-image", sizes[place] / KIB, sizes["littlefs"] / KIB, "KiB", None, "reference: littlefs")


def rows() -> Iterator[Entry]:
    try:
        runtime = frozen_runtime(fetch=True)
    except RuntimeError as problem:
        yield unmeasured("mounted", str(problem))
        return
    for role in ("primary", "secondary"):
        yield from figures(runtime, role)
