"""SetNetworkProfile (B09): two slots, kept; the roles use them in the order of NetworkConfigurationPriority."""

if False:  # for the type checker
    from ampacity.ocpp.interfaces import StationFace
    from ampacity.ocpp.messages import Message

DOC = "ocpp_network"
SLOTS = (1, 2)


def handle(station: "StationFace", request: "Message", message_id: str, now_ms: int) -> "Message":
    """SetNetworkProfile (B09). OSError: the profile could not be kept."""
    slot, data = request["configurationSlot"], request["connectionData"]
    reason = _refusal(station, slot, data)
    if reason:
        return {"status": "Rejected", "statusInfo": {"reasonCode": reason}}
    kept = station.documents.get(DOC) or {}
    kept[str(slot)] = {
        "url": data["ocppCsmsUrl"],
        "security_profile": data["securityProfile"],
        "timeout_s": data["messageTimeout"],
        "interface": data["ocppInterface"],
    }
    station.documents.put(DOC, kept)
    return {"status": "Accepted"}


def _refusal(station: "StationFace", slot: int, data: "Message") -> "str | None":
    if slot not in SLOTS:
        return "ValueOutOfRange"
    if data["ocppTransport"] != "JSON" or data["ocppVersion"] != "OCPP20" or "apn" in data or "vpn" in data:
        return "UnsupportedParam"
    profile = data["securityProfile"]
    if not station.config.get("security_profile", 1) <= profile <= 3 or data["messageTimeout"] <= 0:
        return "InvalidValue"
    return None if suits(data["ocppCsmsUrl"], profile) else "InvalidURL"


def suits(url: str, profile: int) -> bool:
    """Has the URL the scheme of this security profile?"""
    return url.startswith("ws://" if profile < 2 else "wss://")
