"""What the journal in a controller's data folder holds of its devices and its site. Only read: the controller may be running."""

from pathlib import Path
from typing import Any

from ampacity.roles.storage.document_shapes import primary_shape
from ampacity.roles.storage.persistence import DOCUMENT_BYTES_MAX, EVIDENCE
from ampacity.store.document_store import DocumentStore

STORES = ("store", "primary/store")  # of a controller, and of a bench


class Folder:
    """The reading half of a `files` door."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def read(self, name: str) -> bytes | None:
        path = self.folder / name
        return path.read_bytes() if path.is_file() else None


def kept_evidence(data: Path | None) -> dict[str, Any] | None:
    """The saved evidence in this data folder; None: there is none. Raises ValueError if it is damaged."""
    if data is None:
        return None
    for store in STORES:
        settings = DocumentStore(Folder(data / store), DOCUMENT_BYTES_MAX)  # type: ignore[arg-type]  # nothing is written
        settings.declare(primary_shape, lambda _name, _why: None)
        found = settings.get(EVIDENCE)
        if settings.damaged:
            raise ValueError(f"{data / store}: the evidence is damaged: after a start every EVSE stays at its reserve until `relearn` at the console")
        if isinstance(found, dict):
            return found
    return None
