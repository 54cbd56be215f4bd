"""What the CSMS asks of the authorization cache."""


def clear_cache(station, request, message_id, now_ms):
    """ClearCache (C11)."""
    if not station.model.on("AuthCacheCtrlr", "Enabled"):
        return {"status": "Rejected", "statusInfo": {"reasonCode": "NotEnabled"}}
    station.cache.clear()
    return {"status": "Accepted"}
