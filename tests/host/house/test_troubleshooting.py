"""Texts that docs/troubleshooting.md quotes are printed so: each stands in a string of the sources."""

import ast
import re

from house import ROOT, files, tree_of

ROW = re.compile(r"^\| (`.*?) \| ", re.M)


def strings():
    """All constant texts of firmware and host, without docstrings, on lines of their own."""
    found = []
    for path in files(".py"):
        if path.is_relative_to(ROOT / "firmware") or path.is_relative_to(ROOT / "host"):
            nodes = list(ast.walk(tree_of(path)))
            docs = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
            texts = [node for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]
            found += [node.value for node in texts if id(node) not in docs]
    return "\n".join(found)


def quoted():
    """Fixed parts of every text in a first column."""
    for row in ROW.findall((ROOT / "docs" / "troubleshooting.md").read_text()):
        yield from (part for part in re.findall("`([^`]*)`", row)[0].split("…") if part.strip())


def test_each_quoted_text_is_printed_by_the_sources():
    known = strings()
    wrong = [text for text in quoted() if text not in known]
    assert len(list(quoted())) > 40 and not wrong, "\n".join(wrong)
