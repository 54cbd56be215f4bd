"""`ampacity run` ends with its documented status at whatever instant a signal comes, to it alone or to all of its processes."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ampacity_host.configure.running.supervisor import ENDED
from tests.deep import sample

SITE = Path(__file__).parent / "sites" / "good" / "two-hundred-eight.toml"
PATIENCE_S = 30
TERM, INT, HUP = signal.SIGTERM, signal.SIGINT, signal.SIGHUP
CTRL_C_IS_THERE = """
import os, signal, sys
for number in (signal.SIGINT, signal.SIGHUP):
    signal.signal(number, signal.SIG_DFL)
os.execv(sys.argv[1], sys.argv[1:])
"""


def ended(folder, runtime, after_s, signals, whole_group):
    """(exit status, what was said) of `ampacity run` that gets the signals, 20 ms apart, so long after its first line."""
    words = [sys.executable, "-m", "ampacity_host", "run", str(SITE), "--data", str(folder), "--json", "--runtime", runtime]
    process = subprocess.Popen([sys.executable, "-c", CTRL_C_IS_THERE, *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True, start_new_session=True)  # fmt: skip
    first = process.stdout.readline()
    time.sleep(after_s)
    for number in signals:
        try:
            os.killpg(process.pid, number) if whole_group else process.send_signal(number)
        except ProcessLookupError:
            break
        time.sleep(0.02)
    try:
        said = process.communicate(timeout=PATIENCE_S)[0]
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        raise
    return process.returncode, first + said


@pytest.mark.parametrize("runtime", ["cpython", "micropython"])
@pytest.mark.parametrize(
    ("after_s", "signals", "whole_group"),
    sample([
        (0.0, [TERM], False),
        (0.0, [INT, INT], True),
        (0.12, [INT], True),
        (0.2, [TERM, TERM], True),
        (0.3, [INT, TERM, TERM, INT], False),
        (0.03, [HUP], False),
        (0.9, [HUP], True),
        (0.9, [TERM, INT, TERM, TERM, TERM, TERM, TERM, INT, INT], True),
    ], 2),
)
def test_no_signal_at_any_instant_changes_the_exit_status(runtime, after_s, signals, whole_group, tmp_path):
    status, said = ended(tmp_path, runtime, after_s, signals, whole_group)
    assert status == 0 and "Traceback" not in said and '"console"' in said, said


@pytest.mark.parametrize("runtime", ["cpython", "micropython"])
@pytest.mark.parametrize("number", [TERM, INT, HUP])
def test_a_signal_to_the_controller_alone_ends_both_and_is_no_crash(number, runtime, tmp_path):
    words = [sys.executable, "-m", "ampacity_host", "run", str(SITE), "--data", str(tmp_path), "--json", "--runtime", runtime]
    process = subprocess.Popen([sys.executable, "-c", CTRL_C_IS_THERE, *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True, start_new_session=True)  # fmt: skip
    try:
        while " info primary " not in process.stdout.readline():
            assert process.poll() is None
        controller = int(Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()[0])
        os.kill(controller, number)
        said = process.communicate(timeout=PATIENCE_S)[0]
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    assert process.returncode == 0 and "it restarts in" not in said and "Traceback" not in said, said
    assert (tmp_path / ENDED).is_file()


def test_a_refused_site_is_also_refused_when_a_signal_arrives(tmp_path):
    words = [sys.executable, "-m", "ampacity_host", "run", str(SITE.parents[1] / "refused" / "reserves.toml"), "--data", str(tmp_path), "--json"]
    process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    process.stdout.readline()
    process.send_signal(TERM)
    process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 1
