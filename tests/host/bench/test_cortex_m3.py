"""The emulated Cortex-M3 gets every module that its program imports: nothing else is on that board."""

import ast

from tools.bench.cortex_m3 import circuit_modules
from tools.bench.runtime32 import PROBES


def imported(path):
    """Modules of the firmware that are imported at run time, inside functions too; not those for types alone."""
    tree = ast.parse(path.read_text())
    branches = [each for each in ast.walk(tree) if isinstance(each, ast.If) and ast.unparse(each.test) in ("TYPE_CHECKING", "False")]
    for_types = {id(node) for branch in branches for node in ast.walk(branch)}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and id(node) not in for_types and str(node.module).startswith("ampacity"):
            yield str(node.module)
            yield from (f"{node.module}.{each.name}" for each in node.names)


def test_the_bundle_contains_all_direct_and_indirect_imports_of_the_program():
    bundled = circuit_modules()
    names = {name.removesuffix(".mpy").removesuffix("/__init__").replace("/", ".") for name in bundled}
    sources = [*bundled.values(), PROBES / "decide.py"]
    needed = {module for path in sources for module in imported(path)}
    modules = {module for module in needed if (PROBES.parents[2] / "firmware" / module.replace(".", "/")).with_suffix(".py").exists()}
    assert "ampacity.circuit.trusted.ledger" in modules and not modules - names
