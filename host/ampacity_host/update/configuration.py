"""The configuration that a bundle brings to a primary: the compiled site file as CBOR, without its secrets, because a bundle is not encrypted."""

import json
from pathlib import Path

from ampacity.roles.updates.configuration_updates import BYTES_MAX, FILE
from ampacity_host.configure.command import accepted
from ampacity_host.configure.transfer.canonical import redacted, to_cbor
from ampacity_host.failure import failed

REFUSED, USAGE = 1, 2


def configuration_command(site: Path, out: Path, as_json: bool) -> int:
    """Writes the folder for `ampacity bundle sign --kind configuration`. 0 written, 1 the site is refused, 2 wrong usage."""
    strange = sorted(path.name for path in out.iterdir() if path.name != FILE) if out.is_dir() else []
    if strange:
        return failed(f"--out: {out / strange[0]} would be part of the bundle; use an empty folder", USAGE)
    facts = accepted(site, None)
    if facts is None:
        if as_json:
            print(json.dumps({"ok": False, "field": str(site), "error": "the site is refused: see `ampacity check`"}))
        return REFUSED
    content, secrets = redacted(facts)
    data = to_cbor(content)
    if len(data) > BYTES_MAX:
        return failed(f"{site}: {len(data)} bytes; a configuration has at most {BYTES_MAX}", REFUSED)
    try:
        out.mkdir(parents=True, exist_ok=True)
        (out / FILE).write_bytes(data)
    except OSError as problem:
        return failed(f"{problem.filename}: {problem.strerror}", USAGE)
    kept = f"; left out, each controller keeps its own: {', '.join(secrets)}" if secrets else ""
    print(json.dumps({"ok": True, "file": str(out / FILE), "bytes": len(data), "secrets": secrets}) if as_json
          else f"{out / FILE}: {len(data)} bytes{kept}")  # fmt: skip
    return 0
