"""The padding of RSA-PSS (RFC 8017, 9.1) with SHA-256 in both places (message and MGF1), and its parameters in a certificate (RFC 4055, 3.1)."""

from hashlib import sha256

from ampacity.base.der import INTEGER, OID, SEQUENCE, inside, take

HASH_BYTES = 32
TRAILER = 0xBC
MGF1 = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x08"
SHA256 = b"\x60\x86\x48\x01\x65\x03\x04\x02\x01"
FIRST_TAG = 0xA0  # of digest, MGF1, salt and trailer field
SALT, TRAILER_FIELD = 20, 1  # bytes, and number, where the parameters name none
FORM = "certificate: RSA-PSS parameters of another form"


def salt_of(der: bytes, at: int, end: int) -> "int | None":
    """Bytes of the salt by the RSASSA-PSS-params at `at`, which fill the space to `end`; None: with another digest than SHA-256, for the message
    or for MGF1. ValueError: they are missing, or of another form."""
    found = [0, 0, SALT, TRAILER_FIELD]  # SHA-1 for both, where they name none
    last = -1
    at, stop = inside(der, at, end, SEQUENCE)
    while at < stop:
        tag, low, at = take(der, at, stop)
        field = tag - FIRST_TAG
        if not last < field < 4:
            raise ValueError(FORM)
        last = field
        found[field] = _is_sha256(der, low, at, field) if field < 2 else _number(der, low, at)
    if found[3] != TRAILER_FIELD:
        raise ValueError(FORM)
    return found[2] if found[0] and found[1] else None


def _is_sha256(der: bytes, at: int, end: int, mask: int) -> bool:
    """mask 1: it is that of MGF1, which is around it."""
    low, high = inside(der, at, end, SEQUENCE)
    tag, start, stop = take(der, low, high)
    if mask:
        return der[start:stop] == MGF1 and _is_sha256(der, stop, high, 0)
    if tag != OID or der[stop:high] not in (b"", b"\x05\x00"):
        raise ValueError(FORM)
    return der[start:stop] == SHA256


def _number(der: bytes, at: int, end: int) -> int:
    low, high = inside(der, at, end, INTEGER)
    if not 1 <= high - low <= 2 or der[low] >= 0x80:
        raise ValueError(FORM)
    return int.from_bytes(der[low:high], "big")


def _bits(number: int) -> int:
    """How many bits it has; MicroPython has no bit_length."""
    count = 0
    while number >> count + 64:
        count += 64
    while number >> count:
        count += 1
    return count


def is_pss(message: int, modulus: int, found: bytes, salt: "int | None" = None) -> bool:
    """EMSA-PSS-VERIFY (RFC 8017, 9.1.2). message: of `rsa_message`, below 0 where the signature is impossible; found: the digest; salt: its
    bytes, None: any number of them."""
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
    if at == len(padded) or padded[at] != 1 or salt not in (None, len(padded) - at - 1):
        return False
    return sha256(bytes(8) + found + padded[at + 1 :]).digest() == seed


def _mask(seed: bytes, size: int) -> bytes:
    """MGF1 with SHA-256 (RFC 8017, B.2.1)."""
    out = b""
    while len(out) < size:
        out += sha256(seed + (len(out) // HASH_BYTES).to_bytes(4, "big")).digest()
    return out[:size]
