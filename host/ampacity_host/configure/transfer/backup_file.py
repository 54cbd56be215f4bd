"""A backup: one JSON file with the compiled site and its profiles, and the settings, without secrets; a digest shows any change of it."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ampacity_host.configure.push_pull import write_private
from ampacity_host.configure.transfer.canonical import digest, to_cbor
from ampacity_host.configure.transfer.interfaces import Active

KIND = "ampacity backup"
FORMAT = 1
BYTES_MAX = 4 << 20
FIELDS = {"kind": str, "format": int, "made": str, "site": dict, "settings": dict, "missing": list, "sha256": str}

SETTING = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*")  # they become lines of a console: nothing in them may be a command


class BackupError(ValueError):
    """The file is not a backup, or was changed; the text begins with the field."""


def contents(active: Active, settings: dict[str, Any]) -> dict[str, Any]:
    """What the file says. settings: of `Way.settings`."""
    backup: dict[str, Any] = {
        "kind": KIND,
        "format": FORMAT,
        "made": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "site": active.facts,
        "settings": settings["settings"],
        "missing": [*active.secrets, *settings["secrets"]],
    }
    return backup | {"sha256": digest(to_cbor(backup))}


def write_backup(path: Path, backup: dict[str, Any]) -> None:
    """Readable by its owner only. Raises OSError."""
    write_private(path, (json.dumps(backup, indent=1, sort_keys=True) + "\n").encode())


def read_backup(path: Path) -> dict[str, Any]:
    """Raises BackupError, OSError."""
    if path.stat().st_size > BYTES_MAX:
        raise BackupError(f"{path}: larger than {BYTES_MAX} bytes")
    try:
        backup: dict[str, Any] = json.loads(path.read_bytes())
        return _checked(path, backup)
    except BackupError:
        raise
    except (ValueError, RecursionError):
        raise BackupError(f"{path}: no JSON of a backup") from None


def _checked(path: Path, backup: Any) -> dict[str, Any]:
    if not isinstance(backup, dict) or backup.get("kind") != KIND:
        raise BackupError(f"kind: {path} is no backup of a controller")
    if backup.get("format") != FORMAT:
        raise BackupError(f"format: {backup.get('format')!r} is not allowed; use {FORMAT}")
    for field, kind in FIELDS.items():
        if not isinstance(backup.get(field), kind):
            raise BackupError(f"{field}: missing or of another kind")
    for key, value in backup["settings"].items():
        if not SETTING.fullmatch(key) or not isinstance(value, str) or not value.isprintable() or not value:
            raise BackupError(f"settings: {key!r} is no setting of a controller")
    if not all(isinstance(each, str) for each in backup["missing"]):
        raise BackupError("missing: not a list of texts")
    if backup["sha256"] != digest(to_cbor({key: value for key, value in backup.items() if key != "sha256"})):
        raise BackupError("sha256: the file was changed after it was written")
    return dict(backup)
