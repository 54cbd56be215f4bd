"""Rule 8: what lowers our trust is durable before anything is raised again. A restart would else forget it.

A part that loses trust in something calls `mark_dirty`; the persistence writes, and reports the version that is saved.
"""


class JournalBarrier:
    """`written` None: there is no journal, as in a search."""

    def __init__(self) -> None:
        self.version = 0
        self.written: "int | None" = None

    def mark_dirty(self) -> None:
        """Rule 8: trust was lost somewhere. is_written is False until the journal holds this version, where there is a journal."""
        self.version += 1

    def is_written(self) -> bool:
        """Does the journal hold all of it?"""
        return self.has_written(self.version)

    def has_written(self, version: int) -> bool:
        """And all of it up to then?"""
        return self.written is None or self.written >= version
