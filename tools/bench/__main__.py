"""`python -m tools.bench [--only ROW] [--json] [--page]`: every figure with its reference, measured in the same run."""

import argparse
import importlib
import inspect
import json
import pkgutil
import sys
import time
from collections.abc import Iterator
from types import ModuleType

from rich.console import Console
from rich.table import Table

import tools.bench
from tools import digests
from tools.bench.entry import Entry, unmeasured, wanted
from tools.bench.page import write

FRAME = {"__main__", "entry"}


def modules() -> Iterator[ModuleType]:
    """Every module of tools/bench that measures something, by name. Programs for other runtimes are in probes/."""
    for found in sorted(pkgutil.iter_modules(tools.bench.__path__), key=lambda each: each.name):
        if found.name not in FRAME:
            module = importlib.import_module(f"tools.bench.{found.name}")
            if hasattr(module, "rows"):
                yield module


def measured(module: ModuleType, only: str | None) -> list[Entry]:
    """The entries of one module. An exception of the module becomes one row "not measured" for each requested row."""
    names = getattr(module, "ROWS", (module.__name__.rpartition(".")[2],))
    if not any(wanted(name, only) for name in names):
        return []
    start = time.monotonic()
    try:
        takes_only = bool(inspect.signature(module.rows).parameters)
        entries = list(module.rows(only) if takes_only else module.rows())
    except Exception as problem:
        entries = [unmeasured(name, f"{type(problem).__name__}: {problem}") for name in names if wanted(name, only)]
    print(f"{', '.join(names)}: {time.monotonic() - start:.1f} s", file=sys.stderr)
    return [each for each in entries if wanted(each["row"], only)]


def show(entries: list[Entry]) -> None:
    table = Table("row", box=None)
    for name in ("ours", "reference", "unit", "ratio", "aim", ""):
        table.add_column(name, justify="right")
    table.add_column("note")
    for each in entries:
        figures = ["" if each[key] is None else str(each[key]) for key in ("ours", "reference", "unit", "ratio", "aim")]
        table.add_row(each["row"], *figures, "ok" if each["ok"] else "MISSED", each["note"])
    Console(width=160).print(table)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.bench", description=__doc__)
    parser.add_argument("--only", metavar="ROW", help="one row, or one case of it")
    parser.add_argument("--json", action="store_true", help="standard output is one JSON list")
    parser.add_argument("--page", action="store_true", help="put what was measured into docs/benchmarks.md")
    options = parser.parse_args()
    codes = digests.codes(digests.SOURCES) if options.page else {}
    entries = [each for module in modules() for each in measured(module, options.only)]
    if not entries:
        parser.error(f"no row {options.only}")
    if options.page:
        write(entries, options.only, codes)
    if options.json:
        print(json.dumps(entries))
    else:
        show(entries)
    return 0 if all(each["ok"] for each in entries) else 1


if __name__ == "__main__":
    sys.exit(main())
