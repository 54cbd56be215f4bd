"""ClearCache (C11)."""


def handle(station, request, message_id, now_ms):
    if not station.model.on("AuthCacheCtrlr", "Enabled"):
        return {"status": "Rejected", "statusInfo": {"reasonCode": "NotEnabled"}}
    station.cache.clear()
    return {"status": "Accepted"}
