"""SIGTERM ends a controller wherever it arrives, also where Python ignores what is raised."""

import os
import subprocess
import sys

import pytest

from ampacity_host.places import FIRMWARE

PATIENCE_S = 20
SCRIPT = """
import asyncio, signal
from ampacity.ports.linux import run

class Finalised:
    def __del__(self):
        signal.raise_signal(signal.SIGTERM)

async def main():
    try:
        del_it = Finalised()
        del del_it
        await asyncio.sleep(%d)
        print("went on")
    except asyncio.CancelledError:
        print("tidied up")
        raise

try:
    run(main())
except KeyboardInterrupt:
    print("ended")
"""


def test_a_signal_that_comes_in_a_finaliser_is_not_lost():
    environment = {**os.environ, "PYTHONPATH": str(FIRMWARE)}
    done = subprocess.run([sys.executable, "-c", SCRIPT % PATIENCE_S], env=environment, capture_output=True, text=True, timeout=2 * PATIENCE_S)
    assert done.stdout.split("\n") == ["tidied up", "ended", ""] and "KeyboardInterrupt" not in done.stderr, done


def test_sigterm_ends_a_program_started_with_ctrl_c_ignored():
    environment = {**os.environ, "PYTHONPATH": str(FIRMWARE)}
    script = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\n" + SCRIPT % PATIENCE_S
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, timeout=2 * PATIENCE_S)
    assert done.stdout.endswith("ended\n"), done


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_both_signals_end_it_alike(name):
    environment = {**os.environ, "PYTHONPATH": str(FIRMWARE)}
    script = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
    script += SCRIPT.replace("signal.SIGTERM", "signal." + name) % PATIENCE_S
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, timeout=2 * PATIENCE_S)
    assert done.stdout.endswith("ended\n"), done
