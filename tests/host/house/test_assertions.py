"""Every test sees more than "it does not raise": it asserts, or calls a function that does."""

import ast

import pytest
from house import ROOT, at, files

TESTS = ROOT / "tests"
TREES = {}
FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef


@pytest.fixture(scope="module", autouse=True)
def trees():
    """Read by the worker that plays these tests, and by no other."""
    TREES.update({path: ast.parse(path.read_text()) for path in files(".py") if path.is_relative_to(TESTS)})


def called(node):
    """Functions that are called by their names, and `raises` of whatever module."""
    calls = [each.func for each in ast.walk(node) if isinstance(each, ast.Call)]
    by_name = {call.id for call in calls if isinstance(call, ast.Name)}
    return by_name | {call.attr for call in calls if isinstance(call, ast.Attribute) and call.attr == "raises"}


def asserts(node):
    return "raises" in called(node) or any(isinstance(each, ast.Assert) for each in ast.walk(node))


def neighbours(path):
    """The trees of the file and of the helpers that it imports."""
    imports = [each for each in ast.walk(TREES[path]) if isinstance(each, ast.Import | ast.ImportFrom)]
    names = {each.module or "" for each in imports if isinstance(each, ast.ImportFrom)}
    names |= {alias.name for each in imports if isinstance(each, ast.Import) for alias in each.names}
    stems = {name.rpartition(".")[2] for name in names}
    return [tree for other, tree in TREES.items() if other == path or other.stem in stems]


def judges(trees):
    """Names of the functions there that assert, by themselves or by another of them."""
    functions = [each for tree in trees for each in ast.walk(tree) if isinstance(each, FUNCTIONS)]
    found = {each.name for each in functions if asserts(each)}
    while more := {each.name for each in functions if called(each) & found} - found:
        found |= more
    return found


def blind(path):
    """Tests of that file that see nothing."""
    tests = [each for each in ast.walk(TREES[path]) if isinstance(each, FUNCTIONS) and each.name.startswith("test_") and not asserts(each)]
    return [each for each in tests if not called(each) & (judges(neighbours(path)) - {each.name})]


def test_every_test_asserts_something():
    wrong = [at(path, test.lineno, f"{test.name} asserts nothing") for path in TREES if path.stem.startswith("test_") for test in blind(path)]
    assert not wrong, "\n".join(wrong)


def test_a_test_without_an_assertion_is_detected(monkeypatch):
    path = TESTS / "test_made_up.py"
    text = "def check():\n assert 1\ndef test_a():\n check()\ndef test_b():\n print()\ndef test_c():\n with pytest.raises(E):\n  print()\n"
    monkeypatch.setitem(TREES, path, ast.parse(text))
    assert [test.name for test in blind(path)] == ["test_b"]
