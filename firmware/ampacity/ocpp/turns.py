"""Work for one EVSE after the other, one in each pass: the safety loop never waits while a slow medium writes for all of them.

Whatever happens at all EVSEs at one time (a Reset, a master pass, the beginning of an interval of the clock) is done through here.
"""

if False:  # for the type checker
    from collections.abc import Callable
    from typing import Protocol

    from ampacity.ocpp.documents import StationDocuments
    from ampacity.ocpp.evse import OcppEvse
    from ampacity.ocpp.transactions.transaction import Transaction

    class Work(Protocol):
        """What is done in passes."""

        def tick(self, now_ms: int) -> "int | None": ...


class Turns:
    """`waiting`: what waits for its turn, the oldest first; of each kind at most once for each EVSE."""

    def __init__(self) -> None:
        self.waiting: "list[tuple[str, OcppEvse, Transaction | None | str, Callable[[OcppEvse, int], object]]]" = []

    def add(self, kind: str, evses: "list[OcppEvse]", function: "Callable[[OcppEvse, int], object]", whatever: bool = False) -> None:
        """Call function(evse, now_ms) for each of these EVSEs that still has the transaction, or none, that it has now; whatever: for all."""
        for evse in evses:
            turn = (kind, evse, "any" if whatever else evse.tx, function)
            places = [i for i, item in enumerate(self.waiting) if item[0] == kind and item[1] is evse]
            if places:
                self.waiting[places[0]] = turn
            else:
                self.waiting.append(turn)

    def waits(self, kind: str) -> bool:
        """Is work of this kind to be done for any EVSE?"""
        return any([item[0] == kind for item in self.waiting])

    def tick(self, now_ms: int) -> "int | None":
        """The next one's turn; now_ms if another one waits, else None."""
        if not self.waiting:
            return None
        _, evse, tx, function = self.waiting.pop(0)
        if tx == "any" or tx is evse.tx:
            function(evse, now_ms)
        return now_ms if self.waiting else None


class Pieces:
    """Several kinds of work that write to the medium: a pass ends after the first write, and the next pass begins with the following kind.

    works: objects with tick(now_ms) → when to come again, or None. documents: their `writes` rises with each write.
    """

    def __init__(self, works: "tuple[Work, ...]", documents: "StationDocuments") -> None:
        self._works = works
        self._documents = documents
        self._first = 0

    def tick(self, writes: int, now_ms: int) -> "list[int | None]":
        """One pass; writes: of `documents` at its beginning. When to come again."""
        documents, works = self._documents, self._works
        wakes: "list[int | None]" = []
        for i in range(self._first, self._first + len(works)):
            if documents.writes != writes:
                wakes.append(now_ms)
                continue
            wakes.append(works[i % len(works)].tick(now_ms))
            if documents.writes != writes:
                self._first = (i + 1) % len(works)
        return wakes
