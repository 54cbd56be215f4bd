"""A backup: one JSON file with the compiled site and its profiles, and the settings, without secrets; a digest shows any change of it."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ampacity.base.printable import printable
from ampacity.console.settings import TEXT_MAX
from ampacity_host.configure.push_pull import write_private
from ampacity_host.configure.transfer.canonical import digest, to_cbor
from ampacity_host.configure.transfer.interfaces import Active

KIND = "ampacity backup"
FORMAT = 1
BYTES_MAX = 4 << 20
FIELDS = {"kind": str, "format": int, "made": str, "site": dict, "settings": dict, "missing": list, "sha256": str}
SETTING = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")  # what the name of a setting is made of; each becomes a line to the console


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
    except (ValueError, RecursionError):
        raise BackupError(f"{path}: no JSON") from None
    if not isinstance(backup, dict) or backup.get("kind") != KIND:
        raise BackupError(f"kind: {path} is no backup of a controller")
    if backup.get("format") != FORMAT:
        raise BackupError(f"format: {backup.get('format')!r} is not allowed; use {FORMAT}")
    for field, kind in FIELDS.items():
        if not isinstance(backup.get(field), kind):
            raise BackupError(f"{field}: missing or of another kind")
    for key, value in backup["settings"].items():
        if not SETTING.fullmatch(key) or not is_value(value):
            raise BackupError(f"settings: {key!r} = {value!r} is not allowed; use the name of a setting and a text of one line")
    if not all(isinstance(each, str) and printable(each) == each for each in backup["missing"]):
        raise BackupError("missing: use texts of one line")
    if backup["sha256"] != digest_of(backup):
        raise BackupError("sha256: the file was changed after it was written")
    return backup


def is_value(value: Any) -> bool:
    """Can `set` take it as the value of a setting, and as nothing more?"""
    return isinstance(value, str) and 0 < len(value) <= TEXT_MAX and printable(value) == value and "commit" not in value.split()


def digest_of(backup: dict[str, Any]) -> str:
    """Of all but the digest; "" of what no controller can have."""
    try:
        return digest(to_cbor({key: value for key, value in backup.items() if key != "sha256"}))
    except (ValueError, RecursionError):  # half of a pair of surrogates; nested too deeply
        return ""
