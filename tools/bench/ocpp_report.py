"""Row `ocpp-report`: a full base report of a site with 16 EVSEs, on 32-bit MicroPython: CPU time, and the most heap above idle.

`…/time` has as its reference the same bytes as frames of the WebSocket, masked, without what is in them. `…/heap` is the least
free heap in which the whole report is sent, in steps of 1 KiB.
"""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tools.bench.entry import Entry, entry, unmeasured
from tools.bench.runtime32 import PROBES, frozen_runtime
from tools.micropython.find import ROOT

ROWS = ("ocpp-report",)
KIB, ROUNDS = 1024, 5
BUFFER_KIB, MOST_KIB = 8, 64
HEAP = "heapsize=1M"
HELPERS = ("tests", "tests/base", "tests/bus", "tests/roles")  # a primary whose platform leads nowhere but to memory


def rows() -> Iterator[Entry]:
    try:
        runtime = frozen_runtime(fetch=True)
    except RuntimeError as problem:
        yield unmeasured("ocpp-report", str(problem))
        return
    found = run(runtime, ROUNDS, 0)
    said = f"16 EVSEs, {found['bytes']} bytes in {found['parts']} messages"
    note = f"{said}; CPU time, the least of {ROUNDS}; reference: the same bytes as masked frames"
    yield entry("ocpp-report/time", found["report_us"] / 1000, found["frames_us"] / 1000, "ms", "<= 2", note)
    low, high = 0, MOST_KIB
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if run(runtime, 1, middle * KIB).get("sent") else (middle, high)
    note = f"{said}; the least free heap in which all of it is sent, frames and answers included; {found['kept']} bytes remain afterwards"
    yield entry("ocpp-report/heap", high, BUFFER_KIB, "KiB", "<= 1", note)


def run(runtime: Path, rounds: int, free_bytes: int) -> "dict[str, int]":
    """Name → value of one run. Raises RuntimeError if it fails."""
    environment = {"MICROPYPATH": os.pathsep.join([".frozen", *[str(ROOT / folder) for folder in HELPERS]])}
    command = [str(runtime), "-X", HEAP, str(PROBES / "report.py"), str(rounds), str(free_bytes)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)
    lines = [line.split() for line in done.stdout.splitlines() if line.startswith("R ")]
    if not lines:
        raise RuntimeError((done.stderr or done.stdout).strip()[-200:])
    return {name: int(value) for _, name, value in lines}
