"""What a board does by itself when its application ends, raises or cannot be mounted: the real boot stage on a real MicroPython, `reset` as an exit.

The application is a small one, whose end is an expression in the data folder.
"""

import functools
import json
import subprocess
import tempfile
from pathlib import Path

import pytest
from release import done, signed

from ampacity.roles.updates.places import Places
from ampacity.update.install import Install
from ampacity.update.manifest import APPLICATION
from ampacity.update.slot_state import BAD, GOOD, NONE
from ampacity_host.build import pack
from ampacity_host.build.about import BUILD, ENTRY, NAME
from ampacity_host.build.compiler import compiled
from ampacity_host.flash.content import BOOT, content
from tools.micropython.find import find

SLOT_BYTES = 1152 << 10
RESET, STOPPED, INTERRUPTED = 9, 0, 1  # exit statuses of a start
OLD = "def main(arguments):\n    print('old runs')\n    return 0\n"
NEW = "def main(arguments):\n    print('new runs')\n    return eval(open(arguments[0] + '/ends').read())\n"
STARTED = """
import sys
sys.path.append({stage!r})
import main as stage
class Clock:
    def sleep(seconds):
        print('pause', seconds)
        {pause}
stage.time = Clock
stage.start(lambda: sys.exit({reset}), {root!r})
print('prompt')
"""


@functools.cache
def module(text):
    """A compiled `ampacity/roles/boot.py`."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "boot.py").write_text(text)
        return compiled([("ampacity/roles/boot.py", Path(folder) / "boot.py")], lambda *_: None)[0].data


def image(text, **changes):
    """An image whose `roles/boot` is this. changes: further files, None: without it."""
    files = {BUILD: json.dumps({"board": "unix"}).encode(), "ampacity/__init__.py": b"", "ampacity/roles/__init__.py": b"", ENTRY: module(text)}
    return pack.made((path, data) for path, data in (files | changes).items() if data is not None)


@functools.cache
def keys():
    folder = Path(tempfile.mkdtemp(prefix="keys-"))
    done("bundle", "key", "new", "root-a", "--root", "--keys", folder)
    done("bundle", "key", "new", "release", "--keys", folder)
    return folder


@functools.cache
def first_files():
    return content("unix", SLOT_BYTES, signed([(NAME, image(OLD))], keys()), keys(), lambda *_: None).files


class Board:
    """A controller on a folder, whose confirmed application is OLD."""

    def __init__(self, root):
        self.root = root
        for name, data in first_files().items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_bytes(data)
        for name in ("data", "identity"):
            (root / name).mkdir()
        (root / "identity" / "identity.json").write_text('{"format":1,"serial":"SN-1","board":"unix","variant":""}')

    @property
    def slots(self):
        return Places(str(self.root), "a", "").slots

    def update(self, files, ends="0"):
        """What a running controller does with a bundle; the next start tries it."""
        (self.root / "data" / "ends").write_text(ends)
        places, data = Places(str(self.root), "a", ""), signed(files, keys(), 2)
        taking = Install({APPLICATION: places.slots}, places.trust, places.device)
        while not taking.ready:
            if taking.step() and not taking.ready:
                taking.write(taking.offset, data[taking.offset :])
        places.slots.activate(places.trust)

    def power_on(self, pause="pass"):
        return power_on(self.root, pause)


def power_on(root, pause="pass", modules=""):
    """(how the start ended, lines that it printed). modules: a folder in place of what is frozen into the interpreter."""
    code = STARTED.format(stage=str(BOOT), reset=RESET, root=str(root), pause=pause)
    places = {"MICROPYPATH": modules + ":.frozen" if modules else ".frozen"}
    ended = subprocess.run([find(), "-X", "heapsize=2M", "-c", code], capture_output=True, text=True, timeout=60, env=places)
    return ended.returncode, ended.stdout.splitlines()


@pytest.fixture
def board(tmp_path):
    return Board(tmp_path)


@pytest.mark.parametrize("text, ends", [
    (NEW, "1 / 0"), (NEW, "bytearray(1 << 60)"), (NEW, "0"), (NEW, "78"), (NEW, "__import__('sys').exit(5)"),
    ("raise MemoryError('at import')\n", ""), ("import ampacity.gone\n", ""), ("X = 1\n", ""),
], ids=("raises", "memory", "ctrl-c", "configuration", "exit", "memory at import", "import", "no main"))  # fmt: skip
def test_an_application_on_trial_that_ends_in_any_way_is_started_three_times_and_rolled_back_without_a_person(board, text, ends):
    board.update([(NAME, image(text))], ends)
    for _ in range(3):
        status, lines = board.power_on()
        assert status == RESET and "pause 3" in lines and "old runs" not in lines, lines
    assert board.power_on() == (STOPPED, ["old runs", "prompt"])
    state = board.slots.state
    assert (state.active, state.trial, state.slots[1].state) == (0, NONE, BAD) and "no boots left" in state.outcome


@pytest.mark.parametrize("files, why", [
    ([(NAME, b"hello")], "application.pack cannot be mounted"),
    ([("other.pack", b"hello")], "application.pack cannot be mounted"),
    ([(NAME, b"AMPK\2" + image(NEW)[5:])], "application.pack cannot be mounted"),
    ([(NAME, image(NEW)[:6] + b"\xff\xff" + bytes(600000))], "application.pack cannot be mounted"),
    ([(NAME, image(NEW, **{ENTRY: None}))], "application.pack holds no ampacity/roles/boot.mpy"),
    ([("application.zip", b"PK")], "application.pack cannot be mounted"),
], ids=("text", "other name", "format", "index", "entry", "linux"))  # fmt: skip
def test_an_image_that_cannot_be_mounted_ends_its_trial_and_the_one_before_runs_in_the_same_start(board, files, why):
    board.update(files)
    assert board.power_on() == (STOPPED, ["old runs", "prompt"])
    state = board.slots.state
    assert (state.trial, state.slots[1].state, state.outcome) == (NONE, BAD, f"rolled back: 2.0: {why}")


def test_a_person_gets_the_prompt_in_the_pause_of_a_trial(board):
    board.update([(NAME, image(NEW))], "0")
    status, lines = board.power_on("raise KeyboardInterrupt")
    assert status == INTERRUPTED and lines[-1] == "pause 3"


@pytest.mark.parametrize("ends, status, last", [
    ("0", STOPPED, "prompt"), ("78", STOPPED, "prompt"), ("42", RESET, "new runs"), ("75", RESET, "pause 3"), ("1 / 0", RESET, "pause 3"),
    ("bytearray(1 << 60)", RESET, "pause 3"),
])  # fmt: skip
def test_a_confirmed_application_restarts_unless_a_person_or_its_configuration_ended_it(board, ends, status, last):
    board.update([(NAME, image(NEW))], ends)
    slots = board.slots
    slots.confirm(0)
    assert slots.state.slots[1].state == GOOD
    ended, lines = board.power_on()
    assert ended == status and lines[-1] == last and "new runs" in lines, lines


def test_ctrl_c_while_a_confirmed_application_starts_leads_to_the_prompt(board):
    board.update([(NAME, image("raise KeyboardInterrupt\n"))])
    board.slots.confirm(0)
    status, lines = board.power_on()
    assert status == INTERRUPTED and lines == []


@pytest.mark.parametrize("ends, status, last", [("0", STOPPED, "prompt"), ("42", RESET, "new runs"), ("1 / 0", RESET, "pause 3")])
def test_without_slots_the_application_in_the_interpreter_runs_as_a_confirmed_one(tmp_path, ends, status, last):
    for name, text in (("main.py", (BOOT / "main.py").read_text()), ("data/ends", ends), ("frozen/ampacity/roles/boot.py", NEW)):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    ended, lines = power_on(tmp_path, modules=str(tmp_path / "frozen"))
    assert ended == status and lines[-1] == last and "new runs" in lines, lines


def test_a_board_without_slots_and_without_firmware_starts_again_and_a_person_gets_the_prompt(tmp_path):
    status, lines = power_on(tmp_path)
    assert status == RESET and lines[-1] == "pause 3"
    assert power_on(tmp_path, "raise KeyboardInterrupt")[0] == INTERRUPTED


def test_a_stage_that_cannot_choose_starts_again(board):
    (board.root / "boot" / "roots").unlink()
    status, lines = board.power_on()
    assert status == RESET and lines[-1] == "pause 3"
