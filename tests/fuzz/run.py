"""Both runtimes, all cores: what `python -m tests.fuzz` and `make proof` run, and the sum of it.

On CPython the foreign devices are all profiles that there are; on MicroPython those of tests/profiles/compiled_tables.py.
"""

import json
import multiprocessing
import os
import subprocess
import sys
import time
from pathlib import Path

from ampacity_host.profiles import compile_profile, load, names
from tests.fuzz.cases import CASES
from tests.fuzz.play import Play
from tools.micropython.find import find

ROOT = Path(__file__).resolve().parents[2]
PORTION = 100_000
FULL, FULL_MICROPYTHON = 10_000_000, 100_000
QUICK, QUICK_MICROPYTHON = 40_000, 4_000
HEAP = "4M"


def profiles():
    """The compiled tables of every profile, by name."""
    return [compile_profile(load(name)) for kind in ("evse", "meter") for name in sorted(names(kind))]


def portion(task):
    """One process's share: (seed, frames) -> result."""
    seed, frames = task
    began = time.process_time()
    result = Play(seed, CASES, profiles()).run(frames)
    result["seconds"] = round(time.process_time() - began, 1)
    return result


def on_cpython(frames, seed, processes=None, tell=None):
    """Portions with seeds from `seed` on, added up as they come."""
    tasks = [(seed + at, min(PORTION, frames - at * PORTION)) for at in range(-(-frames // PORTION))]
    total = {}
    with multiprocessing.get_context("fork").Pool(min(processes or os.cpu_count() or 1, len(tasks))) as pool:
        for result in pool.imap_unordered(portion, tasks, chunksize=1):
            add(total, result)
            if tell is not None:
                tell("%d of %d frames, %d exceptions" % (total["frames"], frames, total["exceptions"]))
    return total


def on_micropython(frames, seed):
    """The unix runtime's result; raises what is wrong where it cannot be had."""
    path = os.pathsep.join(["firmware", ".", "tests/profiles", ".frozen"])
    command = [find(), "-X", "heapsize=" + HEAP, "tests/fuzz/on_micropython.py", str(frames), str(seed)]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, "MICROPYPATH": path}, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stdout[-2000:] + done.stderr[-2000:])
    return json.loads(done.stdout.splitlines()[-1])


def add(total, more):
    """Numbers are added, but for the greatest growth; lists are joined."""
    for key, value in more.items():
        if isinstance(value, dict):
            add(total.setdefault(key, {}), value)
        elif key == "growth":
            total[key] = max(total.get(key, 0), value)
        elif isinstance(value, float):
            total[key] = round(total.get(key, 0) + value, 1)
        else:
            total[key] = total[key] + value if key in total else value


def run(deep=False, processes=None):
    """The part of `python -m tests.proof`: {"frames", "exceptions", "failures", …, "micropython": {…}, "problems"}."""
    tell = _tell if sys.stderr.isatty() else None
    result = on_cpython(FULL if deep else QUICK, 1, processes, tell)
    result["micropython"] = on_micropython(FULL_MICROPYTHON if deep else QUICK_MICROPYTHON, 1)
    result["problems"] = result["problems"] + result["micropython"].pop("problems")
    result["failures"] = len(result["problems"])
    return result


def _tell(text):
    print("fuzz: " + text, file=sys.stderr, flush=True)
