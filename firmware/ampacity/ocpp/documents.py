"""The store's settings, and what happens when they cannot be written.

A request of the CSMS that needs keeping fails with the write (`put` raises OSError, the answer is InternalError), also where it is
longer than the store keeps. What happens at an EVSE has happened, kept or not: `try_put` counts the failure and continues.
What may happen at all EVSEs at once goes by `later`: the station writes it one by one, as the safety loop leaves time (Station.write).
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
        self._due: "list[tuple[str, Callable[[], Any]]]" = []  # what `later` was given, the oldest first

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
        """value None: it goes. OSError: the old document is still there."""
        try:
            if value is None:
                self._documents.remove(name)
            else:
                self._documents.put(name, value)
        except ValueError as e:
            raise OSError(ENOSPC, str(e))
        self._due = [item for item in self._due if item[0] != name]

    def try_put(self, name: str, value: object) -> bool:
        """False if it could not be kept."""
        try:
            self.put(name, value)
            return True
        except OSError:
            self._log.counter("ocpp_not_kept")
            return False

    def later(self, name: str, make: "Callable[[], Any]") -> None:
        """The document becomes what make() returns when its turn comes; None: it goes."""
        if not self.is_due(name):
            self._due.append((name, make))

    def only(self, begin: str, kept: "list[str]") -> None:
        """Of the documents whose names begin like this only these stay."""
        try:
            for name in self._documents.names():
                if name.startswith(begin) and name not in kept:
                    self.later(name, lambda: None)
        except OSError:  # with the next start
            pass

    def is_due(self, name: str = "") -> bool:
        """Is this document yet to be written, or any?"""
        return any([name in ("", item[0]) for item in self._due])

    def write(self) -> None:
        """The two of those that have waited longest."""
        for name, make in self._due[:2]:
            value = make()
            del self._due[0]
            self.try_put(name, value)
