"""A data folder whose medium refuses: the controller starts beside it, on both runtimes, and says so."""

import errno
import json
import os
import subprocess
import tempfile
import time

import pytest

from ampacity_host.configure import command, compile_site, load_site
from ampacity_host.configure.command import free_address, settle
from ampacity_host.configure.running import fallback_folder
from ampacity_host.rig.process.runtime import command as controller
from tests.host.configure.test_run_for_real import SITE, ask

PATIENCE_S = 30


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def refused(tmp_path, monkeypatch):
    """A data folder that can be read and not written."""
    data, sole = tmp_path / "data", command.sole

    def refusing_sole(folder):
        if folder == data:
            raise OSError(errno.EROFS, "Read-only file system")
        return sole(folder)

    monkeypatch.setattr(command, "sole", refusing_sole)
    return data


def test_a_read_only_data_folder_is_read_from_a_temporary_one(refused, temporary, capsys):
    held, folder = settle({"format": 1}, refused, "primary", "primary", "127.0.0.1:0", {})
    held.close()
    boot = json.loads((folder / "boot.json").read_text())
    assert folder.parent == temporary and folder.stat().st_mode & 0o777 == 0o700
    assert boot["store"] == str(refused / "store") and "Read-only" in boot["medium"]
    said = capsys.readouterr().err
    assert "without saved state" in said and f"--controller {boot['console']}" in said


def test_a_second_controller_on_the_same_folder_is_refused(refused, temporary):
    held, _ = settle({"format": 1}, refused, "primary", "primary", "127.0.0.1:0", {})
    with pytest.raises(command.Busy):
        settle({"format": 1}, refused, "primary", "primary", "127.0.0.1:0", {})
    held.close()


def test_when_the_medium_returns_a_second_controller_is_still_refused(refused, temporary, monkeypatch):
    refused.mkdir(exist_ok=True)
    held, folder = settle({"format": 1}, refused, "primary", "primary", "127.0.0.1:0", {})
    assert folder != refused
    monkeypatch.undo()
    with pytest.raises(command.Busy):
        settle({"format": 1}, refused, "primary", "primary", "127.0.0.1:0", {})
    held.close()


def test_a_folder_created_by_another_user_is_not_used(refused, temporary, tmp_path):
    (tmp_path / "trap").mkdir()
    fallback_folder.fallback_folder(refused).rmdir()
    fallback_folder.fallback_folder(refused).rmdir()  # the same name each time
    (temporary / fallback_folder.fallback_folder(refused).name).rmdir()
    mark = fallback_folder.fallback_folder(refused)
    mark.rmdir()
    mark.symlink_to(tmp_path / "trap")
    held, folder = settle({"format": 1}, refused, "primary", "primary", "127.0.0.1:0", {})
    held.close()
    assert folder != mark and not folder.is_symlink() and not list((tmp_path / "trap").iterdir())


def test_any_other_error_is_raised_to_the_caller(tmp_path, monkeypatch):
    def denied(_folder):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(command, "sole", denied)
    with pytest.raises(PermissionError):
        settle({"format": 1}, tmp_path, "primary", "primary", "127.0.0.1:0", {})


@pytest.mark.parametrize("runtime", ["cpython", "micropython"])
def test_a_controller_whose_store_cannot_be_created_runs_and_reports_it(runtime, tmp_path):
    address = free_address("127.0.0.1:0")
    (tmp_path / "site.json").write_text(json.dumps(compile_site(load_site(SITE))))
    (tmp_path / "boot.json").write_text(json.dumps({"console": address, "echo": True, "store": "/proc/none/store"}))
    (tmp_path / "console.json").write_text(json.dumps({"console": address}))
    program, environment = controller(runtime, tmp_path)
    process = subprocess.Popen(program, env={**os.environ, **environment}, stdout=subprocess.PIPE, text=True)
    try:
        deadline = time.monotonic() + PATIENCE_S
        while "without saved state" not in (shown := ask(tmp_path, "show").stdout) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert "mode safe" in shown and "without saved state" in shown and "not kept: evidence" in shown
    finally:
        process.terminate()
        said, _ = process.communicate(timeout=PATIENCE_S)
    assert "error storage: /proc/none/store" in said
