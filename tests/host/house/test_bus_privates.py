"""A part of the bus keeps its own: no module of `bus/` looks at an underscored attribute of another object."""

import ast

import pytest
from house import at, firmware_files, room_of, tree_of

OWN = ("self", "cls")


def privates(tree):
    """(line, attribute) for `x._y` where x is neither self nor cls, dunder names apart."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr.startswith("_") and not node.attr.endswith("__"):
            if not (isinstance(node.value, ast.Name) and node.value.id in OWN):
                found.append((node.lineno, node.attr))
    return sorted(found)


def bus_files():
    return [path for path in firmware_files() if room_of(path) == "bus"]


def test_no_module_of_the_bus_uses_private_attributes_of_another_object():
    assert bus_files()
    found = [at(path, line, attribute) for path in bus_files() for line, attribute in privates(tree_of(path))]
    assert not found, "\n" + "\n".join(found)


@pytest.mark.parametrize(
    "text, found",
    [
        ("class A:\n    def f(self):\n        return self._x\n", []),
        ("class A:\n    def f(self, other):\n        return other._x\n", [(3, "_x")]),
        ("class A:\n    def f(self):\n        return self._part._x + self.part._y()\n", [(3, "_x"), (3, "_y")]),
        ("class A:\n    def f(self):\n        return self.parts[0]._x\n", [(3, "_x")]),
        ("class A(B):\n    def f(self):\n        return B.__init__(self)\n", []),
        ("class A(B):\n    def f(self):\n        return B._state(self)\n", [(3, "_state")]),
    ],
)
def test_a_use_of_private_attributes_is_found(text, found):
    assert privates(ast.parse(text)) == found
