"""The store room of the station upstream: its documents, and the messages that wait for the CSMS.

After a long time without a CSMS thousands of messages wait. roles/boot.py has them read before the hardware watchdog runs, because they take
longer than it waits, and hands them over as `platform.kept`.
"""

from ampacity.ocpp.transactions.kept import Kept
from ampacity.store.journal import Journal

if False:  # for the type checker
    from ampacity.roles.interfaces import Files
    from ampacity.store.document_store import DocumentStore

STORAGE_KIB = 128  # of messages that wait for the CSMS, where the site says nothing


class OcppStore:
    """What the station keeps: documents and the queue of messages that must not be lost. kept: of `read_kept`; storage_kib: its room."""

    def __init__(self, documents: "DocumentStore", kept: Kept, storage_kib: int) -> None:
        self.documents = documents
        self.kept = kept
        kept.journal.size_max = storage_kib * 1024


def read_kept(files: "Files") -> Kept:
    """The messages that wait for the CSMS. files: of the store room."""
    return Kept(Journal(files, "ocpp"))
