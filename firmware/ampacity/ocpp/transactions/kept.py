"""What the journal of messages holds when the controller starts: how many of which transaction, and where each transaction continues.

Thousands may have been kept, so they are read before the hardware watchdog runs (roles/boot.py), and their text is not parsed: `dumps` sorts
the members, so what is needed is found by its place. Only a record in which it is not there is looked at as a whole. Whether the rest of a
record is good the queue sees when it sends it.
"""

from ampacity.base.document_shape import Shape
from ampacity.base.strict_json import loads

if False:  # for the type checker
    from typing import Any

    from ampacity.ocpp.messages import Journal

# shape of a record (base/document_shape.py): action, payload, time, number of the boot, and of an event its transaction
RECORD = (
    "<{a:(TransactionEvent),x:s36,t:i-9007199254740991..253402300799000,b:i0..4294967295,p:{eventType:(Started Updated Ended),triggerReason:s40,"
    "seqNo:i0..,evse:{id:i0..},transactionInfo:{transactionId:s36},meterValue?:[{timestamp:<i-9007199254740991..253402300799000|s40>}*9999],"
    "idToken?:{idToken:s255,type:s20}}}|{a:(SecurityEventNotification),t:i-9007199254740991..253402300799000,b:i0..4294967295,p:{}}>"
)
EVENT, OTHER = b'{"a":"TransactionEvent",', b'{"a":"SecurityEventNotification",'
KINDS = (b"Started", b"Updated", b"Ended")
DAMAGED_MAX = 16  # records that are named at the start; further ones when it is their turn


class Kept:
    """journal: of the store room (messages.py). count: messages. newest: number of the last one, or -1. waiting: {transaction: how many};
    last: {transaction: (EVSE, seq_no, event type)} of its newest event. gap: a seq_no is missing before another one of its transaction.
    damaged: [(number of the record, why)], not counted."""

    def __init__(self, journal: "Journal") -> None:
        self.journal = journal
        self.count = 0
        self.newest = -1
        self.waiting: "dict[str, int]" = {}
        self.last: "dict[str, tuple[int, int, str]]" = {}
        self.gap = False
        self.damaged: "list[tuple[int, str]]" = []
        shape = Shape(RECORD)
        for number, data in journal.records():
            try:
                facts = facts_of(data, shape)
                if facts is not None and facts[1] != self._expected(facts) and not self.gap and len(self.damaged) < DAMAGED_MAX:
                    read_record(data, shape)  # a number that does not follow: is this record damaged, or is one missing?
                self._add(number, facts)
            except ValueError as e:
                if len(self.damaged) < DAMAGED_MAX:
                    self.damaged.append((number, str(e)))

    def _add(self, number: int, facts: "tuple[str, int, int, str] | None") -> None:
        self.count += 1
        self.newest = number
        if facts is None:
            return
        tx, seq_no, evse, kind = facts
        expected = self._expected(facts)
        self.waiting[tx] = self.waiting.get(tx, 0) + 1
        self.last[tx] = (evse, expected, kind)
        self.gap = self.gap or seq_no != expected

    def _expected(self, facts: "tuple[str, int, int, str]") -> int:
        """The seq_no that follows those of its transaction so far."""
        before = self.last.get(facts[0])
        return facts[1] if before is None else before[1] + 1


def facts_of(data: bytes, shape: Shape) -> "tuple[str, int, int, str] | None":
    """(transaction, seq_no, EVSE, event type) of a record, None: it is no event of a transaction. shape: of RECORD. ValueError: damaged."""
    try:
        return _found(data)
    except ValueError:
        pass
    record = read_record(data, shape)
    tx, payload = record.get("x"), record["p"]
    return None if tx is None else (tx, payload["seqNo"], payload["evse"]["id"], payload["eventType"])


def _found(data: bytes) -> "tuple[str, int, int, str] | None":
    """As facts_of, by the places in the text. ValueError: not everything is at its place.

    A quote within a text is escaped there, so a name with its quotes and the mark before it is no part of a text.
    """
    if data.startswith(OTHER):
        return None
    at = data.rindex(b'},"t":')  # behind the payload
    tx = _between(data, b',"x":"', b'"}', at)
    kind = _between(data, b'{"eventType":"', b'"', 0)
    evse = _between(data, b'"evse":{', b"}", 0)
    seq_no = _between(data, b',"seqNo":', b",", 0)
    if not data.startswith(EVENT) or kind not in KINDS or b"\\" in tx or not 0 < len(tx) <= 36:
        raise ValueError("another text")
    return tx.decode(), _number(seq_no), _number(evse[evse.rindex(b'"id":') + 5 :]), kind.decode()


def _between(data: bytes, before: bytes, after: bytes, start: int) -> bytes:
    start = data.index(before, start) + len(before)
    return data[start : data.index(after, start)]


def _number(digits: bytes) -> int:
    if not digits.isdigit():
        raise ValueError("no number")
    return int(digits)


def read_record(data: bytes, shape: Shape) -> "dict[str, Any]":
    """A record as it was kept. ValueError: damaged."""
    record: "dict[str, Any]" = loads(data)
    shape.check(record)
    return record
