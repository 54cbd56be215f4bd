"""SHA-256, SHA-384 and SHA-512 under the names that OCPP gives them, in slices."""

from hashlib import sha256

if False:  # for the type checker
    from collections.abc import Iterator

NAMES = ("SHA256", "SHA384", "SHA512")


def digest(name: str, data: bytes) -> "Iterator[bytes | None]":
    """Yields None while there is more to do, then the digest. KeyError: another name."""
    if name == "SHA256":
        yield sha256(data).digest()
        return
    from ampacity.x509.sha512 import digest as long_digest

    yield from long_digest(data, {"SHA384": 48, "SHA512": 64}[name])
