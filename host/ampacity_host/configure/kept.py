"""What the journal in a controller's data folder holds of tests of its devices. Only read: the controller may be running."""

from pathlib import Path
from typing import Any

from ampacity.roles.keeper import EVIDENCE
from ampacity.store.settings import Settings


class Folder:
    """The reading half of a `files` door."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def read(self, name: str) -> bytes | None:
        path = self.folder / name
        return path.read_bytes() if path.is_file() else None


def kept_evidence(data: Path | None) -> dict[str, Any] | None:
    """The evidence of the last life in this data folder; None: there is none."""
    found = Settings(Folder(data / "store")).get(EVIDENCE) if data is not None else None
    return found if isinstance(found, dict) else None
