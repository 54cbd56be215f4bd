"""CustomerInformation (N09, N10): what the station keeps about a customer, reported in parts of 512 characters, and removed.

That is the entries of the authorization cache, those of the local authorization list, and the authorization of a running transaction. A customer is
an idToken, or by `customerIdentifier` its text whatever its type. The station keeps no certificate of a customer; the hashes of one stand for
the contract that a car has shown while its transaction runs. What a running transaction
needs stays until its end; entries of the list stay until the CSMS removes them (N10.FR.02, N10.FR.03). Messages that wait for the CSMS go to
it anyway.
"""

from ampacity.ocpp.authorization.cache import is_about, key_of
from ampacity.ocpp.errors import refusal

if False:  # for the type checker
    from ampacity.ocpp.evse import OcppEvse
    from ampacity.ocpp.interfaces import StationFace
    from ampacity.ocpp.messages import Message, Token

DATA_CHARS = 512
CLEARED = "The data of the customer was cleared."
REFERENCES = ("idToken", "customerCertificate", "customerIdentifier")


def customer_information(station: "StationFace", request: "Message", message_id: str, now_ms: int) -> "Message":
    """CustomerInformation: the answer first, then NotifyCustomerInformation; its data is empty where nothing was found (N09.FR.06, N10.FR.04)."""
    report, clear = request["report"], request["clear"]
    if len([name for name in REFERENCES if name in request]) != 1:  # N09.FR.09
        return refusal("InvalidValue", "exactly one of " + ", ".join(REFERENCES), "Invalid")
    if not report and not clear:  # N09.FR.07, N10.FR.07
        return refusal("InvalidValue", "report or clear must be true")
    text = _found(station, request) if report else ""
    if clear:
        try:
            _forget(station, request)
        except OSError as error:
            return refusal("OutOfStorage", str(error))
        if not report:
            text = CLEARED
    _post(station, request["requestId"], text)
    return {"status": "Accepted"}


def _customer(station: "StationFace", request: "Message") -> "tuple[Token | None, str]":
    """(token, "") or (None, identifier); (None, ""), which nothing belongs to, for a certificate that no car has shown."""
    cars = station.optional.find("iso15118") if "customerCertificate" in request else None
    if cars is not None:
        return cars.customer(request["customerCertificate"]), ""
    return request.get("idToken"), request.get("customerIdentifier", "")


def _found(station: "StationFace", request: "Message") -> str:
    """All that is kept, one line each."""
    token, identifier = _customer(station, request)
    lines = station.cache.about(token, identifier) + station.local_list.about(token, identifier)
    lines += [_running(evse) for evse in station.evses if evse.auth is not None and is_about(key_of(evse.auth.token), token, identifier)]
    return "\n".join(lines)


def _running(evse: "OcppEvse") -> str:
    text = "EVSE %d: authorized" % evse.id
    return text if evse.tx is None else text + ", transaction " + evse.tx.id


def _forget(station: "StationFace", request: "Message") -> None:
    """OSError: nothing was removed."""
    token, identifier = _customer(station, request)
    station.cache.forget(token, identifier)


def _post(station: "StationFace", request_id: int, text: str) -> None:
    at = number = 0
    while not number or at < len(text):
        part = (request_id, number, at + DATA_CHARS < len(text), text[at : at + DATA_CHARS])
        station.exchange.post(_notification, part)
        at, number = at + DATA_CHARS, number + 1


def _notification(station: "StationFace", part: "tuple[int, int, bool, str]", now_ms: int) -> "tuple[str, Message]":
    request_id, number, more, data = part
    payload = {"requestId": request_id, "generatedAt": station.iso(now_ms), "seqNo": number, "tbc": more, "data": data}
    return "NotifyCustomerInformation", payload
