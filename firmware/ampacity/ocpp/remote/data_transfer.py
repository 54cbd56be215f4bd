"""DataTransfer (P01): no vendor's messages are known here."""


def handle(station, request, message_id, now_ms):
    return {"status": "UnknownVendorId"}
