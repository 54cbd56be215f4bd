"""The serial console of a running controller at a real terminal: `mpremote` and a raw line as `screen` has it, on both runtimes."""

import os
import pty
import select
import signal
import subprocess
import sys
import threading
import time
import tty

import pytest

PATIENCE_S = 30
SITE = """
[site]
name = "yard"
[[circuit]]
name = "main"
rating_a = 63
assumed_other_a = 10
[[bus]]
name = "net"
kind = "tcp"
host = "127.0.0.1"
tcp_port = 9
[[evse]]
name = "bay-left"
kind = "ampacity"
bus = "net"
unit = 1
circuit = "main"
max_a = 16
"""


class Cable:
    """Two pseudo-terminals whose ends are joined."""

    def __init__(self):
        self.pairs = [os.openpty() for _ in range(2)]
        for _, theirs in self.pairs:
            tty.setraw(theirs)
        self.controller, self.person = [os.ttyname(theirs) for _, theirs in self.pairs]
        threading.Thread(target=self._carry, daemon=True).start()

    def _carry(self):
        (one, _), (other, _) = self.pairs
        try:
            while True:
                for ready in select.select([one, other], [], [], 1.0)[0]:
                    os.write(other if ready == one else one, os.read(ready, 4096))
        except (OSError, ValueError):
            return

    def close(self):
        for pair in self.pairs:
            for number in pair:
                os.close(number)


class Hand:
    """Types into a file number and reads what is shown there."""

    def __init__(self, number):
        self.number, self.shown = number, ""

    def until(self, text):
        """What was shown, from the last `type` on."""
        deadline = time.monotonic() + PATIENCE_S
        while text not in self.shown:
            assert time.monotonic() < deadline, self.shown
            if select.select([self.number], [], [], 0.2)[0]:
                self.shown += os.read(self.number, 4096).decode("utf-8", "replace")
        return self.shown

    def type(self, text):
        self.shown = ""
        for letter in text:  # as keys come
            os.write(self.number, letter.encode())
            time.sleep(0.003)


def converse(hand):
    """What an installer does."""
    hand.type("\r")
    hand.until("\r\n> ")
    hand.type("sho\tvers\t\r")
    told = hand.until("\r\n> ")
    assert "show version \r\nversion: " in told
    hand.type("why b\t\r")
    assert "why bay-left \r\n" in hand.until("\r\n> ")
    hand.type("shoe\x7f\x7fow set\t\r")
    assert "shoe\x08 \x08\x08 \x08ow settings \r\n" in hand.until("\r\n> ")
    hand.type("\x1b[A\x1b[A\r")
    assert "why bay-left \r\n" in hand.until("\r\n> ")
    hand.type("password viewer 135790\r")
    assert "135790" not in hand.until("ok\r\n> ") and "******" in hand.shown


@pytest.fixture(params=["cpython", "micropython"])
def cable(request, tmp_path):
    made = Cable()
    (tmp_path / "site.toml").write_text(SITE)
    command = [sys.executable, "-m", "ampacity_host", "run", str(tmp_path / "site.toml"), "--data", str(tmp_path / "data")]
    process = subprocess.Popen([*command, "--runtime", request.param, "--console-line", made.controller], stdin=subprocess.DEVNULL,
                               stderr=subprocess.PIPE, text=True)
    try:
        deadline = time.monotonic() + PATIENCE_S
        while not select.select([made.pairs[1][1]], [], [], 0.2)[0]:  # its first prompt
            assert time.monotonic() < deadline and process.poll() is None
        yield made
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=PATIENCE_S)
        made.close()


def test_a_line_is_edited_and_completed_at_a_terminal_and_a_program_takes_over(cable):
    number = os.open(cable.person, os.O_RDWR | os.O_NOCTTY)
    hand = Hand(number)
    converse(hand)
    hand.type("restart --yes")
    hand.until("--yes")
    os.close(number)
    command = [sys.executable, "-m", "ampacity_host", "console", "--controller", cable.person]
    done = subprocess.run([*command, "log", "changes"], capture_output=True, text=True, timeout=PATIENCE_S)
    assert done.returncode == 0 and "password of the viewer set" in done.stdout and "restart" not in done.stdout, done


def test_mpremote_is_such_a_terminal(cable):
    master, slave = pty.openpty()
    process = subprocess.Popen([sys.executable, "-m", "mpremote", "connect", cable.person, "repl"], stdin=slave, stdout=slave, stderr=slave,
                               start_new_session=True)
    os.close(slave)
    hand = Hand(master)
    try:
        hand.until("to exit this shell")
        converse(hand)
        hand.type("\x1d")
        assert process.wait(PATIENCE_S) == 0
    finally:
        process.poll() is None and process.kill()
        os.close(master)
