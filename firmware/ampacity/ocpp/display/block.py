"""The display messages that the CSMS has set, removed at their end or with their transaction (O01 to O06).

They are kept over restarts (O01.FR.10, O02.FR.10). Each message is a document of its own, in a slot; another document lists the slots, the
oldest message first. How many there may be is the greatest value of DisplayMessageCtrlr.DisplayMessages. What of them is shown now is in screen.py.
"""

from ampacity.base.wallclock import parse_iso
from ampacity.ocpp.optional_blocks import OptionalBlock

if False:  # for the type checker
    from ampacity.ocpp.device_model.model import Row
    from ampacity.ocpp.interfaces import StationFace
    from ampacity.ocpp.messages import Message

DOC = "ocpp_messages"
FRONT = "AlwaysFront"


class Block(OptionalBlock):
    """`all`: the messages as MessageInfo of OCPP without customData, the oldest first."""

    def __init__(self, station: "StationFace", now_ms: int) -> None:
        self._station = station
        self.all: "list[Message]" = []
        self._slots: "list[int]" = []  # of `all`
        for slot in station.documents.get(DOC) or []:
            message = station.documents.get(_name(slot))
            if message is not None and self._possible(slot, message):
                self.all.append(message)
                self._slots.append(slot)

    def _possible(self, slot: int, message: "Message") -> bool:
        for field in ("startDateTime", "endDateTime"):
            try:
                parse_iso(message.get(field, "2026-01-01T00:00:00Z"))
            except ValueError:
                self._station.documents.distrust(_name(slot), field + " is no date-time")
                return False
        return True

    def most(self) -> int:
        """How many messages there may be: maxLimit of the variable."""
        row: Row = self._station.model.find(0, "DisplayMessageCtrlr", "DisplayMessages")  # type: ignore[assignment]  # it is in the table
        return int(row.limits.split("..")[1])

    def put(self, message: "Message") -> bool:
        """Set a message in the place of the one with its id, and of another that is always in front (O06.FR.01, O01.FR.16, O02.FR.18). False: there
        would be too many (O01.FR.11). OSError: it could not be kept."""
        left = [other for other in self.all if not _replaces(message, other)]
        if len(left) >= self.most():
            return False
        slots = [self._slots[i] for i, other in enumerate(self.all) if other in left]
        slot = min([n for n in range(self.most()) if n not in self._slots] or [n for n in self._slots if n not in slots])
        self._station.documents.put(_name(slot), message)
        self._keep(left + [message], slots + [slot])
        return True

    def remove(self, gone: "list[Message]") -> None:
        """Remove these. OSError: they are still there."""
        rest = [(message, self._slots[i]) for i, message in enumerate(self.all) if message not in gone]
        self._keep([message for message, _ in rest], [slot for _, slot in rest])

    def find(self, message_id: int) -> "Message | None":
        """The message, or None."""
        for message in self.all:
            if message["id"] == message_id:
                return message
        return None

    def tick(self, now_ms: int) -> "int | None":
        """Messages end by their date (O01.FR.07) or with their transaction (O02.FR.02); when the next one ends by its date, or None."""
        unix_ms = self._station.wallclock.unix_ms(now_ms)
        gone, wake_ms = [], None
        for message in self.all:
            if "transactionId" in message and self._station.transactions.find(message["transactionId"]) is None:
                gone.append(message)
            elif "endDateTime" in message and unix_ms is not None:
                left_ms = parse_iso(message["endDateTime"]) - unix_ms
                if left_ms <= 0:
                    gone.append(message)
                elif wake_ms is None or now_ms + left_ms < wake_ms:
                    wake_ms = now_ms + left_ms
        if gone:
            try:
                self.remove(gone)
            except OSError:  # removed from the store with the next change
                self._station.log.counter("ocpp_not_kept")
                self._take([message for message in self.all if message not in gone])
        return wake_ms

    def _take(self, messages: "list[Message]") -> None:
        self._slots = [self._slots[i] for i, message in enumerate(self.all) if message in messages]
        self.all = messages

    def _keep(self, messages: "list[Message]", slots: "list[int]") -> None:
        """The list first, then the slots that are no longer in use."""
        documents = self._station.documents
        documents.put(DOC, slots or None)
        for slot in self._slots:
            if slot not in slots:
                documents.remove_later(_name(slot), DOC)
        self.all, self._slots = messages, slots


def _replaces(message: "Message", other: "Message") -> bool:
    return other["id"] == message["id"] or message["priority"] == FRONT == other["priority"]


def _name(slot: int) -> str:
    return "ocpp_message_%d" % slot
