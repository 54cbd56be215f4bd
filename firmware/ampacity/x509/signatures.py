"""One signature over some bytes: ECDSA with P-256, RSA PKCS #1 v1.5 (RFC 8017, 8.2.2), or RSA-PSS with SHA-256, verified in slices with integers.

Only public numbers are worked with, so the time may depend on them.
"""

from ampacity.base.der import INTEGER, SEQUENCE, inside, take
from ampacity.update.p256 import N, Verification, point
from ampacity.x509.digests import digest
from ampacity.x509.slices import until_result

if False:  # for the type checker
    from collections.abc import Iterator

    from ampacity.x509.certificate import Algorithm, PublicKey

# DigestInfo in front of the digest (RFC 8017, 9.2, note 1)
DIGEST_INFO = {
    "SHA256": b"\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20",
    "SHA384": b"\x30\x41\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x02\x05\x00\x04\x30",
    "SHA512": b"\x30\x51\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x03\x05\x00\x04\x40",
}


def verify(key: "PublicKey", algorithm: "Algorithm | None", data: bytes, signature: bytes) -> "Iterator[bool | None]":
    """Yields None while there is more to do, then whether this key has signed the data.

    algorithm: `Certificate.algorithm`, None: another one. ValueError: nothing is verified here with this key or this algorithm.
    """
    if algorithm is None or not key.kind:
        raise ValueError("only ECDSA with P-256, RSA PKCS #1 v1.5 with SHA-256, SHA-384 or SHA-512, and RSA-PSS with SHA-256 for both are verified")
    kind = algorithm[0]
    if key.kind != ("RSA" if kind == "PSS" else kind):
        yield False
        return
    found = yield from until_result(digest(algorithm[1], data))
    if kind == "PSS":  # A00.FR.505
        from ampacity.x509.pss import is_pss

        message = yield from until_result(rsa_message(key, signature))
        yield is_pss(message, key.modulus, found, algorithm[2])
    elif key.kind == "EC":
        yield from verify_ecdsa(key.point, found, signature)
    else:
        yield from _verify_rsa(key, DIGEST_INFO[algorithm[1]] + found, signature)


def verify_ecdsa(raw: bytes, found: bytes, signature: bytes) -> "Iterator[bool | None]":
    """As `verify`. raw: the 64 bytes of a point of P-256; found: digest; signature: DER of r and s."""
    numbers = ecdsa_numbers(signature)
    if numbers is None:
        yield False
        return
    check = Verification(point(raw), found[:32], numbers)
    while True:
        result = check.step()
        yield result
        if result is not None:
            return


def ecdsa_numbers(signature: bytes) -> "bytes | None":
    """r and s of the DER of a signature as 64 bytes; None: it is no signature of P-256."""
    try:
        at, end = inside(signature, 0, len(signature), SEQUENCE)
        numbers = []
        for _ in range(2):
            tag, at, stop = take(signature, at, end)
            if tag != INTEGER or not 1 <= stop - at <= 33 or signature[at] >= 0x80:
                return None
            if stop - at > 1 and signature[at] == 0 and signature[at + 1] < 0x80:
                return None
            numbers.append(int.from_bytes(signature[at:stop], "big"))
            at = stop
    except ValueError:
        return None
    if at != end or max(numbers) >= N:
        return None
    return numbers[0].to_bytes(32, "big") + numbers[1].to_bytes(32, "big")


def _verify_rsa(key: "PublicKey", wanted: bytes, signature: bytes) -> "Iterator[bool | None]":
    message = yield from until_result(rsa_message(key, signature))
    padded = b"\x00\x01" + b"\xff" * (len(signature) - 3 - len(wanted)) + b"\x00" + wanted
    yield message == int.from_bytes(padded, "big")


def rsa_message(key: "PublicKey", signature: bytes) -> "Iterator[int | None]":
    """The number that was signed, -1 where the signature has another length than the modulus, or is not below it. One squaring a slice, from
    the highest bit of the exponent."""
    modulus, size = key.modulus, 0
    while modulus >> 8 * size:
        size += 1
    value = int.from_bytes(signature, "big")
    if len(signature) != size or value >= modulus:
        yield -1
        return
    bit = 31
    while not key.exponent >> bit & 1:
        bit -= 1
    result = value
    for shift in range(bit - 1, -1, -1):
        result = result * result % modulus
        if key.exponent >> shift & 1:
            result = result * value % modulus
        yield None
    yield result
