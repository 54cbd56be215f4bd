"""The document with latched faults of charging points of our own: those that only a hand on the plug ends, over any restart."""

if False:  # for the type checker
    from typing import Any

    from ampacity.store.document_store import KeptDocuments

LATCHED = "latched"
UNREAD = "unread"  # the fault that stands for latched ones that cannot be read
AGAIN_MS = 2000  # after a medium refused


class LatchedFaults:
    """kept: where the document is; `faults`: what it holds, `empty` where there is none; `unread`: it cannot be read."""

    def __init__(self, kept: "KeptDocuments", empty: "Any") -> None:
        self._kept = kept
        self._tried_ms = 0
        self.faults = kept.documents.get(LATCHED) or empty
        self.unread = LATCHED in kept.documents.damaged

    def keep(self, faults: "Any", now_ms: int) -> None:
        """Write them at once when one is new, or gone; a medium that refuses is asked again after AGAIN_MS."""
        if faults == self.faults or (LATCHED in self._kept.failing and now_ms - self._tried_ms < AGAIN_MS):
            return
        self._tried_ms = now_ms
        if self._kept.put(LATCHED, faults, now_ms):
            self.faults = faults
