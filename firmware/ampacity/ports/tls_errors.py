"""What went wrong with a certificate, in one vocabulary for both runtimes: the installer reads it in the log and in `status`."""

from errno import ECONNRESET

PROTOCOL_ERROR = 71  # EPROTO: the errno that our own errors carry; no peer's refusal looks like a refused connection
EXPIRED = "the certificate of %s has expired"
EARLY = "the certificate of %s is not valid yet by this controller's clock (%s); is the clock right?"
NAME = "the certificate is not for %s"
WILDCARD = "the certificate of %s is for any host of its domain (*)"
ROOT = "the certificate of %s is not signed by a root certificate of this controller"
VERSION = "%s speaks no TLS 1.2 or newer"
NONE = "%s showed no certificate"
SUITE = "%s and this controller have no cipher suite in common"
FOREIGN = "%s does not speak TLS"
# a piece of what the runtime's library says, and what it means
MEANINGS = (
    ("has expired", EXPIRED),
    ("validity has expired", EXPIRED),
    ("not yet valid", EARLY),
    ("starts in the future", EARLY),
    ("doesn't match", NAME),
    ("mismatch", NAME),
    ("is not valid for", NAME),
    ("does not match", NAME),
    ("not correctly signed", ROOT),
    ("issuer certificate", ROOT),
    ("self-signed", ROOT),
    ("self signed", ROOT),
    ("verify the first certificate", ROOT),
    (" protocol version", VERSION),  # the alert
    ("unsupported protocol", VERSION),
    ("not within min/max", VERSION),
    ("no subjectAltName", NAME),
    ("a wildcard", WILDCARD),
    ("did not return a certificate", NONE),
    ("No client certification", NONE),
    ("no shared cipher", SUITE),
    ("handshake negotiation failed", SUITE),
    ("wrong cipher returned", SUITE),  # the server chose one that was not offered
    ("alert handshake failure", SUITE),
    ("Bad input parameters", SUITE),  # so Mbed TLS 2 and 3 say of a server that chose another one
    ("http request", FOREIGN),
    ("https proxy request", FOREIGN),
    ("wrong version number", FOREIGN),
    ("invalid SSL record", FOREIGN),
)
CLOSED = -0x7280  # Mbed TLS: the peer ended the connection
ALERT = -0x7780  # Mbed TLS: the peer sent a fatal alert


def tls_error_text(error: "BaseException", peer: str, today: str) -> str:
    """One line for an error of a TLS library. peer: whom it was meant to be; today: the date by our own clock."""
    text = " ".join([str(part) for part in error.args]) or str(error)
    for piece, meaning in MEANINGS:
        if piece in text:
            return "tls: " + (meaning % ((peer, today) if meaning == EARLY else peer))
    number = error.args[0] if error.args and isinstance(error.args[0], int) else 0
    if not text or number in (CLOSED, ECONNRESET) or "EOF occurred" in text:
        return "tls: %s ended the connection during the handshake" % peer
    if number == ALERT or "alert" in text:
        return "tls: %s refused us with an alert (our certificate, or what we offer): %s" % (peer, text)
    return "tls: no secure connection to %s: %s" % (peer, text)


def tls_error(error: "BaseException", peer: str, today: str) -> "OSError":
    """The OSError that callers see in its place."""
    return OSError(PROTOCOL_ERROR, tls_error_text(error, peer, today))
