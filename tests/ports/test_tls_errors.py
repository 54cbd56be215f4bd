"""What went wrong with a handshake, in the same words for what either library says of it."""

from errno import ECONNRESET

from ampacity.ports.tls_errors import CLOSED, tls_error_text

SAID = (
    (("[SSL: PEER_DID_NOT_RETURN_A_CERTIFICATE] peer did not return a certificate (_ssl.c:1006)",), "x showed no certificate"),
    ((-29824, "SSL - No client certification received from the client, but required by the authentication mode"), "x showed no certificate"),
    (("certificate has expired",), "the certificate of x has expired"),
    (("unable to get local issuer certificate",), "the certificate of x is not signed by a root certificate of this controller"),
    (("[SSL: UNSUPPORTED_PROTOCOL] unsupported protocol (_ssl.c:1006)",), "x speaks no TLS 1.2 or newer"),
    (("[SSL: NO_SHARED_CIPHER] no shared cipher (_ssl.c:1006)",), "x and this controller have no cipher suite in common"),
    ((-28160, "SSL - The handshake negotiation failed"), "x and this controller have no cipher suite in common"),
    (("[SSL: HTTP_REQUEST] http request (_ssl.c:1006)",), "x does not speak TLS"),
    (("[SSL: WRONG_VERSION_NUMBER] wrong version number (_ssl.c:1006)",), "x does not speak TLS"),
    ((-29184, "SSL - An invalid SSL record was received"), "x does not speak TLS"),
    ((CLOSED, "the library's words"), "x ended the connection during the handshake"),
    ((ECONNRESET,), "x ended the connection during the handshake"),
    ((), "x ended the connection during the handshake"),
)


def test_each_refusal_names_the_fault():
    for arguments, meaning in SAID:
        said = tls_error_text(OSError(*arguments), "x", "2026-11-21")
        assert said == "tls: " + meaning, (arguments, said)


def test_an_unknown_error_is_reported_with_the_text_of_the_library():
    assert tls_error_text(OSError(-1, "odd"), "x", "2026-11-21") == "tls: no secure connection to x: -1 odd"
