"""What the CSMS asks of the authorization cache."""

from ampacity.ocpp.errors import refusal

if False:  # for the type checker
    from ampacity.ocpp.interfaces import StationFace
    from ampacity.ocpp.messages import Message


def clear_cache(station: "StationFace", request: "Message", message_id: str, now_ms: int) -> "Message":
    """ClearCache (C11)."""
    if not station.model.on("AuthCacheCtrlr", "Enabled"):
        return refusal("NotEnabled")
    try:
        station.cache.clear()
    except OSError:  # C11.FR.05
        return refusal("OutOfStorage")
    return {"status": "Accepted"}
