"""The platform of a microcontroller's board inside MicroPython, on a simulated `machine`."""

import json
import os
import subprocess
from pathlib import Path

from ampacity_host.board.command import chosen
from tools.micropython.find import find

ROOT = Path(__file__).resolve().parents[3]


def test_a_board_opens_its_line_its_watchdog_and_its_charging_point_by_its_file(tmp_path):
    board = chosen("rp2350")
    (tmp_path / "board.json").write_text(json.dumps(board))
    path = os.pathsep.join(["firmware", "tests", "tests/ports", ".frozen"])
    command = [find(), "-X", "heapsize=2M", "tests/host/ports/board_platform_script.py", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, "MICROPYPATH": path}, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    seen = json.loads(done.stdout)
    serial = board["serial"][0]
    assert seen["uart"] == [1, 9600, serial["tx"]["pin"], serial["rx"]["pin"], 512]
    assert seen["driver"] == [1, 0] and seen["read"] == "echo abc" and seen["off"]
    assert seen["wdt given"] == 4000 and seen["refused"] == "baud"
    assert seen["point without a meter"] is False
    assert seen["unmetered"] == [None, None, 0]
    assert seen["amps"] == [1, 2, 3] and seen["failed"] == 0
