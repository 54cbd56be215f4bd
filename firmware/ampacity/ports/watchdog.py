"""Hardware watchdogs: only the safety loop feeds them, after it has checked the invariant (safety.md rule 11).

Which one is a fact of boot.json: `"watchdog": "/dev/watchdog"` on Linux, with either runtime; `"watchdog": 8000` on a
board, in ms. Without one a controller that hangs stays hung, and only the leases of others bring them down.
"""

from ampacity.base.errors import Rejected

BOARD_MS_MIN, BOARD_MS_MAX = 500, 8300  # the shortest that outlasts a slow tick; the longest that every chip of ours can


class NoWatchdog:
    """A platform without a hardware watchdog: feeding it does nothing."""

    armed = False

    def feed(self):
        """Only the safety loop calls this, after it has checked the invariant."""


class DeviceWatchdog:
    """The kernel's watchdog device: opening it starts it, each write feeds it, the process's death lets it bite."""

    armed = True

    def __init__(self, path):
        self._device = open(path, "wb", buffering=0)

    def feed(self):
        self._device.write(b"\0")


class BoardWatchdog:
    """A chip's own: once started it cannot be stopped. wdt: the class machine.WDT; timeout_ms 500 to 8,300."""

    armed = True

    def __init__(self, wdt, timeout_ms):
        if type(timeout_ms) is not int or not BOARD_MS_MIN <= timeout_ms <= BOARD_MS_MAX:
            raise Rejected("watchdog", timeout_ms, "%d to %d ms" % (BOARD_MS_MIN, BOARD_MS_MAX))
        self._wdt = wdt(timeout=timeout_ms)

    def feed(self):
        self._wdt.feed()


def linux_watchdog(boot):
    """That of the boot facts, or none. Raises Rejected for what is no path, or cannot be opened."""
    path = boot.get("watchdog")
    if not path:
        return NoWatchdog()
    if type(path) is not str:
        raise Rejected("watchdog", path, "the path of a device, such as /dev/watchdog")
    try:
        return DeviceWatchdog(path)
    except OSError:
        raise Rejected("watchdog", path, "a device that can be opened, such as /dev/watchdog")
