"""docs/benchmarks.md: its table, kept row by row. A run replaces what it measured; all else on the page stays as it was written."""

import datetime
import os
import platform
import re
from pathlib import Path

from tools.bench.entry import Entry
from tools.micropython.build32 import ROOT

PAGE = ROOT / "docs" / "benchmarks.md"
BEGIN, END = "<!-- measured: begin -->\n", "<!-- measured: end -->\n"
HEAD = "| row | ours | reference | unit | ratio | aim | | note | date |\n| --- | ---: | ---: | --- | ---: | ---: | --- | --- | --- |\n"
ROW = re.compile(r"^\| `([^`]+)` \|.*$", re.MULTILINE)


def machine() -> str:
    """The kind of machine, without a name of it."""
    system = platform.system()
    try:
        release = platform.freedesktop_os_release()
        system = f"{release['NAME']} {release.get('VERSION_ID', '')}".strip()
    except OSError:
        pass
    return f"{os.cpu_count()} cores, {platform.machine()}, {system}, CPython {platform.python_version()}"


def figure(value: "float | None") -> str:
    return "" if value is None else f"{value:g}"


def line(each: Entry, date: str) -> str:
    aim = (each["aim"] or "").replace("<=", "≤").replace(">=", "≥")
    verdict = "" if each["ok"] and not aim else "ok" if each["ok"] else "**missed**" if each["ours"] is not None else "**not measured**"
    cells = [figure(each["ours"]), figure(each["reference"]), each["unit"], figure(each["ratio"]), aim, verdict]
    note = each["note"].replace("|", "/").replace("\n", " ")
    return f"| `{each['row']}` | {' | '.join(cells)} | {note} | {date} |"


def natural(row: str) -> "list[tuple[int, int | str]]":
    """Sort key: numbers in it count as numbers."""
    return [(0, int(part)) if part.isdigit() else (1, part) for part in re.findall(r"\d+|\D+", row)]


def updated(text: str, entries: "list[Entry]", date: str, only: "str | None" = None) -> str:
    """The page with these rows replaced; cases of a measured row (of `only`) that are no longer there go."""
    before, _, rest = text.partition(BEGIN)
    table, _, after = rest.partition(END)
    families = {each["row"].split("/")[0] for each in entries} if len(entries) > 1 else set()
    gone = tuple(f"{name}/" for name in ([only] if only and "/" in only else families))
    kept = {m.group(1): m.group(0) for m in ROW.finditer(table) if not f"{m.group(1)}/".startswith(gone or "/")}
    kept.update({each["row"]: line(each, date) for each in entries})
    lines = [kept[row] for row in sorted(kept, key=natural)]
    return before + BEGIN + HEAD + "\n".join(lines) + f"\n\nMachine: {machine()}.\n" + END + after


def write(entries: "list[Entry]", only: "str | None" = None, path: Path = PAGE) -> None:
    path.write_text(updated(path.read_text(), entries, datetime.date.today().isoformat(), only))
