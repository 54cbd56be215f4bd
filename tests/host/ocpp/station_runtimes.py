"""Where the station of a conversation runs: in this process, or inside MicroPython."""

import importlib
import os
import subprocess
from pathlib import Path

from far_objects import FarEnded, Peer

from tools.micropython.find import find

ROOT = Path(__file__).resolve().parents[3]
HEAP = "8M"


class Here:
    """CPython, this process."""

    def make(self, name, *args):
        """A new object; name: module.Class."""
        module, _, member = name.rpartition(".")
        return getattr(importlib.import_module(module), member)(*args)


class MicroPython:
    """A MicroPython process of its own, from the first object on; `fresh` lets it forget the objects of the test before.

    firmware: the folder from which it imports.
    """

    def __init__(self, program=None, firmware="firmware"):
        self._program = program
        self._firmware = str(firmware)
        self._process = None
        self._classes = {}

    def make(self, name, *args):
        """A new object in that process; name: module.Class."""
        if self._process is None:
            self._start()
        if name not in self._classes:
            module, _, member = name.rpartition(".")
            self._classes[name] = self._peer.ask(["load", module, member])
        return self._classes[name](*args)

    def fresh(self):
        """No objects of before; a process that has ended is replaced when it is needed."""
        self._classes = {}
        if self._process is None:
            return
        try:
            self._peer.forget()
            self._peer.ask(["forget"])
        except (FarEnded, OSError):
            self.close()

    def used(self):
        """Whether something was made there since `fresh`."""
        return bool(self._classes)

    def close(self):
        """End the process."""
        if self._process is not None:
            self._process.stdin.close()
            self._process.kill()
            self._process.wait()
            self._process.stdout.close()
            self._process = None

    def _start(self):
        path = os.pathsep.join([self._firmware, "tests/host/ocpp", ".frozen"])
        command = [self._program or find(), "-X", "heapsize=" + HEAP, "tests/host/ocpp/far_objects.py"]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "bufsize": 0}
        self._process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, "MICROPYPATH": path}, **pipes)
        self._peer = Peer(self._read, self._process.stdin.write)

    def _read(self, count):
        data = b""
        while len(data) < count:
            more = self._process.stdout.read(count - len(data))
            if not more:
                return b""
            data += more
        return data


HERE = Here()
MICROPYTHON = MicroPython()
in_use = HERE


def use(runtime):
    """The runtime of the conversations that begin from now on."""
    global in_use
    in_use = runtime
