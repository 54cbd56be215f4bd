"""Who changed what and when: the last changes, kept over restarts. A line has its number, the time, the role with its interface, and the change.

No line holds a secret. A medium that refuses is reported and stops no change; the lines that it did not take are kept with the next one.
"""

from ampacity.base.printable import printable

if False:  # for the type checker
    from collections.abc import Callable
    from typing import Any

    from ampacity.base.log import Log
    from ampacity.console.settings import Documents

    Row = list[Any]  # number, time, who, text

DOCUMENT = "changes"
ROWS_MAX = 48
TEXT_MAX = 120
CONTROLLER = "controller"  # what happened by itself


class Journal:
    """documents: of the store. when: function(now_ms) → the time as text, "" while it is unknown."""

    def __init__(self, documents: "Documents", log: "Log", when: "Callable[[int], str]") -> None:
        self._documents = documents
        self._log = log
        self._when = when
        kept = documents.get(DOCUMENT)
        rows = kept.get("rows") if isinstance(kept, dict) else None
        self._rows: "list[Row]" = rows if isinstance(rows, list) else []
        damaged = DOCUMENT in getattr(documents, "damaged", ())
        self._count: int = kept.get("count", 0) if isinstance(kept, dict) else 0
        if damaged:
            self.add(CONTROLLER, ["the journal of changes was damaged: earlier changes are unknown"], 0)

    def add(self, who: str, texts: "list[str]", now_ms: int) -> None:
        """The changes of one command, in one write. who: the role and its interface."""
        try:
            when = self._when(now_ms) or "%d s after a start" % (now_ms // 1000)
            for text in texts:
                self._count += 1
                self._rows.append([self._count, when, who, printable(text)[:TEXT_MAX]])
            del self._rows[:-ROWS_MAX]
            self._documents.put(DOCUMENT, {"count": self._count, "rows": self._rows})
        except (OSError, ValueError, MemoryError) as e:
            self._log.counter("storage_errors")
            self._log.add("error", "journal of changes: not kept: %s" % e, now_ms)

    def lines(self) -> "list[str]":
        """All that are kept, newest last."""
        return ["%d %s %s: %s" % (row[0], row[1], row[2], row[3]) for row in self._rows]
