"""A certificate request (PKCS #10, RFC 2986) for a key of P-256, and the private key as a TLS library reads it (RFC 5915)."""

from hashlib import sha256

from ampacity.base.der import OCTET_STRING, OID, PRINTABLE_STRING, SET, UTF8_STRING
from ampacity.x509.certificate import COMMON_NAME, EC_KEY, ORGANIZATION, P256
from ampacity.x509.encoding import bit_string, element, integer, pem, sequence

if False:  # for the type checker
    from ampacity.x509.key_door import KeyDoor

COUNTRY = b"\x55\x04\x06"
ECDSA_SHA256 = b"\x2a\x86\x48\xce\x3d\x04\x03\x02"
VERSION_1 = b"\x02\x01\x00"
ATTRIBUTES, CURVE, PUBLIC = 0xA0, 0xA0, 0xA1


class CertificateRequest:
    """A request in the making: `step()` returns None while there is more to do, then its PEM text.

    keys: a key door; name: of the key in it; public: its public key, 64 bytes. common_name, organization: of the subject; country: two
    letters, "" without.
    """

    def __init__(self, keys: "KeyDoor", name: str, public: bytes, common_name: str, organization: str, country: str = "") -> None:
        where = _name_part(COUNTRY, country, PRINTABLE_STRING) if country else b""
        subject = sequence(where, _name_part(ORGANIZATION, organization), _name_part(COMMON_NAME, common_name))
        kind = sequence(element(OID, EC_KEY), element(OID, P256))
        key = sequence(kind, bit_string(b"\x04" + public))
        self._asked = sequence(VERSION_1, subject, key, element(ATTRIBUTES))
        self._task = keys.sign(name, sha256(self._asked).digest())

    def step(self) -> "str | None":
        """One slice."""
        found = self._task.step()
        if found is None:
            return None
        numbers = sequence(integer(int.from_bytes(found[:32], "big")), integer(int.from_bytes(found[32:], "big")))
        return pem("CERTIFICATE REQUEST", sequence(self._asked, sequence(element(OID, ECDSA_SHA256)), bit_string(numbers)))


def private_key_pem(secret: int, public: bytes) -> str:
    """The PEM of a private key; public: x and y, 64 bytes."""
    key = element(OCTET_STRING, secret.to_bytes(32, "big"))
    curve = element(CURVE, element(OID, P256))
    return pem("EC PRIVATE KEY", sequence(b"\x02\x01\x01", key, curve, element(PUBLIC, bit_string(b"\x04" + public))))


def _name_part(kind: bytes, text: str, form: int = UTF8_STRING) -> bytes:
    return element(SET, sequence(element(OID, kind), element(form, text.encode())))
