"""Texts for people use the terms of the field; tools/private_words.py has the list."""

import pytest

from tools import private_words
from tools.private_words import ROOT, files, hits, modules, modules_of_tests, names, notes


@pytest.mark.parametrize("path", files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_text_for_people_has_no_private_word(path):
    assert not [f"{path.relative_to(ROOT)}:{line}: {word!r}; better: {better}" for line, word, better in hits(path)]


@pytest.mark.parametrize(("paths", "read"), [(modules(), notes), (modules_of_tests(), names)], ids=["docstrings-and-comments", "names-of-tests"])
def test_docstrings_comments_and_names_of_tests_have_no_private_word(paths, read):
    assert paths
    found = [(path, *hit) for path in paths for hit in hits(path, read)]
    assert not [f"{path.relative_to(ROOT)}:{line}: {word!r}; better: {better}" for path, line, word, better in found]


def test_private_words_are_found_in_docstrings_comments_and_names_of_tests(tmp_path):
    module = tmp_path / "test_a.py"
    module.write_text('"""It stands still; `told` is a name."""\n\n\ndef test_the_driver_is_told():\n    return 1  # for good\n')
    assert [(line, word) for line, word, _ in hits(module, notes)] == [(1, "stands"), (5, "for good")]
    assert [(line, word) for line, word, _ in hits(module, names)] == [(4, "is told")]


def test_tables_that_runs_write_are_not_read(tmp_path):
    page = tmp_path / "benchmarks.md"
    page.write_text("<!-- mends -->\n| the line is mended |\nThe line is mended.\n")
    assert [(line, word) for line, word, _ in hits(page)] == [(3, "mended")]


def test_private_words_are_found_in_texts_in_texts_and_not_in_code_docstrings_or_links(tmp_path):
    module, page = tmp_path / "a.py", tmp_path / "b.md"
    module.write_text('"""What stands here goes on."""\n\n\ndef a():\n    """Nobody is told."""\n    return "the charge point stands at 6 A"\n')
    page.write_text("The limit goes on.\nRead `beside = 1` and [this](beside).\nUnits cannot be told apart; a standard holds.\n")
    assert [(line, word) for line, word, _ in hits(module)] == [(6, "charge point"), (6, "stands at")]
    assert [(line, word) for line, word, _ in hits(page)] == [(1, "goes on")]
    assert all(better for better in private_words.WORDS.values())
