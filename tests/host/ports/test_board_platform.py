"""The platform of a microcontroller's board inside MicroPython, on a simulated `machine`."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from ampacity_host.board.command import chosen
from tools.micropython.find import find

ROOT = Path(__file__).resolve().parents[3]


def on_micropython(script, folder):
    """What a script prints that runs with the simulated `machine`."""
    path = os.pathsep.join(["firmware", "tests", "tests/ports", ".frozen"])
    command = [find(), "-X", "heapsize=4M", f"tests/host/ports/{script}", str(folder)]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, "MICROPYPATH": path}, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("role, needed", [("primary", ["primary", "charging.upstream"]), ("secondary", ["secondary"])])
def test_the_watchdog_starts_when_the_modules_of_the_role_are_there_and_before_a_pin_is_driven(role, needed, tmp_path):
    """Their import may take longer than it waits, and only the safety loop feeds it."""
    board = chosen("esp32-s3")
    for name, facts in (("board", board), ("boot", {"role": role, "meter": "none"}), ("site", {"ocpp": {"identity": "x"}})):
        (tmp_path / f"{name}.json").write_text(json.dumps(facts))
    seen = on_micropython("board_start_script.py", tmp_path)
    assert seen["timeout"] == board["watchdog"]["timeout_ms"] and seen["driven"] == []
    assert {f"ampacity.roles.{name}" for name in needed} <= set(seen["loaded"]), seen["loaded"]


def test_a_board_opens_its_line_its_watchdog_and_its_charging_point_by_its_file(tmp_path):
    board = chosen("rp2350")
    (tmp_path / "board.json").write_text(json.dumps(board))
    seen = on_micropython("board_platform_script.py", tmp_path)
    serial = board["serial"][0]
    assert seen["uart"] == [1, 9600, serial["tx"]["pin"], serial["rx"]["pin"], 512]
    assert seen["driver"] == [1, 0] and seen["read"] == "echo abc" and seen["off"]
    assert seen["wdt before the start"] is None and seen["armed"] == [False, True]
    assert seen["wdt given"] == 4000 and seen["refused"] == "baud"
    assert seen["point without a meter"] is False
    assert seen["unmetered"] == [None, None, 0]
    assert seen["amps"] == [1, 2, 3] and seen["failed"] == 0
