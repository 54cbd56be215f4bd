"""The padding of RSA-PSS (RFC 8017, 9.1): SHA-256 in both places (message and MGF1), and a salt of any length."""

from hashlib import sha256

HASH_BYTES = 32
TRAILER = 0xBC


def _bits(number: int) -> int:
    """How many bits it has; MicroPython has no bit_length."""
    count = 0
    while number >> count + 64:
        count += 64
    while number >> count:
        count += 1
    return count


def is_pss(message: int, modulus: int, found: bytes) -> bool:
    """EMSA-PSS-VERIFY (RFC 8017, 9.1.2). message: of `rsa_message`, below 0 where the signature is impossible; found: the digest."""
    bits = _bits(modulus) - 1  # most that it may have
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
