"""`ampacity flash` of a board whose files are copied at the prompt: mpremote's transport, and a real MicroPython on a pty."""

import contextlib
import json
import subprocess

import pytest
from prompt_board import PromptBoard
from release import release, said

from ampacity_host.configure.push_pull import Prompt
from ampacity_host.flash.content import BOOT, content
from ampacity_host.flash.jobs import Failed
from ampacity_host.flash.littlefs_image import made
from ampacity_host.flash.prompt import BLOCK_BYTES, PromptJob, reads_back
from ampacity_host.progress import Progress
from tools.bench.runtime32 import PROBES
from tools.micropython.find import find

IMAGE = "slots/a/application.pack"


@contextlib.contextmanager
def boards(folder, count=1):
    """Boards at `tty0`, `tty1` …"""
    all_boards = [PromptBoard(folder / f"tty{number}", folder / f"board{number}") for number in range(count)]
    try:
        yield all_boards
    finally:
        for board in all_boards:
            board.close()


@pytest.fixture
def ready(tmp_path):
    """(words of the command up to the ports, files that a controller must hold)."""
    bundle, keys = release(tmp_path, "rp2350")
    files = content("rp2350", 1 << 20, bundle.read_bytes(), keys, lambda *_: None).files
    return ("flash", "rp2350", "--bundle", bundle, "--keys", keys, "--json"), files


def flashed(words, devices, status=0):
    done = said(*words, *[word for board in devices for word in ("--port", board.link)])
    assert done.exit_code == status, (done.output, done.exception)
    return json.loads(done.stdout)["devices"]


def test_all_files_are_on_the_board_and_it_starts_again(ready, tmp_path):
    words, files = ready
    with boards(tmp_path) as (board,):
        row = flashed(words, [board])[0]
        assert row["ok"] and f"{len(files)} of {len(files)} files written" in row["text"] and board.files() == files
        assert (board.folder / "resets").read_text() == "x"
        assert flashed(words, [board])[0]["text"].startswith(f"0 of {len(files)} files written, 0 bytes sent")


def test_a_board_with_an_application_on_trial_is_stopped_by_a_second_ctrl_c(ready, tmp_path):
    words, files = ready
    with boards(tmp_path) as (board,):
        board.pull()
        (board.folder / "boot.py").write_text("import sys\nfor _ in range(2):\n  while sys.stdin.buffer.read(1) != b'\\x03':\n    pass\n")
        board.plug()
        row = flashed(words, [board])[0]
        assert row["ok"] and row["tries"] == 1, row
        assert files.items() <= board.files().items()


def test_settings_stay_and_what_an_older_release_left_goes(ready, tmp_path):
    words, files = ready
    with boards(tmp_path) as (board,):
        own = {"data/site.json": b"{}", "identity/device.key": b"secret", "boot.py": b""}
        for name, data in (own | {"slots/b/application.pack": b"old", "boot/ampacity/gone.mpy": b"old", "main.py": b"old"}).items():
            (board.folder / name).parent.mkdir(parents=True, exist_ok=True)
            (board.folder / name).write_bytes(data)
        assert flashed(words, [board])[0]["ok"] and board.files() == files | own


def test_a_pulled_cable_is_waited_for_and_the_file_continues_where_it_was(ready, tmp_path):
    words, files = ready
    with boards(tmp_path) as (board,):
        hand = board.pull_when(IMAGE + ".new", 150_000, away_s=0.5)
        row = flashed(words, [board])[0]
        hand.join()
        assert row["ok"] and row["tries"] == 2 and board.files() == files
        written, sent = row["text"].split(" files written, ")
        whole = sum(len(data) for data in files.values())
        assert written == f"{len(files)} of {len(files)}"  # of all attempts
        assert whole <= int(sent.split()[0]) < whole + 150_000  # what came before the cable went is not sent again, but for the last block


def test_a_board_without_its_cable_starts_nothing_and_the_next_run_completes_it(ready, tmp_path):
    words, files = ready
    with boards(tmp_path, 2) as two:
        (two[0].folder / "main.py").write_bytes(b"old")
        hand = two[0].pull_when(IMAGE + ".new", 100_000, away_s=None)
        rows = flashed((*words, "--wait", 0.5), two, status=1)
        hand.join()
        assert [(row["ok"], row["lost"]) for row in rows] == [(False, True), (True, False)] and two[1].files() == files
        assert "main.py" not in two[0].files()
        two[0].plug()
        assert flashed(words, [two[0]])[0]["ok"] and two[0].files() == files


def test_eight_boards_at_once_two_with_a_pulled_cable(ready, tmp_path):
    """One is back after a moment; the other one is given up, and completed by the next run."""
    words, files = ready
    whole = sum(len(data) for data in files.values())
    with boards(tmp_path, 8) as eight:
        hands = [eight[2].pull_when(IMAGE + ".new", 60_000, away_s=0.5), eight[5].pull_when(IMAGE + ".new", 90_000, away_s=None)]
        rows = flashed((*words, "--wait", 5), eight, status=1)
        for hand in hands:
            hand.join()
        assert [(row["ok"], row["lost"]) for row in rows] == [(True, False)] * 5 + [(False, True)] + [(True, False)] * 2
        assert [row["tries"] for row in rows if row["ok"]] == [1, 1, 2, 1, 1, 1, 1]
        assert [board.files() == files for board in eight] == [True] * 5 + [False] + [True] * 2 and "main.py" not in eight[5].files()
        eight[5].plug()
        rows = flashed(words, eight)
        assert all(row["ok"] and row["tries"] == 1 for row in rows) and all(board.files() == files for board in eight)
        sent = [int(row["text"].split(" files written, ")[1].split()[0]) for row in rows]
        assert sent[:5] + sent[6:] == [0] * 7 and 0 < sent[5] <= whole - 90_000 + BLOCK_BYTES


FROZEN = "import sys\nsys.modules['ampacity'] = sys\n"  # in `boot.py`: a package that is in the interpreter


def test_without_a_bundle_a_board_with_the_firmware_in_its_interpreter_gets_the_boot_stage_alone(tmp_path):
    own = {"data/site.json": b"{}", "boot.py": FROZEN.encode()}
    with boards(tmp_path, 2) as two:
        for board in two:  # a slot and a boot stage with modules, as of a controller that had an application in a slot
            for name, data in (own | {"slots/b/application.pack": b"old", "boot/ampacity/gone.mpy": b"old", "boot/roots": b"old"}).items():
                (board.folder / name).parent.mkdir(parents=True, exist_ok=True)
                (board.folder / name).write_bytes(data)
            board.pull()
            board.plug()
        rows = flashed(("flash", "rp2350", "--json"), two)
        assert [row["ok"] for row in rows] == [True] * 2 and "1 of 1 files written" in rows[0]["text"]
        for board in two:
            assert board.files() == own | {"main.py": (BOOT / "main.py").read_bytes()}
            assert sorted(path.name for path in board.folder.iterdir() if path.is_dir()) == ["data"]
        again = said("flash", "rp2350", "--port", two[0].link)
        assert again.exit_code == 0 and "0 of 1 files written" in again.stdout and "rp2350:pico2-w frozen: 1 of 1 jobs done" in again.stdout


def test_without_a_bundle_a_board_without_the_firmware_is_refused_before_anything_is_written(tmp_path):
    with boards(tmp_path) as (board,):
        (board.folder / "main.py").write_bytes(b"old")
        row = flashed(("flash", "rp2350", "--json"), [board], status=1)[0]
        assert not row["lost"] and "no firmware is frozen into its interpreter: write one with --interpreter, or" in row["text"]
        assert board.files() == {"main.py": b"old"}


def test_a_part_of_another_file_is_not_continued(ready, tmp_path):
    words, files = ready
    with boards(tmp_path) as (board,):
        (board.folder / "slots" / "a").mkdir(parents=True)
        (board.folder / (IMAGE + ".new")).write_bytes(files[IMAGE][:5000] + b"other")
        assert flashed(words, [board])[0]["ok"] and board.files() == files


def test_a_medium_that_stores_other_bytes_is_found(ready, tmp_path):
    words, files = ready
    with boards(tmp_path) as (board,):
        with Prompt(board.link) as prompt:
            prompt.run("import os\nos.mkdir('boot')\nos.mkdir('boot/roots')")  # a folder where a file belongs
        row = flashed(words, [board], status=1)[0]
        assert not row["ok"] and not row["lost"] and "main.py" not in board.files()


def test_a_board_whose_files_are_not_where_the_boot_stage_looks_is_refused_before_anything_is_written(ready, tmp_path):
    """As MicroPython for NUCLEO boards, whose prompt begins in /flash."""
    board = PromptBoard(tmp_path / "tty0", tmp_path / "board0", "/flash")
    (board.folder / "main.py").write_bytes(b"old")
    try:
        row = flashed(ready[0], [board], status=1)[0]
        assert not row["ok"] and not row["lost"] and "its files are at /flash, and the boot stage reads them at /" in row["text"]
        assert board.files() == {"main.py": b"old"}
    finally:
        board.close()


def test_a_file_system_without_room_for_two_slots_is_refused_before_anything_is_written(ready, tmp_path):
    with boards(tmp_path) as (board,):
        with pytest.raises(Failed, match="KiB, two slots need 1125899906842624 KiB: is it the board that was named?"):
            PromptJob(board.link, ready[1], least_bytes=1 << 60).run(Progress(True))
        assert board.files() == {}


def test_without_a_device_the_exit_code_is_3(ready, tmp_path):
    done = said(*ready[0], "--wait", 0.2, "--port", tmp_path / "tty9")
    assert done.exit_code == 3 and "did not come back within 0.2 s" in json.loads(done.stdout)["devices"][0]["text"]


def test_the_interpreter_in_memory_is_read_back(tmp_path):
    with boards(tmp_path) as (board,), Prompt(board.link) as prompt:
        address = prompt.run("import uctypes\n_kept = bytearray(b'interpreter' * 1000)\nprint(uctypes.addressof(_kept))")
        assert reads_back(prompt, address, b"interpreter" * 1000)
        assert not reads_back(prompt, address, b"interpreter" * 999 + b"interpretes")


CHOSEN = """
import sys, vfs
sys.path[:0] = [{stage!r}, {probes!r}]
import main as stage
from image_blocks import ImageBlocks
vfs.mount(vfs.VfsLfs2(ImageBlocks({image!r})), "/board")
print(*stage.chosen("/board"))
"""


def test_the_boot_stage_of_a_flashed_board_chooses_its_slot(ready, tmp_path):
    words, _ = ready
    with boards(tmp_path) as (board,):
        flashed(words, [board])
        (tmp_path / "files.lfs").write_bytes(made(board.files().items(), 4096, 320))
    code = CHOSEN.format(stage=str(BOOT), probes=str(PROBES), image=str(tmp_path / "files.lfs"))
    assert subprocess.run([find(), "-c", code], capture_output=True, text=True, timeout=60).stdout == "/board/slots/a False\n"


def test_an_update_of_a_running_board_removes_its_start_before_anything_else(ready, tmp_path):
    words, files = ready
    with boards(tmp_path) as (board,):
        for name, data in files.items():
            (board.folder / name).parent.mkdir(parents=True, exist_ok=True)
            (board.folder / name).write_bytes(data)
        (board.folder / "update" / "application.0").write_bytes(b"an older release")
        hand = board.pull_when("update/application.0.new", 1, away_s=None)
        assert flashed((*words, "--wait", 0.2), [board], status=3)[0]["lost"]
        hand.join()
        assert "main.py" not in board.files()
