"""What a request of the CSMS gets that is not granted: a CALLERROR, by the one exception of the room, or a response with a reason."""

if False:  # for the type checker
    from ampacity.ocpp.messages import Message


class CallError(Exception):
    """code: an OCPP-J error code ("FormatViolation", "NotSupported", …); text: what is wrong, and where."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__("%s: %s" % (code, text))
        self.code = code
        self.text = text


def refusal(reason: str, text: str = "", status: str = "Rejected") -> "Message":
    """A response with statusInfo. text: at most 512 characters are sent."""
    info = {"reasonCode": reason}
    if text:
        info["additionalInfo"] = text[:512]
    return {"status": status, "statusInfo": info}
