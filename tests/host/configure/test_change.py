"""`ampacity check --data DIR`: what of the old site will still count, and whether the new one then fits."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).resolve().parents[2] / "rig"))

from site_changes import HOLDS, Yard, evse, site_text  # noqa: E402

OTHERS = [evse("evse-2", 2), evse("evse-3", 3, fallback_a=6.0)]


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """The store of a primary that ran evse-1, which holds its order, and two others."""
    folder = tmp_path_factory.mktemp("data")
    yard = Yard(site_text([evse("evse-1", 1, HOLDS), *OTHERS]))
    yard.do("plug", evse="evse-1")
    yard.run(40)
    (folder / "store").mkdir()
    (folder / "store" / "evidence.set").write_bytes(yard.bench.primary.files.read("evidence.set"))
    return folder


def check(folder, text, *options):
    path = folder / "site.toml"
    path.write_text(text)
    done = subprocess.run([sys.executable, "-m", "ampacity_host", "check", str(path), *options], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


def test_a_removed_evse_is_named_with_its_count_and_release(data, tmp_path):
    status, out, _ = check(tmp_path, site_text(OTHERS), "--json", "--data", str(data))
    result = json.loads(out)
    (left,) = result["change"]["left"]
    assert status == 0 and (left["name"], left["most_a"], left["circuits"], left["then_a"]) == ("evse-1", 16.0, ["main"], None)
    assert "gone evse-1" in left["text"] and not [f for f in result["findings"] if f["code"] == "left"]


def test_a_site_that_does_not_fit_with_a_removed_evse_gets_a_warning(data, tmp_path):
    small = '[[circuit]]\nname = "main"\nrating_a = 20.0\n'
    status, out, _ = check(tmp_path, site_text(OTHERS, small), "--data", str(data))
    assert status == 0 and "this includes EVSEs that left the site file" in out.replace("\n", " ") and "after the change: evse-1" in out


def test_the_same_site_changes_nothing_and_a_moved_one_is_named(data, tmp_path):
    same = site_text([evse("evse-1", 1, HOLDS), *OTHERS])
    assert "nothing of the old site still counts" in check(tmp_path, same, "--data", str(data))[1]
    rows = '[[circuit]]\nname = "main"\nrating_a = 32.0\n\n[[circuit]]\nname = "row"\nparent = "main"\nrating_a = 32.0\n'
    moved = site_text([evse("evse-1", 1, HOLDS, "row"), *OTHERS], rows)
    assert "evse-1 also counts at its old address" in check(tmp_path, moved, "--data", str(data))[1]


def test_a_folder_without_a_journal_is_reported_and_a_damaged_one_is_refused(tmp_path):
    assert "nothing of the old site still counts" in check(tmp_path, site_text(OTHERS), "--data", str(tmp_path))[1]
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "evidence.set").write_bytes(b"00000000\n{}")
    status, _, err = check(tmp_path, site_text(OTHERS), "--data", str(tmp_path))
    assert status == 2 and "damaged" in err
