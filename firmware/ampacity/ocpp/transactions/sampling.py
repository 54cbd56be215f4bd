"""Samples while time goes by: periodic ones of a transaction, and those aligned to the clock (J01, J02).

Slots of the clock are counted, so that a small jump back of the wall clock sends none twice; after one of about a slot or more they are counted from
there. A jump forward over the beginning of a slot leaves it out: what is measured later is not of that time.
"""

from ampacity.ocpp.transactions.event_values import taken
from ampacity.ocpp.transactions.meter_values import meter_value

if False:  # for the type checker
    from collections.abc import Callable

    from ampacity.ocpp.evse import OcppEvse
    from ampacity.ocpp.interfaces import StationFace
    from ampacity.ocpp.messages import Call, Message
    from ampacity.ocpp.transactions.transaction import Transaction

DAY_MS = 86400000
FRESH_MS = 3000  # a meter reads its register so long before an interval begins, and so late its values are still those of its beginning
SELDOM_MS = 10000
DUE_MAX = 64  # MeterValues that wait while the CSMS answers slowly


class Sampling:
    """When samples are due; intervals in seconds, from SampledDataCtrlr and AlignedDataCtrlr."""

    def __init__(self, station: "StationFace") -> None:
        self._station = station
        self._slots: "dict[str, tuple[int, int, int]]" = {}  # (interval, beginning of the slot seen last, when values were taken last) in ms
        self._due: "list[tuple[OcppEvse, Message | None]]" = []  # None: the values of when it leaves
        self._next = 0  # the EVSE with which the next pass begins
        self._clock_ms = 0  # the beginning of the interval whose values are taken

    def watch_clock(self, now_ms: int) -> "list[int | None]":
        """See the beginning of an interval of the clock; when to come again."""
        return [self._aligned("Interval", self._clock_sample, now_ms), self._aligned("TxEndedInterval", self._clock_ended, now_ms)]

    def tick(self, now_ms: int) -> "int | None":
        """Take the periodic samples that are due; when to come again, or None."""
        wakes: "list[int | None]" = []
        evses, documents = self._station.evses, self._station.documents
        writes = documents.writes
        for _ in range(len(evses)):
            evse = evses[self._next]
            self._next = (self._next + 1) % len(evses)
            if evse.tx is not None and not evse.tx.restored:
                wakes.append(self._periodic(evse, now_ms))
                wakes.append(self._ended(evse, now_ms))
            if documents.writes != writes:  # the others in the next pass
                wakes.append(now_ms)
                break
        known = [w for w in wakes if w is not None]
        return min(known) if known else None

    def fresh_since(self, now_ms: int) -> "int | None":
        """The next clock-aligned values are to have an energy register that was read after then; None: none are due. With an interval below 10 s
        one of the last 10 s suffices."""
        slot, unix_ms = self._slots.get("Interval"), self._station.wallclock.unix_ms(now_ms)
        if slot is None or unix_ms is None:
            return None
        return now_ms + slot[0] + slot[1] - unix_ms - (FRESH_MS if slot[0] >= SELDOM_MS else SELDOM_MS)

    def pull(self, now_ms: int) -> "Call | None":
        """The next MeterValues request of an EVSE without transaction, or None."""
        while self._due:
            evse, payload = self._due.pop(0)
            payload = payload or self._payload(evse, "Trigger", now_ms)
            if payload is not None:
                return ("MeterValues", payload, None)
        return None

    def request(self, evse: "OcppEvse") -> bool:
        """Let a MeterValues of this EVSE go out. False if there are no values (IF-17), or too many wait."""
        measurands = self._station.model.words("AlignedDataCtrlr", "Measurands")
        if not meter_value(evse, measurands, "Trigger", 0) or len(self._due) >= DUE_MAX:
            return False
        self._due.append((evse, None))
        return True

    def _payload(self, evse: "OcppEvse", context: str, now_ms: int) -> "Message | None":
        values = taken(self._station, evse, "AlignedDataCtrlr", "Measurands", context, self._station.iso(now_ms))
        return {"evseId": evse.id, "meterValue": values} if values else None

    def _periodic(self, evse: "OcppEvse", now_ms: int) -> "int | None":
        model = self._station.model
        tx: "Transaction" = evse.tx  # type: ignore[assignment]  # it is open
        interval_ms = model.number("SampledDataCtrlr", "TxUpdatedInterval") * 1000
        if not interval_ms or not model.on("SampledDataCtrlr", "Enabled"):
            tx.sample_ms = None
            return None
        if tx.sample_ms is None or tx.sample_ms > now_ms + interval_ms:
            tx.sample_ms = now_ms + interval_ms
        if now_ms >= tx.sample_ms:
            tx.sample_ms += interval_ms * ((now_ms - tx.sample_ms) // interval_ms + 1)
            self._send(evse, "SampledDataCtrlr", "TxUpdatedMeasurands", "MeterValuePeriodic", "Sample.Periodic", now_ms, now_ms)
        return tx.sample_ms

    def _ended(self, evse: "OcppEvse", now_ms: int) -> "int | None":
        """Samples that are reported at the end."""
        model = self._station.model
        tx: "Transaction" = evse.tx  # type: ignore[assignment]  # it is open
        interval_ms = model.number("SampledDataCtrlr", "TxEndedInterval") * 1000
        if not interval_ms:
            return None
        if tx.ended_sample_ms is None:
            tx.ended_sample_ms = now_ms + interval_ms
        if now_ms >= tx.ended_sample_ms:
            tx.ended_sample_ms = now_ms + interval_ms
            stamp = self._station.stamp(now_ms)
            tx.keep_sample(taken(self._station, evse, "SampledDataCtrlr", "TxEndedMeasurands", "Sample.Periodic", stamp))
        return tx.ended_sample_ms

    def _send(self, evse: "OcppEvse", controller: str, variable: str, trigger: str, context: str, now_ms: int, at_ms: int) -> None:
        """at_ms: the time of the values."""
        values = taken(self._station, evse, controller, variable, context, self._station.stamp(at_ms))
        if values:
            self._station.transactions.events.send(evse, "Updated", trigger, now_ms, values=values)

    def _aligned(self, variable: str, take: "Callable[[int, int], None]", now_ms: int) -> "int | None":
        """Call `take` at the beginning of each slot of AlignedDataCtrlr.<variable>, counted from midnight UTC."""
        station = self._station
        interval_ms = station.model.number("AlignedDataCtrlr", variable) * 1000
        unix_ms = station.wallclock.unix_ms(now_ms)
        if not interval_ms or unix_ms is None or not station.model.on("AlignedDataCtrlr", "Enabled"):
            self._slots.pop(variable, None)
            return None
        within = unix_ms % DAY_MS
        since_ms = within % interval_ms
        begin, next_ms = unix_ms - since_ms, now_ms + min(interval_ms - since_ms, DAY_MS - within)
        _, before, taken_ms = slot = self._slots.get(variable) or (0, 0, 0)
        if slot[0] != interval_ms:
            self._slots[variable] = (interval_ms, begin, now_ms - interval_ms)
        elif begin < before and (begin < before - interval_ms or next_ms - taken_ms >= interval_ms * 3 // 4):
            self._slots[variable] = (interval_ms, begin, taken_ms)
        elif begin > before:
            on_time = since_ms <= FRESH_MS
            self._slots[variable] = (interval_ms, begin, now_ms if on_time else taken_ms)
            if on_time:
                take(now_ms, now_ms - since_ms)
        return next_ms

    def _clock_sample(self, now_ms: int, at_ms: int) -> None:
        idle_only = self._station.model.on("AlignedDataCtrlr", "SendDuringIdle")
        if idle_only and any(evse.tx is not None for evse in self._station.evses):
            return
        self._clock_ms = at_ms
        self._station.turns.add("clock", self._station.metered(), self._clock_turn)

    def _clock_turn(self, evse: "OcppEvse", now_ms: int) -> None:
        """The values of one EVSE; a slow medium may have held it up until they are those of a later time."""
        at_ms = self._clock_ms if now_ms - self._clock_ms <= FRESH_MS else now_ms
        if evse.tx is not None and not evse.tx.restored:
            self._send(evse, "AlignedDataCtrlr", "Measurands", "MeterValueClock", "Sample.Clock", now_ms, at_ms)
        elif self._station.accepted():
            self._sample(evse, at_ms)

    def _sample(self, evse: "OcppEvse", at_ms: int) -> None:
        """The values of this slot, which leave as soon as the CSMS takes them."""
        payload = self._payload(evse, "Sample.Clock", at_ms)
        if payload is not None and len(self._due) < DUE_MAX:
            self._due.append((evse, payload))
        elif payload is not None:
            self._station.log.counter("ocpp_samples_dropped")

    def _clock_ended(self, now_ms: int, at_ms: int) -> None:
        stamp = self._station.stamp(at_ms)
        for evse in self._station.evses:
            if evse.tx is not None:
                evse.tx.keep_sample(taken(self._station, evse, "AlignedDataCtrlr", "TxEndedMeasurands", "Sample.Clock", stamp))
