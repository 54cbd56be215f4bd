"""Two controllers on one data folder or one serial device: the second is refused; kill -9 leaves nothing that blocks."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ampacity_host.rig.process.runtime import command
from tools.micropython.find import ROOT

PATIENCE_S = 20
PAIRS = [("cpython", "cpython"), ("micropython", "micropython"), ("cpython", "micropython"), ("micropython", "cpython")]
SITE = """
[site]
name = "yard"
[[circuit]]
name = "main"
rating_a = 63
[[bus]]
name = "line"
kind = "rtu"
port = "{port}"
[[evse]]
name = "one"
kind = "ampacity"
bus = "line"
unit = 2
circuit = "main"
max_a = 16
"""


@pytest.fixture
def terminal():
    """The path of a pseudo terminal."""
    near, far = os.openpty()
    yield os.ttyname(far)
    os.close(near)
    os.close(far)


def configured(folder, port):
    """A data folder with that site."""
    from ampacity_host.configure import compile_site, load_site
    from ampacity_host.configure.command import prepare

    folder.mkdir()
    (folder / "site.toml").write_text(SITE.format(port=port))
    prepare(compile_site(load_site(folder / "site.toml")), folder, "primary", "primary", "127.0.0.1:0")
    return folder


def start(runtime, folder):
    words, environment = command(runtime, folder)
    return subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def until_up(process, folder):
    """Until it answers on its console."""
    host, _, port = json.loads((folder / "boot.json").read_text())["console"].rpartition(":")
    import socket

    for _ in range(PATIENCE_S * 20):
        assert process.poll() is None, process.stdout.read()
        try:
            socket.create_connection((host, int(port)), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise AssertionError("it does not come up")


def refused(process):
    """What a process says that ends with 75."""
    said, _ = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 75, said
    return said


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_the_second_on_a_data_folder_or_a_device_is_refused_and_kill_9_frees_both(first, second, terminal, tmp_path):
    one, two = configured(tmp_path / "one", terminal), configured(tmp_path / "two", terminal)
    running = start(first, one)
    try:
        until_up(running, one)
        assert refused(start(second, one)) == f"ampacity: data folder {one} is in use by process {running.pid}; end that one first\n"
        assert refused(start(second, two)) == f"ampacity: serial device {terminal} is in use by another program; end that one first\n"
        assert running.poll() is None
        running.send_signal(signal.SIGKILL)
        running.wait()
        running = start(second, one)
        until_up(running, one)
    finally:
        running.kill()
        running.communicate()


def test_ampacity_run_changes_nothing_in_a_folder_that_is_in_use(terminal, tmp_path):
    one = configured(tmp_path / "one", terminal)
    running = start("cpython", one)
    try:
        until_up(running, one)
        before = {path.name: path.read_bytes() for path in one.glob("*.json")}
        words = [sys.executable, "-m", "ampacity_host", "run", "--site", str(one / "site.toml"), "--data", str(one)]
        done = subprocess.run(words, capture_output=True, text=True, timeout=PATIENCE_S, cwd=Path(ROOT))
        assert done.returncode == 75 and f"in use by process {running.pid}" in done.stderr, done
        assert {path.name: path.read_bytes() for path in one.glob("*.json")} == before
    finally:
        running.kill()
        running.communicate()
