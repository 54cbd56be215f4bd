"""Row `allocate`: one decision of the safety core for 8 to 4096 charging EVSEs on a tree, on unix MicroPython; 8 to 64 on a
Cortex-M3 in emulation.

A decision is a safety tick that computes new targets: bounds, invariant, shed, share, raise. A long decision is split into
stretches; on the small controller the longest stretch counts.
"""

import math
import subprocess
from collections.abc import Iterator

from tools.bench import cortex_m3
from tools.bench.entry import Entry, entry, unmeasured
from tools.bench.runtime32 import PROBES
from tools.micropython.build32 import ROOT
from tools.micropython.find import find

ROWS = ("allocate",)
COUNTS, LEAST = (8, 64, 512, 4096), 8
ROUNDS = {8: 1200, 64: 200, 512: 80, 4096: 9}
WITHIN_MS = 20
M3_ROUNDS = 6


def decision_us(count: int) -> "tuple[int, int]":
    """(mean microseconds of a decision in CPU time, number of charging EVSEs)."""
    command = [find(), "-X", "heapsize=256M", str(PROBES / "decide.py"), str(count), str(ROUNDS[count])]
    environment = {"MICROPYPATH": f"{ROOT / 'firmware'}:.frozen"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=170, check=False)
    if done.returncode:
        raise RuntimeError((done.stderr + done.stdout).strip().splitlines()[-1])
    mode, charging, mean, _ = done.stdout.split()
    if mode not in ("regulating", "degraded"):
        raise RuntimeError(f"{count} EVSEs: the core is in {mode}")
    return int(mean), int(charging)


def rows(only: "str | None" = None) -> Iterator[Entry]:
    if only is None or not only.startswith("allocate/cortex-m3"):
        yield from on_unix()
    if only in (None, "allocate") or str(only).startswith("allocate/cortex-m3"):
        yield from on_cortex_m3()


def on_unix() -> Iterator[Entry]:
    least_us = 0.0
    for count in COUNTS:
        try:
            mean_us, charging = decision_us(count)
        except (RuntimeError, subprocess.TimeoutExpired) as problem:
            yield unmeasured(f"allocate/{count}", str(problem)[:200])
            continue
        each_us = mean_us / count
        least_us = least_us or each_us
        bound = math.log2(count) / math.log2(LEAST)
        note = f"a decision takes {mean_us / 1000:.4g} ms, {charging} charge; n log n allows {bound:.3g}"
        yield entry(f"allocate/{count}", each_us, least_us, "us an EVSE", f"<= {bound:.3g}", note)
        if count == 64:
            yield entry("allocate/64-at-once", mean_us / 1000, WITHIN_MS, "ms", "<= 1")


def on_cortex_m3() -> Iterator[Entry]:
    """The same in emulation: the longest stretch during which no other task runs."""
    for count in (8, 16, 64):
        row = f"allocate/cortex-m3/{count}"
        if not cortex_m3.there():
            yield unmeasured(row, cortex_m3.MISSING)
            continue
        try:
            mean_us, charging, longest_us = cortex_m3.decision_us(count, M3_ROUNDS)
        except RuntimeError as problem:
            yield unmeasured(row, str(problem)[:200])
            continue
        note = f"its longest stretch; a decision takes {mean_us / 1000:.4g} ms, {charging} charge; emulated, an instruction 8 ns; code in RAM"
        yield entry(row, longest_us / 1000, WITHIN_MS, "ms", "<= 1", note)
