"""The store of a station in a conversation: what it keeps in memory; runs on both runtimes."""

from ampacity.ocpp.transactions.kept import Kept
from ampacity.store.document_store import DocumentStore
from ampacity.store.journal import Journal


class Store:
    def __init__(self, files):
        self.documents = DocumentStore(files)
        self.kept = Kept(Journal(files, "ocpp"))
