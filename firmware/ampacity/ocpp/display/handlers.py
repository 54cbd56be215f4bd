"""Requests of the CSMS about display messages: SetDisplayMessage (O01, O02, O06), GetDisplayMessages (O03, O04), ClearDisplayMessage (O05)."""

from ampacity.base.wallclock import parse_iso

if False:  # for the type checker
    from typing import Any

    from ampacity.ocpp.interfaces import StationFace
    from ampacity.ocpp.messages import Message

DISPLAY_NAME = "Display"  # of the component; that of an EVSE has its `evse`, that of the site none
FIELDS = ("id", "priority", "state", "startDateTime", "endDateTime", "transactionId")
CONTENT = ("format", "language", "content")
DISPLAY = ("name", "instance")
PLACE = ("id", "connectorId")


def set_display_message(station: "StationFace", request: "Message", message_id: str, now_ms: int) -> "Message":
    """SetDisplayMessage; a message with the same id is replaced."""
    info = request["message"]
    if "transactionId" in info:
        info["transactionId"] = info["transactionId"].lower()
    status, reason = _refusal(station, info, now_ms)
    if not status and not station.optional.get("display", now_ms).put(_kept(info)):
        status, reason = "Rejected", "TooManyElements"
    if not status:
        return {"status": "Accepted"}
    return {"status": status, "statusInfo": {"reasonCode": reason}} if reason else {"status": status}


def _refusal(station: "StationFace", info: "Message", now_ms: int) -> "tuple[str, str]":
    """(status, reasonCode) of what cannot be shown (O01.FR.01 to O01.FR.03, O02.FR.01 to O02.FR.05); ("", ""): it can."""
    model = station.model
    if not model.on("DisplayMessageCtrlr", "Enabled"):
        return "Rejected", "NotEnabled"
    if info["priority"] not in model.words("DisplayMessageCtrlr", "SupportedPriorities"):
        return "NotSupportedPriority", ""
    if info["message"]["format"] not in model.words("DisplayMessageCtrlr", "SupportedFormats"):
        return "NotSupportedMessageFormat", ""
    if "transactionId" in info and station.transactions.find(info["transactionId"]) is None:
        return "UnknownTransaction", ""
    display = info.get("display", {"name": DISPLAY_NAME})
    if display["name"].lower() != DISPLAY_NAME.lower() or "instance" in display:  # O01.FR.22
        return "Rejected", "NotFound"
    place = display.get("evse")
    if place is not None and (station.evse(place["id"]) is None or place.get("connectorId", 1) != 1):
        return "Rejected", "UnknownEvse"
    ends_ms = parse_iso(info["endDateTime"]) if "endDateTime" in info else None
    starts_ms = parse_iso(info["startDateTime"]) if "startDateTime" in info else 0
    ends_late = ends_ms is None or ends_ms > max(starts_ms, station.wallclock.unix_ms(now_ms) or 0)
    return ("", "") if info["id"] >= 0 and ends_late else ("Rejected", "InvalidValue")


def _kept(info: "Message") -> "Message":
    """What is kept of a message: all but customData."""
    kept: "Message" = _only(info, FIELDS)
    kept["message"] = _only(info["message"], CONTENT)
    if "display" in info:
        kept["display"] = _only(info["display"], DISPLAY)
        if "evse" in info["display"]:
            kept["display"]["evse"] = _only(info["display"]["evse"], PLACE)
    return kept


def _only(value: "Message", names: "tuple[str, ...]") -> "Message":
    return {name: value[name] for name in names if name in value}


def get_display_messages(station: "StationFace", request: "Message", message_id: str, now_ms: int) -> "Message":
    """GetDisplayMessages, and the NotifyDisplayMessages that answer it, one message each (O03.FR.01 to O03.FR.06, O04.FR.01 to O04.FR.07)."""
    block = station.optional.find("display")
    found = [message["id"] for message in block.all if _meets(message, request)] if block is not None else []
    if not found:
        return {"status": "Unknown"}
    station.exchange.post(_notify, [request["requestId"], found])
    return {"status": "Accepted"}


def _meets(message: "Message", request: "Message") -> bool:
    """Each criterion that is given must apply."""
    if "id" in request and message["id"] not in request["id"]:
        return False
    return all([message.get(name) == request[name] for name in ("priority", "state") if name in request])


def _notify(station: "StationFace", parameters: "list[Any]", now_ms: int) -> "tuple[str, Message]":
    """The next of the messages, made when it leaves; those that have ended meanwhile are left out."""
    request_id, wanted = parameters
    block = station.optional.find("display")
    found = [number for number in wanted if block.find(number) is not None]
    payload: "Message" = {"requestId": request_id, "tbc": len(found) > 1}
    if found:
        payload["messageInfo"] = [block.find(found[0])]
    if len(found) > 1:
        station.exchange.post(_notify, [request_id, found[1:]])
    return "NotifyDisplayMessages", payload


def clear_display_message(station: "StationFace", request: "Message", message_id: str, now_ms: int) -> "Message":
    """ClearDisplayMessage (O05.FR.01, O05.FR.02)."""
    block = station.optional.find("display")
    message = None if block is None else block.find(request["id"])
    if message is None:
        return {"status": "Unknown"}
    block.remove([message])
    return {"status": "Accepted"}
