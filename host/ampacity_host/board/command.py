"""The commands `ampacity board list|show|check|wiring`."""

import json
from pathlib import Path

from ampacity.circuit.trusted.errors import Rejected
from ampacity_host.board.check import check
from ampacity_host.board.findings import Board
from ampacity_host.board.loader import BoardFile, find, meant, names, read
from ampacity_host.board.site_fit import site_size, site_warnings
from ampacity_host.board.wiring import pages, pin_rows
from ampacity_host.configure import SiteErrors
from ampacity_host.configure.site_file.toml_text import near
from ampacity_host.failure import failed


def list_command(as_json: bool) -> int:
    """Lists the boards. 0."""
    rows = [(name, read(find(name))) for name in names()]
    if as_json:
        print(json.dumps({"boards": [{"name": name, "title": title(file), "variants": list(file.variants)} for name, file in rows]}))
    else:
        wide = max((len(name) for name, _ in rows), default=0)
        print("\n".join(f"{name:{wide}}  {title(file)} ({', '.join(file.variants)})" for name, file in rows))
    return 0


def title(file: BoardFile) -> str:
    """What a board calls itself; "" for one that cannot be read."""
    return next((board["title"] for board in file.variants.values()), "")


def show_command(name: str, as_json: bool) -> int:
    """One variant with its pins; as JSON it is what a controller reads. 0 shown, 1 the file is not valid, 2 no such board."""
    try:
        board = chosen(name)
    except Rejected as refused:
        return failed(refused, 1 if refused.field == "file" else 2)
    if as_json:
        print(json.dumps(board, ensure_ascii=False))
        return 0
    memory, pilot = board["memory"], board["pilot"]
    print(f"{board['name']}:{board['variant']}: {board['title']} ({board['status']})")
    print(f"port {board['port']}, chip {board['chip']}, {board['interpreter']['image']} from {board['interpreter']['least']}")
    print(f"heap {memory['heap_kib']} KiB ({memory['heap_basis']}), a primary of at most {board['site']['evses_max']} EVSEs, pilot {pilot['kind']}")
    rows = pin_rows(board)
    wide = [max((len(row[column]) for row in rows), default=0) for column in range(4)]
    print("\n".join("  ".join(f"{cell:{width}}" for cell, width in zip(row, wide, strict=False)).rstrip() for row in rows))
    return 0


def chosen(text: str) -> Board:
    """The board of NAME or NAME:VARIANT; without a variant the first. Raises Rejected, with the field "file" for a file that is not valid."""
    name, _, variant = text.rpartition(":") if ":" in text and not Path(text).exists() else (text, "", "")
    file = read(find(name))
    if file.findings:
        raise Rejected("file", str(file.path), f"a board file that `ampacity board check {name}` accepts: {file.findings[0]}")
    if variant and variant not in file.variants:
        close = near(variant, file.variants)
        raise Rejected("variant", variant, "one of " + ", ".join(file.variants) + meant(close))
    return file.variants[variant] if variant else next(iter(file.variants.values()))


def check_command(name: str, site: Path | None, as_json: bool) -> int:
    """0 no finding, 1 a finding or a site file that is refused, 2 no such board. site: whether it fits each variant is a warning only."""
    try:
        file = read(find(name))
        size = site_size(site) if site else None
    except Rejected as refused:
        return failed(refused, 2)
    except SiteErrors as errors:
        return failed(errors, 1)
    found = check(file)
    warnings = [text for board in file.variants.values() for text in site_warnings(board, *size)] if size else []
    if as_json:
        facts = {"ok": not found, "file": str(file.path), "variants": list(file.variants)}
        print(json.dumps({**facts, "findings": [each.as_dict() for each in found], "warnings": warnings}))
        return 1 if found else 0
    path = near_path(file.path)
    for each in found:
        print(f"error: {path}: {each}")
    waived = [row for board in file.variants.values() for row in board["waive"]]
    for row in {(row["rule"], row["field"]): row for row in waived}.values():
        print(f"waived: {row['field']}: {row['reason']} [{row['rule']}]")
    for text in warnings:
        print(f"warning: {text}")
    if not found:
        print(f"{path}: no finding in {', '.join(file.variants)}")
    return 1 if found else 0


def near_path(path: Path) -> Path:
    """A path as it is typed here: below the current folder without that folder."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_absolute() and path.is_relative_to(here) else path


def wiring_command(name: str, out: Path, as_json: bool) -> int:
    """Writes the wiring page and its drawings. 0 written, 1 the file is not valid or DIR cannot be written, 2 no such board."""
    try:
        written = pages(read(find(name)))
        out.mkdir(parents=True, exist_ok=True)
        for file, text in written.items():
            (out / file).write_text(text, encoding="utf-8")
        if as_json:
            print(json.dumps({"files": [str(out / file) for file in written]}))
        else:
            print("\n".join([str(out / file) for file in written]))
    except Rejected as refused:
        return failed(refused, 1 if refused.field == "file" else 2)
    except OSError as problem:
        return failed(f"{out}: {problem.strerror or problem}", 1)
    return 0
