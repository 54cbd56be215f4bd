"""COSE_Sign1 with ES256 (RFC 9052, section 4.2; RFC 9053, section 2.1), in the one form that bundles and key lists have.

The tag 18 is there, the payload is inside, the unprotected header is empty, and the protected one holds the algorithm, the content
type and the key id and nothing else: so each part of a message is signed, and a key list cannot pass for a manifest.
"""

from hashlib import sha256

from ampacity.base.errors import Rejected
from ampacity.update.cbor import ARRAY, TAG, decode, encode, head
from ampacity.update.p256 import SIGNATURE_BYTES, Verification

if False:  # for the type checker
    from collections.abc import Generator
    from typing import Any

    from ampacity.update.cbor import Buffer
    from ampacity.update.p256 import Affine

SIGN1_TAG = 18
ALGORITHM, CONTENT_TYPE, KEY_ID = 1, 3, 4  # header parameters
ES256 = -7
KEY_ID_BYTES = 8
BUNDLE_TYPE = "application/vnd.ampacity.bundle+cbor"
KEYS_TYPE = "application/vnd.ampacity.keys+cbor"


def key_id(public: bytes) -> bytes:
    """The id of a public key of 64 bytes (x then y): the first 8 bytes of its SHA-256."""
    return sha256(public).digest()[:KEY_ID_BYTES]


class SignedMessage:
    """A message as it was read; its signature is not checked yet. `kid`: id of the key; `payload`: what was signed."""

    def __init__(self, data: "Buffer", content_type: str, name: str) -> None:
        """Reads all of `data`. name: what it is, for errors. Raises Rejected."""
        if data[:1] != head(TAG, SIGN1_TAG):
            raise Rejected(name, bytes(data[:1]), "COSE_Sign1 with its tag 18")
        parts = decode(data, name, 1)
        kinds = (bytes, dict, bytes, bytes)
        if not isinstance(parts, list) or len(parts) != 4 or not all([isinstance(parts[i], kinds[i]) for i in range(4)]):
            raise Rejected(name, "another structure", "[protected header, {}, payload, signature]")
        self._protected, unprotected, self.payload, self._signature = parts
        if unprotected:
            raise Rejected(name + ", unprotected header", sorted([str(key) for key in unprotected]), "none: every parameter is protected")
        if len(self._signature) != SIGNATURE_BYTES:
            raise Rejected(name + ", signature", len(self._signature), "%d bytes" % SIGNATURE_BYTES)
        self.kid: bytes = _key_id_of(decode(self._protected, name + ", protected header"), content_type, name)

    def is_signed_by(self, key: "Affine") -> "Generator[bool, None, bool]":
        """Checks the signature with this public key: False after each slice; returns the result."""
        check = Verification(key, digest(self._protected, self.payload), self._signature)
        while True:
            result = check.step()
            if result is not None:
                return result
            yield False


def digest(protected: bytes, payload: bytes) -> bytes:
    """SHA-256 of the Sig_structure (RFC 9052, section 4.4), hashed in pieces: the payload is not copied."""
    signed = sha256(head(ARRAY, 4) + encode("Signature1") + encode(protected) + encode(b"") + head(2, len(payload)))
    signed.update(payload)
    return signed.digest()


def _key_id_of(header: "Any", content_type: str, name: str) -> bytes:
    if not isinstance(header, dict) or sorted([str(key) for key in header]) != ["1", "3", "4"]:
        raise Rejected(name + ", protected header", "other parameters", "exactly algorithm (1), content type (3) and key id (4)")
    if header.get(ALGORITHM) != ES256:
        raise Rejected(name + ", algorithm", header.get(ALGORITHM), "ES256 (-7)")
    if header.get(CONTENT_TYPE) != content_type:
        raise Rejected(name + ", content type", header.get(CONTENT_TYPE), content_type)
    kid = header.get(KEY_ID)
    if not isinstance(kid, bytes) or len(kid) != KEY_ID_BYTES:
        raise Rejected(name + ", key id", kid, "%d bytes" % KEY_ID_BYTES)
    return kid
