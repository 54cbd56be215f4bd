"""Each method that claims a rule stands in a table, and what the table says of it is so."""

import re
from pathlib import Path

import pytest

from tests.deep import sample
from tests.proof.alone import ALONE, BUNDLES, MUTANTS, found_methods, is_missed, missed
from tests.proof.defects import DEFECTS


def test_every_method_that_claims_a_rule_stands_in_one_table():
    tables = [*ALONE, *BUNDLES]
    assert sorted(tables) == sorted(found_methods())
    assert not [name for name, _ in BUNDLES.values() if name not in MUTANTS and name not in DEFECTS]


@pytest.mark.parametrize("name", sample(sorted(ALONE), 16, 3))
def test_a_method_that_claims_a_rule_is_missed_alone(name):
    assert is_missed(missed([name], ALONE[name][1]))


def test_the_safety_case_names_the_methods_that_are_missed_only_with_others():
    text = " ".join((Path(__file__).resolve().parents[2] / "docs" / "safety-case.md").read_text().split())
    named = re.search(r"detected only together with others; the list gives the reasons: (.*?)\. A method", text)[1]
    assert sorted(re.findall(r"`(\w+)`", named)) == sorted(name.partition(".")[2] for name in BUNDLES)
