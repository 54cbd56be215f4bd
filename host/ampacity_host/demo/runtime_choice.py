"""Which runtime the demonstration takes: MicroPython of at least 1.25 if there is one, else CPython, and it says so."""

import re
import subprocess
import sys

from ampacity_host.rig.control_channel.fields import FieldError
from ampacity_host.rig.process.runtime import find_micropython

LEAST = (1, 25)


def choose(wanted=None):
    """(runtime of `ampacity rig`, its name and version, one line of explanation or ""). wanted: None for the best there is."""
    if wanted == "cpython":
        return "cpython", cpython_name(), ""
    try:
        program = find_micropython("micropython")
    except FieldError:
        program = None
    version = version_of(program) if program else None
    if version and version >= LEAST:
        return "micropython", "MicroPython %d.%d" % version, ""
    why = "no micropython here" if version is None else "%s is version %d.%d" % (program, *version)
    return "cpython", cpython_name(), "%s; at least %d.%d is needed, so the firmware runs on CPython" % (why, *LEAST)


def cpython_name():
    return "CPython %d.%d" % sys.version_info[:2]


def version_of(program):
    """(major, minor) of a MicroPython program, None if it does not run or is something else."""
    try:
        done = subprocess.run([program, "-c", "import sys; print(sys.version)"], capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.search(r"MicroPython v?(\d+)\.(\d+)", done.stdout)
    return (int(found[1]), int(found[2])) if found else None
