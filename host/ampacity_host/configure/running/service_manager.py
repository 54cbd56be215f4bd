"""The messages of `ampacity run` to a service manager (sd_notify): READY=1, WATCHDOG=1, STOPPING=1.

NOTIFY_SOCKET names the manager's socket, WATCHDOG_USEC its patience. The controller does not see that socket: it gets one end of a pair of
sockets of this program. Each datagram there is a pass of the safety loop that found the sums within the ratings (docs/safety.md, rule 11),
and only such a datagram is passed on: the first one as READY=1, all as WATCHDOG=1, at most one each second. A controller that
hangs therefore starves the watchdog of the manager although this program is alive.
"""

import os
import socket
import subprocess
import time
from collections.abc import Callable, Mapping

from ampacity.ports.linux import REPORTS

PASS_ON_S = 1.0  # WATCHDOG=1 is sent at most this often: a watchdog of less than two seconds is not supported
START_S = 60.0  # from the start of a controller to the first report of its safety loop, on a slow computer
LOOK_S = 0.1
CHILD = subprocess.Popen[bytes]
Before = Callable[[], None] | None


class NoManager:
    """Nothing listens: a terminal, or a service manager without notifications."""

    def start(self, program: list[str], environment: Mapping[str, str] | None, before: Before = None) -> CHILD:
        """The process of a controller, in which `before` is called before its program begins. Raises OSError."""
        return subprocess.Popen(program, env=environment, preexec_fn=before)

    def wait(self, child: CHILD) -> int | None:
        """The exit status of the controller; None if it lives on after a second."""
        try:
            return child.wait(1.0)
        except subprocess.TimeoutExpired:
            return None

    def pausing(self, pause_s: float) -> None:
        """The next controller starts after pause_s seconds."""

    def stopping(self) -> None:
        """This program ends, on request."""


class Manager(NoManager):
    """The service manager behind a socket.

    address: a path, or "@name" of an abstract socket. watchdog_us: its time without WATCHDOG=1, 0: it has no watchdog.
    """

    def __init__(self, address: str, watchdog_us: int = 0) -> None:
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self._watchdog_us = watchdog_us
        self._extended = self._ready = False
        self._passed_s: float | None = None
        self._out = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._out.setblocking(False)
        self._reports: socket.socket | None = None

    def start(self, program: list[str], environment: Mapping[str, str] | None, before: Before = None) -> CHILD:
        """The process of a controller, whose safety loop reports to this program. Raises OSError."""
        if self._reports is not None:
            self._reports.close()
        self._reports, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._reports.setblocking(False)
        with theirs:
            own = {**(os.environ if environment is None else environment), REPORTS: str(theirs.fileno())}
            own.pop("NOTIFY_SOCKET", None)
            return subprocess.Popen(program, env=own, pass_fds=(theirs.fileno(),), preexec_fn=before)

    def wait(self, child: CHILD) -> int | None:
        """The exit status of the controller; None if it lives on after a moment. Passes its reports on."""
        if self._reported():
            self._pass_on(time.monotonic())
        time.sleep(LOOK_S)
        return child.poll()

    def pausing(self, pause_s: float) -> None:
        """The next controller starts after pause_s seconds: until its first report the watchdog of the manager waits that much longer."""
        if self._watchdog_us:
            self._extended = True
            self._notify("WATCHDOG_USEC=%d" % max(self._watchdog_us, (pause_s + START_S) * 1e6))

    def stopping(self) -> None:
        """This program ends, on request."""
        self._notify("STOPPING=1")

    def _reported(self) -> bool:
        """True if the safety loop has sent a report since the last look."""
        found = False
        while self._reports is not None:
            try:
                found = self._reports.recv(64) == b"WATCHDOG=1" or found
            except OSError:  # nothing more
                break
        return found

    def _pass_on(self, now_s: float) -> None:
        if self._passed_s is not None and now_s - self._passed_s < PASS_ON_S and not self._extended:
            return
        lines = [] if self._ready else ["READY=1"]
        if self._extended:
            lines.append("WATCHDOG_USEC=%d" % self._watchdog_us)
        if self._notify("\n".join([*lines, "WATCHDOG=1"])):
            self._ready, self._extended, self._passed_s = True, False, now_s

    def _notify(self, text: str) -> bool:
        """True if the manager took it. What it does not take is sent again with the next report, if there is one."""
        try:
            self._out.sendto(text.encode(), self._address)
            return True
        except OSError:
            return False


def service_manager(environment: Mapping[str, str]) -> NoManager:
    """That of the environment variables NOTIFY_SOCKET and WATCHDOG_USEC (microseconds)."""
    address, watchdog_us = environment.get("NOTIFY_SOCKET", ""), environment.get("WATCHDOG_USEC", "")
    if not address.startswith(("/", "@")):
        return NoManager()
    return Manager(address, int(watchdog_us) if watchdog_us.isdecimal() else 0)
