"""A TOML file's text, read with patience: what people and their editors do to such files is named, with line and cure.

tomllib stops at the first character that it cannot read, and says what a parser sees. Here each line is also compared with the usual
slips (a decimal comma, typographic quotes, a text without quotes, …), so that all of them are reported at once.
"""

import codecs
import difflib
import re
import tomllib
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

from ampacity_host.configure.site_file.mistakes import Mistake, SiteErrors
from ampacity_host.configure.site_file.toml_repair import headed, rest_of

FILE_BYTES_MAX = 1 << 20
MOST = {"circuit": 1000, "bus": 250, "meter": 1000, "evse": 1000, "safety_load": 100}
WHAT = "site file"
KEY = r"""(?:[A-Za-z0-9_-]+|"[^"]*")"""
HEADER = re.compile(r"^\s*(\[\[?)\s*([A-Za-z0-9_.-]+)\s*(\]?\]?)")
MANY = re.compile(r"^[ \t]*\[\[[ \t]*([A-Za-z0-9_-]+)[ \t]*\]\]", re.MULTILINE)
BOM16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
NESTED = "is nested too deeply"
SLIPS = (
    # what is wrong, the line that shows it, the cure (with its groups)
    ("a decimal comma", re.compile(rf"^\s*{KEY}\s*=\s*(-?\d+),(\d+)\s*(?:#.*)?$"), r"write a point: \1.\2"),
    ("typographic quotes", re.compile(r'^(?:[^#"]|"[^"]*")*[“”„‟«»]'), r'write straight ones: "…"'),
    ("two values behind one name", re.compile(rf"^\s*{KEY}\s*=\s*(-?[\d.]+)\s+([A-Za-z%°]+)\s*(?:#.*)?$"), r"write the number alone: \1"),
    ("a unit behind a number", re.compile(rf"^\s*{KEY}\s*=\s*(-?\d[\d.]*)(A|kW|W|V|ms|s|%)\s*(?:#.*)?$"), r"write the number alone: \1"),
    ("a text without quotes", re.compile(rf"^\s*{KEY}\s*=\s*(?!(?:true|false|inf|nan)\b)([A-Za-z/][^\s\"'#,]*)\s*(?:#.*)?$"), r'write "\1"'),
    ("a semicolon at the end", re.compile(r"""^[^#"']*(?:"[^"]*")?[^#"']*;\s*(?:#.*)?$"""), "leave it out"),
    ("a colon instead of =", re.compile(r"^\s*([A-Za-z0-9_-]+)\s*:\s*\S"), r"write \1 = …"),
    ("a name without a value", re.compile(rf"^\s*({KEY})\s*=\s*(?:#.*)?$"), r"write a value behind \1 =, or leave the line out"),
)  # fmt: skip


def read_toml(path: Path, what: str = WHAT, most: "dict[str, int] | None" = None) -> tuple[str, dict[str, Any]]:
    """The file's text and its TOML, numbers exact. most: of which table how many. Raises SiteErrors if it cannot be read."""

    def refuse(line: int, wrong: str, cure: str) -> SiteErrors:
        return SiteErrors([Mistake(str(path), line, what, "", wrong, cure)])

    try:
        with open(path, "rb") as file:
            data = file.read(FILE_BYTES_MAX + 1)
            size = len(data) if len(data) <= FILE_BYTES_MAX else path.stat().st_size
            if size > FILE_BYTES_MAX and most:
                count_tables(data + file.read(64 * FILE_BYTES_MAX), most, refuse)
    except OSError as error:
        raise refuse(0, error.strerror or str(error), "name a TOML file") from None
    if size > FILE_BYTES_MAX:
        raise refuse(0, f"is {size / (1 << 20):.1f} MiB large", f"use at most {FILE_BYTES_MAX >> 20} MiB")
    text = decoded(data, refuse)
    if most:
        count_tables(data, most, refuse)
    try:
        values = tomllib.loads(text, parse_float=Decimal)
        limit_counts({kind: len(rows) for kind, rows in values.items() if isinstance(rows, list)}, most or {}, refuse)
        return text, values
    except RecursionError:
        raise refuse(0, NESTED, "a field is a value or a plain list of values") from None
    except ValueError:
        found, rest = rest_of(text, slips, MOST)
        raise SiteErrors([Mistake(str(path), line, what, "", wrong, cure) for line, wrong, cure in found], rest) from None


def decoded(data: bytes, refuse: Any) -> str:
    """UTF-8, with or without the mark that some editors begin a file with."""
    if data.startswith(BOM16) or (len(data) > 3 and 0 in data[:4] and not data.startswith(codecs.BOM_UTF8)):
        raise refuse(1, "is UTF-16; only UTF-8 is read", "save it as UTF-8 in your editor") from None
    try:
        return data.removeprefix(codecs.BOM_UTF8).decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        wrong = f"is not UTF-8: byte 0x{data[error.start]:02x} (in Windows-1252: {data[error.start:error.start + 1].decode('cp1252', 'replace')})"
        raise refuse(line, wrong, "save it as UTF-8 in your editor") from None


def count_tables(data: bytes, most: dict[str, int], refuse: Any) -> None:
    """Refuses what no controller could hold, before anything is worked out of it."""
    counts: dict[str, int] = {}
    for found in MANY.finditer(data.decode("utf-8", "replace")):
        counts[found[1]] = counts.get(found[1], 0) + 1
    limit_counts(counts, most, refuse)


def limit_counts(counts: dict[str, int], most: dict[str, int], refuse: Any) -> None:
    for kind, count in counts.items():
        if count > most.get(kind, count):
            raise refuse(0, f"has {count} [[{kind}]]", f"use at most {most[kind]}; split a larger site into cascaded sites (site = …)")


def slips(text: str, error: str) -> list[tuple[int, str, str]]:
    """(line, what is wrong, the cure) of every slip that is seen, at least that at which the parser stopped."""
    place = re.search(r"at line (\d+)", error)
    stopped = int(place[1]) if place else 0
    lines = text.splitlines()
    found = {}
    if '"""' not in text and "'''" not in text:  # where a text goes over lines, a line alone says nothing
        found = {number: slip for number, line in enumerate(lines, 1) if (slip := slip_of(line))}
    twice = repeated_name(error, lines, stopped)
    if twice:
        found[stopped] = twice
    if not found.get(stopped) and not (place is None and found):
        found[stopped] = at_the_end(error, lines) if place is None else (plainly(error), "write it as TOML: name = value")
    return [(number, *found[number]) for number in sorted(found)]


def slip_of(line: str) -> tuple[str, str] | None:
    """(what is wrong, the cure) of one line, by its looks alone."""
    header = HEADER.match(line)
    if header:
        good = "]" * len(header[1])
        return None if header[3] == good else ("mismatched brackets", f"write {headed(header[1], header[2], MOST)}")
    for wrong, pattern, cure in SLIPS:
        match = pattern.match(line)
        if match:
            return wrong, match.expand(cure)
    bare = re.sub(r"'[^']*'", "", line) if line.count("'") % 2 == 0 else line
    bare = bare.replace('\\"', "")
    closed = re.sub(r'"[^"]*"', '""', bare).split("#")[0]
    if closed.replace('""', "").count('"') % 2:
        return "an unclosed quote", 'write text between two quotes: "…"'
    control = re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", line)
    return (f"a control character (0x{ord(control[0]):02x})", "delete it") if control else None


def repeated_name(error: str, lines: list[str], stopped: int) -> tuple[str, str] | None:
    """A repeated name or table, with the line of the first."""
    if not ("overwrite" in error or "twice" in error or "Cannot mutate" in error) or not 0 < stopped <= len(lines):
        return None
    header = HEADER.match(lines[stopped - 1])
    if header:
        first = next((n for n, line in enumerate(lines, 1) if (h := HEADER.match(line)) and h[2] == header[2]), stopped)
        many = f"; several are written [[{header[2]}]]" if header[2] in MOST else ""
        return f"[{header[2]}] is already in line {first}", "put both into one" + many
    key = re.match(rf"\s*({KEY})\s*=", lines[stopped - 1])
    if not key:
        return None
    start = max([n for n in range(stopped) if HEADER.match(lines[n])], default=0)
    first = next((n + 1 for n in range(start, stopped - 1) if re.match(rf"\s*{re.escape(key[1])}\s*=", lines[n])), start + 1)
    return f"{key[1]} is already in line {first}", "leave one of them out"


def at_the_end(error: str, lines: list[str]) -> tuple[str, str]:
    """The parser reached the end of the file within something."""
    opened = [n for n, line in enumerate(lines, 1) if line.count('"""') % 2 or line.count("'''") % 2]
    if opened and ("nterminated" in error or "nclosed" in error or "end of document" in error):
        return f"a multi-line text that begins in line {opened[-1]} is not closed", 'write """ behind it'
    return plainly(error), "close the last open bracket or quote"


def plainly(error: str) -> str:
    return error[:1].lower() + error[1:]


def near(name: str, known: Iterable[str], synonyms: "dict[str, str] | None" = None) -> str | None:
    """The known name that was probably meant."""
    known = list(known)
    word = name.lower().replace("_", "-") if "-" in "".join(known) else name.lower()
    if synonyms and word.replace("-", "_").rstrip("s") in synonyms:
        return synonyms[word.replace("-", "_").rstrip("s")]
    close = difflib.get_close_matches(word, known, 1) or [one for one in known if len(word) > 2 and word in one][:1]
    if not close:
        first = {one.split("-")[0]: one for one in reversed(known)}
        close = [first[one] for one in difflib.get_close_matches(word, first, 1, 0.75)]
    return close[0] if close else None
