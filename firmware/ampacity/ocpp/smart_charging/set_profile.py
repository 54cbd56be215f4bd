"""SetChargingProfile (K01)."""


def handle(station, request, message_id, now_ms):
    document, evse_id = request["chargingProfile"], request["evseId"]
    if not station.model.on("SmartChargingCtrlr", "Enabled"):
        return {"status": "Rejected", "statusInfo": {"reasonCode": "NotEnabled"}}
    reason = station.profiles.refusal(evse_id, document, now_ms)
    if reason:
        return {"status": "Rejected", "statusInfo": {"reasonCode": reason}}
    station.profiles.install(evse_id, document)
    return {"status": "Accepted"}
