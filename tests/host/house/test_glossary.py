"""The glossary: in order, each word once, and a line for each current that the firmware keeps or the core computes."""

import re

from house import ROOT, firmware_files

TEXT = (ROOT / "docs" / "glossary.md").read_text()
QUANTITY = re.compile(r"^\| `([a-z_]+_da)` \|", re.M)
KEPT = re.compile(r"\b(?:self|[a-z]+)\.(_?[a-z][a-z_]*_da)\b(?=[^=\n]*(?<![=!<>])=(?!=))|^    ([a-z_]+_da)(?:: [^=\n]+)? = ", re.M)
COMPUTED = re.compile(r"^ *def (_?[a-z][a-z_]*_da)\(", re.M)  # of the core: functions and methods
NAME = re.compile(r"\b_?([a-z][a-z_]*_da)\b")


def tables():
    """First cells of the rows of each table."""
    for part in TEXT.split("\n### ")[1:]:
        yield [line.split(" | ")[0].strip("| `") for line in part.splitlines() if line.startswith("| ")][2:]


def test_each_table_is_in_order_and_names_a_word_once():
    for words in tables():
        assert words == sorted(words, key=str.lower)
    named = QUANTITY.findall(TEXT)
    assert len(named) == len(set(named))


def test_each_row_has_a_meaning_and_an_equivalent():
    rows = [line for line in TEXT.splitlines() if line.startswith("| ")]
    assert not [line for line in rows if len(line.strip("| ").split(" | ")) != 3]


def test_every_current_that_the_firmware_keeps_or_the_core_computes_has_a_line_and_no_other_has():
    sources = [path.read_text() for path in firmware_files()]
    kept = {(one or other).strip("_") for text in sources for one, other in KEPT.findall(text)}
    computed = {name.strip("_") for path in firmware_files() if "circuit" in path.parts for name in COMPUTED.findall(path.read_text())}
    assert {"carried_da", "with_overdraw_da", "default_da"} < computed
    kept |= computed
    there = {name for text in sources for name in NAME.findall(text)}
    named = set(QUANTITY.findall(TEXT))
    assert len(kept) > 50
    assert not kept - named, f"a line in docs/glossary.md for {', '.join(sorted(kept - named))}"
    assert not named - there, f"the firmware has no {', '.join(sorted(named - there))}: take the line out of docs/glossary.md"
