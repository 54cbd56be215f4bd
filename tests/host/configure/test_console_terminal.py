"""`ampacity console` as a person has it: on a real terminal, with the real console behind a real socket."""

import asyncio
import fcntl
import json
import os
import pty
import select
import signal
import subprocess
import sys
import termios
import threading
import time
from pathlib import Path

import pytest

sys.path[:0] = [str(Path(__file__).parents[2] / room) for room in ("console", "roles")]

from helper_garage import Garage  # noqa: E402
from helper_target import Target  # noqa: E402

from ampacity.console.console import COMMANDS, Console  # noqa: E402
from ampacity.console.server import answered  # noqa: E402
from ampacity.ports.detect import detect_platform  # noqa: E402
from ampacity_host.configure.command import free_address  # noqa: E402
from ampacity_host.console.command import WITH_JSON, has_json  # noqa: E402
from ampacity_host.console.line_editing import Completer, secret  # noqa: E402

PATIENCE_S = 30


class Door:
    """The console behind a socket, in a thread: connection after connection, each with its own."""

    def __init__(self):
        import socketserver

        self.target = target = Target()

        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                console = Console(target)
                self.wfile.write(b"> ")
                for line in self.rfile:
                    self.wfile.write(asyncio.run(answered(console, line, "installer", detect_platform()[0](".", {}).clock)))

        self.server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.address = "127.0.0.1:%d" % self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def door():
    one = Door()
    yield one
    one.server.shutdown()
    one.server.server_close()


def of_a_terminal():
    """The terminal is this process's own, and Ctrl-C reaches it also where whoever started the tests had it ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


class Terminal:
    """A process on a pty: what it shows, what is typed."""

    def __init__(self, folder, *words):
        self.master, slave = pty.openpty()
        command = [sys.executable, "-m", "ampacity_host", "console", *words]
        environment = dict(os.environ, XDG_STATE_HOME=str(folder), TERM="dumb")
        self.process = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, env=environment, start_new_session=True,
                                        preexec_fn=of_a_terminal)
        os.close(slave)
        self.shown = ""

    def until(self, text):
        deadline = time.monotonic() + PATIENCE_S
        while text not in self.shown:
            assert time.monotonic() < deadline, self.shown
            if select.select([self.master], [], [], 0.2)[0]:
                try:
                    self.shown += os.read(self.master, 4096).decode("utf-8", "replace")
                except OSError:
                    assert text in self.shown, self.shown
        return self.shown

    def type(self, text):
        self.shown = ""
        os.write(self.master, text.encode())

    def interrupt(self):
        """Ctrl-C, and again after ten seconds: Python's readline may miss a signal that comes while it begins to wait. Not sooner: a second
        one while the process ends, which takes more than a second on a busy machine, would kill it."""
        for _ in range(PATIENCE_S):
            self.type("\x03")
            for _ in range(200):
                if self.process.poll() is not None:
                    return
                time.sleep(0.05)

    def end(self):
        try:
            return self.process.wait(PATIENCE_S)
        finally:
            self.process.poll() is None and self.process.kill()
            os.close(self.master)


def test_control_c_ends_it_at_once_and_a_question_is_answered(door, tmp_path):
    one = Terminal(tmp_path, "--connect", door.address)
    assert one.until("\n> ").index("connected to") < one.shown.index("> ")
    one.type("restart\n")
    one.until("anything else cancels.\r\n> ")
    assert door.target.restarts == 0
    one.type("yes\n")
    one.until("restarting\r\n> ")
    one.type("show vers\t\n")
    one.until("version: 0.1.0\r\n> ")
    one.type("\x1b[A\n" if os.environ.get("TERM") != "dumb" else "\x10\n")
    one.until("version: 0.1.0\r\n> ")
    one.type("password a long pass phrase\n")
    one.until("ok\r\n> ")
    one.type("half a li")
    one.until("half a li")
    one.interrupt()
    assert one.end() == 130
    assert door.target.restarts == 1


def test_control_d_ends_it_and_the_history_is_stored_without_secrets(door, tmp_path):
    one = Terminal(tmp_path, "--connect", door.address)
    one.until("\n> ")
    for line in ("show version", "login a long pass phrase", "password a long pass phrase"):
        one.type(line + "\n")
        one.until("\r\n> ")
    one.type("\x04")
    assert one.end() == 0
    kept = tmp_path / "ampacity" / "console-history"
    assert kept.read_text() == "show version\n" and kept.stat().st_mode & 0o077 == 0


def test_a_dead_port_gives_no_prompt_and_exit_code_three(tmp_path):
    one = Terminal(tmp_path, "--connect", free_address("127.0.0.1:0"))
    assert "> " not in one.until("no console at")
    assert one.end() == 3


def test_one_command_asks_at_the_terminal(door, tmp_path):
    for typed, status, times in (("no\n", 1, 0), ("yes\n", 0, 1)):
        one = Terminal(tmp_path, "--connect", door.address, "restart")
        one.until("> ")
        one.type(typed)
        assert one.end() == status and door.target.restarts == times


def scripted(door, *words, typed=""):
    command = [sys.executable, "-m", "ampacity_host", "console", "--connect", door.address, *words]
    return subprocess.run(command, input=typed, capture_output=True, text=True, timeout=PATIENCE_S)


def test_a_script_confirms_with_an_option(door):
    done = scripted(door, "restart")
    assert done.returncode == 1 and "add --yes" in done.stderr and door.target.restarts == 0
    done = scripted(door, "restart", "--yes")
    assert (done.returncode, done.stdout) == (0, "restarting\n")
    done = scripted(door, typed="restart\nyes\nrestart --yes\nnonsense\nshow version\n")
    assert door.target.restarts == 3 and done.returncode == 1 and done.stdout.endswith("version: 0.1.0\n")


def test_json_is_one_object_of_every_command(door):
    for words, status in (("help show", 0), ("log 3", 0), ("show version", 0), ("show nothing", 1), ("restart --yes", 0)):
        done = scripted(door, "--json", *words.split())
        told, plainly = json.loads(done.stdout), scripted(door, *words.split()).stdout.strip()
        assert done.returncode == status and told in ({"version": "0.1.0"}, {"text": plainly}, {"error": plainly.removeprefix("error: ")}), words
    done = scripted(door, "--json")
    assert done.returncode == 2 and "goes with one command" in done.stderr


def test_json_is_requested_from_commands_whose_usage_has_it():
    usages = [usage for _, _, usage in COMMANDS] + [row[0] for row in Garage().primary.console.commands.values()]
    assert {usage.split()[0] for usage in usages if "--json" in usage} | {"state"} == set(WITH_JSON)
    for line, wanted in (("show", 1), ("state site", 1), ("commission", 1),
                         ("scan status", 1), ("scan bus", 0), ("replace bay", 0), ("set a b", 0), ("why x", 0)):  # fmt: skip
        assert has_json(line.split()) == bool(wanted), line


def test_an_empty_pipe_to_a_dead_port_is_exit_code_three():
    command = [sys.executable, "-m", "ampacity_host", "console", "--connect", free_address("127.0.0.1:0")]
    assert subprocess.run(command, input="", capture_output=True, text=True, timeout=PATIENCE_S).returncode == 3


def test_completion_offers_commands_their_words_and_the_names_of_the_site():
    target = Target()
    console = Console(target)

    class Here:
        def ask(self, line):
            return console.line(line, "installer", 0)

        def close(self):
            """Nothing to end."""

    completer = Completer(Here())
    assert completer("", "sh", 0) == "show " and completer("", "sh", 1) is None
    assert completer("show ", "evse-", 1) == "evse-2 " and completer("show ", "cou", 0) == "counters " and completer("help ", "lim", 0) == "limit "


def test_lines_with_a_password_are_secret():
    assert secret("login x") and secret(" password x") and secret("set ocpp.password x") and not secret("show site")


