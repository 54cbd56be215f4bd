"""Key pairs and signatures of P-256 in slices (FIPS 186-5, RFC 6979): for a controller whose board has no secure element.

A multiplication does the same operations whatever the bits of the scalar are (a ladder), but the integers of the runtime do not take the same
time for all numbers. So a key is used rarely here: one signature for each certificate request. The TLS library signs with its own code.
"""

from hashlib import sha256

from ampacity.update.p256 import GENERATOR, N, P, add, double
from ampacity.x509.slices import until_result

if False:  # for the type checker
    from collections.abc import Iterator

    from ampacity.update.p256 import Jacobian

SECRET_BYTES = 40  # of chance for a key of 32: the remainder is as good as even (FIPS 186-5, A.2.1)
INVERSE_BITS = 16  # of an exponent, in one slice


def secret_of(chance: bytes) -> int:
    """A private key, 1 to N - 1, of SECRET_BYTES bytes of chance."""
    return int.from_bytes(chance, "big") % (N - 1) + 1


def public_key(secret: int) -> "Iterator[bytes | None]":
    """Yields None while there is more to do, then the public key: x and y, 64 bytes."""
    x, y, z = yield from until_result(_times(secret))
    inverse = yield from until_result(_inverse(z, P))
    square = inverse * inverse % P
    yield (x * square % P).to_bytes(32, "big") + (y * square * inverse % P).to_bytes(32, "big")


def sign(secret: int, digest: bytes) -> "Iterator[bytes | None]":
    """Yields None while there is more to do, then r and s, 64 bytes. digest: SHA-256, 32 bytes."""
    number = int.from_bytes(digest, "big") % N
    for k in _nonces(secret, number.to_bytes(32, "big")):
        raw = yield from until_result(public_key(k))
        r = int.from_bytes(raw[:32], "big") % N
        inverse = yield from until_result(_inverse(k, N))
        s = inverse * (number + r * secret) % N
        if r and s:
            yield r.to_bytes(32, "big") + s.to_bytes(32, "big")
            return


def _times(secret: int) -> "Iterator[Jacobian | None]":
    """A ladder over 257 bits: the scalar plus N or 2 N has its highest bit always there."""
    scalar = secret + N
    if not scalar >> 256:
        scalar += N
    low: "Jacobian | None" = GENERATOR + (1,)
    high = double(low)
    for i in range(255, -1, -1):
        both = add(low, high)
        if scalar >> i & 1:
            low, high = both, double(high)
        else:
            low, high = double(low), both
        yield None
    yield low  # never infinity for 1 to N - 1


def _inverse(value: int, modulus: int) -> "Iterator[int | None]":
    """Fermat's, INVERSE_BITS bits of the exponent a slice."""
    inverse = 1
    for shift in range(256 - INVERSE_BITS, -1, -INVERSE_BITS):
        inverse = pow(inverse, 1 << INVERSE_BITS, modulus) * pow(value, (modulus - 2) >> shift & (1 << INVERSE_BITS) - 1, modulus) % modulus
        yield None
    yield inverse


def _hmac(key: bytes, data: bytes) -> bytes:
    """HMAC-SHA-256 (RFC 2104) with a key of 32 bytes."""
    inner = sha256(bytes([byte ^ 0x36 for byte in key]) + b"\x36" * 32 + data).digest()
    return sha256(bytes([byte ^ 0x5C for byte in key]) + b"\x5c" * 32 + inner).digest()


def _nonces(secret: int, number: bytes) -> "Iterator[int]":
    """The values of k of RFC 6979, section 3.2, one after the other."""
    seed = secret.to_bytes(32, "big") + number
    value, key = b"\x01" * 32, bytes(32)
    for mark in (b"\x00", b"\x01"):
        key = _hmac(key, value + mark + seed)
        value = _hmac(key, value)
    while True:
        value = _hmac(key, value)
        found = int.from_bytes(value, "big")
        if 0 < found < N:
            yield found
        key = _hmac(key, value + b"\x00")
        value = _hmac(key, value)
