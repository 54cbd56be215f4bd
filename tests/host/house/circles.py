"""Circles of imports: modules that need each other, be it only for their types or inside a function."""

import ast
from functools import cache
from pathlib import Path

from house import tree_of


@cache
def arrows(folder: Path) -> "dict[str, set[str]]":
    """{dotted module: modules of the same package that it imports anywhere}, for every file below the package's folder."""
    modules = {".".join(path.relative_to(folder.parent).with_suffix("").parts).removesuffix(".__init__"): path for path in folder.rglob("*.py")}
    return {name: _imports(path, modules) - {name} for name, path in modules.items()}


def _imports(path: Path, modules: "dict[str, Path]") -> "set[str]":
    found = set()
    for node in ast.walk(tree_of(path)):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            own = ["%s.%s" % (node.module, alias.name) for alias in node.names]
            names = [name if name in modules else node.module for name in own]
        found.update(name for name in names if name in modules)
    return found


def circles(arrows_of: "dict[str, set[str]]") -> "list[tuple[str, ...]]":
    """Every largest group of modules that reach each other, sorted."""
    reached = {name: _reach(name, arrows_of) for name in arrows_of}
    found = {tuple(sorted({name} | {other for other in reached[name] if name in reached[other]})) for name in arrows_of}
    return sorted(group for group in found if len(group) > 1)


def _reach(start: str, arrows_of: "dict[str, set[str]]") -> "set[str]":
    seen: set[str] = set()
    ahead = [start]
    while ahead:
        for name in arrows_of[ahead.pop()]:
            if name not in seen:
                seen.add(name)
                ahead.append(name)
    return seen
