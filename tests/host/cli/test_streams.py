"""Standard streams that are closed, full, or read by nobody."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SITES = Path(__file__).parents[1] / "configure" / "sites"
PROGRAM = f"{sys.executable} -m ampacity_host"
PATIENCE_S = 30


def shell(line):
    return subprocess.run(["sh", "-c", line], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE_S)


@pytest.mark.parametrize("words", [f"check {SITES}/good/garage.toml", f"check {SITES}/good/garage.toml --json", "--help", "--version"])
def test_a_full_disk_behind_standard_output_is_one_line_and_status_1(words):
    done = shell(f"{PROGRAM} {words} >/dev/full")
    assert (done.returncode, done.stderr) == (1, "ampacity: standard output: No space left on device\n"), done


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_closed_stream_changes_no_status(closed):
    assert shell(f"{PROGRAM} check {SITES}/good/garage.toml {closed}").returncode == 0
    done = shell(f"{PROGRAM} console --controller 127.0.0.1:9 {closed}")
    assert done.returncode == 3 and "Traceback" not in done.stderr, done


@pytest.mark.parametrize("out", [">/dev/full 2>/dev/full", ">&- 2>&-"])
def test_a_controller_runs_even_if_its_output_is_lost(out, tmp_path):
    """It came so far that it wrote its folder, and the signal ended it with 0."""
    line = f"{PROGRAM} run {SITES}/good/two-hundred-eight.toml --data {tmp_path} --json {out} & "
    line += f"n=0; while [ ! -s {tmp_path}/lock ] && [ $n -lt 250 ]; do sleep 0.1; n=$((n + 1)); done; kill $!; wait $!"
    done = shell(line)
    assert done.returncode == 0 and os.path.getsize(tmp_path / "lock"), done


def test_the_number_of_a_closed_stream_is_not_reused_by_a_file():
    look = "import os; from ampacity_host.cli.standard_streams import open_missing; open_missing(); import sys; sys.stderr.write(' '.join("
    look += "os.readlink('/proc/self/fd/%d' % n) for n in (0, 1)) + ' %d' % open('/proc/self/stat').fileno())"
    assert shell(f'{sys.executable} -c "{look}" <&- >&-').stderr.startswith("/dev/null /dev/null ")


def interrupted(tmp_path, module, when):
    """`ampacity devices` to which Ctrl-C comes at the moment at which this module of ours, in place of another, has it sent."""
    come = "import atexit, os, signal, time\ndef come():\n    os.kill(os.getpid(), signal.SIGINT)\n    time.sleep(1)\n"
    (tmp_path / f"{module}.py").write_text(f"{come}{when}\n")
    return shell(f"PYTHONPATH={tmp_path} {PROGRAM} devices >/dev/null")


def test_ctrl_c_during_start_or_end_of_the_program_is_130_without_output(tmp_path):
    for module, when in (("typer", "come()"), ("jsonschema", "come()"), ("sitecustomize", "atexit.register(come)")):
        done = interrupted(tmp_path, module, when)
        assert (done.returncode, done.stderr) == (130, ""), (module, done)
        (tmp_path / f"{module}.py").unlink()
