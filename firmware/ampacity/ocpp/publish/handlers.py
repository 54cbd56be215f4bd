"""PublishFirmware and UnpublishFirmware (L03, L04): what can be answered without loading the block."""

from ampacity.ocpp.errors import refusal

if False:  # for the type checker
    from ampacity.ocpp.interfaces import StationFace
    from ampacity.ocpp.messages import Message


def publish_firmware(station: "StationFace", request: "Message", message_id: str, now_ms: int) -> "Message":
    """PublishFirmware. Refused where the site file does not permit it (L03.FR.05)."""
    block = station.optional.offered("publish", now_ms) if station.config.get("publish_address") else None
    if block is None:
        return refusal("NotEnabled", "publish_address is not set in the site file of this controller")
    answer: "Message" = block.request(request, now_ms)
    return answer


def unpublish_firmware(station: "StationFace", request: "Message", message_id: str, now_ms: int) -> "Message":
    """UnpublishFirmware. A block that is not loaded has nothing published (L04.FR.03)."""
    block = station.optional.find("publish")
    return {"status": "NoFirmware" if block is None else block.withdraw(request["checksum"], now_ms)}
