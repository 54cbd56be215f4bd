"""`ampacity run` with the real firmware in a process of its own, on both runtimes, and its real console."""

import json
import os
import pty
import select
import signal
import subprocess
import sys
import time
import tty
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ampacity.base.errors import Busy
from ampacity.ports.lock import FolderLock
from ampacity_host.cli import app
from ampacity_host.configure.command import prepare

SITE = Path(__file__).parent / "sites" / "good" / "two-hundred-eight.toml"
PATIENCE_S = 20


def ask(data, *words):
    """The CLI's answer of the console of the controller in `data`."""
    return CliRunner().invoke(app, ["console", "--data", str(data), *words])


def answered(data, *words):
    """The same, waiting until the controller is up."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        done = ask(data, *words)
        if done.exit_code == 0 or time.monotonic() > deadline:
            return done
        time.sleep(0.05)


@pytest.fixture(params=["cpython", "micropython"])
def running(request, tmp_path):
    """(process of `ampacity run`, data folder) on one runtime."""
    (tmp_path / "ended").touch()  # the life before was ended by somebody
    command = [sys.executable, "-m", "ampacity_host", "run", "--site", str(SITE), "--data", str(tmp_path), "--runtime", request.param]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    yield process, tmp_path
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE_S)


def test_a_controller_answers_restarts_when_asked_and_ends_with_its_supervisor(running):
    process, data = running
    shown = answered(data, "show", "site")
    assert shown.exit_code == 0 and "evse three" in shown.stdout
    assert ask(data, "nonsense").exit_code == 1

    wait_until(lambda: uptime_ms(data) > 2_000)
    asked_s = time.monotonic()
    assert ask(data, "restart", "--yes").stdout == "restarting\n"
    wait_until(lambda: uptime_ms(data) < (time.monotonic() - asked_s) * 1000)  # it runs for less time than since the request
    assert "version: " in answered(data, "show", "version").stdout

    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE_S) == 0
    assert ask(data, "show", "site").exit_code == 3
    prepare({}, data, "primary", "primary", "127.0.0.1:0")  # the next start: that end was wanted
    assert json.loads((data / "boot.json").read_text())["reason"] == "Software"
    prepare({}, data, "primary", "primary", "127.0.0.1:0")  # a start after no such end
    assert "reason" not in json.loads((data / "boot.json").read_text())


def test_a_killed_controller_restarts_and_records_the_crash(running):
    process, data = running
    assert answered(data, "show", "version").exit_code == 0
    os.kill(int((data / "lock").read_text().split()[0]), signal.SIGKILL)
    wait_until(lambda: ask(data, "show", "version").exit_code != 0)
    assert answered(data, "show", "version").exit_code == 0
    assert process.poll() is None and "Crash" in (data / "store" / "lives.set").read_text()


def test_a_controller_ends_when_its_supervisor_is_killed_and_a_new_one_starts(running):
    process, data = running
    assert answered(data, "show", "version").exit_code == 0
    controller = int((data / "lock").read_text().split()[0])
    process.kill()
    try:
        wait_until(lambda: is_free(data))
    except AssertionError:
        os.kill(controller, signal.SIGKILL)
        raise
    again = subprocess.Popen(process.args, stdin=subprocess.DEVNULL)
    try:
        assert answered(data, "show", "version").exit_code == 0 and again.poll() is None
    finally:
        again.send_signal(signal.SIGTERM)
        assert again.wait(PATIENCE_S) == 0


def is_free(data):
    """True if no controller has the data folder."""
    try:
        FolderLock(str(data)).close()
        return True
    except Busy:
        return False


def uptime_ms(data):
    """How long the controller runs that answers now."""
    return json.loads(answered(data, "show site --json").stdout)["uptime_ms"]


def wait_until(condition):
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize("runtime", ["cpython", "micropython"])
def test_the_watchdog_is_fed_while_the_controller_is_well_(runtime, tmp_path):
    heard, device = pty.openpty()  # a character device that lets us hear
    tty.setraw(device)
    command = [sys.executable, "-m", "ampacity_host", "run", "--site", str(SITE), "--runtime", runtime]
    process = subprocess.Popen([*command, "--data", str(tmp_path / "data"), "--watchdog", os.ttyname(device)], stdin=subprocess.DEVNULL)
    try:
        fed = b""
        while len(fed) < 10:
            assert select.select([heard], [], [], PATIENCE_S)[0]
            fed += os.read(heard, 10 - len(fed))
        assert fed == b"\0" * 10
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE_S)
        os.close(heard)
        os.close(device)


def test_a_watchdog_that_is_not_a_character_device_is_refused_and_not_created(tmp_path):
    file = tmp_path / "plain"
    file.touch()
    for wrong in ("/dev/nosuch", str(tmp_path / "dog"), str(file), str(tmp_path), ""):
        command = [sys.executable, "-m", "ampacity_host", "run", str(SITE), "--data", str(tmp_path / "data"), "--watchdog", wrong]
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S)
        assert done.returncode == 78, done
        assert f"--watchdog: {wrong!r} is not allowed; use a character device" in done.stderr
    assert list(tmp_path.iterdir()) == [file] and file.stat().st_size == 0


def test_a_configuration_that_cannot_be_used_ends_with_78(tmp_path):
    from ampacity_host.rig.process.runtime import command

    wrong_boot = ("{}", '{"role":"secondary","console":7}', "boot.json console")
    for text, boot, field in (('{"format":1}', "{}", "circuits"), ('{"format":1,"phases":"3"}', "{}", "phases"), wrong_boot):
        (tmp_path / "site.json").write_text(text)
        (tmp_path / "boot.json").write_text(boot)
        for runtime in ("cpython", "micropython"):
            arguments, environment = command(runtime, tmp_path)
            done = subprocess.run(arguments, env={**os.environ, **environment}, capture_output=True, text=True, timeout=PATIENCE_S)
            assert done.returncode == 78 and "configuration: " in done.stdout and field in done.stdout
