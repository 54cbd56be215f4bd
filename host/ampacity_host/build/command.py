"""The command `ampacity build`."""

import json
from pathlib import Path
from typing import Any

from ampacity import __version__
from ampacity.circuit.trusted.errors import Rejected
from ampacity_host.board.manifest import frozen
from ampacity_host.board.site_fit import site_size, site_warnings
from ampacity_host.build.about import NAME
from ampacity_host.build.compiler import NotCompiled, compiled
from ampacity_host.build.documents import manifest, sbom
from ampacity_host.build.image import Image, Unlike, image
from ampacity_host.build.pack import NotPacked
from ampacity_host.build.sizes import HEAP_ROW, Row, shown, table
from ampacity_host.build.target import KIB, Target, target
from ampacity_host.configure import SiteErrors
from ampacity_host.failure import failed
from ampacity_host.progress import Progress
from ampacity_host.update.key_list import is_word

OK, REFUSED, USAGE = 0, 1, 2
APP = "app"  # the folder that `ampacity bundle sign` takes
TOO_MUCH_HEAP = (
    "{name}: estimate: modules that are loaded from a file system take {size} KiB of heap with their data, and the board has {heap} KiB: "
    "freeze them into the interpreter (docs/porting.md){other}"
)


def build_command(
    board: str, out: Path, role: str | None, left_out: tuple[str, ...], release: str | None, site: Path | None, as_json: bool
) -> int:
    """Builds into `out`. 0 built, 1 over budget, not compiled, or a site file that is refused, 2 wrong usage."""
    version = release or __version__
    if not is_word(version):
        return failed(f"--release: {version!r} is not allowed; use 1 to 32 visible ASCII characters", USAGE)
    try:
        wanted = target(board, role, left_out)
        size = site_size(site) if site else None
        check_folder(out / APP)
    except Rejected as refused:
        return failed(refused, REFUSED if refused.field == "file" else USAGE)
    except SiteErrors as errors:
        return failed(errors, REFUSED)
    progress = Progress(as_json)
    try:
        sources = frozen(wanted.manifest, **wanted.options)
        modules = compiled(sources, lambda done, whole: progress.part(wanted.name, "compiling", done, whole))
        made = image(wanted, modules, version)
        rows = table(wanted, made)
        write(out, wanted, made, rows)
    except (NotCompiled, NotPacked, Unlike, ValueError) as problem:
        return failed(f"{wanted.name}: {problem}", REFUSED)
    except OSError as problem:
        return failed(f"{problem.filename}: {problem.strerror}", USAGE)
    return print_result(out, wanted, made, rows, site_warnings(wanted.board, *size) if size else [], as_json)


def check_folder(app: Path) -> None:
    """A bundle contains everything in this folder: there must be no file of another origin. Raises Rejected."""
    strange = sorted(path.name for path in app.iterdir() if path.name != NAME) if app.is_dir() else []
    if strange:
        raise Rejected("--out", f"{app / strange[0]}", f"a folder in which {APP}/ has no file but {NAME}")


def write(out: Path, wanted: Target, made: Image, rows: list[Row]) -> None:
    """All files of a build. Raises OSError."""
    (out / APP).mkdir(parents=True, exist_ok=True)
    (out / APP / NAME).write_bytes(made.data)
    documents: dict[str, Any] = {
        "manifest.json": manifest(wanted, made),
        "sbom.cdx.json": sbom(wanted, made),
        "sizes.json": {"board": wanted.name, "rows": [row.as_dict() for row in rows]},
    }
    for name, content in documents.items():
        (out / name).write_text(json.dumps(content, indent=1, sort_keys=True, ensure_ascii=True) + "\n", encoding="utf-8", newline="\n")


def print_result(out: Path, wanted: Target, made: Image, rows: list[Row], of_site: list[str], as_json: bool) -> int:
    """What was built, and what does not fit. of_site: warnings about the site."""
    over = [row for row in rows if row.must and not row.fits]
    heap = next(row for row in rows if row.what == HEAP_ROW)
    other = "" if wanted.role == "secondary" else ", or build with --role secondary"
    text = TOO_MUCH_HEAP.format(name=wanted.name, size=heap.size // KIB, heap=wanted.heap_bytes // KIB, other=other)
    warnings = ([] if heap.fits else [text]) + of_site
    if as_json:
        facts = {"board": wanted.name, "role": wanted.role, "version": made.about["version"], "image": str(out / APP / NAME), "sha256": made.sha256}
        print(json.dumps({"ok": not over, **facts, "bytes": len(made.data), "sizes": [row.as_dict() for row in rows], "warnings": warnings}))
    else:
        print("\n".join(shown(rows)))
        print(f"{out / APP / NAME}: {wanted.name}, {wanted.role}, {len(made.modules)} modules, {len(made.data)} bytes, sha256 {made.sha256}")
        for text in warnings:
            failed(f"warning: {text}", OK)
    for row in over:
        failed(f"{wanted.name}: {row.what}: {row.size} bytes; use at most {row.budget}", REFUSED)
    return REFUSED if over else OK
