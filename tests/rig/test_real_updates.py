"""Updates on the rig: controllers in processes, with a secondary on its line, and slots next to their data folders."""

import json
import time
import zipfile

from rig_process import SITE, running
from typer.testing import CliRunner

from ampacity_host.cli import app

START_S = 60


def said(*words, status=0):
    done = CliRunner().invoke(app, [str(word) for word in words])
    assert done.exit_code == status, (words, done.output)
    return done.stdout


def update_of(data):
    done = CliRunner().invoke(app, ["console", "--controller", str(data), "show", "update", "--json"])
    return json.loads(done.stdout) if done.exit_code == 0 else {}


def until(look, text):
    until_s = time.monotonic() + START_S
    while not (found := look()):
        assert time.monotonic() < until_s, text
        time.sleep(0.5)
    return found


def test_a_primary_of_the_rig_runs_a_bundle_on_trial_and_brings_one_to_its_secondary(tmp_path):
    keys, data = ("--keys", tmp_path / "keys"), tmp_path / "data"
    said("bundle", "key", "new", "root-a", "--root", *keys)
    said("bundle", "key", "new", "release", *keys)
    data.mkdir()
    for name in ("primary", "evse-2"):
        said("bundle", "slots", data / f"{name}.slots", *keys)
    said("bundle", "application", "--out", tmp_path / "app")
    (tmp_path / "small").mkdir()
    with zipfile.ZipFile(tmp_path / "small" / "application.zip", "w") as small:
        small.writestr("ampacity/__main__.py", bytes(2000))
    fields = ("--key", "release", "--board", "linux-arm", "--release", "1.0", "--sequence", 1, *keys)
    for name in ("app", "small"):
        said("bundle", "sign", tmp_path / name, "--out", tmp_path / f"{name}.bundle", *fields)
    with running(SITE, "--data", str(data), "--no-csms"):
        until(lambda: "update" in said("console", "--controller", data, "show", "--json"), "no slots")
        said("bundle", "push", tmp_path / "small.bundle", "--controller", data, "--for-secondaries")
        assert "bytes to evse-2" in said("console", "--controller", data, "secondaries stage evse-2")
        until(lambda: "ready" in said("console", "--controller", data, "secondaries"), "the secondary is not ready")
        said("bundle", "push", tmp_path / "app.bundle", "--controller", data, "--activate")
        found = until(lambda: (update_of(data).get("trial") and update_of(data)), "it is not on trial")
        assert found["runs"] == "a" and found["slots"]["a"] == "ready 1.0"
        until(lambda: update_of(data)["trial"]["missing"] == [], "safety loop and bus are not seen")
