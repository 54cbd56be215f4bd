"""RequestStartTransaction (F01, F02)."""

from ampacity.ocpp.point import Authorization


def handle(station, request, message_id, now_ms):
    if not station.accepted():
        return _rejected("CSNotAccepted")
    point = station.point(request["evseId"]) if "evseId" in request else _choose(station)
    if point is None:
        return _rejected("UnknownEvse" if "evseId" in request else "NotFound")
    if station.availability.status(point) in ("Unavailable", "Faulted") or station.resets.scheduled():
        return _rejected("InvalidMessageSeq")
    if point.auth is not None:
        return _rejected("TxInProgress")
    profile = request.get("chargingProfile")
    smart = station.model.on("SmartChargingCtrlr", "Enabled")
    if profile is not None and smart:
        reason = station.profiles.refusal_at_start(point, profile, now_ms)
        if reason:
            return _rejected(reason)
        station.profiles.wait_for_start(point, profile)
    response = {"status": "Accepted"}
    if point.tx is not None and point.tx.ending is None:
        response["transactionId"] = point.tx.id
    station.exchange.after_answer(lambda now_ms: _begin(station, point, request, now_ms))
    return response


def _begin(station, point, request, now_ms):
    """After the answer has left: authorise, by the rules or without asking (AuthorizeRemoteStart)."""
    token = {"idToken": request["idToken"]["idToken"], "type": request["idToken"]["type"]}
    remote_id = request["remoteStartId"]
    asks = station.model.on("AuthCtrlr", "AuthorizeRemoteStart") and token["type"] not in ("Central", "NoAuthorization")
    if asks:
        station.authorizer.begin(point, token, "RemoteStart", remote_id, now_ms)
    elif point.auth is None:
        group = (request.get("groupIdToken") or {"idToken": ""})["idToken"]
        station.transactions.authorized(point, Authorization(token, group, "RemoteStart", remote_id), now_ms)


def _choose(station):
    """F01.FR.20: a car that waits, else a free EVSE."""
    for wanted in (True, False):
        for point in station.points:
            shown = station.availability.status(point)
            if point.auth is None and point.plugged == wanted and shown not in ("Unavailable", "Faulted", "Reserved"):
                return point
    return None


def _rejected(reason):
    return {"status": "Rejected", "statusInfo": {"reasonCode": reason}}
