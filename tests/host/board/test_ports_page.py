"""docs/ports.md against what it cites: the tests of its sequences with their figures, its site file, the rows of the benchmarks."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ampacity_host.board import find, read
from ampacity_host.cli import app

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "ports.md").read_text()
TESTS = (ROOT / "tests" / "point" / "test_annex_a.py").read_text()
REQUIRED = {"2.2", "3", "4", "5, 6", "8.1", "9", "10.2", "A.5.3", "T_step_X1"}
SITE = """
[site]
name = "garage"

[[circuit]]
name = "main"
rating_a = 63.0
assumed_other_a = 20.0

"""


def sequences():
    """(sequence, limit, measured, test) of each row of the table of sequences."""
    table = PAGE.split("| sequence | what |")[1].split("\n\n")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.split("\n")[2:]]
    return [(row[0], row[2], row[3], row[4].strip("`")) for row in rows]


def test_the_table_has_the_sequences_of_the_standard():
    assert {row[0] for row in sequences()} >= REQUIRED


@pytest.mark.parametrize("sequence, limit, measured, name", sequences())
def test_each_sequence_names_a_test_that_asserts_its_figure(sequence, limit, measured, name):
    bodies = [body for body in re.split(r"\n(?=def )", TESTS) if body.startswith("def " + name)]
    figure = re.match(r"\d+", measured)
    assert figure and bodies, (sequence, name)
    assert any(re.search(rf"(==|<=|<) {figure[0]}\b", body) for body in bodies), (sequence, figure[0])


def test_the_site_file_of_a_board_with_a_pilot_module_passes_its_check_and_names_the_line_of_that_board(tmp_path):
    text = PAGE.split("```toml\n")[1].split("```")[0]
    path = tmp_path / "site.toml"
    path.write_text(SITE + text)
    result = CliRunner().invoke(app, ["check", str(path), "--json"])
    assert result.exit_code == 0, result.output
    for variant, board in read(find("linux-arm")).variants.items():
        device = next(each["device"] for each in board["serial"] if each["name"] == board["pilot"]["serial"])
        assert device in text, (variant, device)


def test_the_table_of_heaps_cites_rows_of_the_benchmarks_and_repeats_none_of_their_figures():
    rows = re.findall(r"`(heap-site/[^`]+)`", PAGE.split("| EVSEs | measured")[1].split("\n\n")[0])
    measured = (ROOT / "docs" / "benchmarks.md").read_text()
    assert len(rows) == 8 and all(f"| `{row}` |" in measured for row in rows)
