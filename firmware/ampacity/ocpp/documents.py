"""The store's settings, and what happens when they cannot be written.

A request of the CSMS that needs keeping fails with the write (`put` raises OSError, the answer is InternalError), also where it is
longer than the store keeps. What happens at an EVSE has happened, kept or not: `try_put` and `try_remove` count the failure and continue;
the medium is asked again (`tick`) until it takes the write, or the document is written again or removed.
"""

from ampacity.base.compat import const

if False:  # for the type checker
    from typing import Any

    from ampacity.base.log import Log
    from ampacity.ocpp.messages import Documents

_ENOSPC = const(28)
_AGAIN_MS = const(2000)  # after a medium refused


class StationDocuments:
    """The store's documents by name, with a counter for what could not be written.

    `writes`: how often the medium was to be written so far. A pass over all EVSEs ends when it has risen: on a slow medium the rest waits for
    the next one.
    """

    def __init__(self, documents: "Documents", log: "Log") -> None:
        self._documents = documents
        self._log = log
        self.writes = 0
        self._owed: "list[tuple[str, Any]]" = []  # what the medium refused: (name, document; None: it is to be removed)
        self._unused: "list[str]" = []
        self._again_ms = 0

    def get(self, name: str) -> "Any":
        """The document, or None."""
        return self._documents.get(name)

    def names(self) -> "list[str]":
        """Of all documents; none if the medium does not give them."""
        try:
            return self._documents.names()
        except OSError:
            return []

    def damaged(self, name: str) -> bool:
        """Was there a document that could not be read?"""
        return name in self._documents.damaged

    def distrust(self, name: str, why: str) -> None:
        """Its fields contradict each other, or are not possible here: it counts as damaged."""
        self._documents.distrust(name, why)

    def put(self, name: str, value: object) -> None:
        """OSError: the old document is still there."""
        self.writes += 1
        try:
            self._documents.put(name, value)
        except ValueError as e:
            raise OSError(_ENOSPC, str(e))
        self._settled(name)

    def remove(self, name: str) -> None:
        """OSError: it may be there still."""
        self._write(name, None)

    def try_put(self, name: str, value: object) -> bool:
        """False if it could not be kept yet."""
        return self._try(name, value)

    def try_remove(self, name: str) -> bool:
        """False if the document is still there."""
        return self._try(name, None)

    def remove_later(self, name: str) -> None:
        """Nothing refers to this document any more, once all that is still to be written is written: it is removed in a pass after that, unless it
        is written before."""
        self._settled(name)
        self._unused.append(name)

    def tick(self, now_ms: int) -> "int | None":
        """Write one of what is still to be written; when to come again, or None."""
        if not self._owed and not self._unused:
            return None
        if now_ms < self._again_ms:
            return self._again_ms
        name, value = self._owed[0] if self._owed else (self._unused[0], None)
        try:
            self._write(name, value)
        except (OSError, MemoryError):
            if self._owed:
                self._owed.append(self._owed.pop(0))
            self._again_ms = now_ms + _AGAIN_MS
            return self._again_ms
        return now_ms if self._owed or self._unused else None

    def _write(self, name: str, value: object) -> None:
        if value is not None:
            return self.put(name, value)
        self.writes += 1
        self._documents.remove(name)
        return self._settled(name)

    def _settled(self, name: str) -> None:
        self._owed = [item for item in self._owed if item[0] != name]
        self._unused = [each for each in self._unused if each != name]

    def _try(self, name: str, value: object) -> bool:
        try:
            self._write(name, value)
            return True
        except OSError:
            self._log.counter("ocpp_not_kept")
            self._settled(name)
            self._owed.append((name, value))
            return False
