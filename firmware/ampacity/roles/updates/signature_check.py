"""The signature that the CSMS gave over a whole file (L01.FR.04): hashed as it comes, and the last bytes held back until it is verified.

Loaded with an order that has a signature. What is held back keeps the slot from being ready before.
"""

from binascii import a2b_base64, unhexlify
from hashlib import sha256

from ampacity.x509.certificate import key_of
from ampacity.x509.file_signature import verify_file

if False:  # for the type checker
    from collections.abc import Iterator

HELD_BYTES = 1  # a bundle that lacks its last byte is not ready


class SignatureCheck:
    """key: content of the BIT STRING of the public key, as hex; signature: base64, of `verify_file`. `valid`: None until it is known."""

    def __init__(self, key: str, signature: str) -> None:
        self._key = key_of(unhexlify(key))
        try:
            self._signature = a2b_base64(signature)
        except ValueError:  # then it is no signature of this file
            self._signature = b""
        self.begin()

    def begin(self) -> None:
        """The file comes from its first byte."""
        self._hash = sha256()
        self.held = b""
        self.valid: "bool | None" = None

    def take(self, data: bytes) -> bytes:
        """The next bytes of the file; those that may be passed on now."""
        self._hash.update(data)
        data = self.held + data
        cut = max(0, len(data) - HELD_BYTES)
        self.held = data[cut:]
        return data[:cut]

    def judge(self) -> "Iterator[None]":
        """The file is complete: a slice each, then `valid` is known."""
        for valid in verify_file(self._key, self._hash.digest(), self._signature):
            self.valid = valid
            yield None
