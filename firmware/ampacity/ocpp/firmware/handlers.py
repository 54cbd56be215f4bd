"""UpdateFirmware (L01, L02): what can be refused at once; all else is the owner's of the slots (`StationFace.firmware`)."""

if False:  # for the type checker
    from ampacity.ocpp.interfaces import StationFace
    from ampacity.ocpp.messages import Message


def update_firmware(station: "StationFace", request: "Message", message_id: str, now_ms: int) -> "Message":
    """UpdateFirmware. A bundle carries its own signature, made with a key of the controller's key list, and no certificate; one
    that the CSMS names cannot be checked here (L01.FR.21, L01.FR.22), nor can a signature of the whole file."""
    firmware = request["firmware"]
    if station.firmware is None:
        return refusal("UnsupportedRequest", "this controller has no slots for updates")
    if "signingCertificate" in firmware:
        station.security_event("InvalidFirmwareSigningCertificate", "UpdateFirmware %d" % request["requestId"], now_ms)
        return refusal("InvalidCertificate", "a bundle is verified with the key list of the controller", "InvalidCertificate")
    if "signature" in firmware:
        return refusal("UnsupportedParam", "signature: a bundle carries its own")
    return station.firmware.request(request, now_ms)


def refusal(reason: str, text: str, status: str = "Rejected") -> "Message":
    """An UpdateFirmwareResponse that accepts nothing. text: at most 512 characters are sent."""
    return {"status": status, "statusInfo": {"reasonCode": reason, "additionalInfo": text[:512]}}
