"""A reader of a public function sees what goes in and what comes out: every parameter and every return has its type."""

import ast

import pytest
from house import FIRMWARE, at, firmware_files, generated, room_of, tree_of

ROOMS = (  # those that are finished; mypy checks them (pyproject.toml)
    "base",
    "bus",
    "circuit",
    "commission",
    "console",
    "evse",
    "net",
    "ocpp",
    "ports",
    "roles",
    "store",
    "update",
    "x509",
)


def unannotated(tree):
    """(line, name of the function, what lacks a type) for public functions and methods of public classes."""
    found = []

    def visit(body, prefix):
        for node in body:
            if isinstance(node, ast.If):
                visit(node.body + node.orelse, prefix)
            elif isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                visit(node.body, f"{prefix}{node.name}.")
            elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and (not node.name.startswith("_") or node.name == "__init__"):
                found.extend((node.lineno, prefix + node.name, lack) for lack in lacks(node, bool(prefix)))

    visit(tree.body, "")
    return found


def lacks(function, method):
    """What of a function has no type: names of parameters, "return"."""
    given = function.args
    bound = method and not any(isinstance(each, ast.Name) and each.id == "staticmethod" for each in function.decorator_list)
    parameters = (given.posonlyargs + given.args)[bound:] + given.kwonlyargs + [each for each in (given.vararg, given.kwarg) if each]
    return [each.arg for each in parameters if each.annotation is None] + (["return"] if function.returns is None else [])


@pytest.mark.parametrize("room", ROOMS)
def test_public_functions_of_a_room_are_annotated(room):
    paths = [path for path in firmware_files() if room_of(path) == room and not generated(path)]
    assert paths, f"{FIRMWARE / room} holds no module"
    found = [at(path, line, f"{name}: no type of {lack}") for path in paths for line, name, lack in unannotated(tree_of(path))]
    assert not found, "\n" + "\n".join(found)


def unquoted(tree):
    """(line, name) for names in annotations that CPython looks up at run time, and that only the type checker has."""
    hidden, found = set(), []
    for block in [node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "False")]:
        for node in block.body:
            hidden |= {alias.asname or alias.name for alias in node.names} if isinstance(node, ast.ImportFrom) else {getattr(node, "name", "")}

    def visit(node):
        if isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "False"):
            return
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            types = [each.annotation for each in ast.walk(node.args) if isinstance(each, ast.arg)] + [node.returns]
            names = [each for annotation in types if annotation for each in ast.walk(annotation) if isinstance(each, ast.Name)]
            found.extend((each.lineno, each.id) for each in names if each.id in hidden)
        for child in ast.iter_child_nodes(node):
            visit(child)

    visit(tree)
    return found


@pytest.mark.parametrize("room", ROOMS)
def test_a_type_that_only_the_checker_knows_is_quoted(room):
    found = [at(path, line, f'quote "{name}"') for path in firmware_files() if room_of(path) == room for line, name in unquoted(tree_of(path))]
    assert not found, "\n" + "\n".join(found)


def test_an_annotation_that_no_runtime_can_look_up_is_found():
    text = "if False:\n    from typing import Any\n    class C:\n        def f(self, x: Any) -> None: ...\ndef a(x: Any, y: int) -> 'C': ...\n"
    assert unquoted(ast.parse(text)) == [(5, "Any")]


def test_a_missing_type_is_found():
    text = (
        "def a(x: int, *rest, y=0) -> int: ...\n"
        "def b(): ...\n"
        "def _c(x): ...\n"
        "class D:\n"
        "    def __init__(self, x) -> None: ...\n"
        "    @staticmethod\n"
        "    def e(x) -> None: ...\n"
        "    async def f(self, **more: int): ...\n"
        "if True:\n"
        "    def g(x: int, /, z) -> None: ...\n"
    )
    assert unannotated(ast.parse(text)) == [
        (1, "a", "y"), (1, "a", "rest"), (2, "b", "return"), (5, "D.__init__", "x"), (7, "D.e", "x"), (8, "D.f", "return"), (10, "g", "z"),
    ]  # fmt: skip
