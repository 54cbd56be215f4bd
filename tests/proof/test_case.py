"""The traces of docs/safety-case.md, played again: without the rule they overload a circuit, with the rule they do not."""

import pytest

from tests.proof.case import PATH, build, play, put, rows, with_rule
from tests.proof.mutants import DEFECTS, MUTANTS
from tests.proof.run import FURTHER, RULES, rule_of
from tests.proof.worlds import WORLDS

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


def test_a_table_is_put_between_its_marks():
    assert put("a\n<!-- x -->\nold\n<!-- /x -->\nb\n", "x", ["new", "er"]) == "a\n<!-- x -->\nnew\ner\n<!-- /x -->\nb\n"
    with pytest.raises(ValueError, match="no mark for y"):
        put("a", "y", [])
