"""Requests of the CSMS about reservations: ReserveNow (H01), CancelReservation (H02)."""

from ampacity.base.wallclock import parse_iso
from ampacity.ocpp.authorization.cache import group_of
from ampacity.ocpp.errors import refusal

if False:  # for the type checker
    from ampacity.ocpp.interfaces import StationFace
    from ampacity.ocpp.messages import Message


def reserve_now(station: "StationFace", request: "Message", message_id: str, now_ms: int) -> "Message | None":
    """ReserveNow. Rejected with a reason: what could never be reserved; other refusals say what the EVSEs show."""
    until_s = parse_iso(request["expiryDateTime"]) // 1000
    reason = _refusal(station, request, until_s, station.unix_s(now_ms))
    if reason:
        return refusal(reason)
    token = request["idToken"]
    item = {
        "id": request["id"], "evse": request.get("evseId", 0), "type": request.get("connectorType", ""),
        "token": {"idToken": token["idToken"], "type": token["type"]}, "group": group_of(request), "until": until_s,
    }  # fmt: skip
    answer: "Message | None" = station.optional.get("reservation", now_ms).ask(message_id, item)
    return answer


def _refusal(station: "StationFace", request: "Message", until_s: int, unix_s: int) -> "str | None":
    """Why it is Rejected whatever the EVSEs show, as a reasonCode; None: it is not (H01.FR.01, H01.FR.19)."""
    model = station.model
    if not model.on("ReservationCtrlr", "Enabled"):
        return "NotEnabled"
    if "evseId" not in request and not model.on("ReservationCtrlr", "NonEvseSpecific"):
        return "UnsupportedRequest"
    if until_s <= unix_s:
        return "InvalidValue"
    if "evseId" in request and station.evse(request["evseId"]) is None:
        return "UnknownEvse"
    evses = [evse for evse in station.evses if request.get("evseId", evse.id) == evse.id]
    if not any([request.get("connectorType", evse.connector) == evse.connector for evse in evses]):
        return "UnknownConnectorType"
    return None


def cancel_reservation(station: "StationFace", request: "Message", message_id: str, now_ms: int) -> "Message":
    """CancelReservation; no ReservationStatusUpdate follows."""
    block = station.optional.find("reservation")
    if block is None or not block.cancel(request["reservationId"]):
        return refusal("NotFound")
    return {"status": "Accepted"}
