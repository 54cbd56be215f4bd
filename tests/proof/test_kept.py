"""A proof that was ended goes on where it was; a result of other code is not taken for one of this."""

import pytest

from tests.proof import kept
from tests.proof.__main__ import arguments, kept_of
from tests.proof.kept import Kept
from tests.proof.run import part, searches


def twice(number):
    if number > 2:
        raise ValueError(number)
    return {"twice": 2 * number}


def ended(monkeypatch):
    monkeypatch.setattr(kept, "code", lambda figure: "1a2b3c4d")


def test_what_was_found_is_not_looked_for_again(monkeypatch, tmp_path):
    ended(monkeypatch)
    results = Kept(tmp_path / "proof")
    assert list(results.mapped("worlds", twice, [1, 2], processes=1)) == [{"twice": 2}, {"twice": 4}]
    with pytest.raises(ValueError, match="3"):
        list(results.mapped("worlds", twice, [1, 3], processes=1))
    assert sorted(Kept(tmp_path / "proof").found("worlds")) == ["1", "2"]
    results.put("worlds", "3", {"twice": 6})
    assert list(Kept(tmp_path / "proof").mapped("worlds", twice, [3, 1])) == [{"twice": 6}, {"twice": 2}]


def test_a_line_that_was_cut_short_is_left_out_and_takes_no_other_with_it(monkeypatch, tmp_path):
    ended(monkeypatch)
    results = Kept(tmp_path)
    results.put("rules", "a", 1)
    with next(tmp_path.iterdir()).open("a") as file:
        file.write('\n["b", {"sta')
    results.put("rules", "c", 3)
    assert results.found("rules") == {"a": 1, "c": 3}


def test_other_code_knows_nothing_and_anew_forgets(monkeypatch, tmp_path):
    ended(monkeypatch)
    results = Kept(tmp_path)
    results.put("rules", "a", 1)
    monkeypatch.setattr(kept, "code", lambda figure: "4d3c2b1a")
    assert results.found("rules") == {}
    results.put("rules", "a", 2)
    results.forget(["rules", "soak"])
    assert results.found("rules") == {}
    ended(monkeypatch)
    assert results.found("rules") == {"a": 1}


def test_a_search_that_is_kept_says_the_same_as_one_that_is_run(tmp_path):
    found = [list(searches(False, ["foreign"], ["2 margin"], 500, 1, Kept(tmp_path))) for _ in range(2)]
    assert found[0] == found[1] and [kind for kind, _ in found[0]] == ["world", "mutant"]


def test_a_whole_part_is_kept_and_none_that_broke_off(monkeypatch, tmp_path):
    ended(monkeypatch)
    monkeypatch.setitem(part.__globals__["FURTHER"], "oracle", "tests.proof.missing")
    assert part("oracle", True, Kept(tmp_path))["failures"] == 1 and not Kept(tmp_path).found("oracle")
    Kept(tmp_path).put("oracle", "whole", {"disagreements": 0})
    assert part("oracle", True, Kept(tmp_path)) == {"disagreements": 0}


@pytest.mark.parametrize("words, keeps", [((), True), (("--quick",), False), (("--states", "5"), False)])
def test_only_what_is_of_full_depth_is_kept(monkeypatch, words, keeps):
    monkeypatch.setattr("sys.argv", ["proof", *words])
    assert bool(kept_of(arguments()).folder) == keeps
