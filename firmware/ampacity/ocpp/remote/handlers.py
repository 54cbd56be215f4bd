"""Requests by which the CSMS acts on an EVSE: start, stop, trigger, unlock; and DataTransfer."""

from ampacity.ocpp.authorization.cache import group_of
from ampacity.ocpp.errors import refusal
from ampacity.ocpp.evse import Authorization

if False:  # for the type checker
    from collections.abc import Callable

    from ampacity.ocpp.evse import OcppEvse
    from ampacity.ocpp.interfaces import StationFace
    from ampacity.ocpp.messages import Message, Token

LOCK_MS_MAX = 10000
ADDITIONS_MAX = 8  # of an identifier: they are kept with its transaction


def request_start_transaction(station: "StationFace", request: "Message", message_id: str, now_ms: int) -> "Message":
    """RequestStartTransaction (F01, F02)."""
    if not station.accepted():
        return refusal("CSNotAccepted")
    evse = station.evse(request["evseId"]) if "evseId" in request else _choose(station, request)
    if evse is None:
        return refusal("UnknownEvse" if "evseId" in request else "NotFound")
    if station.availability.status(evse) in ("Unavailable", "Faulted") or station.resets.scheduled():
        return refusal("InvalidMessageSeq")
    if evse.auth is not None:
        return refusal("TxInProgress")
    if len(request["idToken"].get("additionalInfo", ())) > ADDITIONS_MAX:
        return refusal("TooManyElements")
    reservations = station.optional.find("reservation")
    if reservations is not None and reservations.refuses(evse, request["idToken"], group_of(request)):  # F01.FR.21, F01.FR.22
        return refusal("InvalidIdToken")
    profile = request.get("chargingProfile")
    smart = station.model.on("SmartChargingCtrlr", "Enabled")
    if profile is not None and smart:
        reason = station.profiles.refusal_at_start(evse, profile, now_ms)
        if reason:
            return refusal(reason)
        station.profiles.wait_for_start(evse, profile, request["remoteStartId"])
    response = {"status": "Accepted"}
    if evse.tx is not None and evse.tx.ending is None:
        response["transactionId"] = evse.tx.id
    station.exchange.after_answer(lambda now_ms: _begin(station, evse, request, now_ms))
    return response


def _begin(station: "StationFace", evse: "OcppEvse", request: "Message", now_ms: int) -> None:
    """After the answer has left: authorise, by the rules or without asking (AuthorizeRemoteStart)."""
    given = request["idToken"]
    token: Token = {"idToken": given["idToken"], "type": given["type"]}
    if "additionalInfo" in given:  # F01.FR.04; without customData
        token["additionalInfo"] = [{"additionalIdToken": item["additionalIdToken"], "type": item["type"]} for item in given["additionalInfo"]]
    remote_id = request["remoteStartId"]
    asks = station.model.on("AuthCtrlr", "AuthorizeRemoteStart") and token["type"] not in ("Central", "NoAuthorization")
    if asks:
        station.authorizer.begin(evse, token, "RemoteStart", remote_id, now_ms)
    elif evse.auth is None:
        station.transactions.authorized(evse, Authorization(token, group_of(request), "RemoteStart", remote_id), now_ms)


def _choose(station: "StationFace", request: "Message") -> "OcppEvse | None":
    """F01.FR.20: an EVSE that is reserved for the identifier, else a car that waits, else a free EVSE."""
    shown = ("Unavailable", "Faulted")
    open_to = [[evse for evse in station.evses if evse.auth is None and station.availability.status(evse) not in shown]]
    reservations = station.optional.find("reservation")
    if reservations is not None:
        open_to = reservations.ranked(open_to[0], request["idToken"], group_of(request))
    for evses in open_to:
        for wanted in (True, False):
            for evse in evses:
                if evse.plugged == wanted:
                    return evse
    return None


def request_stop_transaction(station: "StationFace", request: "Message", message_id: str, now_ms: int) -> "Message":
    """RequestStopTransaction (F03)."""
    tx_id = request["transactionId"].lower()
    evse = station.transactions.find(tx_id)
    if not station.accepted() or evse is None:
        return refusal("TxNotFound")
    station.exchange.after_answer(lambda now_ms: _stop(station, evse, tx_id, now_ms))
    return {"status": "Accepted"}


def _stop(station: "StationFace", evse: "OcppEvse", transaction_id: str, now_ms: int) -> None:
    if evse.tx is not None and evse.tx.id == transaction_id:
        station.transactions.deauthorize(evse, "RemoteStop", "Remote", now_ms)


def trigger_message(station: "StationFace", request: "Message", message_id: str, now_ms: int) -> "Message":
    """TriggerMessage (F06): the answer first, then what was asked for."""
    wanted = request["requestedMessage"]
    evses, known = _evses(station, request.get("evse"))
    if wanted == "BootNotification":
        return _status(station.boot.trigger(now_ms))
    if wanted == "Heartbeat":
        station.boot.request_heartbeat()
        return _status(True)
    if wanted in ("LogStatusNotification", "FirmwareStatusNotification", "PublishFirmwareStatusNotification"):
        source = station.firmware if wanted[0] == "F" else station.optional.find("log" if wanted[0] == "L" else "publish")
        station.exchange.post(wanted, {"status": "Idle"} if source is None else source.triggered())
        return _status(True)
    if wanted == "SignChargingStationCertificate":
        return _status(station.optional.get("certificates", now_ms).request(now_ms))
    if wanted == "SignV2GCertificate" and station.config.get("iso15118"):
        return _status(station.optional.get("iso15118", now_ms).signing.begin(now_ms))
    if wanted not in ("StatusNotification", "MeterValues", "TransactionEvent"):
        return {"status": "NotImplemented"}
    if not known:
        return refusal("UnknownEvse")
    if wanted == "StatusNotification":
        station.availability.force(evses)
        return _status(True)
    if wanted == "MeterValues":
        metered = station.metered() if evses is station.evses else evses
        return _status(any([station.sampling.request(evse) for evse in metered]))
    running = [evse for evse in evses if evse.tx is not None and not evse.tx.restored]
    station.exchange.after_answer(lambda now_ms: station.turns.add("trigger", running, _event_of(station)))
    return _status(bool(running))


def _event_of(station: "StationFace") -> "Callable[[OcppEvse, int], None]":
    def event(evse: "OcppEvse", now_ms: int) -> None:
        if evse.tx is not None:  # it has a transaction since before the answer left
            station.transactions.events.send(evse, "Updated", "Trigger", now_ms)

    return event


def _status(done: bool) -> "Message":
    return {"status": "Accepted" if done else "Rejected"}


def _evses(station: "StationFace", target: "Message | None") -> "tuple[list[OcppEvse], bool]":
    """The EVSEs that are meant, and whether there are any such."""
    if target is None or target["id"] == 0:
        return station.evses, True
    evse = station.evse(target["id"])
    if evse is None or target.get("connectorId", 1) != 1:
        return [], False
    return [evse], True


def unlock_connector(station: "StationFace", request: "Message", message_id: str, now_ms: int) -> "Message | None":
    """UnlockConnector (F05). The lock's own answer comes later, through `Station.unlocked`."""
    evse = station.evse(request["evseId"])
    if evse is None or request["connectorId"] != 1:
        return {"status": "UnknownConnector"}
    if evse.tx is not None and evse.auth is not None:
        return {"status": "OngoingAuthorizedTransaction"}
    if evse.tethered:
        return refusal("FixedCable", "", "UnlockFailed")
    station.exchange.answer_later(message_id, now_ms + LOCK_MS_MAX, {"status": "UnlockFailed"})
    station.actions.append(("unlock", evse.id, message_id))
    return None


def data_transfer(station: "StationFace", request: "Message", message_id: str, now_ms: int) -> "Message":
    """DataTransfer (P01): no vendor's messages are known here."""
    return {"status": "UnknownVendorId"}
