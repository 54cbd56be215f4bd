"""`ampacity bundle rauc`: RAUC's handler hands the signed bundle to a running controller, which judges it.

`python -m tools.deb.rauc` does it with the real RAUC.
"""

import os
import subprocess
import sys

import pytest

from tests.host.update.test_push import for_another_board, running, said, sign, update_of, yard  # noqa: F401 - a fixture

BOARD = "linux-arm"


def folder_for_rauc(file, out):
    said("bundle", "rauc", file, "--out", out, "--compatible", "garage", "--format", "plain")
    return out


@pytest.fixture
def bundles(yard, tmp_path):  # noqa: F811
    """(folder of the controller, a good bundle, one for another board); the handler finds the controller by a file of settings."""
    folder = yard(BOARD)
    program = tmp_path / "ampacity"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m ampacity_host "$@"\n')
    program.chmod(0o755)
    (tmp_path / "settings").write_text(f"CONTROLLER={folder / 'data'}\nAMPACITY={program}\n")
    return folder, sign(folder, "good", 1, BOARD), for_another_board(folder, "other")


def handled(mounted, settings):
    """(exit status, last line) of the handler, started as RAUC starts it."""
    environment = os.environ | {"RAUC_BUNDLE_MOUNT_POINT": str(mounted), "AMPACITY_RAUC": str(settings)}
    ended = subprocess.run([mounted / "ampacity-handler.sh"], env=environment, capture_output=True, text=True, timeout=120)
    return ended.returncode, ended.stdout.strip()


def test_the_handler_ends_as_the_controller_judges(bundles, tmp_path):
    folder, good, other = bundles
    for name, file in (("in", good), ("in-other", other)):
        folder_for_rauc(file, tmp_path / name)
    status, text = handled(tmp_path / "in", tmp_path / "settings")
    assert status == 3 and text.startswith("<< error "), (status, text)  # no controller has this data folder yet
    with running(folder, "cpython") as data:
        status, text = handled(tmp_path / "in-other", tmp_path / "settings")
        assert status == 1 and text.startswith("<< error ") and "board" in text, (status, text)
        assert update_of(data)["refused"]["field"] == "board"
        assert handled(tmp_path / "in", tmp_path / "settings")[0] == 0
        assert update_of(data)["slots"]["a"] == "ready 1.0", update_of(data)


def test_the_folder_holds_nothing_else_and_no_file_is_taken_that_is_no_bundle(bundles, tmp_path):
    _, good, _ = bundles
    out = folder_for_rauc(good, tmp_path / "in")
    folder_for_rauc(good, out)  # again
    assert sorted(path.name for path in out.iterdir()) == ["ampacity-handler.sh", "application.bundle", "manifest.raucm"]
    assert "compatible=garage\nversion=1.0\n" in (out / "manifest.raucm").read_text()
    assert (out / "application.bundle").read_bytes() == good.read_bytes()
    (out / "more").write_text("x")
    assert "use an empty folder" in said("bundle", "rauc", good, "--out", out, "--compatible", "garage", status=1).output
    for words in (("--compatible", "a\nb"), ("--compatible", "")):
        assert "--compatible" in said("bundle", "rauc", good, "--out", tmp_path / "none", *words, status=1).output
    said("bundle", "rauc", tmp_path / "settings", "--out", tmp_path / "none", "--compatible", "garage", status=1)
    assert not (tmp_path / "none").exists()
