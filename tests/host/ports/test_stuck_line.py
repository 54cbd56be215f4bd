"""A serial device that takes nothing any more is lost and opened anew: nothing waits without bound, and no old order leaves later."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tools.micropython.find import find

ROOT = Path(__file__).resolve().parents[3]
KERNEL_BYTES = 70_000  # what a pty of the kernel takes at most


@pytest.mark.parametrize("runtime", ["cpython", "micropython"])
def test_a_device_that_takes_nothing_is_lost(runtime):
    near, far = os.openpty()
    environment = dict(os.environ, PYTHONPATH="firmware", MICROPYPATH="firmware:.frozen")
    program = [sys.executable] if runtime == "cpython" else [find()]
    words = [*program, "tests/host/ports/stuck_peer.py", os.ttyname(far)]
    ended = subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60)
    os.close(far)
    os.close(near)
    lost, written = ended.stdout.split()
    assert lost == "1" and int(written) < KERNEL_BYTES, (ended.stdout, ended.stderr)
