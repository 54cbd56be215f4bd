"""`ampacity board list`, `show` and `wiring`: what a controller reads, and the page that an electronics engineer wires by."""

import json
import xml.etree.ElementTree as tree

import pytest
from typer.testing import CliRunner

from ampacity_host.board import find, names, read
from ampacity_host.board.loader import SCHEMA
from ampacity_host.board.uses import uses
from ampacity_host.cli import app
from ampacity_host.places import BOARDS


def run(*words):
    return CliRunner().invoke(app, ["board", *map(str, words)])


def shown(name):
    done = run("show", name, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def leaves(value):
    if isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from leaves(each)
    else:
        yield value


def test_the_list_names_every_board_with_its_variants():
    listed = json.loads(run("list", "--json").stdout)["boards"]
    assert [row["name"] for row in listed] == names()
    assert {row["name"]: row["variants"] for row in listed}["esp32-s3"] == ["psram", "no-psram"]
    assert all(row["title"] in run("list").output for row in listed)


@pytest.mark.parametrize("name", names())
def test_what_a_controller_reads_has_every_default_and_no_number_with_a_point(name):
    for variant in read(find(name)).variants:
        board = shown(f"{name}:{variant}")
        assert board["variant"] == variant and board["format"] == 1
        assert {type(each) for each in leaves(board)} <= {str, int, bool}
        assert all(key in board for key, row in SCHEMA["properties"].items() if "default" in row)
        assert all({"pin", "level", "pull"} <= set(use.entry) for use in uses(board) if use.kind != "ADC")


def test_a_variant_replaces_lists_and_merges_tables():
    cm4, cm5, generic = (shown(f"linux-arm:{variant}") for variant in ("cm4", "cm5", "generic"))
    assert shown("linux-arm") == cm4
    assert [each["device"] for each in cm4["serial"]] == ["/dev/ttyAMA2", "/dev/ttyAMA3"]
    assert [each["device"] for each in cm5["serial"]] == ["/dev/ttyAMA1", "/dev/ttyAMA2"]
    assert cm5["input"] == cm4["input"] and generic["input"][0]["sense"]["pin"] == "AMPACITY-STOP"
    assert generic["pilot"] == cm4["pilot"]


def test_an_unknown_variant_is_refused_with_a_suggestion():
    done = run("show", "esp32-s3:psrm")
    assert done.exit_code == 2 and "did you mean psram?" in done.output


def test_a_file_that_is_not_valid_is_not_shown(tmp_path):
    path = tmp_path / "board.toml"
    path.write_text("[[variant]]\nname = 'a'\n")
    for words in (("show", path), ("wiring", path, "--out", tmp_path / "out")):
        done = run(*words)
        assert done.exit_code == 1 and "is missing" in done.output, done.output
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", names())
def test_the_wiring_page_and_its_drawings_have_every_pin(name, tmp_path):
    assert run("wiring", name, "--out", tmp_path).exit_code == 0
    page = (tmp_path / f"{name}.md").read_text()
    drawn = "".join("".join(tree.fromstring(path.read_text()).itertext()) for path in tmp_path.glob("*.svg"))
    for board in read(find(name)).variants.values():
        for use in uses(board):
            assert f"| {use.pin} | {use.label} |" in page and use.pin in drawn
    assert all(path.name in page for path in tmp_path.glob("*.svg"))


def test_a_page_says_that_a_candidate_was_never_built_and_names_the_source_of_each_pin(tmp_path):
    run("wiring", "stm32h7", "--out", tmp_path)
    page = (tmp_path / "stm32h7.md").read_text()
    assert "**candidate**" in page and "never built or powered" in page
    row = next(line for line in page.splitlines() if line.startswith("| PB14 |"))
    assert row.endswith("| nucleo |") and "| nucleo | firmware |" in page


def test_markup_in_a_board_file_is_text_in_its_drawing(tmp_path):
    folder = tmp_path / "rp2350"
    folder.mkdir()
    text = (BOARDS / "rp2350" / "board.toml").read_text()
    (folder / "board.toml").write_text(text.replace('title = "', 'title = "<script>&', 1))
    assert run("wiring", folder, "--out", tmp_path / "out").exit_code == 0
    assert "<script>&" in "".join(tree.fromstring((tmp_path / "out" / "rp2350.svg").read_text()).itertext())


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "taken").write_text("")
    done = run("wiring", "unix", "--out", tmp_path / "taken")
    assert done.exit_code == 1 and "taken" in done.output


def test_a_text_of_the_file_stays_a_text_on_the_page_and_in_the_drawing(tmp_path):
    path = tmp_path / "rp2350" / "board.toml"
    path.parent.mkdir()
    text = (BOARDS / "rp2350" / "board.toml").read_text()
    strange = "# <script>x</script> | [a](b) & *c*"
    for old in ('title = "Raspberry Pi', 'text = "pin map', 'notes = ["CP', 'image = "RPI'):
        assert old in text
        text = text.replace(old, old[: old.index('"') + 1] + strange + " " + old[old.index('"') + 1 :], 1)
    path.write_text(text)
    assert run("check", path).exit_code == 0 and run("wiring", path, "--out", tmp_path).exit_code == 0
    page, picture = (tmp_path / "rp2350.md").read_text(), (tmp_path / "rp2350.svg").read_text()
    assert "<script" not in page + picture and page.count(r"\# &lt;script&gt;x&lt;/script&gt; \| \[a\](b) &amp; \*c\*") == 4
    assert [line for line in page.splitlines() if line.startswith("#")] == ["# Wiring: rp2350", "## Pins: pico2-w", "## Sources"]
    assert strange in "".join(tree.fromstring(picture).itertext())
