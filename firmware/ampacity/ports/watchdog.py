"""Hardware watchdogs: only the safety loop feeds them, after it has checked the invariant (safety.md rule 11).

Which one is a fact of boot.json: `"watchdog": "/dev/watchdog"` on Linux, with either runtime; `"watchdog": 8000` on a
board, in ms. Without one a controller that hangs stays so, and only the leases of the EVSEs end their orders.
"""

import os

from ampacity.base.errors import Rejected

if False:  # for the type checker
    from typing import Any

    from ampacity.ports.interfaces import Facts, Watchdog

S_IFMT, S_IFCHR = 0xF000, 0x2000
A_DEVICE = "a character device that is there, such as /dev/watchdog"
BOARD_MS_MIN, BOARD_MS_MAX = 500, 8300  # the shortest that outlasts a slow tick; the longest that every chip of ours can


class NoWatchdog:
    """A platform without a hardware watchdog: feeding it does nothing."""

    armed = False

    def feed(self) -> None:
        """Only the safety loop calls this, after it has checked the invariant."""


class DeviceWatchdog:
    """The kernel's watchdog device: opening it starts it, each write feeds it, the process's death lets it bite."""

    armed = True

    def __init__(self, path: str) -> None:
        self._device = open(path, "wb", buffering=0)

    def fileno(self) -> int:
        """Number of the open device."""
        return self._device.fileno()

    def feed(self) -> None:
        """Only the safety loop calls this. OSError: the device is gone."""
        self._device.write(b"\0")


class BoardWatchdog:
    """A chip's own: once started it cannot be stopped. wdt: the class machine.WDT; timeout_ms 500 to 8,300."""

    armed = True

    def __init__(self, wdt: "Any", timeout_ms: int) -> None:
        if type(timeout_ms) is not int or not BOARD_MS_MIN <= timeout_ms <= BOARD_MS_MAX:
            raise Rejected("watchdog", timeout_ms, "%d to %d ms" % (BOARD_MS_MIN, BOARD_MS_MAX))
        self._wdt = wdt(timeout=timeout_ms)

    def feed(self) -> None:
        """Only the safety loop calls this, at least each timeout_ms."""
        self._wdt.feed()


def linux_watchdog(boot: "Facts") -> "Watchdog":
    """That of the boot facts, or none. Raises Rejected for what is no watchdog device, or cannot be opened."""
    path = boot.get("watchdog")
    if path is None:
        return NoWatchdog()
    need_device(path)
    try:
        return DeviceWatchdog(path)
    except OSError:
        raise Rejected("watchdog", path, "a device that can be opened, such as /dev/watchdog")


def need_device(path: object) -> None:
    """Raises Rejected for what is no character device: a file would be fed, and nothing would ever bite. Opens nothing."""
    try:
        if type(path) is str and os.stat(path)[0] & S_IFMT == S_IFCHR:
            return
    except (OSError, ValueError):
        pass
    raise Rejected("watchdog", path, A_DEVICE)
