"""The key door: what the firmware needs of the place where private keys are, as types; nothing imports it at run time.

`software_keys` is the door of a controller without a secure element. A board with one gives its own (`Platform.key_door`).
"""

if False:  # for the type checker
    from typing import Protocol

    class KeyTask(Protocol):
        """Work in slices."""

        def step(self) -> "bytes | None":
            """One slice; None: there is more to do. OSError: it failed, and nothing was changed."""

    class KeyDoor(Protocol):
        """Key pairs of P-256 by name; private keys do not leave it but for the TLS library."""

        def create(self, name: str) -> KeyTask:
            """A new key pair in place of the one with this name; the task gives the public key, 64 bytes, once the pair is kept."""

        def sign(self, name: str, digest: bytes) -> KeyTask:
            """ECDSA over a SHA-256 digest; the task gives r and s, 64 bytes. KeyError: there is no such key."""

        def public(self, name: str) -> "bytes | None":
            """The public key, 64 bytes, or None."""

        def for_tls(self, name: str) -> "str | None":
            """What the TLS library of this platform takes as the key (`key_pem`), or None."""

        def remove(self, name: str) -> None:
            """Forget a key; no error if there is none."""
