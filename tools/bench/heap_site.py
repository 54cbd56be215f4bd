"""Row `heap-site`: heap of a primary of 4, 8, 16 and 32 EVSEs, as row `heap` measures it: busy site, OCPP, meter, TLS session, code frozen.

The least heap is searched for with 200 s of the site, then it must last 600 s, in which every car leaves and another one arrives; a
size that does not gets one step more.
"""

from collections.abc import Iterator
from pathlib import Path

from tools.bench.entry import Entry, entry, unmeasured, wanted
from tools.bench.heap import BOARDS_KIB, KIB, MOST_KIB, PROBE_S, STEP_KIB, run_with, searched_kib
from tools.bench.runtime32 import frozen_runtime
from tools.bench.tls import TlsServer

ROWS = ("heap-site",)
SIZES = (4, 8, 16, 32)
LONG_S, STEPS_MAX = 600.0, 6


def figures(runtime: Path, tls: TlsServer, units: int) -> Iterator[Entry]:
    lasted, site = run_with(runtime, tls, MOST_KIB * KIB, PROBE_S, units)
    if not lasted:
        yield unmeasured(f"heap-site/{units}", f"the busy site does not last with {MOST_KIB} KiB: {' '.join(site.last_words[-1:])}")
        return
    base = site.figure("base")
    live = site.figure("live") - base
    least = searched_kib(runtime, tls, base, live // KIB, units)
    most = least + STEPS_MAX * STEP_KIB
    while least < most and not run_with(runtime, tls, base + least * KIB, LONG_S, units)[0]:
        least += STEP_KIB
    board, heap_kib = BOARDS_KIB[0]
    note = f"{units} secondaries, meter, OCPP, TLS session included; reference: the heap of {board}"
    yield entry(f"heap-site/{units}/live", live / KIB, heap_kib, "KiB", None, note)
    note = f"the same; in steps of {STEP_KIB} KiB; " + (f"lasts {LONG_S:.0f} s" if least < most else f"does not last {LONG_S:.0f} s")
    yield entry(f"heap-site/{units}/least", least, heap_kib, "KiB", None, note)


def rows(only: "str | None" = None) -> Iterator[Entry]:
    """only: `heap-site/8` measures that size alone."""
    try:
        runtime = frozen_runtime(fetch=True)
    except RuntimeError as problem:
        yield unmeasured("heap-site", str(problem))
        return
    tls = TlsServer()
    try:
        for units in SIZES:
            if wanted(f"heap-site/{units}", only):
                yield from figures(runtime, tls, units)
    finally:
        tls.close()
