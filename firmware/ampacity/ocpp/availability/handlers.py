"""What the CSMS asks of the availability of EVSEs and connectors."""

from ampacity.ocpp.errors import refusal

if False:  # for the type checker
    from ampacity.ocpp.interfaces import StationFace
    from ampacity.ocpp.messages import Message


def change_availability(station: "StationFace", request: "Message", message_id: str, now_ms: int) -> "Message":
    """ChangeAvailability (G03, G04)."""
    evse = request.get("evse")
    name = "0" if evse is None or evse["id"] == 0 else "%d" % evse["id"]
    if evse is not None and evse["id"] != 0 and station.evse(evse["id"]) is None:
        return refusal("UnknownEvse")
    connector = None if evse is None else evse.get("connectorId")
    if connector is not None:
        if connector != 1 or name == "0":
            return refusal("UnknownConnectorId")
        name += ".1"
    return {"status": station.availability.change(name, request["operationalStatus"] == "Operative", now_ms)}
