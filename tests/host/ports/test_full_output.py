"""A controller whose standard output is full or closed goes on, and ends with its own status: what it says is in its log."""

import json
import os
import select
import socket
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from test_one_controller import configured, terminal, until_up  # noqa: F401

from ampacity_host.rig.process.runtime import command

PATIENCE_S = 30


def asked(folder, text):
    """What the console answers to a line, with its prompts."""
    host, _, port = json.loads((folder / "boot.json").read_text())["console"].rpartition(":")
    with socket.create_connection((host, int(port)), PATIENCE_S) as link:
        link.sendall(text.encode() + b"\n")
        heard = b""
        while heard.count(b"> ") < 2:
            heard += link.recv(65536)
    return heard.decode()


def full():
    return open("/dev/full", "wb", buffering=0)


def closed():
    reading, writing = os.pipe()
    os.close(reading)
    return os.fdopen(writing, "wb", buffering=0)


WAYS = [(runtime, output, buffered) for runtime in ("cpython", "micropython") for output in (full, closed) for buffered in ("", "1")
        if runtime == "cpython" or not buffered]  # MicroPython has no buffer there


def started(runtime, folder, taker, unbuffered=""):
    words, environment = command(runtime, folder)
    return subprocess.Popen(words, env={**environment, "PYTHONUNBUFFERED": unbuffered}, stdout=taker, stderr=subprocess.DEVNULL)


@pytest.mark.parametrize(("runtime", "output", "unbuffered"), WAYS)
def test_a_blocked_standard_output_ends_no_controller(runtime, output, unbuffered, terminal, tmp_path):  # noqa: F811
    folder = configured(tmp_path / "one", terminal)
    assert json.loads((folder / "boot.json").read_text())["echo"] is True
    with output() as taker:
        process = started(runtime, folder, taker, unbuffered)
    try:
        until_up(process, folder)
        for _ in range(20):
            asked(folder, "isolate one off")
        assert "declared isolated: one off" in asked(folder, "log 5")
        asked(folder, "restart --yes")
        assert process.wait(PATIENCE_S) == 42
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


@pytest.mark.parametrize(("runtime", "output", "unbuffered"), WAYS)
def test_a_refused_configuration_has_its_own_exit_code_without_a_readable_reason(runtime, output, unbuffered, tmp_path):
    (tmp_path / "boot.json").write_text('{"role": "cook"}')
    with output() as taker:
        assert started(runtime, tmp_path, taker, unbuffered).wait(PATIENCE_S) == 78


@pytest.mark.parametrize("runtime", ["cpython", "micropython"])
def test_a_line_of_the_log_is_on_standard_output_at_once(runtime, terminal, tmp_path):  # noqa: F811
    """And not with the 8 KiB of a buffer, or at the end."""
    folder = configured(tmp_path / "one", terminal)
    process = started(runtime, folder, subprocess.PIPE)
    try:
        until_up(process, folder)
        asked(folder, "isolate one off")
        seen = b""
        while b"declared isolated" not in seen:
            assert select.select([process.stdout], [], [], PATIENCE_S)[0], seen
            seen += os.read(process.stdout.fileno(), 65536)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
