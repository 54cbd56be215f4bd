"""A site file's text → its tables, read field by field. All mistakes of form are collected, none stops the reading."""

import re
import tomllib
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from ampacity_host.configure.site_file.mistakes import Collector, Mistake, SiteErrors
from ampacity_host.configure.site_file.schema import FREE, LISTS, REQUIRED, SINGLE, Field
from ampacity_host.configure.site_file.toml_repair import Rest
from ampacity_host.configure.site_file.toml_text import MOST, near, read_toml
from ampacity_host.configure.site_file.value_readers import Wrong


@dataclass
class Table:
    """One table of the file: `.values` by field, and its lines. Compares by identity."""

    kind: str
    index: int
    line: int
    lines: dict[str, int] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)
    written: dict[str, Any] = field(default_factory=dict)  # as the file has it, numbers exact
    broken: set[str] = field(default_factory=set)

    @property
    def where(self) -> str:
        name = self.values.get("name")
        if self.kind in LISTS:
            return f'{self.kind} "{name}"' if name else f"{self.kind} number {self.index + 1}"
        return self.kind

    def line_of(self, key: str) -> int:
        return self.lines.get(key, self.line)

    def __getitem__(self, key: str) -> Any:
        return self.values[key]

    def get(self, key: str, default: Any = None) -> Any:
        return self.values.get(key, default)


@dataclass
class SiteFile:
    """A site file as read: tables with values in the firmware's units (da, ms), defaults filled in."""

    path: Path
    site: Table
    circuits: list[Table]
    buses: list[Table]
    meters: list[Table]
    evses: list[Table]
    ocpp: Table | None
    time: Table
    settings: Table
    plant: dict[str, Any]
    warnings: list[Mistake]
    safety_loads: list[Table] = field(default_factory=list)
    parent: Table | None = None
    solar: Table | None = None
    whole: bool = True  # False: some of it could not be read, so nothing can be said of what is missing
    text: str = ""  # the TOML that was read

    @property
    def name(self) -> str:
        return str(self.site["name"])


ALSO_CALLED = {
    "charger": "evse", "charge_point": "evse", "chargepoint": "evse", "charging_point": "evse", "station": "evse", "wallbox": "evse",
    "device": "evse", "ev": "evse", "panel": "circuit", "mains": "circuit", "fuse": "circuit", "breaker": "circuit", "line": "bus",
    "modbus": "bus", "rtu": "bus", "tcp": "bus", "csms": "ocpp", "backend": "ocpp", "upstream": "ocpp", "garage": "site", "pv": "solar",
}  # fmt: skip
HEADER = re.compile(r"^\s*(\[\[?)\s*([A-Za-z0-9_-]+)\s*\]\]?\s*(#.*)?$")
KEY = re.compile(r"""^\s*(?:"([^"]+)"|([A-Za-z0-9_-]+))\s*=""")


def scan_lines(text: str) -> dict[tuple[str, int], tuple[int, dict[str, int]]]:
    """(table kind, its number) → (line of its header, {key: line}); tomllib itself reports no lines."""
    found: dict[tuple[str, int], tuple[int, dict[str, int]]] = {}
    counts: dict[str, int] = {}
    keys: dict[str, int] = {}
    closing = ""  # of a text over several lines
    for number, line in enumerate(text.splitlines(), 1):
        if closing:
            closing = "" if closing in line else closing
            continue
        header = HEADER.match(line)
        if header:
            kind = header[2]
            keys = {}
            found[kind, counts.get(kind, 0)] = (number, keys)
            counts[kind] = counts.get(kind, 0) + 1
        elif key := KEY.match(line):
            keys.setdefault(key[1] or key[2], number)
            quotes = line[key.end() :].lstrip()[:3]
            if quotes in ('"""', "'''") and line.count(quotes) == 1:
                closing = quotes
    return found


class Reader:
    """Reads the tables of one file; mistakes go to the collector."""

    def __init__(self, text: str, data: dict[str, Any], collector: Collector, lost: dict[int, str] | None = None) -> None:
        self.data, self.collector = data, collector
        self.lines = scan_lines(text)
        starts = sorted(line for line, _ in self.lines.values())
        self.lost: dict[int, set[str]] = {}  # by the line of a table's header the names of fields that could not be read; "": any
        for line, name in (lost or {}).items():
            self.lost.setdefault(max([start for start in starts if start < line], default=0), set()).add(name)

    def lost_in(self, table: Table, key: str) -> bool:
        """True if this field of the table may be in an unreadable line."""
        return bool({"", key} & self.lost.get(table.line, set()))

    def table(self, kind: str, index: int, raw: Any, schema: dict[str, Field]) -> Table:
        line, lines = self.lines.get((kind, index), (0, {}))
        table = Table(kind, index, line, lines)
        if not isinstance(raw, dict):
            self.collector.add(table, "", "is not a table", f"write [{kind}] above its fields")
            raw = {}
        name = raw.get("name")
        table.values["name"] = name if isinstance(name, str) else None  # so that mistakes can say whose they are
        for key in raw:
            if key not in schema:
                self.unknown(table, key, list(schema))
        for key, column in schema.items():
            self.value(table, key, column, raw)
        return table

    def value(self, table: Table, key: str, column: Field, raw: dict[str, Any]) -> None:
        if key not in raw:
            if self.lost_in(table, key):
                table.broken.add(key)
            elif column.default is REQUIRED and column.unless not in raw:
                self.collector.add(table, key, "is missing", f"write {key} = …")
                table.broken.add(key)
            table.values[key] = None if column.default is REQUIRED else column.default
            return
        table.written[key] = raw[key]
        try:
            table.values[key] = column.read(raw[key])
        except Wrong as wrong:
            self.collector.add(table, key, f"{shown(raw[key])} is not allowed", f"use {wrong}")
            table.broken.add(key)
            table.values[key] = None if column.default is REQUIRED else column.default

    def unknown(self, table: Table, key: str, known: list[str]) -> None:
        close = near(key, known)
        hint = f"did you mean {close}?" if close else "known: " + ", ".join(known)
        self.collector.add(table, key, "is unknown", hint)

    def single(self, kind: str) -> Table:
        return self.table(kind, 0, self.data.get(kind, {}), SINGLE[kind])

    def list(self, kind: str) -> list[Table]:
        raw = self.data.get(kind, [])
        if not isinstance(raw, list):
            nowhere = Table(kind, 0, *self.lines.get((kind, 0), (0, {})))
            self.collector.add(nowhere, "", "has single brackets", f"write [[{kind}]] for each")
            raw = [raw]
        return [self.table(kind, index, item, LISTS[kind]) for index, item in enumerate(raw)]

    def unknown_tables(self) -> None:
        known = [*SINGLE, *LISTS, *FREE]
        for key in self.data:
            if key not in known:
                line = self.lines.get((key, 0), (0, {}))[0]
                close = near(key, known, ALSO_CALLED)
                hint = f"did you mean {bracketed(close)}?" if close else "known: " + ", ".join(map(bracketed, known))
                self.collector.add(Table(key, 0, line), "", "is not a table of a site file", hint)


def bracketed(kind: str) -> str:
    return f"[[{kind}]]" if kind in LISTS else f"[{kind}]"


def shown(value: Any) -> str:
    """A value as the file would write it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return "[" + ", ".join(shown(item) for item in value) + "]"
    return f'"{value}"' if isinstance(value, str) else str(value)


def parse(path: Path, collector: Collector, instead: str | None = None) -> SiteFile:
    """Read the tables of a site file; mistakes of form go to the collector. Raises SiteErrors if it is no TOML.

    instead: TOML to take in place of what the file holds.
    """
    text, data, lost = written(path, collector) if instead is None else (instead, tomllib.loads(instead, parse_float=Decimal), {})
    reader = Reader(text, data, collector, lost)
    reader.unknown_tables()
    if "site" not in data:
        collector.add(Table("site", 0, 0), "", "is missing", 'write [site] with name = "…"')
        data["site"] = {"name": "unnamed"}
    plant = data.get("plant", {})
    return SiteFile(
        path=path,
        site=reader.single("site"),
        circuits=reader.list("circuit"),
        buses=reader.list("bus"),
        meters=reader.list("meter"),
        evses=reader.list("evse"),
        ocpp=reader.single("ocpp") if "ocpp" in data else None,
        time=reader.single("time"),
        settings=reader.single("settings"),
        plant=plain(plant) if isinstance(plant, dict) else {},
        warnings=[],
        safety_loads=reader.list("safety_load"),
        parent=reader.single("parent") if "parent" in data else None,
        solar=reader.single("solar") if "solar" in data else None,
        whole=not lost,
        text=text,
    )


def written(path: Path, collector: Collector) -> tuple[str, dict[str, Any], dict[int, str]]:
    """The file's text, its TOML, and the lines that could not be read; its slips go to the collector, where something is left."""
    try:
        return (*read_toml(path, most=MOST), {})
    except SiteErrors as errors:
        if not isinstance(errors.rest, Rest):
            raise
        collector.mistakes += errors.mistakes
        return errors.rest.text, errors.rest.values, errors.rest.lost


def plain(value: Any) -> Any:
    """Decimals as floats: for tables that are passed on unchanged."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return float(value) if isinstance(value, Decimal) else value
