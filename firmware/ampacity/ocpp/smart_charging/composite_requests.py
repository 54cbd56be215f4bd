"""GetCompositeSchedule (K08), computed a few steps at a time: other tasks run between, however many profiles there are."""

from ampacity.ocpp.optional_blocks import OptionalBlock
from ampacity.ocpp.transactions.meter_values import tenths

if False:  # for the type checker
    from ampacity.ocpp.interfaces import StationFace
    from ampacity.ocpp.messages import Message
    from ampacity.ocpp.smart_charging.composite import Composite, Piece

STEPS_PER_TURN = 2
REQUESTS_MAX = 2
ANSWER_MS = 20000  # within the time in which a CSMS awaits an answer
REJECTED = {"status": "Rejected", "statusInfo": {"reasonCode": "InternalError"}}


class Block(OptionalBlock):
    """The requests that are being answered: (message id, EVSE, unit, ISO 8601 start, Composite)."""

    def __init__(self, station: "StationFace", now_ms: int) -> None:
        self._station = station
        self._requests: "list[tuple[str, int, str, str, Composite]]" = []

    def begin(self, request: "Message", unit: str, message_id: str, now_ms: int) -> "Message | None":
        """None: the answer comes later."""
        station = self._station
        if len(self._requests) >= REQUESTS_MAX:
            return REJECTED
        composite = station.in_force.composite(request["evseId"], request["duration"], unit, now_ms)
        station.exchange.answer_later(message_id, now_ms + ANSWER_MS, REJECTED)
        self._requests.append((message_id, request["evseId"], unit, station.iso(now_ms), composite))
        return None

    def tick(self, now_ms: int) -> "int | None":
        """A few steps of the oldest request."""
        if not self._requests:
            return None
        message_id, evse_id, unit, start, composite = self._requests[0]
        for _ in range(STEPS_PER_TURN):
            if not composite.done:
                composite.step()
        if composite.done:
            del self._requests[0]
            self._station.exchange.answer(message_id, {"status": "Accepted", "schedule": schedule(evse_id, unit, start, composite)})
        return now_ms

    def connected(self, now_ms: int) -> None:
        """Another connection: the CSMS no longer awaits these answers."""
        self._requests = []


def schedule(evse_id: int, unit: str, start: str, composite: "Composite") -> "Message":
    """CompositeScheduleType. `duration` is what is covered: less than asked for when the periods run out."""
    return {
        "evseId": evse_id, "duration": composite.covered_s(), "scheduleStart": start, "chargingRateUnit": unit,
        "chargingSchedulePeriod": [period(piece) for piece in composite.pieces],
    }


def period(piece: "Piece") -> "Message":
    """ChargingSchedulePeriodType."""
    return {"startPeriod": piece[0], "limit": tenths(piece[1]), "numberPhases": piece[2]}
