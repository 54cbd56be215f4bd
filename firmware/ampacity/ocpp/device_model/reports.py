"""The NotifyReport requests that answer GetBaseReport and GetReport (B07, B08).

A report is made while it is sent: a few variables a message, from a walk over the table that pauses in between.
One report at a time; the next one is Rejected until it is through.
"""

if False:  # for the type checker
    from collections.abc import Callable, Iterator

    from ampacity.base.strict_json import Written
    from ampacity.ocpp.device_model.model import Row, Scope
    from ampacity.ocpp.interfaces import StationFace
    from ampacity.ocpp.messages import Call

ITEMS_PER_MESSAGE = 2  # a message of 0.6 KB needs 8 KiB of free heap, with 4 it is 1.2 KB and 16 KiB


class Reports:
    """The report under way, if any."""

    def __init__(self, station: "StationFace") -> None:
        self._station = station
        self._walk: "Iterator[tuple[Scope, Row]] | None" = None
        self._next: "tuple[Scope, Row] | None" = None
        self._request_id = 0
        self._seq = 0
        self._item: "Callable[[StationFace, Scope, Row], Written] | None" = None

    def begin(self, request_id: int, wanted: "Callable[[Scope, Row], bool]", item: "Callable[[StationFace, Scope, Row], Written]") -> str:
        """Report every row that `wanted(scope, row)`, as item(station, scope, row) writes it. Returns "Accepted", "EmptyResultSet" or
        "Rejected"."""
        if self._walk is not None:
            return "Rejected"
        walk = ((scope, row) for scope, row in self._station.model.rows() if wanted(scope, row))
        first = next(walk, None)
        if first is None:
            return "EmptyResultSet"
        self._walk, self._next, self._item, self._request_id, self._seq = walk, first, item, request_id, 0
        return "Accepted"

    def forget(self) -> None:
        """The rest of the report under way is not sent."""
        self._walk = self._next = self._item = None

    def pull(self, now_ms: int) -> "Call | None":
        """The next NotifyReport, or None."""
        if self._walk is None:
            return None
        data: "list[Written]" = []
        while self._next is not None and len(data) < ITEMS_PER_MESSAGE:
            data.append(self._item(self._station, *self._next))  # type: ignore[misc]  # of begin()
            self._next = next(self._walk, None)
        payload = {
            "requestId": self._request_id,
            "generatedAt": self._station.iso(now_ms),
            "seqNo": self._seq,
            "tbc": self._next is not None,
            "reportData": data,
        }
        self._seq += 1
        if self._next is None:
            self.forget()
        return ("NotifyReport", payload, None)
