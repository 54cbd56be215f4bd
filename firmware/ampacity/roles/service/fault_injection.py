"""Faults inside the controller that a bench can ask for; on real hardware nothing of this is ever called."""

import os

from ampacity.store.faulty_files import FaultyFiles

SLOW_DISK_MS = 200
BALLAST_BYTES = 65536


def power_cut():
    """The power is gone: leave at once, whatever was being done."""
    if hasattr(os, "kill"):
        os.kill(os.getpid(), 9)
    raise SystemExit(137)


def bench_files(files, delay, cut_in=0):
    """The files of a controller on a bench: the same folder, with a wrong day in front of it.

    cut_in: the power goes in that write, counted from the start; 0: it does not.
    """
    faulty = FaultyFiles(files, power_cut, delay)
    faulty.cut_at_write(cut_in)
    return faulty


class FaultInjection:
    """Acts on the fault events of the doors. primary: whose files, clock and memory are meant."""

    def __init__(self, primary):
        self.primary = primary
        self._ballast = []

    def act(self, kind, on, fields, now_ms):
        primary = self.primary
        primary.log.add("warning", "bench: %s %s" % (kind, "on" if on else "off"), now_ms)
        files = primary.files
        if kind == "clock_jump" and on:
            self._jump(int(fields.get("s", 0) * 1000), now_ms)
        elif kind == "power_cut_at_write" and hasattr(files, "cut_at_write"):
            files.cut_at_write(fields.get("n", 1) if on else 0)
        elif kind == "disk_full" and hasattr(files, "full"):
            files.full = on
        elif kind == "slow_disk" and hasattr(files, "slow_ms"):
            files.slow_ms = fields.get("ms", SLOW_DISK_MS) if on else 0
        elif kind == "low_memory":
            self._ballast = [bytearray(fields.get("bytes", BALLAST_BYTES))] if on else []

    def _jump(self, delta_ms, now_ms):
        wallclock = self.primary.wallclock
        if wallclock.unix_ms(now_ms) is not None:
            wallclock.set_unix(wallclock.unix_ms(now_ms) + delta_ms, "csms", now_ms)
