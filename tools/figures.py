"""`python -m tools.figures [--strict] [--stamp NAME]`: figures of the documents that were measured on older code, or not at all.

Every row of the tables that runs write (docs/safety-case.md, docs/benchmarks.md) carries a digest of the files that it
depends on, and figures in prose follow a comment `<!-- of: NAME CODE -->`. A digest changes with every edit, so a stale
figure is a warning; with --strict, for a release, it is a failure. So is a figure that a whole run measures and that the
document does not have. --stamp NAME writes today's digest into the comments of NAME: after its figures were measured again and
entered by hand.

Exit codes: 0 nothing is stale or absent, or --strict was not given; 1 something is; 2 wrong usage.
"""

import argparse
import re
import sys
from pathlib import Path

from tools.digests import ROOT, SOURCES, code

OF = re.compile(r"<!-- of: ([\w-]+) ([0-9a-f]+|-) -->")
GENERATED = re.compile(r"<!-- (worlds|figures|rules|mends|found|policy|measured: begin) -->.*?<!-- (/\1|measured: end) -->", re.S)
COUNT = re.compile(r"\b\d{1,3}(?:,\d{3})+\s+(?:distinct\s+)?states\b|\b\d+\s+of\s+\d+\s+(?:small worlds )?closed\b")
AGAIN = {"safety-case.md": "python -m tests.proof.case", "benchmarks.md": "python -m tools.bench --page --only ROW"}


def rows_of(path: Path) -> "list[tuple[str, str, str]]":
    """[(row, its figure, the digest that it carries)] of one document."""
    text = path.read_text()
    found = [(f"prose on {name}", name, written) for name, written in OF.findall(text)]
    if path.name == "safety-case.md":
        from tests.proof.case import recorded

        return recorded(text) + found
    if path.name == "benchmarks.md":
        from tools.bench.page import recorded as measured

        return measured(text) + found
    return found


def wanted(path: Path) -> list[str]:
    """The rows that whole runs write into a document."""
    if path.name == "safety-case.md":
        from tests.proof.case import wanted as proved

        return list(proved())
    if path.name == "benchmarks.md":
        from tools.bench.cases import CASES

        return CASES
    return []


def absent(rows: "list[tuple[str, str, str]]", names: list[str]) -> list[str]:
    """Those of `names` that no row has, one line for all."""
    there = {row for row, _, _ in rows}
    missing = [name for name in names if name not in there]
    return [f"no figure of {', '.join(missing)}"] if missing else []


def changed(rows: "list[tuple[str, str, str]]") -> "list[str]":
    """Stale figures, one line per digest: rows that were measured together are listed together."""
    stale: dict[tuple[str, str], list[str]] = {}
    for row, figure, written in rows:
        if figure not in SOURCES:
            stale.setdefault((figure, "has no sources in tools/digests.py"), []).append(row)
        elif written != code(figure):
            said = "carries no digest" if written == "-" else f"is of {written}, the code is {code(figure)}"
            stale.setdefault((figure, said), []).append(row)
    return [f"{', '.join(names) if len(names) < 6 else f'{names[0]} … {names[-1]}, {len(names)} rows'}: {said}" for (_, said), names in stale.items()]


def doubled(text: str) -> "list[tuple[int, str]]":
    """(line, words) where prose repeats a figure of a table: the figure belongs in the table only, which the run writes."""
    blank = GENERATED.sub(lambda found: "\n" * found[0].count("\n"), text)
    return [(blank.count("\n", 0, found.start()) + 1, " ".join(found[0].split())) for found in COUNT.finditer(blank)]


def total_differs(text: str) -> bool:
    """Does the line over all worlds differ from the sums of their table?"""
    from tests.proof.case import total_line

    return total_line(text) not in text


def image_differs(text: str) -> "list[str]":
    """Does image/primary differ from the sum of the rooms' rows?"""
    from tools import marked
    from tools.bench.page import BEGIN, COLUMNS, END
    from tools.size import APART

    rows = marked.rows(marked.between(text, BEGIN, END), COLUMNS)
    found = {name.partition("/")[2]: float(cells[1] or 0) for name, cells in rows.items() if name.startswith("image/")}
    primary = found.pop("primary", 0.0)
    found.pop("packed", None)  # the same modules again
    whole = sum(size for room, size in found.items() if room not in APART)
    return [f"image/primary: {primary:g} KiB, and its rooms are {whole:.4g} KiB"] if abs(primary - whole) > 0.01 * primary else []


def told(path: Path) -> "list[str]":
    """All findings of one document."""
    rows = rows_of(path)
    found = [f"{path.relative_to(ROOT)}: {line}" for line in changed(rows) + absent(rows, wanted(path))]
    if path.name == "safety-case.md":
        found += [f"{path.relative_to(ROOT)}:{line}: {words!r} repeats a figure of the tables" for line, words in doubled(path.read_text())]
        if total_differs(path.read_text()):
            found.append(f"{path.relative_to(ROOT)}: the line on all worlds is not the sum of their table")
    if path.name == "benchmarks.md":
        found += [f"{path.relative_to(ROOT)}: {line}" for line in image_differs(path.read_text())]
    return found


def stamp(name: str) -> int:
    """Writes today's digest into the comments of prose figures of this name; returns how many there were."""
    count = 0
    for path in sorted((ROOT / "docs").glob("*.md")):
        text = path.read_text()
        new, times = re.subn(rf"<!-- of: {re.escape(name)} \S+ -->", f"<!-- of: {name} {code(name)} -->", text)
        if times:
            path.write_text(new)
        count += times
    return count


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.figures", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--strict", action="store_true", help="a stale figure is a failure")
    parser.add_argument("--stamp", metavar="NAME", help="the prose figures of NAME were just measured")
    options = parser.parse_args()
    if options.stamp:
        if options.stamp not in SOURCES or not stamp(options.stamp):
            parser.error(f"no document has a comment <!-- of: {options.stamp} … -->")
        return 0
    found = [line for path in sorted((ROOT / "docs").glob("*.md")) for line in told(path)]
    for line in found:
        print(f"figures: {line}", file=sys.stderr)
    if found:
        print("figures: measure anew with " + " or ".join(f"`{command}`" for command in AGAIN.values()), file=sys.stderr)
    return 1 if found and options.strict else 0


if __name__ == "__main__":
    sys.exit(main())
