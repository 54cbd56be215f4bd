"""Every test sees more than "it does not raise": it asserts, or calls a function that does."""

import ast
from functools import cache

from house import ROOT, at, files, tree_of

TESTS = ROOT / "tests"
FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef


def called(nodes):
    """Functions that are called by their names, and `raises` of whatever module."""
    calls = [each.func for each in nodes if isinstance(each, ast.Call)]
    by_name = {call.id for call in calls if isinstance(call, ast.Name)}
    return by_name | {call.attr for call in calls if isinstance(call, ast.Attribute) and call.attr == "raises"}


class Functions:
    """Of one file: `rows`, (node, names that it calls, whether it asserts by itself) of each function, and `imports`, modules by their last names."""

    def __init__(self, tree):
        nodes = list(ast.walk(tree))
        self.rows = [self._row(each) for each in nodes if isinstance(each, FUNCTIONS)]
        names = {each.module or "" for each in nodes if isinstance(each, ast.ImportFrom)}
        names |= {alias.name for each in nodes if isinstance(each, ast.Import) for alias in each.names}
        self.imports = {name.rpartition(".")[2] for name in names}

    def _row(self, function):
        nodes = list(ast.walk(function))
        names = called(nodes)
        return function, names, "raises" in names or any(isinstance(each, ast.Assert) for each in nodes)


@cache
def helpers():
    """{path: its Functions} of every file below tests/."""
    return {path: Functions(tree_of(path)) for path in files(".py") if path.is_relative_to(TESTS)}


def judges(parts):
    """Names of the functions there that assert, by themselves or by another of them."""
    rows = [row for part in parts for row in part.rows]
    found = {function.name for function, _, asserts in rows if asserts}
    while more := {function.name for function, names, _ in rows if names & found} - found:
        found |= more
    return found


def blind(own):
    """Tests of a file that see nothing: neither they nor the functions of the file and of the helpers that it imports."""
    tests = [(function, names) for function, names, asserts in own.rows if function.name.startswith("test_") and not asserts]
    if not tests:
        return []
    judging = judges([own, *(part for path, part in helpers().items() if path.stem in own.imports)])
    return [function for function, names in tests if not names & (judging - {function.name})]


def test_every_test_asserts_something():
    wrong = [at(path, test.lineno, f"{test.name} asserts nothing") for path, own in helpers().items() if path.stem.startswith("test_")
             for test in blind(own)]  # fmt: skip
    assert not wrong, "\n".join(wrong)


def test_a_test_without_an_assertion_is_detected():
    text = "def check():\n assert 1\ndef test_a():\n check()\ndef test_b():\n print()\ndef test_c():\n with pytest.raises(E):\n  print()\n"
    assert [test.name for test in blind(Functions(ast.parse(text)))] == ["test_b"]
