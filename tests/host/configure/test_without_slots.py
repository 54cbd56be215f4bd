"""`ampacity run --slots` where that folder cannot be read: the installed firmware runs without slots, and says so, on both runtimes."""

import os
import signal
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from ampacity_host.cli import app
from tests.host.configure.test_run_for_real import PATIENCE_S, SITE, answered, ask, wait_until


def run(folder, runtime="cpython"):
    words = [sys.executable, "-m", "ampacity_host", "run", str(SITE), "--data", str(folder / "data"), "--slots", str(folder / "mnt" / "slots")]
    return subprocess.Popen([*words, "--runtime", runtime], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def ended(process):
    """(exit status, standard error) after a SIGTERM."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    said = process.communicate(timeout=PATIENCE_S)[1]
    return process.returncode, said


def not_mounted(root):
    pass


def empty(root):
    root.mkdir(parents=True)


def link_to_itself(root):
    root.parent.mkdir()
    root.symlink_to(root)


def unreadable(root):
    (root / "boot" / "roots").mkdir(parents=True)  # reading it fails, for root, too


@pytest.mark.parametrize("runtime", ["cpython", "micropython"])
@pytest.mark.parametrize(("damage", "error"), [(not_mounted, "[Errno 2]"), (empty, "[Errno 2]"), (link_to_itself, "40"), (unreadable, "[Errno 21]")])
def test_the_installed_firmware_runs_without_slots_that_cannot_be_read(damage, error, runtime, tmp_path):
    root, data = tmp_path / "mnt" / "slots", tmp_path / "data"
    damage(root)
    before = sorted(tmp_path.rglob("mnt/**/*"))
    process = run(tmp_path, runtime)
    try:
        assert answered(data, "show", "site").exit_code == 0
        told = [line for line in ask(data, "log", "100").stdout.splitlines() if "no update is possible" in line]
        assert len(told) == 1 and str(root) in told[0] and error in told[0].replace(str(root), ""), told
        assert ask(data, "show", "update").stdout == "nothing\n"
        assert "this controller has no slots" in ask(data, "transfer begin bundle 5 " + "00" * 32).output
        assert sorted(tmp_path.rglob("mnt/**/*")) == before  # nothing is written where something may be mounted later
    finally:
        status, said = ended(process)
    told = [line for line in said.splitlines() if "without slots" in line]
    assert status == 0 and len(told) == 1 and str(root) in told[0] and error in told[0].replace(str(root), ""), said


@pytest.mark.parametrize("runtime", ["cpython", "micropython"])
def test_slots_that_are_mounted_later_are_there_after_a_restart(runtime, tmp_path):
    keys, made, data = ("--keys", str(tmp_path / "keys")), tmp_path / "made", tmp_path / "data"
    for words in (("key", "new", "root-a", "--root"), ("key", "new", "release"), ("slots", str(made), "--board", "linux-arm")):
        assert CliRunner().invoke(app, ["bundle", *words, *keys]).exit_code == 0
    (tmp_path / "mnt").mkdir()
    process = run(tmp_path, runtime)
    try:
        assert answered(data, "show", "site").exit_code == 0 and ask(data, "show", "update").stdout == "nothing\n"
        os.rename(made, tmp_path / "mnt" / "slots")
        assert ask(data, "restart", "--yes").exit_code == 0
        wait_until(lambda: "slots:" in ask(data, "show", "update").stdout)
    finally:
        status, said = ended(process)
    assert status == 0 and said.count("without slots") == 1, said


def test_a_file_in_place_of_the_folder_is_a_wrong_option(tmp_path):
    (tmp_path / "mnt").mkdir()
    (tmp_path / "mnt" / "slots").write_text("")
    process = run(tmp_path)
    said = process.communicate(timeout=PATIENCE_S)[1]
    assert process.returncode == 2 and "--slots: " in said and "is no folder" in said and not (tmp_path / "data").exists()
