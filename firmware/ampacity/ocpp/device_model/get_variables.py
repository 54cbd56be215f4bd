"""GetVariables (B06)."""

from ampacity.ocpp.device_model.addressing import place


def handle(station, request, message_id, now_ms):
    station.items_at_most(len(request["getVariableData"]), "GetVariables")
    return {"getVariableResult": [_one(station.model, item) for item in request["getVariableData"]]}


def _one(model, item):
    result = {"component": item["component"], "variable": item["variable"], "attributeType": item.get("attributeType", "Actual")}
    status, scope, row = place(model, item)
    if status is None and row.mutability == "WO":
        status = "Rejected"
        result["attributeStatusInfo"] = {"reasonCode": "WriteOnly"}
    if status is None:
        result["attributeValue"] = model.value(scope, row)
    result["attributeStatus"] = status or "Accepted"
    return result
