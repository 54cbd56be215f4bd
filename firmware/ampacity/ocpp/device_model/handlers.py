"""GetVariables and SetVariables: the CSMS reads and writes the device model."""

from ampacity.ocpp.device_model.addressing import resolve

if False:  # for the type checker
    from ampacity.ocpp.device_model.model import DeviceModel, Row
    from ampacity.ocpp.interfaces import StationFace
    from ampacity.ocpp.messages import Message


def get_variables(station: "StationFace", request: "Message", message_id: str, now_ms: int) -> "Message":
    """GetVariables (B06)."""
    station.items_at_most(len(request["getVariableData"]), "GetVariables")
    return {"getVariableResult": [_get_variables_one(station.model, item) for item in request["getVariableData"]]}


def _get_variables_one(model: "DeviceModel", item: "Message") -> "Message":
    result = {"component": item["component"], "variable": item["variable"], "attributeType": item.get("attributeType", "Actual")}
    status, scope, row = resolve(model, item)
    if status is None and row.mutability == "WO":
        status = "Rejected"
        result["attributeStatusInfo"] = {"reasonCode": "WriteOnly"}
    if status is None:
        result["attributeValue"] = model.value(scope, row)
    result["attributeStatus"] = status or "Accepted"
    return result


def set_variables(station: "StationFace", request: "Message", message_id: str, now_ms: int) -> "Message":
    """SetVariables (B05, A01)."""
    station.items_at_most(len(request["setVariableData"]), "SetVariables")
    return {"setVariableResult": [_set_variables_one(station, item, now_ms) for item in request["setVariableData"]]}


def _set_variables_one(station: "StationFace", item: "Message", now_ms: int) -> "Message":
    result = {"component": item["component"], "variable": item["variable"], "attributeType": item.get("attributeType", "Actual")}
    status, scope, row = resolve(station.model, item)
    if status is None:
        refusal = _apply(station, row, item["attributeValue"], now_ms)
        if refusal:
            result["attributeStatusInfo"] = {"reasonCode": refusal[0], "additionalInfo": refusal[1][:512]}
        status = "Rejected" if refusal else "Accepted"
    result["attributeStatus"] = status
    return result


def _apply(station: "StationFace", row: "Row", text: str, now_ms: int) -> "tuple[str, str] | None":
    refusal = station.model.refusal(row, text) or _clash(station, row, text)
    if refusal is not None:
        return refusal
    try:
        if row.mutability == "WO":
            station.new_password(text, now_ms)
        else:
            station.model.set(row, text)
            station.variable_changed(row, now_ms)
    except OSError as e:
        return ("OutOfStorage", str(e))
    return None


def _clash(station: "StationFace", row: "Row", text: str) -> "tuple[str, str] | None":
    """What only the state of the station forbids."""
    if row.variable == "BasicAuthPassword" and not all(33 <= ord(c) <= 126 for c in text):
        return ("InvalidValue", "printable characters without blanks")
    if row.variable in ("TxStartPoint", "TxStopPoint") and not text:
        return ("InvalidValue", "at least one point")
    if row.variable == "NetworkConfigurationPriority":
        slots = station.network_slots.usable()
        if not text or any(slot not in slots for slot in text.split(",")):
            return ("InvalidValue", "slots that hold a network profile: " + ",".join(slots))
        missing = station.network_slots.missing(text.split(","), station.now_ms)
        if missing:
            return ("InvalidValue", missing)
    return None
