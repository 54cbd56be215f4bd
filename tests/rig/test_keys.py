"""`ampacity rig --ui` on a real terminal: a person's keys move the site, and none of them ends it but Ctrl-C."""

import contextlib
import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time

import pytest
from rig_process import SITE

from ampacity_host.rig.control_channel.client import RigClient

PATIENCE_S = 30
PAINT = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r")


def of_a_terminal(ours):
    """Signals of a terminal arrive also where whoever started the tests had them ignored."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    if ours:
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)


class Person:
    """Before a terminal of a size, on which a rig runs: `until(words)` looks at the screen, `type` presses keys."""

    def __init__(self, folder, columns, rows, ours=True):
        site = folder / "site.toml"
        site.write_text(SITE)
        self.master, self.slave = pty.openpty()
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.before = termios.tcgetattr(self.slave)
        environment = {key: value for key, value in os.environ.items() if key not in ("COLUMNS", "LINES", "NO_COLOR")}
        command = [sys.executable, "-m", "ampacity_host", "rig", str(site), "--clock", "virtual", "--ui"]
        self.process = subprocess.Popen(
            command, stdin=self.slave if ours else subprocess.DEVNULL, stdout=self.slave, stderr=self.slave, start_new_session=True,
            preexec_fn=lambda: of_a_terminal(ours),
            env={**environment, "TERM": "xterm-256color", "XDG_STATE_HOME": str(folder)})
        self.seen, self.columns = "", columns
        self.until('"ready"')
        ready = re.search(r"\{.*?\]\}", self.until('"circuits"', "}").replace("\r\n", ""))[0]
        self.rig = RigClient(json.loads(ready)["control"])

    def hear(self):
        if select.select([self.master], [], [], 0.2)[0]:
            with contextlib.suppress(OSError):
                self.seen += os.read(self.master, 65536).decode("utf-8", "replace")

    def until(self, *words):
        """The screen, as soon as it shows them all."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            screen = PAINT.sub("", self.seen.rpartition("\x1b[H")[2])
            if all(word in screen for word in words):
                return screen
            assert time.monotonic() < deadline and self.process.poll() is None, screen
            self.hear()

    def type(self, text):
        self.seen = ""
        os.write(self.master, text.encode())

    def so(self, is_it):
        """Waits until the rig itself says so."""
        deadline = time.monotonic() + PATIENCE_S
        while not is_it(self.rig.state()["truth"]["evses"]):
            assert time.monotonic() < deadline
            self.hear()

    def end(self):
        deadline = time.monotonic() + PATIENCE_S
        while self.process.poll() is None and time.monotonic() < deadline:
            self.hear()
        return self.process.poll()


@contextlib.contextmanager
def at(folder, *size, ours=True):
    person = Person(folder, *size, ours=ours)
    try:
        yield person
    finally:
        person.rig.close()
        if person.process.poll() is None:
            person.process.terminate()
            person.end()
        person.process.wait(PATIENCE_S)
        os.close(person.master)
        os.close(person.slave)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
def test_a_car_comes_and_goes_at_one_key_and_control_c_leaves_the_terminal_as_it_was(tmp_path, size):
    with at(tmp_path, *size) as person:
        person.until("›1 evse-1", "p plug", "? keys")
        person.type("2p")
        person.until("›2 evse-2", "plug evse-2: ok", "p unplug")
        person.so(lambda evses: evses["evse-2"]["plugged"])
        person.type("\x1b[Bp")
        person.until("›3 evse-3", "plug evse-3: ok")
        person.type(":plug evse-3\r")
        person.until("unplug it first")
        person.type("\x1b[A")
        person.until("›2 evse-2")
        person.type("p")
        person.so(lambda evses: [one["plugged"] for one in evses.values()] == [False, False, True])
        person.type("f\r")
        person.until("1 fault ")
        assert person.rig.state()["faults"] == [{"kind": "welded", "target": "evse-2"}]
        person.type("t")
        person.until("advance 1000: ")
        person.type("?")
        person.until("choose an EVSE")
        person.type("\x03")
        assert person.end() == 0
        assert termios.tcgetattr(person.slave) == person.before


def test_keys_handled_by_the_terminal_do_not_stop_or_end_the_rig(tmp_path):
    with at(tmp_path, 80, 24) as person:
        person.until("›1 evse-1")
        person.type("\x13\x1a\x1c\x04\x16\x0f\x1b")  # Ctrl-S, Ctrl-Z, Ctrl-\, Ctrl-D, Ctrl-V, Ctrl-O, Esc
        person.type("p")
        person.until("plug evse-1: ok")
        fcntl.ioctl(person.slave, termios.TIOCSWINSZ, struct.pack("HHHH", 3, 9, 0, 0))
        person.type("p")
        person.so(lambda evses: not evses["evse-1"]["plugged"])
        assert person.process.poll() is None


def test_a_closed_terminal_ends_the_rig_cleanly(tmp_path):
    with at(tmp_path, 80, 24) as person:
        person.until("›1 evse-1")
        os.close(person.slave)
        os.close(person.master)
        try:
            assert person.process.wait(PATIENCE_S) == 0
            assert not (tmp_path / "ampacity" / "rig.json").exists()
        finally:
            person.master, person.slave = pty.openpty()


def test_without_a_source_of_keys_none_are_offered(tmp_path):
    with at(tmp_path, 80, 24, ours=False) as person:
        screen = person.until("evse-3", "circuit", "events")
        assert "? keys" not in screen and "p plug" not in screen and "›" not in screen
