"""A new `site.json` on trial: active after a restart, and gone again unless it is confirmed in time.

    commit   the present file is kept as `site.previous`, the record says `armed`, the new file replaces the old one, restart
    start    `armed`: this is the restart, the record says `running`; `running`: an earlier start was not confirmed, the previous file returns,
             unless something else has written site.json since: that is a person's, and it stays
    confirm  the record goes

The power may be cut between any two writes: the next start finds a whole file, and either the new one on trial or the previous one.
"""

from binascii import hexlify
from hashlib import sha256

from ampacity.base.errors import NotNow

if False:  # for the type checker
    from typing import Any

    from ampacity.roles.interfaces import Files
    from ampacity.store.document_store import DocumentStore

SITE = "site.json"
PREVIOUS = "site.previous"
BY_BUNDLE = "site.bundle"  # digests of what bundles brought: the newest, and the one that was replaced last
DOCUMENT = "site_trial"
ARMED, RUNNING, RETURNED = "armed", "running", "returned"


class SiteTrial:
    """documents: of the store. store: its files door. folder: the files door of the data folder, which has site.json."""

    what = "configuration"

    def __init__(self, documents: "DocumentStore", store: "Files", folder: "Files") -> None:
        self._documents = documents
        self._store = store
        self._folder = folder
        self.undone = False  # in this life

    def record(self) -> "dict[str, Any]":
        """phase, sha256, minutes and ocpp of the file on trial; empty: none is."""
        found = self._documents.get(DOCUMENT)
        if DOCUMENT in self._documents.damaged and DOCUMENT not in self._documents.unread:
            return {"phase": RUNNING, "minutes": 0}
        return found if isinstance(found, dict) else {}

    def need_none(self) -> None:
        """Raises NotNow while a file is on trial or waits for its restart: the previous file of a second one would be the first."""
        record = self.record()
        if record.get("phase") == RUNNING or (record.get("phase") == ARMED and self._is_there(record)):
            raise NotNow("commit", "", "a configuration is on trial already, or waits for the restart")

    def _is_there(self, record: "dict[str, Any]") -> bool:
        """Is site.json the file that the record is about?"""
        return digest(self._folder.read(SITE) or b"") == record.get("sha256")

    def is_by_person(self) -> bool:
        """Is what is in force not what a bundle brought? By its content, so whatever else wrote it is a person: a site file, the prompt."""
        return digest(self._folder.read(SITE) or b"").encode() not in (self._store.read(BY_BUNDLE) or b"")

    def arm(self, data: bytes, minutes: int, ocpp: bool = False, by_bundle: bool = False) -> None:
        """The next start runs on this file, on trial for so many minutes. Raises NotNow, OSError: the present file stays.

        ocpp: it is only confirmed by itself when the CSMS was seen, even if it names none. by_bundle: a bundle brought it.
        """
        self.need_none()
        present = self._folder.read(SITE)
        if present is None:
            raise OSError(2, SITE)
        brought = digest(data) if by_bundle else ""
        if data != present and not self.is_by_person():
            brought += digest(present)
        if brought.encode() != (self._store.read(BY_BUNDLE) or b""):
            self._store.replace(BY_BUNDLE, brought.encode())
        self._store.replace(PREVIOUS, present)
        self._documents.put(DOCUMENT, {"phase": ARMED, "sha256": digest(data), "minutes": minutes, "ocpp": ocpp})
        self._folder.replace(SITE, data)

    def start(self) -> "str | None":
        """To be called before site.json is read, once in each life. Returns a text for the log where the previous file returned. OSError."""
        record = self.record()
        if not record:
            return None
        phase, there = record.get("phase"), self._is_there(record)
        if phase == RETURNED:
            return None
        if phase == ARMED and there:
            record["phase"] = RUNNING
            self._documents.put(DOCUMENT, record)
            return None
        if phase == ARMED or not there and "sha256" in record and self._folder.read(SITE) not in (None, self._store.read(PREVIOUS)):
            self._documents.remove(DOCUMENT)
            return "the new configuration was not written, or another one since: the present one stays"
        self.revert()
        self._documents.put(DOCUMENT, {"phase": RETURNED})  # for the journal of changes
        return "the new configuration was not confirmed before a restart: the previous one is active"

    def revert(self) -> None:
        """The previous file is back for the next start. Raises OSError: try again."""
        previous = self._store.read(PREVIOUS)
        if previous is not None:
            self._folder.replace(SITE, previous)
        self._documents.put(DOCUMENT, {})  # also where the record was damaged
        self._documents.remove(DOCUMENT)
        self.undone = True

    def is_running(self) -> bool:
        """Does this life run on a file on trial?"""
        return self.record().get("phase") == RUNNING

    def was_undone(self) -> bool:
        """Has a start just undone it? Said once. Raises OSError."""
        if self.record().get("phase") != RETURNED:
            return False
        self._documents.remove(DOCUMENT)
        return True

    def confirm(self) -> None:
        """The file on trial stays. Raises OSError: it is still on trial."""
        self._documents.remove(DOCUMENT)


def digest(data: bytes) -> str:
    """SHA-256 as lower-case hexadecimal text."""
    return str(hexlify(sha256(data).digest()), "ascii")


def trial_of(folder: str, store: str) -> SiteTrial:
    """The trial of a data folder. store: path of its store."""
    from ampacity.roles.storage.document_shapes import secondary_shape
    from ampacity.store.disk_files import DiskFiles
    from ampacity.store.document_store import DocumentStore

    kept = DiskFiles(store)
    documents = DocumentStore(kept)
    documents.declare(secondary_shape, lambda name, why: None)  # the same for a primary; its role tells what is damaged
    return SiteTrial(documents, kept, DiskFiles(folder))
