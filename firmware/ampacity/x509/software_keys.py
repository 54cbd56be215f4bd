"""The key door of a controller without a secure element: keys are documents of its store.

A board with a secure element gives a door of its own (`Platform.key_door`) with the same face; nothing else knows where a key is.
"""

from ampacity.x509.ecdsa_signing import SECRET_BYTES, public_key, secret_of, sign
from ampacity.x509.request import private_key_pem
from ampacity.x509.slices import Task, until_result

if False:  # for the type checker
    from collections.abc import Callable, Iterator
    from typing import Any

DOC = "ocpp_key_"


class SoftwareKeys:
    """documents: put, get, remove of the store. entropy(n): n bytes of chance of the system, good enough for keys."""

    def __init__(self, documents: "Any", entropy: "Callable[[int], bytes]") -> None:
        self._documents = documents
        self._entropy = entropy

    def create(self, name: str) -> Task:
        """As KeyDoor."""
        return Task(self._create(name))

    def sign(self, name: str, digest: bytes) -> Task:
        """As KeyDoor."""
        kept = self._documents.get(DOC + name)
        if kept is None:
            raise KeyError(name)
        return Task(sign(int(kept["secret"], 16), digest))

    def public(self, name: str) -> "bytes | None":
        """As KeyDoor."""
        kept = self._documents.get(DOC + name)
        return None if kept is None else bytes.fromhex(kept["public"])

    def for_tls(self, name: str) -> "str | None":
        """As KeyDoor: a PEM text."""
        kept = self._documents.get(DOC + name)
        return None if kept is None else private_key_pem(int(kept["secret"], 16), bytes.fromhex(kept["public"]))

    def remove(self, name: str) -> None:
        """As KeyDoor."""
        self._documents.remove(DOC + name)

    def _create(self, name: str) -> "Iterator[bytes | None]":
        secret = secret_of(self._entropy(SECRET_BYTES))
        public = yield from until_result(public_key(secret))
        self._documents.put(DOC + name, {"secret": "%064x" % secret, "public": public.hex()})
        yield public
