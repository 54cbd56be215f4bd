"""The tool behind `make mutants`: a toy module whose survivor is known, and the list of equivalent mutants."""

import pytest

from tests.proof import case
from tools.mutants import suite
from tools.mutants.__main__ import EQUIVALENT, FIRMWARE, Run, chosen_files, main, put_on_page, report
from tools.mutants.changes import equivalent_names, mutants_of
from tools.trusted import BESIDE, CIRCUIT, TRUSTED

TOY = """
def most(values: "list[int]") -> int:
    best = 0
    for value in values:
        if value > best:
            best = value
    return best


def waited(until: int) -> int:
    now = 0
    while now < until:
        now += 1
    return now


def nobody_asks() -> int:
    return 3
"""
TESTS = """
from toy import most, waited


def test_the_greatest_is_found():
    assert most([3, 7, 5]) == 7 and most([0]) == 0


def test_a_wait_lasts_as_long_as_requested():
    assert waited(5) == 5 and waited(0) == 0
"""


def played(tmp_path, tests=TESTS):
    sources, folder = tmp_path / "sources", tmp_path / "tests"
    sources.mkdir(exist_ok=True)
    folder.mkdir(exist_ok=True)
    (sources / "toy.py").write_text(TOY)
    (folder / "test_toy.py").write_text(tests)
    run = Run(suite.Layout(sources, [], lambda file: [folder / "test_toy.py"]), tmp_path / "out", processes=1)
    told = []
    mutants = run.mutants([sources / "toy.py"])
    run.measure([sources / "toy.py"], told.append)
    return run.play(mutants, told.append), told


def left(results, state):
    return sorted(row["name"] for row in results.values() if row["state"] == state)


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    """(folder, results) of all its mutants, played once."""
    folder = tmp_path_factory.mktemp("toy")
    return folder, played(folder)[0]


def test_survivors_are_mutants_that_no_test_detects_and_unreached_code_is_named(first):
    _, results = first
    assert left(results, "survived") == [
        "toy.py: most: if value > best: => if value >= best:",
    ]
    assert left(results, "unreached") == [
        "toy.py: nobody_asks: return 3 => return 0",
        "toy.py: nobody_asks: return 3 => return 2",
        "toy.py: nobody_asks: return 3 => return 4",
        "toy.py: nobody_asks: return 3 => return None",
    ]
    endless = results["toy.py: waited: now += 1 => pass"]
    assert endless["state"] == "killed" and endless["by"].endswith("endless")
    assert "survived  toy.py: most: if value > best: => if value >= best:" in report(results)


def test_known_results_are_not_computed_again_until_a_test_changes(first):
    folder, results = first
    again, told = played(folder)
    assert again == results and told == []
    more = TESTS + "\n\ndef test_no_confirmation_is_requested():\n    from toy import nobody_asks\n    assert nobody_asks() == 3\n"
    results, told = played(folder, more)
    assert left(results, "unreached") == [] and len([line for line in told if " of " in line]) < len(again)


def test_every_equivalent_mutant_exists_and_has_its_reason():
    known = equivalent_names(EQUIVALENT)
    assert all(known.values()), [name for name, reason in known.items() if not reason]
    files = chosen_files(sorted({name.split(":")[0] for name in known})) if known else []
    there = {mutant.name for file in files for mutant in mutants_of(file.read_text(), str(file.relative_to(FIRMWARE)))}
    assert set(known) <= there, sorted(set(known) - there)


def test_all_that_must_be_right_is_changed():
    assert {*chosen_files([])} == {*(CIRCUIT / TRUSTED).rglob("*.py"), *[CIRCUIT / name for name in BESIDE]} - {*CIRCUIT.rglob("__init__.py")}


def test_the_score_is_in_the_safety_case_with_its_sample_and_digest(tmp_path):
    file = tmp_path / "case.md"
    file.write_text(case.PATH.read_text())
    put_on_page([{"state": "killed"}] * 19 + [{"state": "survived"}, {"state": "unreached"}], (22, 7_346, 27), "0123abcd", file)
    line = "- Mutants: 19 of 21 non-equivalent killed by behaviour, sample of 22 among 7,346, seed 27 (code 0123abcd)."
    assert line in file.read_text().splitlines() and ("figures mutants", "mutants", "0123abcd") in case.recorded(file.read_text())


def test_each_run_draws_a_sample_of_its_own_and_says_how_it_is_repeated(capsys):
    words = ["--list", "--file", "permits.py", "--sample", "20"]
    drawn = []
    for _ in range(2):
        assert main(words) == 0
        drawn.append(capsys.readouterr())
    (first, seed), (second, other) = [(each.out, each.err.split("seed ")[1].split()[0]) for each in drawn]
    assert first != second and seed != other
    assert main([*words, "--seed", seed]) == 0 and capsys.readouterr().out == first


def test_the_score_of_a_part_is_not_written(capsys):
    with pytest.raises(SystemExit):
        main(["--page", "--file", "permits.py"])
    assert "--page takes the score of all that must be right" in capsys.readouterr().err
