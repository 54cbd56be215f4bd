"""The table of docs/benchmarks.md, updated row by row. A run replaces the rows that it measured and changes nothing else.

Each row carries a digest of the files that it depends on, taken before the measurement (tools/digests.py).
"""

import datetime
import os
import platform
import re
from pathlib import Path

from tools import marked
from tools.bench.entry import Entry
from tools.micropython.build32 import ROOT

PAGE = ROOT / "docs" / "benchmarks.md"
BEGIN, END = "<!-- measured: begin -->\n", "<!-- measured: end -->\n"
HEAD = "| row | ours | reference | unit | ratio | aim | | note | date | code |\n| --- | ---: | ---: | --- | ---: | ---: | --- | --- | --- | --- |\n"
ROW = re.compile(r"^\| `([^`]+)` \|.*$", re.MULTILINE)
COLUMNS = 10
NOT_KNOWN = "-"


def machine() -> str:
    """The kind of machine, without its name."""
    system = platform.system()
    try:
        release = platform.freedesktop_os_release()
        system = f"{release['NAME']} {release.get('VERSION_ID', '')}".strip()
    except OSError:
        pass
    return f"{os.cpu_count()} cores, {platform.machine()}, {system}, CPython {platform.python_version()}"


def figure(value: "float | None") -> str:
    return "" if value is None else f"{value:g}"


def family(row: str) -> str:
    return row.split("/")[0]


def line(each: Entry, date: str, code: str) -> str:
    aim = (each["aim"] or "").replace("<=", "≤").replace(">=", "≥")
    verdict = "" if each["ok"] and not aim else "ok" if each["ok"] else "**missed**" if each["ours"] is not None else "**not measured**"
    cells = [figure(each["ours"]), figure(each["reference"]), each["unit"], figure(each["ratio"]), aim, verdict]
    note = each["note"].replace("|", "/").replace("\n", " ")
    return f"| `{each['row']}` | {' | '.join(cells)} | {note} | {date} | {code} |"


def natural(row: str) -> "list[tuple[int, int | str]]":
    """Sort key: numbers in it are compared as numbers."""
    return [(0, int(part)) if part.isdigit() else (1, part) for part in re.findall(r"\d+|\D+", row)]


def whole(row: str) -> str:
    """A row of an older page, with the cells that it lacks."""
    return marked.row((marked.cells(row) + [NOT_KNOWN] * COLUMNS)[:COLUMNS])


def recorded(text: str) -> "list[tuple[str, str, str]]":
    """[(row, its figure in tools/digests.py, the digest that it carries)] of all rows of the page."""
    return [(name, family(name), cells[-1]) for name, cells in marked.rows(marked.between(text, BEGIN, END), COLUMNS).items()]


def updated(text: str, entries: "list[Entry]", date: str, only: "str | None" = None, codes: "dict[str, str] | None" = None) -> str:
    """The page with these rows replaced, each with its family's digest; cases of a measured row (of `only`) that no longer
    exist are removed.
    """
    before, _, rest = text.partition(BEGIN)
    table, _, after = rest.partition(END)
    families = {family(each["row"]) for each in entries} if len(entries) > 1 else set()
    gone = tuple(f"{name}/" for name in ([only] if only and "/" in only else families))
    kept = {m.group(1): whole(m.group(0)) for m in ROW.finditer(table) if not f"{m.group(1)}/".startswith(gone or "/")}
    kept.update({each["row"]: line(each, date, (codes or {}).get(family(each["row"]), NOT_KNOWN)) for each in entries})
    lines = [kept[row] for row in sorted(kept, key=natural)]
    return before + BEGIN + HEAD + "\n".join(lines) + f"\n\nMachine: {machine()}.\n" + END + after


def write(entries: "list[Entry]", only: "str | None" = None, codes: "dict[str, str] | None" = None, path: Path = PAGE) -> None:
    path.write_text(updated(path.read_text(), entries, datetime.date.today().isoformat(), only, codes))
