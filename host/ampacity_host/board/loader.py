"""Board files: found by name or path, read, each variant merged with the common part, checked by the schema, defaults filled in."""

import json
import re
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from math import isfinite
from pathlib import Path
from typing import Any

import jsonschema

from ampacity.circuit.trusted.errors import Rejected
from ampacity_host.board.findings import Board, Finding
from ampacity_host.configure.site_file.mistakes import SiteErrors
from ampacity_host.configure.site_file.toml_text import near, read_toml
from ampacity_host.places import BOARDS
from ampacity_host.profiles.schema_errors import SHOWN_MAX, Words

SCHEMA: dict[str, Any] = json.loads((Path(__file__).parent / "schema.json").read_text(encoding="utf-8"))
CHIP_SCHEMA = SCHEMA["$defs"]["chip"] | {"$defs": SCHEMA["$defs"]}
NAME = re.compile("[a-z0-9][a-z0-9-]*")
FILE = "board.toml"
VARIANTS = "a list of at least one [[variant]], each with a name of its own of a-z, 0-9 and -"


@dataclass(frozen=True)
class BoardFile:
    """A board file as it was read. variants: name → board, only those that the schema accepts; findings: of the format."""

    path: Path
    variants: dict[str, Board]
    findings: list[Finding]


def names() -> list[str]:
    """Names of the boards that this program brings, sorted."""
    return sorted(path.parent.name for path in BOARDS.glob(f"*/{FILE}"))


def find(name_or_path: str) -> Path:
    """The file of a board: by its name, or by the path of the file or its folder. Raises Rejected where there is none."""
    known = names()
    if name_or_path in known:
        return BOARDS / name_or_path / FILE
    for path in (Path(name_or_path), Path(name_or_path) / FILE):
        if path.is_file():
            return path
    close = near(name_or_path, known)
    raise Rejected("board", name_or_path, f"one of {', '.join(known)}, or a path such as ./{FILE}{meant(close)}")


def meant(close: str | None) -> str:
    """The end of a sentence about a name that is not known."""
    return f"; did you mean {close}?" if close else ""


def read(path: Path) -> BoardFile:
    """Every variant of a board file. Never raises for its content: what is wrong is in `findings`."""
    try:
        _, written = read_toml(path, "board file")
    except SiteErrors as errors:
        rows = [(f"line {each.line}" if each.line else "file", f"{each.value}; {each.allowed}") for each in errors.mistakes]
        return BoardFile(path, {}, [Finding("format", *row) for row in rows])
    rows = written.pop("variant", None)
    called = [row.get("name") if isinstance(row, dict) else None for row in rows] if isinstance(rows, list) else []
    if not called or not all(isinstance(name, str) and NAME.fullmatch(name) for name in called) or len(set(called)) < len(called):
        return BoardFile(path, {}, [Finding("format", "variant", f"is missing or has no valid names; write {VARIANTS}")])
    variants, findings = {}, []
    for row in rows or []:
        own = {key: value for key, value in row.items() if key != "name"}
        board = merged(written, own) | {"variant": row["name"]}
        wrong = mistakes(board, SCHEMA, "board")
        findings += [Finding("format", field, text, row["name"]) for field, text in wrong]
        if not wrong:
            variants[row["name"]] = filled(board, SCHEMA)
    folder = path.resolve().parent.name
    if path.name == FILE and isinstance(written.get("name"), str) and written["name"] != folder:
        findings.append(Finding("format", "name", f'"{written["name"]}" is not the name of its folder; use "{folder}", or rename the folder'))
    return BoardFile(path, variants, once(findings))


def once(findings: list[Finding]) -> list[Finding]:
    """The same finding of several variants counts once: with the name of the first."""
    first: dict[tuple[str, str, str], Finding] = {}
    for each in findings:
        first.setdefault((each.rule, each.field, each.text), each)
    return list(first.values())


def merged(common: Any, own: Any) -> Any:
    """The common part with a variant's own: tables key by key, lists and values replaced."""
    if isinstance(common, dict) and isinstance(own, dict):
        return {key: merged(common[key], own[key]) if key in common and key in own else own.get(key, common.get(key)) for key in {**common, **own}}
    return own


def mistakes(value: dict[str, Any], schema: dict[str, Any], what: str) -> list[tuple[str, str]]:
    """(field, what is wrong and what is allowed) of everything that the schema refuses."""
    strange = unreadable(value, "")
    if strange:
        return strange
    words = Words(schema)
    found: list[list[str]] = []
    for error in jsonschema.Draft202012Validator(schema).iter_errors(value):
        close = near(error.instance, error.validator_value) if error.validator == "enum" and isinstance(error.instance, str) else None
        found += [f"{sentence}{meant(close)}".split(": ", 1) for sentence in words.of(error)]
    return [(what if field == "profile" else field, text) for field, text in found]


def unreadable(value: Any, field: str) -> list[tuple[str, str]]:
    """(field, what is wrong): numbers that no schema can compare, `nan` and `inf`, and texts and names that do not print as one line."""
    if isinstance(value, float | Decimal) and not isfinite(value):
        return [(field, "is no finite number; use a whole number")]
    if isinstance(value, str) and not value.isprintable():
        return [(field, f"{ascii(value)[:SHOWN_MAX]} does not print as one line; use a text without line breaks and control characters")]
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found = []
    for key, part in parts:
        name = str(key) if str(key).isprintable() else ascii(key)
        found += [(field, f"the name {name[:SHOWN_MAX]} does not print as one line; use a-z, 0-9 and -")] if name != str(key) else []
        found += unreadable(part, f"{field}.{name}" if field else name)
    return found


def filled(value: Any, schema: dict[str, Any]) -> Any:
    """A valid value with the schema's defaults in place of what is absent."""
    schema = SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    if isinstance(value, list):
        return [filled(item, schema.get("items", {})) for item in value]
    if not isinstance(value, dict):
        return value
    known = schema.get("properties", {})
    defaults = {key: each["default"] for key, each in known.items() if "default" in each}
    whole, order = {**defaults, **value}, [*known, *value]
    return {key: filled(whole[key], known.get(key, schema.get("additionalProperties") or {})) for key in dict.fromkeys(order) if key in whole}


@cache
def chip_facts(name: str, chips_folder: Path | None = None) -> dict[str, Any]:
    """Facts of a chip, with defaults. chips_folder: searched before the chips of this program.

    Raises Rejected where there is no such file, or one that is not valid.
    """
    folders = [BOARDS / "chips"] if chips_folder is None else [chips_folder, BOARDS / "chips"]
    path = next((folder / f"{name}.toml" for folder in folders if (folder / f"{name}.toml").is_file()), None)
    if path is None:
        known = sorted({each.stem for folder in folders for each in folder.glob("*.toml")})
        close = near(name, known)
        raise Rejected("chip", name, "one of " + ", ".join(known) + meant(close))
    try:
        _, facts = read_toml(path, "chip file")
    except SiteErrors as errors:
        raise Rejected(path.name, str(errors.mistakes[0].value), f"a chip file that is TOML: {errors}") from None
    wrong = mistakes(facts, CHIP_SCHEMA, "chip")
    if wrong:
        raise Rejected(path.name, wrong[0][0], "; ".join(": ".join(each) for each in wrong))
    return dict(filled(facts, CHIP_SCHEMA))
