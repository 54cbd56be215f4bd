"""The traces of docs/safety-case.md, played again: without the rule they overload a circuit, with the rule they do not."""

import pytest

from tests.proof import history
from tests.proof.case import PATH, build, main, play, put, recorded, rows, total_line, with_rule, written
from tests.proof.mutants import DEFECTS, MUTANTS
from tests.proof.run import FURTHER, RULES, rule_of
from tests.proof.worlds import WORLDS
from tools import marked

ROOT = PATH.parents[1]
TEXT = PATH.read_text()
ROWS = rows(TEXT)
WRITE = "write it anew: python -m tests.proof.case"


def test_the_document_has_a_trace_for_each_rule_and_each_mend():
    assert [name for name, _, _ in ROWS] == [*MUTANTS, *DEFECTS], WRITE
    assert {rule_of(name) for name in MUTANTS} >= {*RULES, "3.1", "3.2", "3.3"}


def test_the_document_has_every_world():
    assert not [name for name in WORLDS if "| `%s` | " % name not in TEXT], "write it anew: python -m tests.proof.case FILE"


def test_the_document_names_every_part():
    assert not [name for name in FURTHER if "| `%s` |" % name not in TEXT], "a row for it: How it was tried to be wrong"


@pytest.mark.parametrize("name, world, steps", ROWS, ids=[name for name, _, _ in ROWS])
def test_a_trace_of_the_document_overloads_a_circuit_only_without_its_rule(name, world, steps):
    assert (MUTANTS.get(name) or DEFECTS.get(name))[0] == world, WRITE
    assert play(build(name), steps), WRITE
    assert play(with_rule(name), steps) is None


def test_each_defect_that_was_found_is_found_again_by_what_is_there():
    for name, (*_, names) in history.FOUND.items():
        for one in names:
            path, _, test = one.partition("::")
            assert one in DEFECTS or "def %s(" % test in (ROOT / path).read_text(), (name, one)
    named = [one for _, names in [(0, entry[-1]) for entry in history.FOUND.values()] for one in names]
    assert sorted(set(DEFECTS) - set(named)) == ["15 forgotten", "8 set later"], "each other mend belongs to a row of the history"
    assert put(TEXT, "found", [marked.row(row) for row in (history.HEAD, ["---"] * len(history.HEAD), *history.rows())]) == TEXT, WRITE


def test_a_table_is_put_between_its_marks():
    assert put("a\n<!-- x -->\nold\n<!-- /x -->\nb\n", "x", ["new", "er"]) == "a\n<!-- x -->\nnew\ner\n<!-- /x -->\nb\n"
    with pytest.raises(ValueError, match="no mark for <!-- y -->"):
        put("a", "y", [])


def test_the_traces_are_read_with_and_without_a_digest():
    row = "| 3 proof | x | `lost` | `-; well → -; dark` |"
    assert rows(row) == rows(row + " 0123abcd |") == rows(row + " - |") == [("3 proof", "lost", [["-", "well"], ["-", "dark"]])]


MUTANT = ("mutant", {"key": "3 proof", "world": "lost", "taken_away": "x", "steps_of": [["-", "well"]], "violation": "x"})
SMALL = {"key": "lost", "about": "Anew.", "states": 10, "depth": 3, "closed": True, "bound_steps": 2}
WIDE = {"key": "lost", "about": "Anew.", "states": 20, "depth": 240, "closed": False}
CODES = {"worlds": "0123abcd", "rules": "4567abcd", "oracle": "89ababcd"}
ORACLE = {"oracle": {"instances": 5, "disagreements": 0, "seconds": 1}}


def digests_of(text):
    return {row: code for row, _, code in recorded(text)}


def test_a_run_writes_its_own_rows_alone_with_their_digest():
    text = written(TEXT, [MUTANT, ("world", SMALL), ("wide", WIDE)], ORACLE, CODES)
    assert "| `lost` | Anew | 10 | 3 | closed | 10 s | 20, walked | 240 | 0123abcd |" in text
    assert "- Oracle: 5 random instances of sharing, 0 disagreements; 1 s (code 89ababcd)." in text
    before, after = digests_of(TEXT), digests_of(text)
    assert {row for row in after if after[row] != before[row]} == {"worlds lost", "rules 3 proof", "figures oracle"}
    assert list(before) == list(after) and [name for name, _, _ in rows(text)] == [name for name, _, _ in ROWS]
    assert written(text, [MUTANT, ("world", SMALL), ("wide", WIDE)], ORACLE, CODES) == text


def test_each_quarter_of_the_drawn_sites_has_a_row_of_its_own():
    quarter = {"sites": 250, "evses": 1, "attacks": 2, "hours": 3, "excused_s": 4, "left_to_a_person": 5, "left_out": 6, "failures": 0, "cpu_s": 7}
    first = written(TEXT, [], {"drawn": {"quarters": {"2": quarter}, "failures": 0}}, {"drawn": "0123abcd"})
    both = written(first, [], {"drawn": {"quarters": {"4": quarter}, "failures": 0}}, {"drawn": "4567abcd"})
    assert "- Drawn sites 251 to 500: 250 sites with 1 EVSEs" in first and digests_of(first)["figures drawn 2"] == "0123abcd"
    assert (digests_of(both)["figures drawn 2"], digests_of(both)["figures drawn 4"]) == ("0123abcd", "4567abcd")
    assert {sources for row, sources, _ in recorded(both) if row.startswith("figures drawn")} == {"drawn"}


def test_each_quarter_of_the_soak_has_a_row_of_its_own():
    quarter = {"days": 7.5, "source": ["drawn"], "faults": 90, "sessions": 250, "sessions_served": 0.99, "violations": 0, "cpu_s": 3000}
    text = written(TEXT, [], {"soak": {"quarters": {"4": quarter}, "violations": 0}}, {"soak": "0123abcd"})
    assert "- Soak of seeds 10 to 12: 7.5 site-days, drawn, 90 faults, 250 sessions, 99.0% served, 0 violations; 3,000 s, seed after seed" in text
    assert digests_of(text)["figures soak 4"] == "0123abcd"


def test_the_sums_over_worlds_are_those_of_the_table():
    assert total_line("<!-- worlds -->\n| h |\n| - |\n| `a` | x | 10 | 3 | closed | - | 5, walked | 7 |\n| `b` | x | 2 | 9 | open | - | - | - |\n"
                      "<!-- /worlds -->\n").startswith("- Worlds: 17 distinct states, deepest 9 turns, 1 of 2 small worlds closed")  # fmt: skip
    text = written(TEXT, [("world", SMALL), ("wide", WIDE)], {}, CODES)
    assert total_line(text) in text and total_line(TEXT) not in text


@pytest.mark.parametrize("found, deep", [([("world", SMALL)], True), ([("world", SMALL), ("wide", WIDE)], False)])
def test_a_world_that_was_not_searched_whole_is_not_written(found, deep):
    assert written(TEXT, found, ORACLE if not deep else {}, CODES, deep) == TEXT


def test_names_and_a_file_exclude_each_other(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["case", "found.json", "--world", "lost"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2 and "exclude each other" in capsys.readouterr().err


def test_one_rule_is_run_and_only_its_rows_are_written(monkeypatch, tmp_path):
    file = tmp_path / "case.md"
    file.write_text(TEXT)
    monkeypatch.setattr("tests.proof.case.PATH", file)
    monkeypatch.setattr("sys.argv", ["case", "--rule", "3.2 sign"])
    assert main() == 0
    before, after = digests_of(TEXT), digests_of(file.read_text())
    assert {row for row in after if after[row] != before[row]} <= {"rules 3.2 sign"} and after["rules 3.2 sign"] != "-"
