"""Faults inside the controller that a bench can ask for; on real hardware nothing of this is ever called."""

import os

from ampacity.store.faulty_files import FaultyFiles

if False:  # for the type checker
    from collections.abc import Callable
    from typing import Any, NoReturn

    from ampacity.roles.interfaces import Files
    from ampacity.roles.primary_face import PrimaryFace

SLOW_DISK_MS = 200
BALLAST_BYTES = 65536


def power_cut() -> "NoReturn":
    """The power is gone: leave at once, whatever was being done."""
    if hasattr(os, "kill"):
        os.kill(os.getpid(), 9)
    raise SystemExit(137)


def bench_files(files: "Files", delay: "Callable[[int], None]", cut_in: int = 0) -> "Files":
    """The files of a controller on a bench: the same folder, with a wrong day in front of it.

    cut_in: the power goes in that write, counted from the start; 0: it does not.
    """
    faulty = FaultyFiles(files, power_cut, delay)
    faulty.cut_at_write(cut_in)
    return faulty


class FaultInjection:
    """Acts on the fault events of the doors. primary: whose files, clock and memory are meant."""

    def __init__(self, primary: "PrimaryFace") -> None:
        self.primary = primary
        self._ballast: "list[bytearray]" = []

    def act(self, kind: str, on: bool, fields: "dict[str, Any]", now_ms: int) -> None:
        """Switch the fault of this kind on or off; fields: its parameters (docs/interfaces/rig.md). Other kinds change nothing."""
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

    def _jump(self, delta_ms: int, now_ms: int) -> None:
        wallclock = self.primary.wallclock
        unix_ms = wallclock.unix_ms(now_ms)
        if unix_ms is not None:
            wallclock.set_unix(unix_ms + delta_ms, "csms", now_ms)
