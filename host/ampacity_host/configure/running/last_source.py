"""Which configuration a start of `ampacity run` takes: the later one of the site file and what was sent over the console.

`source.json` in the data folder has the digest of the site file of the last start, and of the `site.json` that was compiled from it. As long
as the site file is the same, another `site.json` was sent over the console, and stays.
"""

import hashlib
import json
from pathlib import Path

from ampacity.roles.configuration.site_trial import DOCUMENT

FILE = "source.json"
TRIAL = f"store/{DOCUMENT}.set"


def digest_of(path: Path, *more: str | None) -> str:
    """Of a site file and the options that go with it. Raises OSError."""
    return hashlib.sha256(path.read_bytes() + repr(more).encode()).hexdigest()


def was_sent(data: Path, source: str) -> bool:
    """Was the configuration in this data folder sent over the console since this site file was compiled?"""
    try:
        kept = json.loads((data / FILE).read_text())
        present = hashlib.sha256((data / "site.json").read_bytes()).hexdigest()
        return bool(kept["source"] == source and kept["site"] != present)
    except (OSError, ValueError, KeyError, TypeError):
        return False


def record(data: Path, source: str) -> None:
    """The configuration of the site file has just been written; a trial of another one is over. Raises OSError."""
    (data / TRIAL).unlink(missing_ok=True)
    present = hashlib.sha256((data / "site.json").read_bytes()).hexdigest()
    new = data / "source.new"
    new.write_text(json.dumps({"source": source, "site": present}) + "\n")
    new.replace(data / FILE)
