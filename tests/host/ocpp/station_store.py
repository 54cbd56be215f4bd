"""The store of a station in a conversation: what it keeps in memory; runs on both runtimes."""

from ampacity.store.document_store import DocumentStore
from ampacity.store.journal import Journal


class Store:
    def __init__(self, files):
        self.documents = DocumentStore(files)
        self.journal = Journal(files, "ocpp")
