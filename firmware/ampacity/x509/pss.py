"""The padding of RSA-PSS (RFC 8017, 9.1) with SHA-256 in both places (message and MGF1), and its parameters in a certificate (RFC 4055, 3.1)."""

from hashlib import sha256

from ampacity.base.der import INTEGER, NULL, OID, SEQUENCE, inside, take

HASH_BYTES = 32
TRAILER = 0xBC
MGF1 = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x08"
SHA1 = b"\x2b\x0e\x03\x02\x1a"
SHA2 = b"\x60\x86\x48\x01\x65\x03\x04\x02"  # and one byte more
DIGESTS = {SHA1: "SHA1", SHA2 + b"\x01": "SHA256", SHA2 + b"\x02": "SHA384", SHA2 + b"\x03": "SHA512", SHA2 + b"\x04": "SHA224"}
SALT, SALT_MAX = 20, 0xFFFF  # where the parameters name none; at most
HASH_FIELD, MASK_FIELD, SALT_FIELD, TRAILER_FIELD = 0xA0, 0xA1, 0xA2, 0xA3
FORM = "certificate: RSA-PSS parameters of another form"


def parameters(der: bytes, at: int, end: int) -> "tuple[str, str, int]":
    """(digest, digest of MGF1, bytes of the salt) of RSASSA-PSS-params at `at`, which fill the space to `end`. A digest of which we know no
    name is "another". ValueError: they are missing, or of another form."""
    digest, mask, salt, last = "SHA1", "SHA1", SALT, 0
    at, stop = inside(der, at, end, SEQUENCE)
    while at < stop:
        tag, low, high = take(der, at, stop)
        at = high
        if tag <= last or not HASH_FIELD <= tag <= TRAILER_FIELD:
            raise ValueError(FORM)
        last = tag
        if tag == HASH_FIELD:
            digest = _digest(der, low, high)
        elif tag == MASK_FIELD:
            mask = _mask_digest(der, low, high)
        elif tag == SALT_FIELD:
            salt = _number(der, low, high)
        elif _number(der, low, high) != 1:
            raise ValueError("certificate: RSA-PSS with another trailer than 1")
    return digest, mask, salt


def _digest(der: bytes, at: int, end: int) -> str:
    low, high = inside(der, at, end, SEQUENCE)
    tag, start, stop = take(der, low, high)
    if tag != OID or stop < high and der[stop:high] != bytes((NULL, 0)):
        raise ValueError(FORM)
    return DIGESTS.get(der[start:stop], "another")


def _mask_digest(der: bytes, at: int, end: int) -> str:
    low, high = inside(der, at, end, SEQUENCE)
    tag, start, stop = take(der, low, high)
    if tag != OID:
        raise ValueError(FORM)
    return _digest(der, stop, high) if der[start:stop] == MGF1 else "another"


def _number(der: bytes, at: int, end: int) -> int:
    low, high = inside(der, at, end, INTEGER)
    number = int.from_bytes(der[low:high], "big")
    if low == high or der[low] >= 0x80 or number > SALT_MAX:
        raise ValueError(FORM)
    return number


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
