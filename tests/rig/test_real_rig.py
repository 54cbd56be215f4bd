"""The whole site in processes of its own, on the real clock."""

import os
import signal
import subprocess
import sys
import time

import pytest
from rig_process import OCPP, SITE, running
from typer.testing import CliRunner

from ampacity_host.cli import app


def children(pid):
    """All descendants of a process that still live."""
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open("/proc/%s/stat" % entry) as file:
                    parent = int(file.read().rpartition(")")[2].split()[1])
            except OSError:
                continue
            if parent == pid:
                found += [int(entry), *children(int(entry))]
    return found


def wait_for(what, seconds):
    """The first true value of what(), polled; fails after so many seconds."""
    end_s = time.monotonic() + seconds
    while time.monotonic() < end_s:
        value = what()
        if value:
            return value
        time.sleep(0.1)
    raise AssertionError("not within %s s" % seconds)


def online(rig):
    view = rig.state()["primary"]
    return view if view and all(evse["online"] for evse in view["evses"].values()) else None


@pytest.mark.parametrize("runtime", ["cpython", "micropython"])
def test_controllers_communicate_over_ptys_and_leave_nothing_behind(runtime):
    with running(SITE + OCPP, "--runtime", runtime) as rig:
        view = wait_for(lambda: online(rig), 20)
        assert view["mode"] == "quarantine" or view["mode"] == "regulating"
        assert wait_for(lambda: rig.state()["primary"]["ocpp"]["connected"], 10)
        rig.plug(evse="evse-2")
        assert wait_for(lambda: rig.state()["primary"]["evses"]["evse-2"]["status"] == "Plugged", 5)
        pid = rig.ready["primary"]["pid"]
        rig.primary(action="kill")
        wait_for(lambda: rig.state()["truth"]["evses"]["evse-1"]["watchdog"] == "expired", 3)
        rig.primary(action="start")
        assert wait_for(lambda: rig.state()["primary"], 10)
        started = children(rig.process.pid)
        assert pid not in started and len(started) >= 2
        rig.process.send_signal(signal.SIGTERM)
        assert rig.process.wait(30) == 0
        wait_for(lambda: not any(os.path.exists("/proc/%d" % child) for child in started), 3)


def test_the_folder_of_a_rig_is_a_controller_for_commissioning(tmp_path):
    """As docs/commission.md has it: a run begins there, and a hand does what it asks for."""
    folder = str(tmp_path / "practice")
    with running(SITE, "--no-csms", "--data", folder) as rig:
        wait_for(lambda: online(rig), 30)
        words = [sys.executable, "-m", "ampacity_host", "commission", "evse-2", "--controller", folder, "--no-scan", "--unattended"]
        with subprocess.Popen([*words, "--out", str(tmp_path / "x")], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as run:
            assert wait_for(lambda: "evse-2" in str(rig.ask("console", text="commission status --json")), 30)
            rig.plug(evse="evse-2")
            wait_for(lambda: "a load draws" in str(rig.ask("console", text="commission status")), 60)
            run.send_signal(signal.SIGINT)
            said = run.communicate(timeout=30)[0]
            assert run.returncode == 130 and "the run continues in the controller" in said, said


def test_a_rig_keeps_the_site_file_that_it_was_started_with_and_a_push_to_it_is_refused_at_once(tmp_path):
    other = tmp_path / "other.toml"
    other.write_text(SITE.replace("rating_a = 63", "rating_a = 50"))
    assert other.read_text() != SITE
    folder = tmp_path / "practice"
    with running(SITE, "--no-csms", "--data", str(folder)) as rig:
        wait_for(lambda: rig.state()["primary"], 30)
        pid = rig.ready["primary"]["pid"]
        kept = CliRunner().invoke(app, ["configure", "backup", str(tmp_path / "kept.json"), "--controller", str(folder)])
        assert kept.exit_code == 0, kept.output
        for words in (["push", str(other)], ["restore", str(tmp_path / "kept.json")]):
            for each in (folder, folder / "primary"):
                result = CliRunner().invoke(app, ["configure", *words, "--controller", str(each)])
                assert result.exit_code == 1 and "start it with the new one" in result.stderr, (words, result.output)
        assert "configuration" not in rig.ask("console", text="show changes")["text"] and os.path.exists("/proc/%d" % pid)
