"""The one exception of the room: a request of the CSMS that is answered with a CALLERROR."""


class CallError(Exception):
    """code: an OCPP-J error code ("FormatViolation", "NotSupported", …); text: what is wrong, and where."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__("%s: %s" % (code, text))
        self.code = code
        self.text = text
