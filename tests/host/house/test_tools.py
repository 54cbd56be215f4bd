"""The tools: sources of a newer suite, the bench's frame, generated files, sizes."""

import json
import random
import subprocess
import sys
from types import SimpleNamespace

import pytest
from house import ROOT

from ampacity_host.configure import check_report, load_site
from tests.proof import soak_garage
from tools import generated, pypy, size
from tools.bench import drawn_weeks
from tools.bench.__main__ import measured, wanted
from tools.bench.entry import entry, unmeasured
from tools.micropython import debian, find, get


def run(*words):
    return subprocess.run([sys.executable, *words], cwd=ROOT, capture_output=True, text=True)


def test_one_line_sources_are_rewritten_for_the_newer_suite_alone():
    lines = ("# note", "deb http://m/debian bookworm main", "deb http://m/debian bookworm-updates main", "deb-src http://m/debian bookworm main")
    text = "\n".join(lines)
    assert debian.one_line_entries(text, "bookworm", "trixie", "deb") == "deb http://m/debian trixie main\n"
    assert debian.one_line_entries(text, "bookworm", "trixie", "deb-src").startswith("deb-src ")


def test_stanza_sources_keep_their_key_and_lose_other_suites():
    text = (
        "Types: deb\nURIs: http://mirror/debian\nSuites: bookworm bookworm-updates\nComponents: main\nSigned-By: /key\n\n"
        "Types: deb\nURIs: http://mirror/security\nSuites: bookworm-security\nComponents: main\n"
    )
    rewritten = debian.stanza_entries(text, "bookworm", "trixie", "deb-src")
    assert "Suites: trixie\n" in rewritten and "Types: deb-src\n" in rewritten and "Signed-By: /key" in rewritten
    assert "security" not in rewritten


def test_a_runtime_on_path_is_a_fallback_only_from_1_25_on(tmp_path, monkeypatch):
    def failing(dest):
        raise debian.Failed("this machine is no Debian")

    program = tmp_path / "micropython"
    monkeypatch.setattr(get, "fetch", failing)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    for version, works in (("1.24.1", False), ("1.25.0", True), ("1.26.0", True)):
        program.write_text(f"#!/bin/sh\necho '3.4.0; MicroPython v{version} on 2025-05-04'\n")
        program.chmod(0o755)
        if works:
            assert str(program) in get.get(tmp_path / "dest")
        else:
            with pytest.raises(debian.Failed, match="micropython >= 1.25 on PATH"):
                get.get(tmp_path / "dest")


def test_a_missing_runtime_is_reported_in_one_line_with_the_command(monkeypatch, tmp_path):
    monkeypatch.setattr(find, "ROOT", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("AMPACITY_MICROPYTHON", raising=False)
    with pytest.raises(find.MissingRuntime, match="run: make setup") as caught:
        find.find()
    assert "\n" not in str(caught.value)


AIMS = [(1.0, "<= 1.05", True), (1.1, "<= 1.05", False), (3.0, ">= 3", True), (2.9, ">= 3", False), (9.9, None, True)]


@pytest.mark.parametrize(("ours", "aim", "ok"), AIMS)
def test_an_entry_is_compared_with_its_aim(ours, aim, ok):
    assert entry("row", ours, 1.0, "s", aim)["ok"] is ok


def test_a_row_without_a_figure_is_not_ok_and_has_a_reason():
    row = unmeasured("stall", "no 32-bit runtime")
    assert (row["ok"], row["aim"], row["note"]) == (False, None, "no 32-bit runtime")
    assert set(row) == set(entry("row", 1, 1, "s"))


def test_only_names_a_row_or_one_of_its_cases():
    assert wanted("bus-cycle/16x19200/virtual", "bus-cycle") and wanted("bus-cycle", "bus-cycle/16x19200/virtual")
    assert not wanted("bus-pymodbus", "bus-cycle") and wanted("anything", None)


def test_the_bench_prints_json_and_nothing_else():
    done = run("-m", "tools.bench", "--only", "image", "--json")
    rows = json.loads(done.stdout)
    figures = {row["row"]: row["ours"] for row in rows}
    assert {f"image/{room}" for room in ("boot", *size.rooms())} | {"image/primary", "image/packed"} == set(figures)
    assert figures["image/packed"] < 0.8 * figures["image/primary"]
    apart = sum(figures[f"image/{room}"] for room in size.APART)
    assert abs(2 * figures["image/primary"] + apart + figures["image/packed"] - sum(figures.values())) < 0.5  # each is rounded to four digits
    assert all(set(row) == {"row", "ours", "reference", "unit", "ratio", "aim", "ok", "note"} for row in rows)


def test_an_error_during_a_measurement_is_reported_in_the_requested_row():
    def rows():
        raise OSError("no line")
    module = SimpleNamespace(__name__="x", ROWS=("one", "two"), rows=rows)
    assert [(each["row"], each["note"]) for each in measured(module, "two")] == [("two", "OSError: no line")]
    assert [each["row"] for each in measured(module, None)] == ["one", "two"]


def test_an_unknown_row_is_wrong_usage():
    done = run("-m", "tools.bench", "--only", "no-such-row")
    assert done.returncode == 2 and "no row no-such-row" in done.stderr


def test_the_size_of_a_module_does_not_depend_on_the_folder_of_the_checkout(tmp_path, monkeypatch):
    sizes = []
    for folder in (tmp_path / "a", tmp_path / "a-checkout-with-a-long-name"):
        (folder / "base").mkdir(parents=True)
        (folder / "base" / "x.py").write_text("X = 1\n")
        monkeypatch.setattr(size, "FIRMWARE", folder)
        sizes.append(size.module_sizes())
    assert sizes[0] == sizes[1] and sizes[0]["base/x.py"] > 0


def test_the_image_of_a_primary_fits_its_partition():
    modules = size.module_sizes()
    board = size.on_a_board(modules)
    assert 0 < size.primary_bytes(size.room_sizes(board)) <= size.PRIMARY_BYTES_MAX
    assert sum(size.room_sizes(board).values()) == sum(board.values())
    assert set(modules) - set(board) == set(size.NOT_ON_A_BOARD)


def test_every_generator_that_a_file_names_exists():
    assert all((ROOT / generator).is_file() for generator in generated.generators())


def test_a_stale_generated_file_fails_the_check(tmp_path, monkeypatch, capsys):
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / "__init__.py").write_text("")
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "table.md").write_text("<!-- generated by tools/table.py -->\nold\n")
    (tmp_path / "tools" / "table.py").write_text("import sys\nsys.exit(1 if '--check' in sys.argv else 0)\n")
    monkeypatch.setattr(generated, "ROOT", tmp_path)
    monkeypatch.setattr(sys, "argv", ["generated", "--check"])
    assert generated.main() == 1 and "docs/table.md: not what tools/table.py writes" in capsys.readouterr().err
    monkeypatch.setattr(sys, "argv", ["generated"])
    assert generated.main() == 0


@pytest.mark.parametrize(
    ("python", "said"),
    [
        (None, "install Python 3.11 or newer"),
        ("case $2 in *version_info*) exit 1;; esac", "is older than 3.11"),
        ("case $2 in *ensurepip*) exit 1;; esac", "apt-get install python3-venv"),
    ],
)
def test_make_names_a_missing_prerequisite_in_one_line(python, said, tmp_path):
    for name in ("Makefile", "requirements.lock", "pyproject.toml"):
        (tmp_path / name).write_text((ROOT / name).read_text())
    program = tmp_path / "python"
    if python:
        program.write_text(f"#!/bin/sh\n{python}\nexit 0\n")
        program.chmod(0o755)
    done = subprocess.run(["make", "setup", f"PYTHON={program}"], cwd=tmp_path, capture_output=True, text=True)
    lines = [line for line in done.stderr.splitlines() if "***" not in line]
    assert done.returncode == 2 and len(lines) == 1 and said in lines[0]


def test_the_soak_garage_passes_the_check_and_its_weeks_repeat_for_a_seed(tmp_path):
    (tmp_path / "site.toml").write_text(soak_garage.site_text())
    assert check_report(load_site(tmp_path / "site.toml"))["ok"]
    texts = []
    for _ in range(2):
        drawn_weeks.write_sessions(tmp_path / "sessions.csv", 2, random.Random(7))
        texts.append((tmp_path / "sessions.csv").read_text())
    assert texts[0] == texts[1] and texts[0].count("\n") == 1 + 2 * drawn_weeks.EVSES * 3 // 2


def test_a_compiled_package_for_pypy_is_the_one_of_the_lock_file_with_its_hashes():
    lines = pypy.locked("rpds-py").splitlines()
    assert lines[0].startswith("rpds-py==") and len(lines) > 2
    assert all(line.strip().startswith("--hash=sha256:") for line in lines[1:])
    with pytest.raises(debian.Failed, match="does not name rpds"):
        pypy.locked("rpds")
