"""`ampacity selftest`: over a real MicroPython's raw prompt with a simulated `machine`, and on this computer as a board for Linux."""

import json
import os
import pty
import subprocess
import sys
import tty
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ampacity.ports.linux_board import LinuxPins
from ampacity_host.board.command import chosen
from ampacity_host.cli import app
from ampacity_host.configure.push_pull import Prompt
from tools.micropython.find import find

ROOT = Path(__file__).resolve().parents[3]
SIMULATED = """
import sys
from fake_machine import Machine
m = Machine(lambda pin: 1650)
sys.modules["machine"] = m
sys.modules.update(m.modules())
"""


def said(*words):
    return CliRunner().invoke(app, ["selftest", *map(str, words)])


@pytest.fixture
def controller(tmp_path):
    """(port, data folder) of a MicroPython that shows its prompt on a pty, with a simulated `machine`."""
    ours, theirs = pty.openpty()
    tty.setraw(theirs)
    path = os.pathsep.join([str(ROOT / "firmware"), str(ROOT / "tests" / "ports"), ".frozen"])
    prompt = ROOT / "tests" / "host" / "configure" / "raw_prompt.py"
    process = subprocess.Popen([find(), str(prompt)], cwd=tmp_path, stdin=ours, stdout=ours, env={**os.environ, "MICROPYPATH": path})
    port = os.ttyname(theirs)
    with Prompt(port) as prompt:
        prompt.run(SIMULATED)
    yield port, tmp_path
    process.kill()
    process.wait()
    os.close(ours)
    os.close(theirs)


def test_a_controller_behind_its_prompt_tests_its_board_and_restarts(controller):
    port, folder = controller
    (folder / "board.json").write_text(json.dumps(chosen("rp2350")))
    done = said("--controller", port, "--json")
    assert done.exit_code == 1, done.output
    told = json.loads(done.stdout)
    rows = {row["function"]: row for row in told["results"]}
    assert not told["ok"] and rows["pilot plus 12 V, high half"]["ok"] is False  # 1650 mV at the pin are 0 V
    assert abs(rows["pilot plus 12 V, high half"]["value"]) < 10 and rows["pilot plus 12 V, high half"]["least"] == 11000
    assert rows["contactor 1"]["ok"] is None and rows["serial rs485"]["note"]
    assert (folder / "resets").read_text() == "xx"
    with Prompt(port) as prompt:
        assert prompt.run("import machine\nprint((machine.watchdog_ms, machine.fed > 0))") == (5000, True)


def test_a_controller_without_a_board_file_says_which_command_writes_it(controller):
    done = said("--controller", controller[0])
    assert done.exit_code == 1 and "ampacity board show NAME --json" in done.stderr


def test_a_controller_with_the_boot_stage_has_its_board_file_in_the_data_folder_of_that(controller):
    port, folder = controller
    for name, content in (("boot/roots", "x" * 64), ("data/board.json", json.dumps(chosen("rp2350")))):
        (folder / name).parent.mkdir()
        (folder / name).write_text(content)
    assert json.loads(said("--controller", port, "--json").stdout)["results"]
    assert "ampacity board show NAME --json" in said("--controller", port, "--folder", "").stderr


def test_this_computer_as_a_board_lists_each_function_with_a_line():
    done = said("unix")
    assert done.exit_code == 0, done.output
    assert "serial rs485" in done.stdout and "network system" in done.stdout and "0 failed" in done.stdout


@pytest.mark.parametrize("missing, note", [(True, "python3-libgpiod"), (False, "gpioinfo")])
def test_a_board_whose_lines_cannot_be_opened_has_one_failed_row_and_all_others(monkeypatch, missing, note):
    """On a computer without the package, and on one without the lines."""
    if missing:
        monkeypatch.setitem(sys.modules, "gpiod", None)
    monkeypatch.setattr(LinuxPins.__init__, "__defaults__", (None, "/nowhere/gpiochip*", "/nowhere/"))
    done = said("linux-arm", "--json")
    assert done.exit_code == 1, done.output
    rows = json.loads(done.stdout)["results"]
    failed = [row for row in rows if row["ok"] is False]
    assert [row["function"] for row in failed] == ["input"] and note in failed[0]["note"]
    assert failed[0]["note"].startswith("gpiod: " if missing else "pin: "), failed[0]["note"]
    assert {"output alarm", "serial rs485", "serial pilot", "network system", "watchdog systemd"} <= {row["function"] for row in rows}


def test_a_board_is_this_computer_or_a_controller_and_not_both_or_none():
    for words in ((), ("unix", "--controller", "/dev/nowhere"), ("rp2350",), ("unknown",)):
        assert said(*words).exit_code == 2, words
    assert said("--controller", "/dev/nowhere").exit_code == 3


def test_every_pin_of_every_board_belongs_to_a_part_that_the_self_test_knows():
    from ampacity_host.board import find as board_file
    from ampacity_host.board import names, read
    from ampacity_host.board.uses import uses

    tested = {"pilot", "proximity", "contactor", "weld", "rcd", "lock", "temperature", "input", "output", "led"}
    tested |= {"serial", "network", "i2c", "rfid", "spi_flash"}
    used = {use.field.split(".")[0] for name in names() for board in read(board_file(name)).variants.values() for use in uses(board)}
    assert used <= tested
