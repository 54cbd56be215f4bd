"""Row `heap`: a primary with OCPP, a meter and 16 busy secondaries on 32-bit MicroPython, code frozen as on a board.

Live heap is the maximum that remained after a collection, including a TLS session, whose memory also comes from this heap.
The least heap is the smallest with which the run completes. The memory of the bench in that process (its doors, its program)
is measured before the firmware is imported, and subtracted from every figure.
"""

import subprocess
from collections.abc import Iterator
from pathlib import Path

from tools.bench.busy_site import UNITS, BusySite, run_site
from tools.bench.entry import Entry, entry, unmeasured
from tools.bench.runtime32 import PROBES, frozen_runtime
from tools.bench.tls import TlsServer

ROWS = ("heap",)
KIB = 1024
LIVE_AIM_KIB, LEAST_AIM_KIB = 96, 160
BOARDS_KIB = (("rp2350", 400), ("esp32-without-psram", 110))
MICRO_OCPP_KIB = 12_308 / KIB  # from its README: heap occupation, idle, two connectors
PROBE_S, HOUR_S = 200.0, 3600.0
STEP_KIB, MOST_KIB = 8, 512
ROOMS = ("base", "circuit", "bus", "evse", "net", "store", "ports", "ocpp", "console", "roles")
DATA = ("site", "circuit", "bus", "evse", "ocpp", "tls")


def run_with(runtime: Path, tls: TlsServer, heap_bytes: int, run_s: float, units: int = UNITS) -> "tuple[bool, BusySite]":
    """A run with that heap. True: the process did not end early, no loop failed, and sessions ran."""
    command = [str(runtime), "-X", f"heapsize={heap_bytes}", str(PROBES / "heap.py"), str(tls.port), str(tls.root)]
    lasted, site = run_site(command, run_s, units=units)
    return lasted and site.figure("failures") == 0 and len(site.csms.transactions) >= units, site


def searched_kib(runtime: Path, tls: TlsServer, base: int, live_kib: int, units: int = UNITS) -> int:
    """The smallest heap in steps of STEP_KIB that lasts PROBE_S, found by bisection."""
    low, high = live_kib // STEP_KIB, MOST_KIB // STEP_KIB
    while high - low > 1:
        middle = (low + high) // 2
        if run_with(runtime, tls, base + middle * STEP_KIB * KIB, PROBE_S, units)[0]:
            high = middle
        else:
            low = middle
    return high * STEP_KIB


def least_kib(runtime: Path, tls: TlsServer, base: int, live_kib: int) -> "tuple[int, bool]":
    """(the least heap, did it last the hour)."""
    found = searched_kib(runtime, tls, base, live_kib)
    for kib in range(found, found + 3 * STEP_KIB, STEP_KIB):
        if run_with(runtime, tls, base + kib * KIB, HOUR_S)[0]:
            return kib, True
    return found, False


def known_least_kib(runtime: Path) -> int:
    """The least heap of this firmware; searched for if no run of this row has stored it. Raises RuntimeError."""
    kept, stamp = runtime.parent / ".least", (runtime.parent / ".firmware").read_text()
    if not kept.exists() or kept.read_text().split()[0] != stamp:
        tls = TlsServer()
        lasted, site = run_with(runtime, tls, MOST_KIB * KIB, PROBE_S)
        if not lasted:
            raise RuntimeError(f"the busy site does not last with {MOST_KIB} KiB")
        base = site.figure("base")
        keep_least(runtime, searched_kib(runtime, tls, base, (site.figure("live") - base) // KIB))
        tls.close()
    return int(kept.read_text().split()[1])


def keep_least(runtime: Path, kib: int) -> None:
    (runtime.parent / ".least").write_text(f"{(runtime.parent / '.firmware').read_text()} {kib}\n")


def code_by_room(runtime: Path) -> "dict[str, int]":
    """Bytes that remain after importing the modules of a primary with OCPP, per room; an import counts for the first room that needs it."""
    environment = {"MICROPYPATH": ".frozen"}
    listed = subprocess.run(
        [str(runtime), "-c", "from ampacity.roles import boot, primary\nfrom ampacity.roles.charging import upstream\n"
         "import sys\nfor name in sys.modules: print(name)"],
        capture_output=True, text=True, check=True, env=environment,
    ).stdout.split()  # fmt: skip
    names = sorted((n for n in listed if n.count(".") > 1), key=lambda n: (ROOMS.index(n.split(".")[1]), n))
    command = [str(runtime), str(PROBES / "imports.py")]
    told = subprocess.run(command, input="\n".join(names) + "\n", capture_output=True, text=True, check=True, env=environment).stdout
    rooms = dict.fromkeys(ROOMS, 0)
    for line in told.splitlines():
        name, size = line.split()
        rooms[name.split(".")[1]] += int(size)
    return rooms


def split(site: BusySite, runtime: Path, live: int) -> Iterator[Entry]:
    """The parts of the live heap, as shares."""
    for room, size in code_by_room(runtime).items():
        yield entry(f"heap/code-{room}", size / KIB, live / KIB, "KiB")
    for part in DATA:
        yield entry(f"heap/data-{part}", site.figure(f"data-{part}") / KIB, live / KIB, "KiB")
    known = site.figure("imported") + site.figure("data-site") + site.figure("data") + site.figure("data-tls")
    note = "sessions, log, tasks, messages: what came after the start"
    yield entry("heap/data-running", (live - known) / KIB, live / KIB, "KiB", None, note)


def figures(runtime: Path, tls: TlsServer) -> Iterator[Entry]:
    lasted, site = run_with(runtime, tls, MOST_KIB * KIB, 600)
    if not lasted:
        yield unmeasured("heap", f"the busy site does not last with {MOST_KIB} KiB: {' '.join(site.last_words[-1:])}")
        return
    base = site.figure("base")
    live = site.figure("live") - base
    with_tls = f"{UNITS} secondaries, meter, OCPP, TLS session included"
    yield entry("heap/live", live / KIB, LIVE_AIM_KIB, "KiB", "<= 1", with_tls)
    least, hour = least_kib(runtime, tls, base, live // KIB)
    keep_least(runtime, least)
    note = f"{with_tls}; in steps of {STEP_KIB} KiB; " + ("the hour lasted in it" if hour else f"{PROBE_S:.0f} s lasted in it, the hour did not")
    yield entry("heap/least", least, LEAST_AIM_KIB, "KiB", "<= 1", note)
    for board, room_kib in BOARDS_KIB:
        yield entry(f"heap/{board}", least, room_kib, "KiB", None, "least heap against the board's")
    ocpp = code_by_room(runtime)["ocpp"] + site.figure("data-ocpp")
    note = f"code and data, {UNITS} EVSEs; reference: MicroOcpp's published idle heap, 2 connectors"
    yield entry("heap/ocpp", ocpp / KIB, MICRO_OCPP_KIB, "KiB", None, note)
    yield from split(site, runtime, live)


def rows() -> Iterator[Entry]:
    try:
        runtime = frozen_runtime(fetch=True)
    except RuntimeError as problem:
        yield unmeasured("heap", str(problem))
        return
    tls = TlsServer()
    try:
        yield from figures(runtime, tls)
    finally:
        tls.close()
