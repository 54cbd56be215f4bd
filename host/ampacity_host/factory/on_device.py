"""Runs on the controller, at its prompt: makes the key pair, and a certificate request (PKCS #10, RFC 2986) that the key signs.

The private key is written to the controller's file system and is never printed. Multiplication of points takes a time that depends on the key:
this runs once, in the factory, and signs once. The nonce of the signature is that of RFC 6979, so it needs no random source.
"""

import os
import sys
from binascii import a2b_base64, b2a_base64
from hashlib import sha256

for _name in [name for name in sys.modules if name.split(".")[0] == "ampacity" and "boot" in sys.path[:1]]:
    del sys.modules[_name]  # of the application that ran: the boot stage's own count here

from ampacity.update.p256 import GENERATOR, N, P, add, double  # noqa: E402

FOLDER, KEY = "identity", "identity/device.key"
CURVE = b"\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07"  # prime256v1
EC_KEY = b"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01"
ECDSA_SHA256 = b"\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02"
COMMON_NAME = b"\x06\x03\x55\x04\x03"
INTEGER, BITS, OCTETS, UTF8, SEQUENCE, SET = 0x02, 0x03, 0x04, 0x0C, 0x30, 0x31
BEGIN, END = "-----BEGIN EC PRIVATE KEY-----", "-----END EC PRIVATE KEY-----"
SECRET_AT = 7  # in the DER of a key: behind the headers of the sequence, the version and the octets


def der(tag: int, *parts: bytes) -> bytes:
    """One element of DER."""
    body = b"".join(parts)
    size = bytes([len(body)]) if len(body) < 128 else b"\x81" + bytes([len(body)]) if len(body) < 256 else b"\x82" + len(body).to_bytes(2, "big")
    return bytes([tag]) + size + body


def number(value: int) -> bytes:
    """A positive integer of at most 256 bits in DER."""
    raw = value.to_bytes(33, "big")
    while len(raw) > 1 and raw[0] == 0 and raw[1] < 128:
        raw = raw[1:]
    return der(INTEGER, raw)


def times(scalar: int) -> "tuple[int, int]":
    """scalar × generator, as x and y."""
    total = None
    for i in range(255, -1, -1):
        total = double(total)
        if scalar >> i & 1:
            total = add(total, GENERATOR + (1,))
    x, y, z = total  # type: ignore[misc]  # a scalar from 1 to N - 1 never gives the point at infinity
    inverse = pow(z, P - 2, P)
    return x * inverse * inverse % P, y * inverse * inverse * inverse % P


def hmac(key: bytes, data: bytes) -> bytes:
    """HMAC-SHA-256 with a key of 32 bytes."""
    inner = sha256(bytes([byte ^ 0x36 for byte in key]) + b"\x36" * 32 + data).digest()
    return sha256(bytes([byte ^ 0x5C for byte in key]) + b"\x5c" * 32 + inner).digest()


def nonce(secret: int, digest: bytes) -> int:
    """k of RFC 6979, section 3.2, for P-256 with SHA-256."""
    seed = secret.to_bytes(32, "big") + (int.from_bytes(digest, "big") % N).to_bytes(32, "big")
    value, key = b"\x01" * 32, b"\x00" * 32
    for mark in (b"\x00", b"\x01"):
        key = hmac(key, value + mark + seed)
        value = hmac(key, value)
    while True:
        value = hmac(key, value)
        found = int.from_bytes(value, "big")
        if 0 < found < N:
            return found
        key = hmac(key, value + b"\x00")
        value = hmac(key, value)


def signature(secret: int, data: bytes) -> bytes:
    """ECDSA over SHA-256, in DER."""
    digest = sha256(data).digest()
    k = nonce(secret, digest)
    r = times(k)[0] % N
    s = pow(k, N - 2, N) * (int.from_bytes(digest, "big") + r * secret) % N
    return der(SEQUENCE, number(r), number(s))


def public_bits(secret: int) -> bytes:
    """The public key as a bit string: 4, x, y."""
    x, y = times(secret)
    return der(BITS, b"\x00\x04", x.to_bytes(32, "big"), y.to_bytes(32, "big"))


def stored() -> "int | None":
    """The private key that is there, or None."""
    try:
        with open(KEY) as file:
            text = file.read()
    except OSError:
        return None
    body = text.split(BEGIN)[1].split(END)[0]
    return int.from_bytes(a2b_base64(body.replace("\n", ""))[SECRET_AT : SECRET_AT + 32], "big")


def new() -> int:
    """A new private key, written before it is used."""
    secret = int.from_bytes(os.urandom(48), "big") % (N - 1) + 1
    raw = der(SEQUENCE, number(1), der(OCTETS, secret.to_bytes(32, "big")), der(0xA0, CURVE), der(0xA1, public_bits(secret)))
    text = b2a_base64(raw).decode().strip()
    try:
        os.mkdir(FOLDER)
    except OSError:
        pass
    with open(KEY + ".new", "w") as file:
        file.write("%s\n%s\n%s\n" % (BEGIN, "\n".join([text[at : at + 64] for at in range(0, len(text), 64)]), END))
    os.rename(KEY + ".new", KEY)
    return secret


def request(serial: str) -> bytes:
    """The certificate request for this serial number, in DER. The key is made if there is none."""
    secret = stored() or new()
    name = der(SEQUENCE, der(SET, der(SEQUENCE, COMMON_NAME, der(UTF8, serial.encode()))))
    key = der(SEQUENCE, der(SEQUENCE, EC_KEY, CURVE), public_bits(secret))
    info = der(SEQUENCE, number(0), name, key, b"\xa0\x00")
    return der(SEQUENCE, info, der(SEQUENCE, ECDSA_SHA256), der(BITS, b"\x00", signature(secret, info)))
