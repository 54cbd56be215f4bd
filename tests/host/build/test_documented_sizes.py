"""The size table of docs/manufacturing.md has the figures of a build."""

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ampacity_host.cli import app
from tests.host.build.test_board_images import ROW as MEASURED

PAGE = Path(__file__).resolve().parents[3] / "docs" / "manufacturing.md"
OF_A_PRIMARY = r"(?:(\d+)(, fits|: freeze it)|is a secondary only)"
ROW = re.compile(r"^\| `([\w:-]+)` \| (\d+) \| (\d*) ?\| (\d+) \| (\d+) \| " + OF_A_PRIMARY + r" \| (\d+)(, fits|: freeze it) \|$", re.M)
ROWS = ROW.findall(PAGE.read_text())


def about(documented, size):
    return abs(int(documented) - size / 1024) <= 0.01 * size / 1024


def rows(out, board, role):
    done = CliRunner().invoke(app, ["build", board, "--role", role, "--out", str(out), "--json"])
    assert done.exit_code == 0, done.output
    return {row["what"]: row for row in json.loads(done.stdout)["sizes"]}


def test_the_table_has_every_board_that_is_built():
    assert [row[0] for row in ROWS] == ["esp32-s3:psram", "esp32-s3:no-psram", "rp2350", "stm32h7"]


def test_no_estimate_is_below_what_was_measured_without_a_console_session():
    estimates = {row[0]: {"primary": row[5], "both": row[5], "secondary": row[7]} for row in ROWS}
    measured = [row for row in MEASURED.findall(PAGE.read_text()) if row[2] == "slot"]
    assert measured
    for board, role, _, _, used in measured:
        estimate = estimates.get(board) or estimates[board.partition(":")[0]]
        assert int(used) <= int(estimate[role]), (board, role)


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_a_row_agrees_with_a_build(row, tmp_path):
    board, slot, primary, secondary, heap, *estimates = row
    for role, image, estimate, verdict in (("primary", primary, *estimates[:2]), ("secondary", secondary, *estimates[2:])):
        if image:
            built = rows(tmp_path / role, board, role)
            assert about(image, built["image, one slot"]["bytes"]) and built["image, one slot"]["budget_bytes"] == int(slot) * 1024
            code = built["heap with the code in it"]
            assert about(estimate, code["bytes"]) and code["budget_bytes"] == int(heap) * 1024 and code["fits"] == ("fits" in verdict)
