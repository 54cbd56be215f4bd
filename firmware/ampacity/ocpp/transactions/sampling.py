"""Samples while time goes by: periodic ones of a transaction, and those aligned to the clock (J01, J02).

Slots of the clock are counted, so that a jump back of the wall clock within one sends none twice; after a longer one they are counted from there.
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
FRESH_MS = 3000  # a meter reads its register so long before an interval begins
SELDOM_MS = 10000
DUE_MAX = 64  # MeterValues that wait while the CSMS answers slowly


class Sampling:
    """When samples are due; intervals in seconds, from SampledDataCtrlr and AlignedDataCtrlr."""

    def __init__(self, station: "StationFace") -> None:
        self._station = station
        self._slots: "dict[str, tuple[int, int]]" = {}  # (interval, beginning of the slot that was seen last) in ms
        self._due: "list[tuple[OcppEvse, Message | None]]" = []  # None: the values of when it leaves

    def tick(self, now_ms: int) -> "int | None":
        """Take what is due; when to come again, or None."""
        wakes = [self._aligned("Interval", self._clock_sample, now_ms)]
        wakes.append(self._aligned("TxEndedInterval", self._clock_ended, now_ms))
        for evse in self._station.evses:
            if evse.tx is not None and not evse.tx.restored:
                wakes.append(self._periodic(evse, now_ms))
                wakes.append(self._ended(evse, now_ms))
        known = [w for w in wakes if w is not None]
        return min(known) if known else None

    def fresh_since(self, now_ms: int) -> "int | None":
        """The next clock-aligned values are to have an energy register that was read after then; None: none are due. With an interval below 10 s
        one of the last 10 s suffices."""
        slot, unix_ms = self._slots.get("Interval"), self._station.wallclock.unix_ms(now_ms)
        if slot is None or unix_ms is None:
            return None
        return now_ms + sum(slot) - unix_ms - (FRESH_MS if slot[0] >= SELDOM_MS else SELDOM_MS)

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
            self._send(evse, "SampledDataCtrlr", "TxUpdatedMeasurands", "MeterValuePeriodic", "Sample.Periodic", now_ms)
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

    def _send(self, evse: "OcppEvse", controller: str, variable: str, trigger: str, context: str, now_ms: int) -> None:
        values = taken(self._station, evse, controller, variable, context, self._station.stamp(now_ms))
        if values:
            self._station.transactions.events.send(evse, "Updated", trigger, now_ms, values=values)

    def _aligned(self, variable: str, take: "Callable[[int], None]", now_ms: int) -> "int | None":
        """Call `take` once in each slot of AlignedDataCtrlr.<variable>, counted from midnight UTC."""
        station = self._station
        interval_ms = station.model.number("AlignedDataCtrlr", variable) * 1000
        unix_ms = station.wallclock.unix_ms(now_ms)
        if not interval_ms or unix_ms is None or not station.model.on("AlignedDataCtrlr", "Enabled"):
            self._slots.pop(variable, None)
            return None
        within = unix_ms % DAY_MS
        slot = (interval_ms, unix_ms - within % interval_ms)
        before = self._slots.get(variable)
        if before is None or before[0] != interval_ms or slot[1] < before[1] - interval_ms:
            self._slots[variable] = slot
        elif slot > before:
            self._slots[variable] = slot
            take(now_ms)
        return now_ms + min(interval_ms - within % interval_ms, DAY_MS - within)

    def _clock_sample(self, now_ms: int) -> None:
        idle_only = self._station.model.on("AlignedDataCtrlr", "SendDuringIdle")
        if idle_only and any(evse.tx is not None for evse in self._station.evses):
            return
        for evse in self._station.metered():
            if evse.tx is not None and not evse.tx.restored:
                self._send(evse, "AlignedDataCtrlr", "Measurands", "MeterValueClock", "Sample.Clock", now_ms)
            elif self._station.accepted():
                self._sample(evse, now_ms)

    def _sample(self, evse: "OcppEvse", now_ms: int) -> None:
        """The values of this slot, which leave as soon as the CSMS takes them."""
        payload = self._payload(evse, "Sample.Clock", now_ms)
        if payload is not None and len(self._due) < DUE_MAX:
            self._due.append((evse, payload))
        elif payload is not None:
            self._station.log.counter("ocpp_samples_dropped")

    def _clock_ended(self, now_ms: int) -> None:
        stamp = self._station.stamp(now_ms)
        for evse in self._station.evses:
            if evse.tx is not None:
                evse.tx.keep_sample(taken(self._station, evse, "AlignedDataCtrlr", "TxEndedMeasurands", "Sample.Clock", stamp))
