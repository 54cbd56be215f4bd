"""What `python -m tests.proof` prints last, and what it takes."""

import json
import sys

import pytest

from tests.proof import run, trees
from tests.proof.__main__ import arguments, main
from tests.proof.kept import Kept
from tests.proof.mutants import DEFECTS, MUTANTS
from tests.proof.run import PARTS, RULES, caught, sound, summary, tasks_of
from tests.proof.worlds import UNBOUNDED, WORLDS


@pytest.fixture(autouse=True)
def folder(monkeypatch, tmp_path):
    monkeypatch.setattr("tests.proof.__main__.FOLDER", tmp_path / "kept")


def called(monkeypatch, *words):
    monkeypatch.setattr(sys, "argv", ["proof", *words])


def test_the_last_line_is_one_object_with_what_was_searched(monkeypatch, capsys):
    called(monkeypatch, "--quick", "--world", "foreign", "--rule", "2 margin", "--processes", "1")
    assert main() == 0
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert result["states"] > 500 and result["depth"] > 10 and result["violations"] == 0
    assert result["closed"] == result["worlds"] == 1
    assert result["mutations"] == {"2": True}


def test_a_part_that_cannot_be_run_is_a_failure_and_takes_nothing_of_the_others_with_it(monkeypatch, capsys, tmp_path):
    monkeypatch.setitem(run.FURTHER, "fuzz", "tests.proof.missing")
    monkeypatch.setitem(run.FURTHER, "oracle", "tests.proof.missing, too")
    file = tmp_path / "found.json"
    called(monkeypatch, "--parts", "oracle,fuzz", "--out", str(file))
    assert main() == 1
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert result["oracle"]["failures"] == result["fuzz"]["failures"] == 1
    assert "ModuleNotFoundError" in result["fuzz"]["problems"][0]
    assert json.loads(file.read_text())["result"] == result


@pytest.mark.parametrize("words, said", [
    (("--parts", "worlds,storms"), "--parts: storms is not allowed; use " + ", ".join(PARTS)),
    (("--world", "flat"), "--world: flat is not allowed; use lost, "),
    (("--rule", "16"), "--rule: 16 is not allowed; use 1 before sending, "),
    (("--states", "0"), "--states: 0 is not allowed; use a whole number from 1"),
])  # fmt: skip
def test_what_cannot_be_meant_is_refused_with_what_can(monkeypatch, capsys, words, said):
    called(monkeypatch, *words)
    with pytest.raises(SystemExit) as ended:
        arguments()
    assert ended.value.code == 2 and said in capsys.readouterr().err


def test_a_rule_is_taken_by_its_number_or_by_one_change(monkeypatch):
    called(monkeypatch, "--rule", "3", "--rule", "12 renewal")
    assert arguments().rule == ["3 proof", "3 settle", "12 renewal"]


def test_without_options_everything_runs_deep(monkeypatch):
    called(monkeypatch)
    options = arguments()
    assert tuple(options.parts) == PARTS and not options.quick and options.world is None and options.rule is None
    tasks = tasks_of(True, WORLDS, [*MUTANTS, *DEFECTS], None)
    assert {(name, wide) for kind, name, wide, _ in tasks if kind == "world"} == {
        *[(name, False) for name in WORLDS], *[(name, True) for name in WORLDS if name not in UNBOUNDED]}  # fmt: skip
    assert {name for kind, name, _, _ in tasks if kind == "mutant"} == {*MUTANTS, *DEFECTS}


def test_each_of_the_fifteen_rules_is_taken_away():
    found = caught([{"key": name, "violation": "x"} for name in MUTANTS])
    assert [rule for rule in found if "." not in rule] == RULES
    assert summary([("mutant", {"key": name, "violation": "x"}) for name in MUTANTS])["mutations"] == {rule: True for rule in RULES}


def test_a_rule_counts_as_needed_only_if_each_of_its_changes_is_noticed():
    assert caught([{"key": "3 proof", "violation": "x"}, {"key": "3 settle"}]) == {"3": False}


def test_a_further_part_that_found_something_is_a_failure(monkeypatch, capsys):
    class Fake:
        @staticmethod
        def run(deep, kept):
            return {"days": 1, "violations": 1}

    monkeypatch.setattr(run.importlib, "import_module", lambda name: Fake)
    called(monkeypatch, "--parts", "soak", "--json")
    assert main() == 1
    result = json.loads(capsys.readouterr().out)
    assert result["soak"]["violations"] == 1 and not sound(result)


def test_a_quarter_of_the_drawn_sites_is_run_and_is_not_kept_as_the_whole(monkeypatch, capsys, tmp_path):
    played = []

    def lives(first, sites, seconds, kept):
        played.append((first, sites, seconds))
        return []

    monkeypatch.setattr("tests.drawn.run.lives", lives)
    words = ["--parts", "drawn", "--json", "--kept", str(tmp_path)]
    called(monkeypatch, *words, "--quarter", "2", "--quarter", "4")
    assert main() == 0 and played == [(251, 250, 1800), (751, 250, 1800)]
    assert list(json.loads(capsys.readouterr().out)["drawn"]["quarters"]) == ["2", "4"]
    called(monkeypatch, *words)
    assert main() == 0 and len(played) == 6
    assert list(json.loads(capsys.readouterr().out)["drawn"]["quarters"]) == ["1", "2", "3", "4"]


def test_a_quarter_of_the_soak_is_run_with_its_own_seeds(monkeypatch, capsys, tmp_path):
    played, grown = [], []

    class Fake(Kept):
        def mapped(self, figure, job, tasks, processes=None, context="fork", lives=1):
            played.extend(tasks)
            return [{"seed": seed, "hours": hours, "sessions": 2, "served": 2, "as_alone": 2, "delivered_wh": 1, "fair_wh": 1, "perfect_wh": 1,
                     "violations": [[0, 1, 2]] if seed == 11 else [], "faults": {}, "growing": bool(grown), "source": "drawn"}
                    for hours, seed, _ in tasks]

    monkeypatch.setattr("tests.proof.__main__.Kept", Fake)
    words = ["--parts", "soak", "--json", "--kept", str(tmp_path)]
    called(monkeypatch, *words, "--quarter", "1")
    assert main() == 0 and [task[:2] for task in played] == [(60, 1), (60, 2), (60, 3)]
    assert json.loads(capsys.readouterr().out)["soak"]["quarters"]["1"]["days"] == 7.5
    grown.append(True)
    assert main() == 1
    capsys.readouterr()
    grown.clear()
    called(monkeypatch, *words)
    assert main() == 1
    result = json.loads(capsys.readouterr().out)["soak"]
    assert (result["days"], result["violations"]) == (30, 1) and result["quarters"]["4"]["seeds"] == [10, 11, 12]


def test_random_trees_say_what_was_lived():
    result = trees.shard((3, 1, 3))
    assert result["sites"] == 1 and result["largest"] in (2, 3, 5, 8, 16, 32, 64) and result["hours"] > 0
    assert "wrong" not in result


def test_random_trees_say_what_went_wrong(monkeypatch):
    monkeypatch.syspath_prepend(str(trees.STATEFUL))
    import adversary

    def broken(self):
        raise KeyError("evse-9")

    monkeypatch.setattr(adversary.Adversary, "teardown", broken)
    assert "KeyError" in trees.shard((3, 1, 3))["wrong"]
