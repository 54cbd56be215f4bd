"""What must reach the CSMS, in order, over lost connections and power cuts (E04, E13, A04).

Each message is one record of the journal before it is anything else; it leaves the journal when the CSMS has answered
it, or has failed to as often as MessageAttempts says, by an error or by no answer in time. A CSMS that answers no request at all counts
as a broken connection, not as a failure of this message: nothing is given up to it. A time that the wall clock could not tell yet is kept as the
monotonic time, negative, and translated when the message leaves. When room runs out, Updated events go first (thinning.py).
"""

from ampacity.base.document_shape import Shape
from ampacity.base.strict_json import dumps
from ampacity.base.wallclock import format_iso
from ampacity.ocpp.transactions.kept import RECORD, facts_of, read_record

if False:  # for the type checker
    from typing import Any

    from ampacity.ocpp.interfaces import StationFace
    from ampacity.ocpp.messages import Call, Kept, Message, Reply
    from ampacity.ocpp.transactions.thinning import Thinning

LOW, FULL, CALM = 750, 875, 500  # ‰ of the room: events are thinned out; samples are not kept at all; all is well again
STEP = 30  # ‰ that the queue grows between two passes
BARREN = 8  # messages more, before it is tried again where none could go
THIN_MS = 20  # between two files of a pass
AT_ONCE = 4  # files of a pass in which an event looks for room; each holds the safety loop up


class Queue:
    """kept: what the journal of the store room holds (kept.py). queue_max: messages at most, whatever the room of the journal.

    `waiting`: dict transaction id → how many of its messages are not delivered. `last`: what the journal knew of each
    transaction at start-up, {id: (evse, seq_no, event type)}. `wanted`: an event of ended_elsewhere.py found no room.
    """

    wanted = False

    def __init__(self, station: "StationFace", kept: "Kept", queue_max: int) -> None:
        self._station = station
        self._journal = kept.journal
        self._max = queue_max
        self.count = kept.count
        self.waiting = kept.waiting
        self.last = kept.last
        self._offline_to = self._newest = kept.newest
        self._head: "tuple[int, dict[str, Any]] | None" = None
        self._done_to = self._skipped_to = -1
        self._unread = 0
        self._damaged = [number for number, _ in kept.damaged]  # in the log since the start
        self._attempts = 0
        self._wait_ms = self._thin_ms = 0
        self._thinning: "Thinning | None" = None
        self._level, self._low, self._told = 1, LOW, False
        self._barren: "int | None" = None  # how many messages there were when none could go
        for number, why in kept.damaged:
            self._tell_damaged(number, why)
        self._tell_unread()
        if kept.gap:  # the power was cut while events were thinned out
            self._thin(1 if self.fill() >= LOW else 0)

    def append(self, action: str, payload: "Message", transaction_id: "str | None", now_ms: int, may_drop: bool = False) -> bool:
        """Keep a message. may_drop: it need not arrive when room runs out. False if it was not kept."""
        fill = self.fill()
        if may_drop and fill >= (FULL if transaction_id else LOW):
            self._station.log.counter("ocpp_samples_dropped" if transaction_id else "ocpp_starts_dropped")
            return False
        record = {"a": action, "p": payload, "t": self._station.stamp(now_ms), "b": self._station.boot_number}
        if transaction_id is not None:
            record["x"] = transaction_id
        if not self._stored(record, now_ms):
            return False
        if not self.count and self._station.online:  # it leaves now: there is no need to read it back
            self._head = (self._newest, record)
        self.count += 1
        if transaction_id is not None:
            self.waiting[transaction_id] = self.waiting.get(transaction_id, 0) + 1
        if fill >= self._low:
            self._thin(self._level)
            self._tell_low(fill, now_ms)
        return True

    def forget(self, transaction_id: str) -> None:
        """One message of this transaction is no longer in the journal."""
        self.count -= 1
        self.waiting[transaction_id] -= 1
        if not self.waiting[transaction_id]:
            del self.waiting[transaction_id]

    def fill(self) -> int:
        """How full it is, in ‰."""
        return max(self.count * 1000 // self._max, self._journal.size() * 1000 // self._journal.size_max)

    def tick(self, now_ms: int) -> "int | None":
        """One file of the journal is thinned out, if that is under way; when to come again, or None."""
        if self._thinning is None:
            return None
        if now_ms < self._thin_ms:
            return self._thin_ms
        self._station.documents.writes += 1
        try:
            if not self._thinning.step():
                self._thin_ms = now_ms + THIN_MS
                return self._thin_ms
        except OSError:  # as it was; the next pass tries again
            self._station.log.counter("ocpp_not_kept")
        dropped, level, self._thinning = self._thinning.dropped, self._thinning.level, None
        if level:
            self._level = 1 if dropped else 2
        if level == 2:
            self._barren = None if dropped else self.count
        self._low = max(LOW, self.fill() + STEP)
        for _ in range(dropped):
            self._station.log.counter("ocpp_samples_dropped")
        if dropped:
            self._station.log.add("warning", "ocpp: storage runs low: %d Updated events dropped, %d messages wait" % (dropped, self.count), now_ms)
        return None

    def _stored(self, record: "dict[str, Any]", now_ms: int) -> bool:
        """Into the journal, if need be in place of events that may go in the next AT_ONCE files; then it may have another number."""
        for files_left in range(AT_ONCE, -1, -1):
            self._station.documents.writes += 1
            try:
                self._newest = self._journal.append(dumps(record).encode())
                return True
            except OSError as e:
                why = e
            if not files_left or self._barren is not None and self.count - self._barren < BARREN:
                break
            self._thin(2).goes = 2  # to look for samples first takes time
            self._thin_ms = now_ms
            self.tick(now_ms)  # the rest of the pass follows in the background, and numbers this event with the others
            evse = self._station.transactions.find(record["x"]) if "x" in record else None
            if evse is not None and evse.tx is not None:
                record["p"]["seqNo"] = evse.tx.seq_no
        self._station.log.counter("ocpp_events_lost")
        self._station.log.add("error", "ocpp: %s not kept: %s" % (record["a"], why), now_ms)
        return False

    def _thin(self, level: int) -> "Thinning":
        """The pass that is under way, or a new one (thinning.py)."""
        from ampacity.ocpp.transactions.thinning import Thinning

        if self._thinning is None:
            number, head = self._head or (self._done_to, None)
            self._thinning = Thinning(self._station, self._journal, self, number + 1, head, level)
        return self._thinning

    def _tell_low(self, fill: int, now_ms: int) -> None:
        """Once, until there is room again."""
        if not self._told:
            self._told = True
            self._station.security_event("MemoryExhaustion", "messages for the CSMS fill %d %% of their storage" % (fill // 10), now_ms)

    def connected(self) -> None:
        """All that is here happened while the station was offline."""
        self._offline_to = self._newest

    def lost(self) -> None:
        """The connection is gone: a wait for the next attempt ends."""
        self._wait_ms = 0

    def wake_ms(self) -> "int | None":
        """When the next attempt is due, or None."""
        return self._wait_ms if self.count and self._wait_ms else None

    def pull(self, now_ms: int) -> "Call | None":
        """(action, payload, done) of the oldest message, or None."""
        if not self.count or now_ms < self._wait_ms or self._thinning is not None or self._station.turns.waits("number"):
            return None
        if self._head is None:
            self._head = self._read()
        if self._head is None:
            self.count = 0
            self.waiting = {}
            return None
        number, record = self._head
        payload = self._timed(record, now_ms)
        if number <= self._offline_to and record["a"] == "TransactionEvent":
            payload["offline"] = True
        return (record["a"], payload, self._done)

    def _read(self) -> "tuple[int, dict[str, Any]] | None":
        shape = Shape(RECORD)
        for number, data in self._journal.records(self._done_to + 1):
            try:
                return number, read_record(data, shape)
            except ValueError as e:
                self._skip(number, data, shape, str(e))
        self._tell_unread()
        return None

    def _skip(self, number: int, data: bytes, shape: Shape, why: str) -> None:
        """A damaged record is not sent; if the start has counted it, it counts no longer."""
        if number <= self._skipped_to:
            return
        self._skipped_to = number
        if number in self._damaged:
            return
        self._tell_damaged(number, why)
        try:
            facts = facts_of(data, shape)
        except ValueError:
            return
        if facts is None:
            self.count -= 1
        else:
            self.forget(facts[0])

    def _tell_unread(self) -> None:
        """The medium did not give a file of the journal. Its messages are not sent; a start tries again."""
        if self._journal.unread > self._unread:
            self._unread = self._journal.unread
            self._station.log.counter("ocpp_events_lost")
            self._station.log.add("error", "ocpp: kept events in %d files cannot be read from the medium and are not sent" % self._unread,
                                  self._station.now_ms)  # fmt: skip

    def _tell_damaged(self, number: int, why: str) -> None:
        """Once for each record."""
        self._station.log.counter("ocpp_events_lost")
        self._station.log.add("error", "ocpp: kept event %d is damaged and not sent: %s" % (number, why), self._station.now_ms)

    def _timed(self, record: "dict[str, Any]", now_ms: int) -> "Message":
        payload = record["p"]
        payload["timestamp"] = self._time(record["t"], record["b"], now_ms)
        for value in payload.get("meterValue", ()):
            if isinstance(value["timestamp"], int):
                value["timestamp"] = self._time(value["timestamp"], record["b"], now_ms)
        return payload

    def _time(self, stamp: int, boot_number: int, now_ms: int) -> str:
        """A stamp as ISO text. One of an earlier run without clock becomes the start of this run."""
        if stamp >= 0:
            return format_iso(stamp)
        past_ms = -stamp if boot_number == self._station.boot_number else self._station.started_ms
        unix_ms = self._station.wallclock.unix_ms(now_ms)
        return format_iso(max(0, (unix_ms or 0) - max(0, now_ms - past_ms)))

    def _done(self, kind: str, payload: "Reply", now_ms: int) -> None:
        if kind == "lost":
            self._head = None
            return
        record: "dict[str, Any]" = self._head[1]  # type: ignore[index]  # the one that was sent
        if kind == "result":
            self._drop()
            return self._station.delivered(record, payload, now_ms)
        model = self._station.model
        attempts_max = model.number("OCPPCommCtrlr", "MessageAttempts", "TransactionEvent")
        self._attempts = min(self._attempts + 1, attempts_max)
        if self._attempts == attempts_max and not (kind == "timeout" and self._station.exchange.is_unanswered()):
            self._station.log.counter("ocpp_events_given_up")
            self._station.log.add("warning", "ocpp: %s given up" % record["a"], now_ms)
            return self._drop()
        interval_s = model.number("OCPPCommCtrlr", "MessageAttemptInterval", "TransactionEvent")
        self._wait_ms = now_ms + interval_s * self._attempts * 1000

    def _drop(self) -> None:
        number, record = self._head  # type: ignore[misc]  # the one that was sent
        try:
            self._journal.drop_to(number)
        except OSError:  # reported again after a restart, not before
            self._station.log.counter("ocpp_not_kept")
        self._done_to = number
        self._head = None
        self._attempts = self._wait_ms = 0
        tx = record.get("x")
        if tx is None:
            self.count -= 1
        else:
            self.forget(tx)
        if self._low > LOW or self._told:
            self._low = max(LOW, min(self._low, self.fill() + STEP))
            self._told = self._told and self.fill() >= CALM
        if self.wanted and self.fill() < LOW:
            self.wanted = False
            self._station.transactions.events.end_gone(self._station.now_ms)
