"""A controller on Linux with two slots: the folder that `ampacity run --slots` takes, and the application that a bundle for it contains."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

from ampacity.base.errors import NotNow, Rejected
from ampacity.roles.updates.places import Places
from ampacity_host.configure.running.slots import ARCHIVE
from ampacity_host.failure import failed
from ampacity_host.places import FIRMWARE
from ampacity_host.update.command import answered
from ampacity_host.update.key_folder import LIST, KeyFolder
from ampacity_host.update.refused import Refused

USAGE = 2
EARLIEST = (1980, 1, 1, 0, 0, 0)  # of every file in the archive: the same sources give the same bytes
MODE = 0o644 << 16


def archive() -> bytes:
    """The firmware of this installation as one zip file, from which CPython imports."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for path in sorted((FIRMWARE / "ampacity").rglob("*.py")):
            entry = zipfile.ZipInfo(path.relative_to(FIRMWARE).as_posix(), EARLIEST)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, MODE
            made.writestr(entry, path.read_bytes())
    return out.getvalue()


def application_command(out: Path, as_json: bool) -> int:
    """Writes the folder for `ampacity bundle sign`. 0 written, 2 wrong usage."""
    strange = sorted(path.name for path in out.iterdir() if path.name != ARCHIVE) if out.is_dir() else []
    if strange:
        return failed(f"--out: {out / strange[0]} would be part of the bundle; use an empty folder", USAGE)
    data = archive()
    try:
        out.mkdir(parents=True, exist_ok=True)
        (out / ARCHIVE).write_bytes(data)
    except OSError as problem:
        return failed(f"{problem.filename}: {problem.strerror}", USAGE)
    print(json.dumps({"ok": True, "file": str(out / ARCHIVE), "bytes": len(data)}) if as_json else f"{out / ARCHIVE}: {len(data)} bytes")
    return 0


def slots_command(root: Path, folder: Path, board: str, serial: str | None, as_json: bool) -> int:
    """Prepares a folder with two empty slots. 0 made, 1 refused, 2 wrong usage."""

    def work() -> tuple[dict[str, Any], str]:
        if (root / "boot" / "roots").exists():
            raise Refused("folder", f"{root} has slots already")
        roots = KeyFolder(folder).roots()
        if not roots:
            raise Refused("keys", f"{folder} has no root key: ampacity bundle key new NAME --root")
        keys = (folder / LIST).read_bytes()
        for name in ("boot", "identity", "slots", "inbox"):
            (root / name).mkdir(parents=True, exist_ok=True, mode=0o700)
        identity = {"format": 1, "serial": serial or "", "board": board, "variant": ""}
        (root / "identity" / "identity.json").write_text(json.dumps(identity) + "\n")
        (root / "boot" / "roots").write_bytes(b"".join(roots.values()))
        try:
            places = Places(str(root), "", "")
            offer = places.trust.offer(keys)
            while not offer.step():
                pass
        except (Rejected, NotNow) as problem:
            raise Refused("keys", str(problem)) from None
        facts = {"folder": str(root), "board": board, "serial": serial, "counter": places.trust.counter}
        return facts, f"{root}: two empty slots for {board}, key list {places.trust.counter}; start: ampacity run SITE.toml --data DIR --slots {root}"

    return answered(work, as_json)
