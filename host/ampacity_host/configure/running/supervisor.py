"""`ampacity run` keeps its controller running: again at once where that asks for it, and after a crash with a growing wait.

Decision 15 says why this is not left to a service manager. The controller itself counts its crashes: five short lives in a
row end in its safe state, which stays up for people for an hour, so nothing runs in a quick circle.

SIGTERM, SIGHUP and Ctrl-C belong to this program: the controller is started with SIGINT held back, so that the Ctrl-C of a terminal, which
goes to all of its processes, finds no runtime halfway through its start; it is handed on as SIGTERM. Sent to the controller alone each
of them is a deliberate stop, too: the controller ends by it, no crash is counted, and this program ends with 0.

If this program is killed (SIGKILL, out of memory), Linux sends SIGTERM to its controller (`following`), which nothing would start again.

Under a service manager with NOTIFY_SOCKET the reports of the controller's safety loop are passed on to it (`service_manager`).
"""

import atexit
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from ampacity.ports.platform import EXIT_BUSY, EXIT_CONFIG, EXIT_RESTART, EXIT_USAGE
from ampacity_host.configure.running.service_manager import NoManager, service_manager

FINAL = (0, EXIT_USAGE, EXIT_BUSY, EXIT_CONFIG)  # a restart would change nothing
ENDED = "ended"  # in the data folder: the last run was ended on request, not by a crash
WAIT_S_MIN, WAIT_S_MAX = 1.0, 60.0
HEALTHY_S = 600.0  # after such a run time the shortest wait applies again
NOT_STARTED = 126  # the program could not be started: out of memory, or gone for a moment
KILL_S = 20.0  # a controller that has not followed a signal by then is killed
LOOK_S = 0.1
PR_SET_PDEATHSIG = 1
Program = Callable[[], tuple[list[str], dict[str, str]]]  # arguments and environment of the next start
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Supervisor:
    """One controller after the other until one ends permanently, or a signal ends this program."""

    def __init__(
        self, program: list[str], environment: dict[str, str], data: Path | None = None, manager: NoManager | None = None,
        choose: Program | None = None,
    ) -> None:  # fmt: skip
        self._program, self._environment, self._data, self._choose = program, environment, data, choose
        self._manager = manager or NoManager()
        self._child: subprocess.Popen[bytes] | None = None
        self._ending_s: float | None = None  # when a signal came
        self._wait_s = WAIT_S_MIN

    def hand_on(self, _number: int, _frame: object) -> None:
        """A signal: for the controller, too."""
        if self._ending_s is None:
            self._ending_s = time.monotonic()
            self._manager.stopping()
        if self._child is not None and self._child.poll() is None:
            self._child.terminate()

    def run(self) -> int:
        """The exit status: 0 if it was stopped on request."""
        while self._ending_s is None:
            begun_s = time.monotonic()
            status = self._live()
            if self._ending_s is not None:
                return self._ended(status)
            if -status in SIGNALS:
                print_line(f"the controller was stopped by {signal.Signals(-status).name}")
                return self._ended(status)
            if status in FINAL:
                return self._ended(status) if status == 0 else status
            if status == EXIT_RESTART:
                self._manager.pausing(0)
            else:
                self._pause(status, time.monotonic() - begun_s)
        return self._ended(0)

    def _live(self) -> int:
        try:
            if self._choose is not None:
                self._program, self._environment = self._choose()
            self._child = without_ctrl_c(lambda: self._manager.start(self._program, self._environment, following()))
        except OSError as problem:
            print_line(f"the controller cannot be started: {problem}")
            return NOT_STARTED
        if self._ending_s is not None:  # the signal came before there was a child
            self._child.terminate()
        while True:
            status = self._manager.wait(self._child)
            if status is not None:
                return status
            if self._ending_s is not None and time.monotonic() - self._ending_s > KILL_S:
                self._child.kill()

    def _pause(self, status: int, lived_s: float) -> None:
        if lived_s >= HEALTHY_S:
            self._wait_s = WAIT_S_MIN
        how = f"by signal {-status}" if status < 0 else f"with status {status}"
        print_line(f"the controller ended {how} after {lived_s:.0f} s; it restarts in {self._wait_s:g} s")
        if self._data is not None:
            forget_reason(self._data)
        self._manager.pausing(self._wait_s)
        until_s = time.monotonic() + self._wait_s
        while self._ending_s is None and time.monotonic() < until_s:
            time.sleep(LOOK_S)
        self._wait_s = min(2 * self._wait_s, WAIT_S_MAX)

    def _ended(self, status: int) -> int:
        if self._data is not None:
            try:
                (self._data / ENDED).touch(mode=0o600)
            except OSError as problem:  # then the next start takes it for a crash
                print_line(str(problem))
        if status in (0, EXIT_RESTART) or -status in SIGNALS:
            return 0
        return 128 - status if status < 0 else status


def print_line(text: str) -> None:
    """On standard error, if it is open; the controller continues without."""
    try:
        print(f"ampacity: {text}", file=sys.stderr, flush=True)
    except OSError:
        pass


def forget_reason(data: Path) -> None:
    """Why the first life began is not why the next one does: the controller is to count it as a crash."""
    path, new = data / "boot.json", data / "boot.new"
    try:
        boot = json.loads(path.read_text())
        if boot.pop("reason", None) is not None:
            new.unlink(missing_ok=True)
            new.touch(mode=0o600)
            new.write_text(json.dumps(boot) + "\n")
            os.replace(new, path)
    except (OSError, ValueError) as problem:
        print_line(f"{path}: {problem}")


def without_ctrl_c(start: Callable[[], subprocess.Popen[bytes]]) -> subprocess.Popen[bytes]:
    """Start a process that inherits a mask in which SIGINT is held back."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        return start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def following() -> Callable[[], None] | None:
    """What a new process calls before its program begins, to get SIGTERM when this program is gone. None: this system has no such signal."""
    try:
        import ctypes

        prctl = ctypes.CDLL(None).prctl
    except (ImportError, OSError, AttributeError):
        return None
    own = os.getpid()

    def follow() -> None:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)  # the inherited handler would note it only, and ends when the program begins
        prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != own:  # already gone: no signal comes
            os._exit(0)

    return follow


def note_signals() -> list[int]:
    """SIGTERM, SIGHUP and Ctrl-C are only noted, in the list, until `supervise` takes it; from now on none changes an exit status."""
    came: list[int] = []
    for number in taken():
        signal.signal(number, lambda number, _frame: came.append(number))
    atexit.register(ignore_signals)  # the interpreter's end would bring the default actions back
    return came


def taken() -> list[signal.Signals]:
    """Signals that end this program: not SIGHUP where it is ignored, as under nohup."""
    return [number for number in SIGNALS if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN]


def ignore_signals() -> None:
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def supervise(
    program: list[str], environment: dict[str, str], data: Path | None = None, came: Sequence[int] = (), choose: Program | None = None,
) -> int:  # fmt: skip
    """Run the program, again as the module says; SIGTERM, SIGHUP and SIGINT are handed on, and noted in the data folder.

    came: of `note_signals`, those that were there before. choose: what each start runs, in place of the program.
    """
    supervisor = Supervisor(program, environment, data, service_manager(os.environ), choose)
    for number in taken():
        signal.signal(number, supervisor.hand_on)
    for noted in came:
        supervisor.hand_on(noted, None)
    return supervisor.run()
