"""push, pull and diff against a real MicroPython process that shows a board's raw prompt on a pseudo-terminal."""

import json
import os
import pty
import subprocess
import tty
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ampacity.roles.configuration.site_trial import trial_of
from ampacity_host.cli import app
from ampacity_host.configure import compile_site, load_site
from ampacity_host.configure.push_pull import NoConnection, Prompt, TransferRefused, encoded, write_private
from ampacity_host.configure.transfer.canonical import digest, to_cbor
from ampacity_host.flash.content import BOOT
from tests.host.flash.prompt_board import PromptBoard
from tools.micropython.find import find

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
SITE = HERE / "sites" / "good" / "two-hundred-eight.toml"


@pytest.fixture(params=[False])
def board(request, tmp_path):
    """(the port's name, the board's folder) of a MicroPython that shows its prompt on a pty. param: has it the firmware?"""
    folder = tmp_path / "board"
    folder.mkdir()
    firmware = {"MICROPYPATH": f"{ROOT / 'firmware'}:.frozen"} if request.param else {}
    ours, theirs = pty.openpty()
    tty.setraw(theirs)
    process = subprocess.Popen([find(), str(HERE / "raw_prompt.py")], cwd=folder, stdin=ours, stdout=ours, env=os.environ | firmware)
    yield os.ttyname(theirs), folder
    process.kill()
    process.wait()
    os.close(ours)
    os.close(theirs)


@pytest.fixture
def command():
    """Runs one `ampacity` command at a prompt; the result has exit_code, stdout and stderr."""
    return lambda *words: CliRunner().invoke(app, [*(str(word) for word in words), "--prompt"])


def test_the_board_holds_the_pushed_site(board, command):
    port, folder = board
    result = command("push", SITE, "--port", port)
    assert result.exit_code == 0, result.output
    assert (folder / "site.json").read_bytes() == encoded(compile_site(load_site(SITE)))
    assert not (folder / "site.json.new").exists()
    assert set((folder / "resets").read_text()) == {"x"}


def test_the_data_folder_of_a_board_that_was_just_flashed_is_made(board, command):
    port, folder = board
    result = command("push", SITE, "--port", port, "--folder", "data")
    assert result.exit_code == 0, result.output
    assert (folder / "data" / "site.json").read_bytes() == encoded(compile_site(load_site(SITE)))


def test_a_board_with_the_boot_stage_gets_it_in_the_data_folder_of_that(board, command):
    port, folder = board
    (folder / "boot").mkdir()
    (folder / "boot" / "roots").write_bytes(bytes(64))
    result = command("configure", "push", SITE, "--controller", port)
    assert result.exit_code == 0 and not (folder / "site.json").exists(), result.output
    assert (folder / "data" / "site.json").read_bytes() == encoded(compile_site(load_site(SITE)))
    assert command("configure", "diff", SITE, "--controller", port).exit_code == 0
    assert command("configure", "push", SITE, "--controller", port, "--folder", "").exit_code == 0 and (folder / "site.json").is_file()


@pytest.mark.parametrize("first, place", [((BOOT / "main.py").read_text(), "data/site.json"), ("print('mine')\n", "site.json")])
def test_a_board_whose_firmware_is_frozen_gets_it_in_the_data_folder_of_its_boot_stage(board, command, first, place):
    port, folder = board
    (folder / "main.py").write_text(first)
    result = command("configure", "push", SITE, "--controller", port)
    assert result.exit_code == 0, result.output
    assert [path.relative_to(folder).as_posix() for path in folder.rglob("site.json")] == [place]


def test_pushing_the_same_site_writes_nothing_and_the_controller_continues(board, command):
    port, folder = board
    command("push", SITE, "--port", port)
    stamp = (folder / "site.json").stat().st_mtime_ns
    result = command("push", SITE, "--port", port)
    assert result.exit_code == 0 and "already has this configuration" in result.stdout
    assert (folder / "site.json").stat().st_mtime_ns == stamp


def test_what_is_pushed_while_another_configuration_is_on_trial_outlives_the_restart_at_the_end(board, command, tmp_path):
    port, folder = board
    on_trial = tmp_path / "on-trial.toml"
    on_trial.write_text(SITE.read_text().replace("limit_a = 15.99", "limit_a = 10"))
    (folder / "store").mkdir()
    (folder / "site.json").write_bytes(b"{}")
    trial_of(str(folder), str(folder / "store")).arm(encoded(compile_site(load_site(on_trial))), 20, by_bundle=True)
    assert trial_of(str(folder), str(folder / "store")).start() is None
    assert command("configure", "push", SITE, "--controller", port).exit_code == 0
    trial = trial_of(str(folder), str(folder / "store"))  # of the start that the push ends with
    assert "the present one stays" in (trial.start() or "") and not trial.is_running() and trial.is_by_person()
    assert (folder / "site.json").read_bytes() == encoded(compile_site(load_site(SITE)))


def test_a_pulled_file_is_readable_by_its_owner_only_from_the_first_byte(tmp_path, monkeypatch):
    out, seen = tmp_path / "back.json", []
    out.write_text("old")
    out.chmod(0o644)
    opened = out.open("rb")  # somebody who may read the old one
    fdopen = os.fdopen

    def watched(handle, mode):
        seen.append((os.fstat(handle).st_mode & 0o777, os.fstat(handle).st_size))
        return fdopen(handle, mode)

    monkeypatch.setattr(os, "fdopen", watched)
    write_private(out, b"secret")
    assert seen == [(0o600, 0)] and out.read_bytes() == b"secret" and out.stat().st_mode & 0o777 == 0o600
    assert opened.read() == b"old" and [path.name for path in tmp_path.iterdir()] == ["back.json"]
    opened.close()


def test_pull_returns_the_pushed_site(board, command, tmp_path):
    port, _ = board
    command("push", SITE, "--port", port)
    result = command("pull", "--port", port, "--out", tmp_path / "back.json")
    assert result.exit_code == 0
    assert json.loads((tmp_path / "back.json").read_bytes()) == compile_site(load_site(SITE))


def test_diff_names_the_leaf_that_differs(board, command, tmp_path):
    port, _ = board
    command("push", SITE, "--port", port)
    assert command("diff", SITE, "--port", port).exit_code == 0
    other = tmp_path / "other.toml"
    other.write_text(SITE.read_text().replace("limit_a = 15.99", "limit_a = 10"))
    result = command("diff", other, "--port", port)
    assert (result.exit_code, result.stdout) == (1, "evses[three].limit_da: 159 -> 100\n")


def test_a_board_without_configuration_is_reported(board, command):
    port, _ = board
    result = command("pull", "--port", port)
    assert result.exit_code == 1 and "no site.json" in result.stderr


def test_a_refused_site_is_not_pushed(board, command):
    port, folder = board
    result = command("push", HERE / "sites" / "mistakes" / "out-of-range.toml", "--port", port)
    assert result.exit_code == 1 and "max_a: 900 is not allowed" in result.stderr
    assert list(folder.iterdir()) == []


def test_a_silent_port_is_no_connection(command, tmp_path):
    result = command("pull", "--port", "/dev/no-such-tty")
    assert result.exit_code == 3 and "no MicroPython prompt" in result.stderr


def test_a_disk_that_stores_something_else_keeps_the_old_configuration(board):
    port, folder = board
    with Prompt(port) as prompt:
        prompt.write("site.json", b"old")
        prompt.run("_open = open\ndef open(name, mode='r'):\n f = _open(name, mode)\n if mode == 'wb':\n  f.write(b'!')\n return f")
        with pytest.raises(TransferRefused, match="old configuration stays in force"):
            prompt.write("site.json", b"new")
    assert (folder / "site.json").read_bytes() == b"old"


def test_an_error_on_the_board_is_the_last_line_of_its_traceback(board):
    port, _ = board
    with Prompt(port) as prompt, pytest.raises(TransferRefused, match="ZeroDivisionError"):
        prompt.run("1 // 0")


def test_a_dead_port_is_no_connection(tmp_path):
    with pytest.raises(NoConnection), Prompt(str(tmp_path / "nothing")):
        pass


def test_a_secret_is_pushed_and_kept_but_never_read_back(board, command, tmp_path):
    port, folder = board
    guarded = tmp_path / "guarded.toml"
    text = SITE.read_text()
    assert "[ocpp]" not in text
    guarded.write_text(text + '\n[ocpp]\nidentity = "CS1"\nurl = "ws://csms.example"\npassword = "correct-horse-battery"\n')
    assert command("push", guarded, "--port", port).exit_code == 0
    assert b"correct-horse-battery" in (folder / "site.json").read_bytes()
    for words in (("pull",), ("diff", guarded), ("configure", "backup", tmp_path / "b.json")):
        result = command(*words, *(["--controller", port] if words[0] == "configure" else ["--port", port]))
        assert result.exit_code == 0 and "horse" not in result.output, words
    assert "horse" not in (tmp_path / "b.json").read_text() and json.loads((tmp_path / "b.json").read_text())["missing"] == ["ocpp.password"]
    result = command("configure", "restore", tmp_path / "b.json", "--controller", port)
    assert result.exit_code == 0 and b"correct-horse-battery" in (folder / "site.json").read_bytes()


def test_a_backup_without_its_secret_on_an_empty_board_names_what_is_to_be_set_again(board, command, tmp_path):
    port, folder = board
    guarded = tmp_path / "guarded.toml"
    guarded.write_text(SITE.read_text() + '\n[ocpp]\nidentity = "CS1"\nurl = "ws://csms.example"\npassword = "correct-horse-battery"\n')
    command("push", guarded, "--port", port)
    command("configure", "backup", tmp_path / "b.json", "--controller", port)
    (folder / "site.json").unlink()
    result = command("configure", "restore", tmp_path / "b.json", "--controller", port)
    assert result.exit_code == 0 and "to be set again: ocpp.password" in result.stdout
    (tmp_path / "phrase").write_text("battery-staple-horse\n")
    result = command("configure", "restore", tmp_path / "b.json", "--controller", port, "--secret", f"ocpp.password={tmp_path / 'phrase'}")
    assert result.exit_code == 0 and "to be set again" not in result.stdout
    assert json.loads((folder / "site.json").read_text())["ocpp"]["password"] == "battery-staple-horse"


def test_a_configuration_of_another_role_is_refused_and_what_nothing_judged_is_not_confirmed(board, command):
    port, folder = board
    result = command("configure", "push", SITE, "--controller", port)
    assert result.exit_code == 0 and "confirmed" not in result.stdout and "not judged" in result.stdout
    (folder / "site.json").write_text('{"role": "secondary", "serial": "X"}')
    told = json.loads(command("configure", "push", SITE, "--controller", port, "--json").stdout)
    assert not told["ok"] and told["field"] == "role" and "of a secondary, not of a primary" in told["error"]
    assert (folder / "site.json").read_text() == '{"role": "secondary", "serial": "X"}'
    (folder / "site.json").write_text("[]")
    assert command("configure", "push", SITE, "--controller", port).exit_code == 1
    (folder / "site.json").unlink()
    told = json.loads(command("configure", "push", SITE, "--controller", port, "--json").stdout)
    assert told["ok"] and told["judged"] is False and told["confirmed"] is False


@pytest.mark.parametrize("size", [1, 700])
def test_a_pulled_cable_is_no_connection(tmp_path, command, size):
    board = PromptBoard(tmp_path / "tty", tmp_path / "board")
    try:
        hand = board.pull_when("site.json.judged.new", size, away_s=None)
        result = command("configure", "push", SITE, "--controller", board.link)
        hand.join()
        assert result.exit_code == 3 and "no MicroPython prompt" not in result.stderr and "broke" in result.stderr, result.output
        assert not (board.folder / "site.json").exists()
    finally:
        board.close()


@pytest.mark.parametrize("board", [True], indirect=True)
def test_the_firmware_of_the_board_judges_what_comes_before_it_replaces_anything(board, command, tmp_path):
    port, folder = board
    assert json.loads(command("configure", "push", SITE, "--controller", port, "--json").stdout)["judged"] is True
    stored = (folder / "site.json").read_bytes()
    command("configure", "backup", tmp_path / "b.json", "--controller", port)
    backup = json.loads((tmp_path / "b.json").read_text())
    backup["site"]["evses"][0]["circuit"] = 7
    backup.pop("sha256")
    (tmp_path / "b.json").write_text(json.dumps(backup | {"sha256": digest(to_cbor(backup))}))
    result = command("configure", "restore", tmp_path / "b.json", "--controller", port)
    assert result.exit_code == 1 and "circuit" in result.stderr
    assert (folder / "site.json").read_bytes() == stored and [path.name for path in folder.glob("site.json*")] == ["site.json"]
