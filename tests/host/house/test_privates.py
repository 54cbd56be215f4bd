"""An object keeps its own: no module of the firmware looks at an underscored name of another object or module."""

import ast

import pytest
from house import FIRMWARE, at, firmware_files, room_of, tree_of

OWN = ("self", "cls")
# what the asyncio of a runtime offers no other way: the queues of MicroPython's loop, the transport of CPython's stream
LIBRARY = {
    "ports/mp_io.py": ("_task_queue", "_io_queue", "_dequeue"),
    "ports/mp_tls.py": ("_io_queue",),
    "ports/linux_tls.py": ("_transport",),
}


def private(name):
    return name.startswith("_") and not name.endswith("__")


def bases_of(tree):
    """For each node in a class: the names of the classes that this class extends, whose underscored names are its own too."""
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            names = tuple(base.id for base in node.bases if isinstance(base, ast.Name))
            found.update((id(each), names) for each in ast.walk(node))
    return found


def privates(tree):
    """(line, name) for `x._y` where x is not self, cls or a class that is extended here; for getattr(x, "_y"); for an import of `_y`."""
    found, bases = [], bases_of(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            own = isinstance(node.value, ast.Name) and node.value.id in OWN + bases.get(id(node), ())
            found += [(node.lineno, node.attr)] if private(node.attr) and not own else []
        elif isinstance(node, ast.ImportFrom):
            found += [(node.lineno, alias.name) for alias in node.names if private(alias.name)]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("getattr", "setattr", "hasattr"):
            owner, name = node.args[:2]
            own = isinstance(owner, ast.Name) and owner.id in OWN
            found += [(node.lineno, name.value)] if isinstance(name, ast.Constant) and private(name.value) and not own else []
    return sorted(found)


def excused(path, name):
    """A rule of the core is a method with its number, which its parts call; and LIBRARY."""
    rule = room_of(path) == "circuit" and name.startswith("_rule_")
    return rule or name in LIBRARY.get(path.relative_to(FIRMWARE).as_posix(), ())


@pytest.mark.parametrize("room", sorted({room_of(path) for path in firmware_files()}))
def test_no_module_looks_at_what_another_object_keeps_to_itself(room):
    found = [
        at(path, line, f"{name} is private to another object: give it a public name, or ask that object to do it")
        for path in firmware_files() if room_of(path) == room
        for line, name in privates(tree_of(path)) if not excused(path, name)
    ]  # fmt: skip
    assert not found, "\n" + "\n".join(found)


def test_each_excuse_is_needed():
    for name, attributes in LIBRARY.items():
        assert {each for _, each in privates(tree_of(FIRMWARE / name))} == set(attributes), name


@pytest.mark.parametrize(
    "text, found",
    [
        ("class A:\n    def f(self):\n        return self._x\n", []),
        ("class A:\n    def f(self, other):\n        return other._x\n", [(3, "_x")]),
        ("class A:\n    def f(self):\n        return self._part._x + self.part._y()\n", [(3, "_x"), (3, "_y")]),
        ("class A:\n    def f(self):\n        return self.parts[0]._x\n", [(3, "_x")]),
        ("class A(B):\n    def f(self):\n        return B.__init__(self), B._state(self)\n", []),
        ("class A(B):\n    def f(self):\n        return C._state(self)\n", [(3, "_state")]),
        ("def f(a):\n    a._x = 1\n", [(2, "_x")]),
        ("def f(a):\n    return getattr(a, '_x')\n", [(2, "_x")]),
        ("class A:\n    def f(self):\n        return getattr(self, '_x', None)\n", []),
        ("from a import _x\n", [(1, "_x")]),
    ],
)
def test_what_looks_into_another_object_is_found(text, found):
    assert privates(ast.parse(text)) == found
