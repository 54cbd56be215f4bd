"""Finds the MicroPython runtimes: the one fetched into .cache, else one of version 1.25 or newer on the PATH."""

import os
import re
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LEAST = (1, 25)
PLACES = {"micropython": ".cache/micropython/micropython", "micropython32": ".cache/micropython32/micropython"}
HOW = {"micropython": "run: make setup", "micropython32": "run: make micropython32"}


class MissingRuntime(RuntimeError):
    """No runtime of that kind here; the text says in one line how to get one."""


def version_of(program: str) -> tuple[int, int] | None:
    """(major, minor) of a MicroPython program, None if it does not run."""
    try:
        out = subprocess.run(
            [program, "-c", "import sys; print(sys.version)"], capture_output=True, text=True, timeout=20
        )
    except OSError:
        return None
    found = re.search(r"MicroPython v?(\d+)\.(\d+)", out.stdout)
    return (int(found[1]), int(found[2])) if found else None


def find(kind: str = "micropython") -> str:
    """Path of the runtime of `kind` ("micropython" or "micropython32"); raises MissingRuntime."""
    if kind == "micropython" and os.environ.get("AMPACITY_MICROPYTHON"):
        return os.environ["AMPACITY_MICROPYTHON"]
    place = ROOT / PLACES[kind]
    if place.exists():
        return str(place)
    on_path = shutil.which("micropython")
    if kind == "micropython" and on_path and (version_of(on_path) or (0, 0)) >= LEAST:
        return on_path
    raise MissingRuntime(f"no {kind} runtime in {PLACES[kind]}; {HOW[kind]}")
