"""Citations resolve: each rule, section, assumption, invariant, decision and document that is named is in the repository."""

import pytest
from citations import OUTSIDE, Known, known, readers, unresolved
from house import at

THERE = Known(
    "## 1. Words\n| live | x |\n| primary, secondary | x |\n## 2. Bound\n### Rule 1: a\n### Rule 2: b\n### Rule 3: c\n"
    "## 3. Other\n### 3.1 a\n### 3.2 b\n| D1 | x |\n| D2 | x |\n| L1 | x |\n",
    ["0001-x"], {"docs/safety.md", "safety.md"},
)  # fmt: skip
SIXTEEN, DOCUMENT = "1" + "6", "gone" + ".md"


def test_every_citation_exists():
    there = known()
    found = [at(path, line, said) for path in readers() for line, said in unresolved(path.read_text(errors="replace"), there)]
    assert not found, "\n" + "\n".join(found)


def test_the_specification_has_every_number():
    there = known()
    assert there.rules == {str(number) for number in range(1, 16)} | {f"3.{number}" for number in range(1, 7)}
    assert there.sections >= {str(number) for number in range(1, 10)}
    assert there.ids >= {"D1", "C1", "M1", "I1", "T1", "S1", "L1", "L2"} and "proof" in there.terms


@pytest.mark.parametrize("text, said", [
    (f"rule {SIXTEEN}", f"cites rule {SIXTEEN}"),
    ("Rules 1, 2 and 4", "cites rule 4"),
    ("rules 1 to\n4", "cites rule 4"),
    ("(safety.md section 2, rule 5)", "cites rule 5"),
    ("safety.md 8.3", "cites section 8.3"),
    ("Section 4: refused", "cites section 4"),
    ("a step (3.5)", "cites rule 3.5"),
    ("def _rule_%d_margin(self):" % 7, "cites rule 7"),
    ("self._rule_%d_%d_old" % (3, 9), "cites rule 3.%d" % 9),
    ('    "%d lost": (' % 7, "cites rule 7"),
    ("assumptions D1, D%d and D2" % 9, "cites id D9"),
    ("invariant L%d" % 7, "cites id L7"),
    ("safety.md," + ' "dead"', "cites term dead"),
    ("see decision %d" % 9, "cites decision %d" % 9),
    (f"see docs/{DOCUMENT}", f"cites document docs/{DOCUMENT}"),
    (f"see {DOCUMENT}", f"cites document {DOCUMENT}"),
    (f"as {OUTSIDE}/design says", f"cites {OUTSIDE}"),
])  # fmt: skip
def test_a_broken_citation_is_found_on_its_line(text, said):
    assert unresolved("\n\n" + text, THERE) == [(3, said)]


@pytest.mark.parametrize("text", [
    "Rules 1 to 3 of safety.md section 2, and 3.1-3.2", "RFC 6455, section 5", "safety.md 3.1 and 3.2", "_rule_3_release", "_rule_3_1_over",
    "assumptions D1 and D2, invariant L1", "safety.md, \"live\"", "decision 1", "docs/safety.md", "3.5 characters",
    "a decision takes 3 ms",
])  # fmt: skip
def test_valid_citations_and_those_of_other_standards_are_not_reported(text):
    assert not unresolved(text, THERE)
