"""When the room for messages to the CSMS runs low, Updated events of transactions give way (E04.FR.07, E11.FR.04, E12.FR.04).

One pass goes over the queue, a file of the journal at a time, and removes the 1st, 3rd, 5th … of what may go of each transaction
(E04.FR.08): first only samples, and when none is left, other Updated events. What begins or ends a transaction, an identifier, a remote
start and the first reading of the register stay. The events that remain are numbered again, so that a sequence has no gap
(part 2, 1.3.2); nothing is sent during a pass.
"""

from ampacity.base.strict_json import dumps, loads

if False:  # for the type checker
    from typing import Any

    from ampacity.ocpp.evse import OcppEvse
    from ampacity.ocpp.interfaces import QueueFace, StationFace
    from ampacity.ocpp.messages import Journal, Message

SAMPLES, UPDATES = 1, 2  # what may go
SAMPLE_TRIGGERS = ("MeterValuePeriodic", "MeterValueClock")


def may_go(payload: "Message", level: int) -> bool:
    """May this TransactionEvent be dropped? level 0: none, SAMPLES: samples, UPDATES: any Updated event that carries nothing else of use."""
    if payload["eventType"] != "Updated" or "idToken" in payload or "remoteStartId" in payload["transactionInfo"]:
        return False
    for value in payload.get("meterValue", ()):
        if any([item.get("context") == "Transaction.Begin" for item in value["sampledValue"]]):
            return False
    return level == UPDATES or level == SAMPLES and payload["triggerReason"] in SAMPLE_TRIGGERS


class Thinning:
    """One pass. start: number of the first record that may go or change; head: the one before it, which is being sent, or None.

    level: see may_go; 0 only closes gaps between numbers. `goes`: the level from here on, which may rise. `dropped`: events that went so far.
    """

    def __init__(self, station: "StationFace", journal: "Journal", queue: "QueueFace", start: int, head: "dict[str, Any] | None", level: int) -> None:
        self._station = station
        self._journal = journal
        self._queue = queue
        self._start = self._at = start
        self.level = self.goes = level
        self._numbers: "dict[str, int]" = {}  # of the next event of each transaction
        self._seen: "dict[str, int]" = {}  # events of each transaction that might have gone
        self._gone: "list[str]" = []  # transactions of what goes in this step
        self.dropped = 0
        if head is not None and "x" in head:
            self._numbers[head["x"]] = head["p"]["seqNo"] + 1

    def step(self) -> bool:
        """One file of the journal. True: that was the last one. OSError: the medium refuses."""
        self._gone = []
        self._at = self._journal.rewrite(self._at, self._changed)
        for tx in self._gone:
            self._queue.forget(tx)
        self.dropped += len(self._gone)
        if self._at:
            return False
        self._renumber_open()
        return True

    def _changed(self, number: int, data: bytes) -> "bytes | None":
        if number < self._start:
            return data
        try:
            record = loads(data)
            tx, payload = record.get("x"), record["p"]
            if tx is None:
                return data
            seq_no = self._numbers.get(tx, payload["seqNo"])
            goes = may_go(payload, self.goes)
        except (ValueError, KeyError, TypeError, AttributeError):  # damaged: the queue tells it when it comes to it
            return data
        self._numbers[tx] = seq_no
        if goes:
            self._seen[tx] = self._seen.get(tx, 0) + 1
            if self._seen[tx] % 2:
                self._gone.append(tx)
                return None
        self._numbers[tx] = seq_no + 1
        if seq_no == payload["seqNo"]:
            return data
        payload["seqNo"] = seq_no
        return dumps(record).encode()

    def _renumber_open(self) -> None:
        """Transactions that are not over continue after the last number that is left."""
        changed = []
        for evse in self._station.evses:
            tx = evse.tx
            if tx is not None and tx.id in self._numbers and tx.seq_no != self._numbers[tx.id]:
                tx.seq_no = self._numbers[tx.id]
                if tx.id in self._queue.waiting:
                    changed.append(evse)
                else:  # nothing else knows its number
                    self._station.transactions.events.keep(evse)
        self._station.turns.add("number", changed, self._keep)

    def _keep(self, evse: "OcppEvse", now_ms: int) -> None:
        self._station.transactions.events.keep(evse)
