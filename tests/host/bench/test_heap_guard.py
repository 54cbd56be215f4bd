"""What a busy primary keeps of the heap may not grow unnoticed.

Measured on the 64-bit runtime, whose objects are twice as large and whose code is on the heap: there only what the site takes is
held, with what it loads late. It keeps the path of each module, so paths are relative. Where the 32-bit runtime with the firmware
frozen in can be built, it is measured as well; most machines cannot.
The code is therefore also bounded by a figure that is the same on each: the names that a primary loads at its start, of which
frozen code keeps about 21 bytes each (86 KiB for 4,200 names).
The bounds are a ratchet: lower them with what was saved. The aim is in docs/benchmarks.md, row `heap`; the heap of the smallest board with
a primary, RP2350, is 400 KiB, of which code and data of 16 secondaries here and 24 KiB of a TLS session are about half.
"""

import os
import subprocess

import pytest

from tools.bench.busy_site import UNITS, run_site
from tools.bench.runtime32 import PROBES, frozen_runtime
from tools.micropython.build32 import ROOT
from tools.micropython.find import find

KIB = 1024
MODULES_MAX, NAMES_MAX = 182, 4230
CODE_KIB_MAX = 88
DATA_KIB_MAX, DATA_64_KIB_MAX = 94, 220
RUN_S = 200.0
RUNS = 3  # what is there for a moment while it is measured, such as a part of a download, adds up to 2 KiB (64 bits: 4): the least run counts


def measured(program, heap_kib, modules=".frozen"):
    """(code, data) in KiB of a run without TLS: what stays after the imports, and what the busy site adds to it."""
    command = [str(program), "-X", f"heapsize={heap_kib}K", str((PROBES / "heap.py").relative_to(ROOT)), "0", "-"]
    lasted, site = run_site(command, RUN_S, modules)
    assert lasted, site.last_words[-1:]
    assert site.figure("failures") == 0, site.last_words[-1:]
    assert len(site.csms.transactions) >= UNITS
    code = site.figure("imported")
    return code / KIB, (site.figure("live") - site.figure("base") - code) / KIB


def kept_kib(program, heap_kib, modules, most_kib):
    """(code, data) of the first run with no more data than this, or of the run with the least."""
    runs: list[tuple[float, float]] = []
    while len(runs) < RUNS and not (runs and runs[-1][1] <= most_kib):
        runs.append(measured(program, heap_kib, modules))
    return min(runs, key=lambda run: run[1])


def test_a_primary_loads_no_more_at_its_start_than_before():
    command = [str(find()), "-X", "heapsize=4096K", str(PROBES / "loaded_names.py")]
    environment = dict(os.environ, MICROPYPATH=f"{ROOT / 'firmware'}:.frozen")
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=60)
    modules, names = (int(word) for word in done.stdout.split())
    assert modules <= MODULES_MAX, "import in the function that needs it what only some sites need"
    assert names <= NAMES_MAX, "import in the function that needs it what only some sites need"


@pytest.mark.timeout(1_500)
def test_a_busy_primary_keeps_no_more_of_the_heap_than_before():
    _, data_kib = kept_kib(find(), 4096, "firmware:.frozen", DATA_64_KIB_MAX)
    assert data_kib <= DATA_64_KIB_MAX
    try:
        program = frozen_runtime()
    except RuntimeError:
        return
    code_kib, data_kib = kept_kib(program, 512, ".frozen", DATA_KIB_MAX)
    assert code_kib <= CODE_KIB_MAX
    assert data_kib <= DATA_KIB_MAX
