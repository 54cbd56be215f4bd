"""A controller at a cable, as the docs tell it: a configuration pushed and read back, self test, update, roll-back; at a prompt and a serial console.

The prompt is that of flash/paste_prompt.py: MicroPython is real, and its raw prompt is imitated. It ends where a board ends after Ctrl-C: the boot
stage has mounted the image of its slot. At a prompt an update is `ampacity flash` with another bundle. `make cortex-m3-test` does the same at
the prompt of a real interpreter.
"""

import functools
import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from ampacity_host.flash.content import content
from tests.host.console.test_serial_terminal import Cable
from tests.host.flash.prompt_board import PromptBoard
from tests.host.update.test_push import START_S, running, said, sign
from tools.micropython.find import ROOT

SITE = """[site]
name = "yard"
[[circuit]]
name = "main"
rating_a = 63
[[bus]]
name = "line"
kind = "tcp"
host = "127.0.0.1"
tcp_port = 9
[[evse]]
name = "bay"
kind = "ampacity"
bus = "line"
unit = 1
circuit = "main"
max_a = MAX
"""
# What main.py does until the application runs, with a simulated `machine`: a person's Ctrl-C came then.
STOPPED = """import sys
sys.path.insert(0, "")
from fake_machine import Machine
sys.modules["machine"] = machine = Machine(lambda pin: 1650)
sys.modules.update(machine.modules())
import main
folder, _ = main.chosen("")
main.forget("")
main.mount(folder)
"""


@functools.cache
def releases(board, role):
    """(folder with the bundles 1 and 2, folder with the keys): the first release of a board, and a later one."""
    folder = Path(tempfile.mkdtemp(prefix="cable-"))
    for words in (("root-a", "--root"), ("release",)):
        said("bundle", "key", "new", *words, "--keys", folder / "keys")
    for number in (1, 2):
        said("build", board, "--role", role, "--release", f"{number}.0", "--out", folder / "built")
        (folder / "built" / "app").rename(folder / "app")
        sign(folder, f"{number}", number, board)
        shutil.rmtree(folder / "app")
    return folder, folder / "keys"


def site(folder, max_a):
    path = folder / f"{max_a}.toml"
    path.write_text(SITE.replace("MAX", str(max_a)))
    return path


def mpremote(port, *words):
    """What the real mpremote prints."""
    done = subprocess.run([sys.executable, "-m", "mpremote", "connect", port, *map(str, words)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done
    return done.stdout


class AtPrompt:
    """A secondary on an rp2350 that was flashed and has its board file."""

    board, role, to, which = "rp2350", "secondary", ("--prompt",), ("--secondary", "bay")
    selftest_status = 1  # the simulated converter shows 0 V at the pilot

    def __init__(self, folder):
        self.bundles, self.keys = releases(self.board, self.role)
        self._board = PromptBoard(folder / "tty", folder / "board")
        self.port = self._board.link
        shutil.copy(ROOT / "tests" / "ports" / "fake_machine.py", self._board.folder)
        self.update(1)
        (self._board.folder / "boot.py").write_text(STOPPED)
        (folder / "board.json").write_text(said("board", "show", self.board, "--json").stdout)
        mpremote(self.port, "fs", "mkdir", ":data")
        mpremote(self.port, "fs", "cp", folder / "board.json", ":data/board.json")
        self.restart()

    def restart(self):
        self._board.pull()
        self._board.plug()

    def selftest(self):
        return ("selftest", "--controller", self.port)

    def update(self, number):
        said("flash", self.board, "--bundle", self.bundles / f"{number}", "--port", self.port, "--keys", self.keys)

    def roll_back(self):
        self.update(1)

    def runs(self):
        """The release that the boot stage has chosen and mounted."""
        self.restart()
        return json.loads(mpremote(self.port, "resume", "exec", "print(open('/application/build.json').read())"))["version"]

    def close(self):
        self._board.close()


class AtSerialConsole:
    """A primary on this computer with two slots, MicroPython in both, whose console is on a serial line."""

    board, role, to, which = "unix", "primary", (), ()
    selftest_status = 0

    def __init__(self, folder):
        self.bundles, self.keys = releases(self.board, self.role)
        self._cable = Cable()
        self.port = self._cable.person
        first = content(self.board, 1152 << 10, (self.bundles / "1").read_bytes(), self.keys, lambda *_: None).files
        for name, data in first.items():
            (folder / "root" / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / "root" / name).write_bytes(data)
        (folder / "root" / "identity").mkdir()
        (folder / "root" / "identity" / "identity.json").write_text('{"format":1,"serial":"SN-1","board":"unix","variant":""}')
        site(folder, 16).rename(folder / "site.toml")
        self._running = running(folder, "micropython", "--console-line", self._cable.controller)
        self._running.__enter__()

    def selftest(self):
        return ("selftest", self.board)

    def update(self, number):
        said("bundle", "push", self.bundles / f"{number}", "--controller", self.port)
        assert self._says("update", "activate", "--yes").startswith("restarting")

    def roll_back(self):
        assert self._says("update", "roll-back", "--yes").startswith("restarting")

    def runs(self):
        """The release in the slot that runs, once the controller is there."""
        until_s = time.monotonic() + START_S
        while True:
            try:
                found = json.loads(self._says("show", "update", "--json"))
                return found["slots"][found["runs"]].split()[-1]
            except (AssertionError, ValueError, KeyError):
                assert time.monotonic() < until_s
                time.sleep(0.5)

    def _says(self, *words):
        return said("console", "--controller", self.port, *words).stdout.strip()

    def close(self):
        self._running.__exit__(None, None, None)
        self._cable.close()


@pytest.fixture(params=[AtPrompt, AtSerialConsole], ids=["prompt", "serial console"])
def controller(request, tmp_path):
    made = request.param(tmp_path)
    yield made
    made.close()


def test_push_read_back_self_test_update_and_roll_back(controller, tmp_path):
    def configure(what, *words, status=0):
        return said("configure", what, *words, "--controller", controller.port, *controller.to, status=status).stdout

    def differences(max_a, status):
        return configure("diff", site(tmp_path, max_a), *controller.which, status=status)

    assert controller.runs() == "1.0"
    configure("push", site(tmp_path, 10), *controller.which)
    found = json.loads(configure("pull"))
    assert (found["evses"][0] if "evses" in found else found)["max_da"] == 100
    assert "max_da: 100 -> 120" in differences(12, 1)
    told = json.loads(said(*controller.selftest(), "--json", status=controller.selftest_status).stdout)
    assert [row for row in told["results"] if row["function"] == "serial rs485" and row["ok"] is not False], told
    for step, version in ((lambda: controller.update(2), "2.0"), (controller.roll_back, "1.0")):
        step()
        until_s = time.monotonic() + START_S
        while (runs := controller.runs()) != version:  # it says that it restarts, and still answers for a moment
            assert time.monotonic() < until_s, runs
        differences(10, 0)
