"""`ampacity flash` of a board with a UF2 boot loader: a folder that acts as its drive, and a prompt that answers afterwards."""

import json
import os
import shutil
import struct
import threading
import time

import pytest
from prompt_board import PromptBoard
from release import release, said

from ampacity_host.flash.jobs import Patience, run
from ampacity_host.flash.uf2 import DriveJob, NotUf2, flash_content
from ampacity_host.progress import Progress

BASE, FAMILY, OTHER = 0x10000000, 0xE48BFF59, 0xE48BFF56
ROOM = (0, 1536 << 10)
INFO = "UF2 Bootloader v1.0\nModel: Raspberry Pi RP2350\nBoard-ID: RP2350\n"
QUIET = Progress(True)
OTHER_FLASH = """
import sys
class uctypes:
    bytearray_at = staticmethod(lambda at, size: bytearray(size))
sys.modules["uctypes"] = uctypes
"""


def uf2(data, address=BASE, family=FAMILY, flags=0x2000, first=0, more=0, size=256):
    """A UF2 file of 256 bytes a block. first: number of its first block; more: of so many blocks after these; size: what its heads say."""
    parts = [data[at : at + 256].ljust(256, b"\xff") for at in range(0, len(data), 256)]
    count = first + len(parts) + more
    return b"".join(
        struct.pack("<8I476sI", 0x0A324655, 0x9E5D5157, flags, address + 256 * number, size, first + number, count, family, part, 0x0AB16F30)
        for number, part in enumerate(parts))  # fmt: skip


class Drive:
    """The boot loader's drive. It disappears once a whole UF2 file is on it, unless it `stays`; or when it holds `pull_at` bytes."""

    def __init__(self, folder, stays=False, pull_at=None, board_id="RP2350"):
        self.folder, self.stays, self.pull_at, self.taken = folder, stays, pull_at, []
        self.board_id = board_id
        self.plug()
        self._on = True
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def plug(self):
        self.folder.mkdir()
        (self.folder / "INFO_UF2.TXT").write_text(INFO.replace("RP2350\n", self.board_id + "\n"))

    def close(self):
        self._on = False
        self._thread.join()

    def _watch(self):
        while self._on:
            time.sleep(0.001)
            for path in self.folder.glob("*.uf2"):
                data = path.read_bytes()
                if self.pull_at is not None and len(data) >= self.pull_at:
                    self.pull_at = None
                    shutil.rmtree(self.folder)
                    time.sleep(0.3)
                    self.plug()
                elif data[20:24] and len(data) == 512 * int.from_bytes(data[24:28], "little") and not self.stays:
                    self.taken.append(data)
                    shutil.rmtree(self.folder)


@pytest.fixture
def drive(tmp_path):
    """Makes drives and ends them."""
    made = []

    def make(**options):
        made.append(Drive(tmp_path / f"drive{len(made)}", **options))
        return made[-1]

    yield make
    for each in made:
        each.close()


def job(drive, data, gone_s=2.0):
    return DriveJob(str(drive.folder), "RP2350", ("micropython.uf2", data), gone_s)


def test_the_drive_takes_the_whole_file_and_the_board_restarts(drive):
    one, data = drive(), uf2(os.urandom(200_000))
    outcome = run(job(one, data), Patience(1, 1), QUIET)
    assert outcome.ok and "restarted" in outcome.text and one.taken == [data]


def test_a_drive_that_stays_is_read_back(drive):
    one, data = drive(stays=True), uf2(os.urandom(5_000))
    outcome = run(job(one, data, 0.3), Patience(1, 1), QUIET)
    assert outcome.ok and "read back" in outcome.text and (one.folder / "micropython.uf2").read_bytes() == data


def test_a_pulled_cable_starts_the_copy_again(drive):
    one, data = drive(pull_at=100_000), uf2(os.urandom(1_000_000))
    notes = []
    slow = Progress(True)
    slow.part = lambda *facts: time.sleep(0.01)
    slow.note = lambda who, text: notes.append(text)
    outcome = run(job(one, data), Patience(5, 5), slow)
    assert outcome.ok and outcome.tries > 1 and one.taken == [data], (outcome, notes)
    assert "check the cable" in notes[0]


def test_the_drive_of_another_chip_gets_nothing(drive):
    one = drive(board_id="RPI-RP2")
    outcome = run(job(one, uf2(b"x")), Patience(3, 1), QUIET)
    assert not outcome.ok and outcome.tries == 1 and "belongs to RPI-RP2, not RP2350" in outcome.text
    assert [path.name for path in one.folder.iterdir()] == ["INFO_UF2.TXT"]


def test_the_content_of_a_file_is_what_its_blocks_of_this_family_write():
    data = os.urandom(1024)
    note = uf2(b"\0" * 256, 0x10FFFF00, 0xE48BFF57)  # of the loader's own, before the blocks of the chip
    assert flash_content(note + uf2(data), FAMILY, BASE, ROOM) == (BASE, data)
    assert flash_content(uf2(data, more=1) + uf2(b"z" * 256, BASE + 2048, first=4), FAMILY, BASE, ROOM) == (BASE, data + b"\xff" * 1024 + b"z" * 256)


@pytest.mark.parametrize("data, text", [
    (b"", "0 bytes are no UF2 file"), (b"x" * 512, "block 0 is no UF2 block"), (b"x" * 100, "no UF2 file"),
    (uf2(b"x", family=OTHER), "for another chip"), (uf2(b"x") + uf2(b"x", family=OTHER), "block 1 is for family 0xe48bff56"),
    (uf2(b"x" * 2560)[:-512], "9 blocks, one of which is number 0 of 10"), (uf2(b"x" * 512)[512:] + uf2(b"x" * 512)[:512], "number 1 of 2"),
    (uf2(b"x" * 256, more=1) + uf2(b"y" * 256, BASE, first=1), "block 1 writes to 0x10000000 again; download"),
    (uf2(b"x") * 2, "again; download"), (uf2(b"x", size=476), "476 bytes for"), (uf2(b"x", BASE + 128), "pages of 256"),
    (uf2(b"x", BASE + (1536 << 10)), "outside the interpreter's region"), (uf2(b"x", 0x20000000), "writes to 0x20000000"),
])
def test_a_file_for_something_else_is_refused(data, text):
    with pytest.raises(NotUf2, match=text):
        flash_content(data, FAMILY, BASE, ROOM)


@pytest.fixture
def ready(tmp_path):
    """The words of the command up to the devices."""
    bundle, keys = release(tmp_path, "rp2350")
    (tmp_path / "micropython.uf2").write_bytes(uf2(os.urandom(20_000)))
    words = ("flash", "rp2350", "--bundle", bundle, "--keys", keys, "--json", "--wait", 1)
    return (*words, "--interpreter", tmp_path / "micropython.uf2")


def test_drives_get_the_interpreter_at_once_and_nothing_else_is_asked_for(ready, drive):
    made = [drive() for _ in range(3)]
    done = said(*ready, *[word for each in made for word in ("--drive", each.folder)])
    rows = json.loads(done.stdout)["devices"]
    assert done.exit_code == 0 and [row["ok"] for row in rows] == [True] * 3 and all(len(each.taken) == 1 for each in made)


def test_files_are_not_written_to_a_board_whose_interpreter_is_another_one(ready, drive, tmp_path):
    (tmp_path / "board").mkdir()
    (tmp_path / "board" / "boot.py").write_text(OTHER_FLASH)
    one, board = drive(), PromptBoard(tmp_path / "tty", tmp_path / "board")
    done = said(*ready, "--drive", one.folder, "--port", board.link)
    board.close()
    rows = json.loads(done.stdout)["devices"]
    assert done.exit_code == 1 and [row["ok"] for row in rows] == [True, False], done.output
    assert "is not the one that was copied" in rows[1]["text"] and "main.py" not in board.files()


def test_an_interpreter_needs_a_drive(ready):
    done = said(*ready, "--port", "tty")
    assert done.exit_code == 2 and "--drive: 'none' is not allowed" in done.stderr
