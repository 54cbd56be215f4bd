"""The runtimes of a controller process, and the command that starts it on each."""

import os
import shutil
import sys

from ampacity_host.places import CHECKOUT, FIRMWARE
from ampacity_host.rig.control_channel.fields import FieldError

LARGE_BYTES = "65536"  # for the C library: larger blocks return to the system when freed; by default the library learns to keep them
RUNTIMES = ("cpython", "micropython", "micropython32")


def find_micropython(name):
    """The program of that runtime: the one that AMPACITY_MICROPYTHON names, a checkout's own, else the one on the PATH."""
    if name == "micropython" and os.environ.get("AMPACITY_MICROPYTHON"):
        return os.environ["AMPACITY_MICROPYTHON"]
    folders = {"micropython": ("micropython", "unix64"), "micropython32": ("micropython32", "unix32")}[name]
    for folder in folders if CHECKOUT else ():
        path = CHECKOUT / ".cache" / folder / "micropython"
        if path.is_file():
            return str(path)
    found = shutil.which(name)
    if found is None:
        raise FieldError("runtime", name, "cpython, or " + (
            "run `make %s` first" % name if CHECKOUT else "put a program %s (MicroPython 1.25 or newer) on the PATH" % name))
    return found


def command(runtime, data, heap_kib=None):
    """(arguments, environment) that run the firmware on `data`."""
    environment = dict(os.environ)
    if runtime == "cpython":
        environment.setdefault("MALLOC_MMAP_THRESHOLD_", LARGE_BYTES)
        if CHECKOUT:
            environment["PYTHONPATH"] = str(FIRMWARE)  # an installed firmware is on the path of this Python anyway
        return [sys.executable, "-m", "ampacity", str(data)], environment
    environment["MICROPYPATH"] = "%s:.frozen" % FIRMWARE
    heap = ["-X", "heapsize=%dK" % heap_kib] if heap_kib else ["-X", "heapsize=16M"]
    return [find_micropython(runtime), *heap, "-m", "ampacity", str(data)], environment
