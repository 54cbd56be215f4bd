"""COSE_Sign1 with ES256 in the form of bundles and key lists, by `cbor2` and `cryptography`."""

from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import cbor2
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils

from ampacity_host.update.refused import Refused

BUNDLE_TYPE = "application/vnd.ampacity.bundle+cbor"
KEYS_TYPE = "application/vnd.ampacity.keys+cbor"
ALGORITHM, CONTENT_TYPE, KEY_ID = 1, 3, 4
ES256 = -7
SIGN1_TAG = 18
SIGN1_HEAD = b"\xd2"
KEY_ID_BYTES, NUMBER_BYTES = 8, 32


@dataclass(frozen=True)
class Message:
    """A message whose form was checked, and whose signature was not."""

    protected: bytes
    kid: bytes
    payload: bytes
    signature: bytes

    def is_signed_by(self, public: bytes) -> bool:
        """Checks the signature with a public key of 64 bytes, x then y."""
        r, s = (int.from_bytes(part, "big") for part in (self.signature[:NUMBER_BYTES], self.signature[NUMBER_BYTES:]))
        try:
            loaded(public).verify(utils.encode_dss_signature(r, s), to_be_signed(self.protected, self.payload), ec.ECDSA(hashes.SHA256()))
        except InvalidSignature:
            return False
        return True


def loaded(public: bytes) -> ec.EllipticCurvePublicKey:
    """The key of 64 bytes. ValueError: no point of P-256."""
    return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), b"\x04" + public)


def raw_public(key: ec.EllipticCurvePublicKey) -> bytes:
    """x then y, 64 bytes."""
    numbers = key.public_numbers()
    return numbers.x.to_bytes(NUMBER_BYTES, "big") + numbers.y.to_bytes(NUMBER_BYTES, "big")


def key_id(public: bytes) -> bytes:
    """The first 8 bytes of the SHA-256 of the 64 bytes of a public key."""
    return sha256(public).digest()[:KEY_ID_BYTES]


def to_be_signed(protected: bytes, payload: bytes) -> bytes:
    """The Sig_structure of RFC 9052, section 4.4."""
    return cbor2.dumps(["Signature1", protected, b"", payload], canonical=True)


def sign(payload: bytes, private: ec.EllipticCurvePrivateKey, content_type: str) -> bytes:
    """A signed message."""
    kid = key_id(raw_public(private.public_key()))
    protected = cbor2.dumps({ALGORITHM: ES256, CONTENT_TYPE: content_type, KEY_ID: kid}, canonical=True)
    made = private.sign(to_be_signed(protected, payload), ec.ECDSA(hashes.SHA256()))
    signature = b"".join(part.to_bytes(NUMBER_BYTES, "big") for part in utils.decode_dss_signature(made))
    return cbor2.dumps(cbor2.CBORTag(SIGN1_TAG, [protected, {}, payload, signature]), canonical=True)


def decoded(data: bytes, name: str) -> Any:
    """The value of deterministic CBOR. Raises Refused for any other form of it, and for what follows it."""
    try:
        value = cbor2.loads(data)
        same = cbor2.dumps(value, canonical=True) == data
    except (cbor2.CBORError, ValueError, TypeError, OverflowError, RecursionError, EOFError) as problem:
        raise Refused(name, f"no CBOR: {problem}") from None
    if not same:
        raise Refused(name, "not in deterministic encoding, or followed by other bytes")
    return value


def opened(data: bytes, content_type: str, name: str) -> Message:
    """The message, its form checked. Raises Refused."""
    value = decoded(data[1:], name)  # without its tag, for what is in a tag is read as other types
    if data[:1] != SIGN1_HEAD or not isinstance(value, list) or len(value) != 4:
        raise Refused(name, "no COSE_Sign1 with its tag 18")
    protected, unprotected, payload, signature = value
    if not all(isinstance(part, bytes) for part in (protected, payload, signature)) or not isinstance(unprotected, dict) or unprotected:
        raise Refused(name, "must be [protected header, {}, payload, signature]")
    if len(signature) != 2 * NUMBER_BYTES:
        raise Refused(f"{name}, signature", f"{len(signature)} bytes instead of 64")
    header = decoded(protected, f"{name}, protected header")
    if not isinstance(header, dict) or set(header) != {ALGORITHM, CONTENT_TYPE, KEY_ID} or not all(type(key) is int for key in header):
        raise Refused(f"{name}, protected header", "must hold algorithm, content type and key id, and nothing else")
    if header[ALGORITHM] != ES256 or header[CONTENT_TYPE] != content_type:
        raise Refused(f"{name}, protected header", f"must say ES256 and {content_type}")
    kid = header[KEY_ID]
    if not isinstance(kid, bytes) or len(kid) != KEY_ID_BYTES:
        raise Refused(f"{name}, key id", f"must have {KEY_ID_BYTES} bytes")
    return Message(protected, kid, payload, signature)
