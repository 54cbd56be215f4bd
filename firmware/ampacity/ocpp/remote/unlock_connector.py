"""UnlockConnector (F05). The lock's own answer comes later, through `Station.unlocked`."""

LOCK_MS_MAX = 10000


def handle(station, request, message_id, now_ms):
    point = station.point(request["evseId"])
    if point is None or request["connectorId"] != 1:
        return {"status": "UnknownConnector"}
    if point.tx is not None and point.auth is not None:
        return {"status": "OngoingAuthorizedTransaction"}
    if point.tethered:
        return {"status": "UnlockFailed", "statusInfo": {"reasonCode": "FixedCable"}}
    station.exchange.answer_later(message_id, now_ms + LOCK_MS_MAX, {"status": "UnlockFailed"})
    station.actions.append(("unlock", point.id, message_id))
    return None
