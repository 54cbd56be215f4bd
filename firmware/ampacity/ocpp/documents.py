"""The store's settings, and what happens when they cannot be written.

A request of the CSMS that needs keeping fails with the write (`put` raises OSError, the answer is InternalError), also where it is
longer than the store keeps. What happens at an EVSE has happened, kept or not: `try_put` and `try_remove` count the failure and continue.
"""

if False:  # for the type checker
    from collections.abc import Callable
    from typing import Any

    from ampacity.base.log import Log
    from ampacity.ocpp.messages import Documents

ENOSPC = 28


class StationDocuments:
    """The store's documents by name, with a counter for what could not be written."""

    def __init__(self, documents: "Documents", log: "Log") -> None:
        self._documents = documents
        self._log = log

    def get(self, name: str) -> "Any":
        """The document, or None."""
        return self._documents.get(name)

    def damaged(self, name: str) -> bool:
        """Was there a document that could not be read?"""
        return name in self._documents.damaged

    def distrust(self, name: str, why: str) -> None:
        """Its fields contradict each other, or are not possible here: it counts as damaged."""
        self._documents.distrust(name, why)

    def put(self, name: str, value: object) -> None:
        """OSError: the old document is still there."""
        try:
            self._documents.put(name, value)
        except ValueError as e:
            raise OSError(ENOSPC, str(e))

    def try_put(self, name: str, value: object) -> bool:
        """False if it could not be kept."""
        return self._try(self.put, name, value)

    def try_remove(self, name: str) -> bool:
        """False if the document is still there."""
        return self._try(self._documents.remove, name)

    def _try(self, function: "Callable[..., None]", *parameters: object) -> bool:
        try:
            function(*parameters)
            return True
        except OSError:
            self._log.counter("ocpp_not_kept")
            return False
