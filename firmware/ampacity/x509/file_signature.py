"""The signature over a file whose SHA-256 is known (OCPP 2.0.1, L01.FR.04): RSA-PSS (RFC 8017, 8.1.2), or ECDSA with P-256; in slices.

RSA-PSS has SHA-256 in both places (message and MGF1) and a salt of any length: the tools that sign choose different ones.
"""

from hashlib import sha256

from ampacity.x509.signatures import rsa_message, verify_ecdsa
from ampacity.x509.slices import until_result

if False:  # for the type checker
    from collections.abc import Iterator

    from ampacity.x509.certificate import PublicKey

HASH_BYTES = 32
TRAILER = 0xBC


def verify_file(key: "PublicKey", found: bytes, signature: bytes) -> "Iterator[bool | None]":
    """Yields None while there is more to do, then whether this key has signed. found: SHA-256 of the file; key: of kind EC or RSA.

    signature: DER of r and s, or as many bytes as the modulus. ValueError: nothing is verified here with this kind of key.
    """
    if key.kind == "EC":
        yield from verify_ecdsa(key.point, found, signature)
    elif key.kind == "RSA":
        message = yield from until_result(rsa_message(key, signature))
        yield _is_pss(message, _bits(key.modulus) - 1, found)
    else:
        raise ValueError("a file is verified with a key of P-256 or RSA")


def _bits(number: int) -> int:
    """How many bits it has; MicroPython has no bit_length."""
    count = 0
    while number >> count + 64:
        count += 64
    while number >> count:
        count += 1
    return count


def _is_pss(message: int, bits: int, found: bytes) -> bool:
    """EMSA-PSS-VERIFY (RFC 8017, 9.1.2). message: below 0 where the signature is impossible; bits: most that it may have."""
    size = (bits + 7) // 8
    if message < 0 or message >> bits or message & 0xFF != TRAILER:
        return False
    encoded = message.to_bytes(size, "big")
    masked, seed = encoded[: -HASH_BYTES - 1], encoded[-HASH_BYTES - 1 : -1]
    spare = 8 * size - bits
    block = int.from_bytes(masked, "big") ^ int.from_bytes(_mask(seed, len(masked)), "big")
    block &= (1 << 8 * len(masked) - spare) - 1
    padded = block.to_bytes(len(masked), "big")
    at = 0
    while at < len(padded) and padded[at] == 0:
        at += 1
    if at == len(padded) or padded[at] != 1:
        return False
    return sha256(bytes(8) + found + padded[at + 1 :]).digest() == seed


def _mask(seed: bytes, size: int) -> bytes:
    """MGF1 with SHA-256 (RFC 8017, B.2.1)."""
    out = b""
    while len(out) < size:
        out += sha256(seed + (len(out) // HASH_BYTES).to_bytes(4, "big")).digest()
    return out[:size]
