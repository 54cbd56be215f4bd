"""The runtimes of a controller process, and how it is started on each."""

import os
import shutil
import sys
from pathlib import Path

from ampacity_host.rig.fields import FieldError

ROOT = Path(__file__).resolve().parents[4]
FIRMWARE = ROOT / "firmware"
RUNTIMES = ("cpython", "micropython", "micropython32")


def find_micropython(name):
    """The program of that runtime: provisioned in .cache, else on the PATH."""
    folders = {"micropython": ("micropython", "unix64"), "micropython32": ("micropython32", "unix32")}[name]
    for folder in folders:
        path = ROOT / ".cache" / folder / "micropython"
        if path.is_file():
            return str(path)
    found = shutil.which(name)
    if found is None:
        raise FieldError("runtime", name, "cpython, or run `make %s` first" % name)
    return found


def command(runtime, data, heap_kib=None):
    """(arguments, environment) that run the firmware on `data`."""
    environment = dict(os.environ)
    if runtime == "cpython":
        environment["PYTHONPATH"] = str(FIRMWARE)
        return [sys.executable, "-m", "ampacity", str(data)], environment
    environment["MICROPYPATH"] = "%s:.frozen" % FIRMWARE
    heap = ["-X", "heapsize=%dK" % heap_kib] if heap_kib else ["-X", "heapsize=16M"]
    return [find_micropython(runtime), *heap, "-m", "ampacity", str(data)], environment
