"""Runs on the emulated Cortex-M3: mounts the bundle in memory as its file system, and installs a clock.

The bundle: the length of an index (4 bytes), the index as "NAME SIZE" lines, then the files one after another.
"""

import io
import sys

import machine
import uctypes
import vfs

BUNDLE = 0x21000000
COUNTER, PRESCALE, INPUT_MHZ = 0x40028018, 0x4002801C, 25


class Bundle:
    """A read-only file system of compiled modules."""

    def __init__(self, at):
        size = int.from_bytes(uctypes.bytes_at(at, 4), "big")
        self.files = {}
        self.folders = {""}
        place = at + 4 + size
        for line in uctypes.bytes_at(at + 4, size).decode().split("\n"):
            name, length = line.split(" ")
            self.files[name] = (place, int(length))
            self.folders.add(name.rpartition("/")[0])
            place += int(length)

    def mount(self, readonly, mkfs):
        pass

    def umount(self):
        pass

    def stat(self, path):
        name = path.strip("/")
        if name in self.files:
            return (0x8000, 0, 0, 0, 0, 0, self.files[name][1], 0, 0, 0)
        if name in self.folders:
            return (0x4000, 0, 0, 0, 0, 0, 0, 0, 0, 0)
        raise OSError(2)

    def open(self, path, mode):
        place, size = self.files[path.strip("/")]
        return io.BytesIO(uctypes.bytes_at(place, size))


def clock_us():
    """Microseconds by the machine's counter."""
    return machine.mem32[COUNTER]


machine.mem32[PRESCALE] = INPUT_MHZ - 1
vfs.mount(Bundle(BUNDLE), "/b")
sys.path.append("/b")
