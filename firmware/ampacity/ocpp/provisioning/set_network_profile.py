"""SetNetworkProfile (B09): two slots, kept; the roles use them in the order of NetworkConfigurationPriority."""

from ampacity.base.errors import Rejected
from ampacity.base.url import parse_url
from ampacity.ocpp.errors import refusal

if False:  # for the type checker
    from ampacity.ocpp.interfaces import StationFace
    from ampacity.ocpp.messages import Message

DOC = "ocpp_network"
SLOTS = (1, 2)


def set_network_profile(station: "StationFace", request: "Message", message_id: str, now_ms: int) -> "Message":
    """SetNetworkProfile (B09.FR.01 to FR.06)."""
    slot, data = request["configurationSlot"], request["connectionData"]
    reason = _refusal(station, slot, data)
    if reason:
        return refusal(reason)
    kept = station.documents.get(DOC) or {}
    kept[str(slot)] = {
        "url": data["ocppCsmsUrl"],
        "security_profile": data["securityProfile"],
        "timeout_s": data["messageTimeout"],
        "interface": data["ocppInterface"],
    }
    try:
        station.documents.put(DOC, kept)
    except OSError:
        station.log.counter("ocpp_not_kept")
        return {"status": "Failed"}
    return {"status": "Accepted"}


def _refusal(station: "StationFace", slot: int, data: "Message") -> "str | None":
    if slot not in SLOTS:
        return "InvalidConfSlot"
    profile = data["securityProfile"]
    if profile < station.config.get("security_profile", 1):
        return "NoSecurityDowngrade"
    spoken = data["ocppTransport"] == "JSON" and data["ocppVersion"] == "OCPP20" and "apn" not in data and "vpn" not in data
    try:
        parse_url(data["ocppCsmsUrl"])
        spoken = spoken and suits(data["ocppCsmsUrl"], profile)
    except Rejected:
        spoken = False
    return None if spoken and profile <= 3 and data["messageTimeout"] > 0 else "InvalidNetworkConf"


def suits(url: str, profile: int) -> bool:
    """Has the URL the scheme of this security profile?"""
    return url.startswith("ws://" if profile < 2 else "wss://")
