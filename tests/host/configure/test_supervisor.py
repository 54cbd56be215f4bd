"""What keeps a controller running goes on where nobody reads what it says, and where a start fails once."""

import signal
import subprocess
import sys
import time

from ampacity_host.configure.running import supervisor
from ampacity_host.configure.running.supervisor import FINAL, Supervisor


def test_a_closed_standard_error_does_not_end_the_program(tmp_path):
    count = tmp_path / "count"
    child = "import os, sys; n = os.path.exists(%r); open(%r, 'a').write('x'); sys.exit(2 if n else 9)" % (str(count), str(count))
    lives = "import sys; from ampacity_host.configure.running import supervisor as s; s.WAIT_S_MIN = 0.05; "
    lives += "sys.exit(s.supervise([sys.executable, '-c', %r], None))"
    program = [sys.executable, "-c", lives % child]
    process = subprocess.Popen(program, stderr=subprocess.PIPE)
    process.stderr.close()
    assert process.wait(30) == 2 and count.read_text() == "xx"


def test_a_program_that_cannot_be_started_is_tried_again(tmp_path, monkeypatch):
    monkeypatch.setattr(supervisor, "WAIT_S_MIN", 0.01)
    program = tmp_path / "program"
    one = Supervisor([str(program)], {})
    pauses, pause = [], one._pause

    def look(status, lived_s):
        pauses.append(status)
        if len(pauses) == 2:
            program.write_text("#!/bin/sh\nexit 2\n")
            program.chmod(0o755)
        pause(status, lived_s)

    one._pause = look
    assert one.run() == 2 and 2 in FINAL and pauses == [supervisor.NOT_STARTED] * 2


def test_a_controller_that_follows_no_signal_is_killed(monkeypatch):
    monkeypatch.setattr(supervisor, "KILL_S", 0.2)
    child = "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nwhile True: time.sleep(1)"
    one = Supervisor([sys.executable, "-c", child], None)
    import threading

    threading.Timer(1.0, one.hand_on, (signal.SIGTERM, None)).start()
    assert one.run() == 128 + signal.SIGKILL


HOLDER = """
import os, signal, sys, time
from ampacity_host.configure.running.supervisor import following
signal.signal(signal.SIGTERM, lambda *_: None)
follow, own = following(), os.getpid()
if os.fork() == 0:
    while {late} and os.getppid() == own:
        time.sleep(0.01)
    follow()
    print("follows", flush=True)
    time.sleep(60)
{end}
"""


def test_a_process_that_follows_ends_when_the_one_before_it_is_gone_also_before_its_own_program_begins():
    heard = {}
    for late, end in ((False, "time.sleep(1)\nos.kill(own, signal.SIGKILL)"), (True, "os._exit(0)")):
        begun_s = time.monotonic()
        heard[late] = subprocess.run([sys.executable, "-c", HOLDER.format(late=late, end=end)], stdout=subprocess.PIPE, text=True).stdout
        assert time.monotonic() - begun_s < 30  # the pipe is open while the second process lives
    assert heard == {False: "follows\n", True: ""}


def test_a_system_without_that_signal_starts_its_controller(monkeypatch):
    import ctypes

    monkeypatch.setattr(ctypes, "CDLL", lambda _name: object())  # as the C library of macOS
    assert supervisor.following() is None
    assert Supervisor([sys.executable, "-c", ""], None).run() == 0
