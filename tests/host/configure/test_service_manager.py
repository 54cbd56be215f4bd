"""What a service manager receives from `ampacity run`: READY=1 and WATCHDOG=1 from the safety loop alone, STOPPING=1 at the end."""

import os
import signal
import socket
import subprocess
import sys
import time

import pytest

from ampacity_host.configure.running import service_manager
from ampacity_host.configure.running.service_manager import Manager, NoManager
from tests.host.configure.test_run_for_real import PATIENCE_S, SITE, wait_until

REPORTING = "import os, socket, time\ns = socket.socket(fileno=int(os.environ['AMPACITY_REPORTS']))\n"


class Listener:
    """The socket of a service manager, and every line that came."""

    def __init__(self, folder):
        self.path = str(folder / "notify")
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self.path)
        self._socket.setblocking(False)
        self.lines = []

    def heard(self):
        while True:
            try:
                self.lines += self._socket.recv(4096).decode().split("\n")
            except BlockingIOError:
                return self.lines

    def next_within(self, seconds):
        """True if WATCHDOG=1 comes from now on."""
        self.heard()
        seen, end_s = len(self.lines), time.monotonic() + seconds
        while time.monotonic() < end_s and "WATCHDOG=1" not in self.heard()[seen:]:
            time.sleep(0.05)
        return "WATCHDOG=1" in self.lines[seen:]


@pytest.fixture
def listener(tmp_path):
    return Listener(tmp_path)


def played(manager, child, until, seconds=10):
    """Wait on a child until the condition; its exit status, if it ended."""
    end_s, status = time.monotonic() + seconds, None
    while status is None and not until() and time.monotonic() < end_s:
        status = manager.wait(child)
    return status


def test_the_first_report_makes_the_service_ready_and_later_ones_feed_its_watchdog_once_a_second(listener):
    manager = Manager(listener.path, 15_000_000)
    child = manager.start([sys.executable, "-c", REPORTING + "for _ in range(25): s.send(b'WATCHDOG=1'); time.sleep(0.1)"], None)
    assert played(manager, child, lambda: False) == 0
    assert listener.heard()[:2] == ["READY=1", "WATCHDOG=1"] and listener.lines.count("READY=1") == 1
    assert 2 <= listener.lines.count("WATCHDOG=1") <= 4


def test_a_controller_that_lives_without_reports_feeds_nothing(listener):
    manager = Manager(listener.path, 15_000_000)
    child = manager.start([sys.executable, "-c", REPORTING + "s.send(b'READY=1'); time.sleep(1)"], None)
    assert played(manager, child, lambda: False) == 0 and listener.heard() == []


def test_the_controller_does_not_see_the_socket_of_the_manager(listener, monkeypatch):
    monkeypatch.setenv("NOTIFY_SOCKET", listener.path)
    child = Manager(listener.path).start([sys.executable, "-c", "import os, sys; sys.exit('NOTIFY_SOCKET' in os.environ)"], None)
    assert child.wait(10) == 0


def test_before_a_restart_the_watchdog_of_the_manager_is_extended_until_the_next_report(listener):
    manager = Manager(listener.path, 15_000_000)
    manager.pausing(8.0)
    assert listener.heard() == ["WATCHDOG_USEC=68000000"]
    child = manager.start([sys.executable, "-c", REPORTING + "s.send(b'WATCHDOG=1'); time.sleep(1)"], None)
    played(manager, child, lambda: len(listener.heard()) > 1)
    child.wait(10)
    assert listener.lines[1:] == ["READY=1", "WATCHDOG_USEC=15000000", "WATCHDOG=1"]


def test_a_manager_without_a_watchdog_is_sent_no_times(listener):
    Manager(listener.path).pausing(8.0)
    assert listener.heard() == []


def test_a_manager_that_listens_later_receives_the_state_then(tmp_path):
    manager = Manager(str(tmp_path / "notify"))
    child = manager.start([sys.executable, "-c", REPORTING + "while True: s.send(b'WATCHDOG=1'); time.sleep(0.1)"], None)
    manager.wait(child)
    listener = Listener(tmp_path)
    played(manager, child, listener.heard)
    child.kill()
    child.wait()
    assert listener.lines == ["READY=1", "WATCHDOG=1"]


@pytest.mark.parametrize("environment", [{}, {"NOTIFY_SOCKET": ""}, {"NOTIFY_SOCKET": "vsock:2:1"}])
def test_without_a_socket_of_a_known_kind_there_is_no_manager(environment):
    assert type(service_manager.service_manager(environment)) is NoManager


def test_a_running_site_is_ready_is_fed_while_its_safety_loop_runs_and_says_when_it_stops(tmp_path, listener):
    data = tmp_path / "data"
    command = [sys.executable, "-m", "ampacity_host", "run", str(SITE), "--data", str(data)]
    environment = {**os.environ, "NOTIFY_SOCKET": listener.path, "WATCHDOG_USEC": "15000000"}
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, env=environment)
    try:
        wait_until(lambda: "READY=1" in listener.heard())
        assert listener.next_within(5)
        controller = int((data / "lock").read_text().split()[0])
        os.kill(controller, signal.SIGSTOP)  # hangs, and its supervisor does not
        time.sleep(0.5)
        assert not listener.next_within(3)
        os.kill(controller, signal.SIGCONT)
        assert listener.next_within(5)
        os.kill(controller, signal.SIGKILL)
        wait_until(lambda: "WATCHDOG_USEC=61000000" in listener.heard())
        wait_until(lambda: "WATCHDOG_USEC=15000000" in listener.heard())
    finally:
        process.send_signal(signal.SIGTERM)
        status = process.wait(PATIENCE_S)
    assert status == 0 and "STOPPING=1" in listener.heard() and listener.lines.count("READY=1") == 1
