"""UpdateFirmware (L01, L02): what can be refused at once; all else is the owner's of the slots (`StationFace.firmware`)."""

from ampacity.ocpp.errors import refusal

if False:  # for the type checker
    from ampacity.ocpp.interfaces import StationFace
    from ampacity.ocpp.messages import Message

MAKER_ROOT = "ManufacturerRootCertificate"  # as in security/certificate_store.py, which is not loaded for its name


def update_firmware(station: "StationFace", request: "Message", message_id: str, now_ms: int) -> "Message | None":
    """UpdateFirmware. With a signingCertificate the answer follows when that was verified (L01.FR.21). Without one it is a non-secure update
    (L02), which is accepted as long as no ManufacturerRootCertificate is installed: the bundle carries a signature of its own."""
    firmware = request["firmware"]
    if station.firmware is None:
        return refusal("UnsupportedRequest", "this controller has no slots for updates")
    if "signingCertificate" not in firmware:
        if "signature" in firmware or _is_secured(station):
            return refusal("MissingParam", "signingCertificate: only signed updates are taken")
        return station.firmware.request(request, "", now_ms)
    block = station.optional.offered("certificates", now_ms)
    if block is None:
        return refusal("UnsupportedParam", "signingCertificate: this image verifies no certificates", "InvalidCertificate")
    from ampacity.ocpp.firmware.signer import judged

    block.answer_with(message_id, judged(station, block, request, refusal), refusal("InternalError", "it was not verified in time"), now_ms)
    return None


def _is_secured(station: "StationFace") -> bool:
    """Is a root installed against which a certificate of firmware is verified? What is installed was loaded at the start."""
    block = station.optional.find("certificates")
    return block is not None and bool(block.store.roots(MAKER_ROOT))
