"""SHA-384 and SHA-512 (FIPS 180-4) in integers: no board has them, and certificate authorities sign with them.

A block of 128 bytes takes some milliseconds on a board, so a digest is computed in slices, block by block. The constants are the first 64
bits of the fractions of square and cube roots of prime numbers; the tests compute them again.
"""

from binascii import a2b_base64

if False:  # for the type checker
    from collections.abc import Iterator

MASK = 0xFFFFFFFFFFFFFFFF
BLOCK = 128
START = {
    48: "y7udXcEFnthimikqNnzVB5FZAVowcN0XFS/s2PcOWTlnMyZn/8ALMY60SodoWBUR2wwuDWT5j6dHtUgdvvpPpA==",
    64: "agnmZ/O8yQi7Z66FhMqnOzxu83L+lPgrpU/1Ol8dNvFRDlJ/reaC0ZsFaIwrPmwfH4PZq/tBvWtb4M0ZE34heQ==",
}
ROUNDS = a2b_base64(
    "QoovmNcoriJxN0SRI+9lzbXA+8/sTTsv6bXbpYGJ27w5VsJb80i1OFnxEfG2BdAZkj+CpK8ZT5urHF7V2m2BGNgHqpijAwJCEoNbAUVwb74kMYW+TuSyjFUMfcPV/7Ticr5ddPJ7iW+A"
    "3rH+OxaWsZvcBqclxxI1wZvxdM9pJpTkm2nBnvFK0u++R4Y4TyXjD8GdxouM1bUkDKHMd6ycZS3pLG9ZKwJ1SnSEqm6m5INcsKncvUH71Hb5iNqDEVO1mD5RUu5m36uoMcZtLbQyELAD"
    "J8iY+yE/v1l/x77vDuTG4AvzPaiPwtWnkUeTCqclBspjUeADgm8UKSlnCg5ucCe3CoVG0i/8LhshOFwmySZNLG38WsQq7VM4DROdlbPfZQpzVIuvY952agq7PHeyqIHCyS5H7a7mknIs"
    "hRSCNTuiv+ihTPEDZKgaZku8QjABwkuLcND4l5HHbFGjBlS+MNGS6BnW71IY1pkGJFVlqRD0DjWFV3EgKhBqoHAyu9G4GaTBFrjS0MgeN2wIUUGrUydId0zfjuuZNLC8teGbSKg5HAyz"
    "xclaY07YqkrjQYrLW5zKT3dj43NoLm/z1rK4o3SPgu5d77L8eKVjb0MXL2CEyHgUofCrcozHAggaZDnskL7/+iNjHiikUGzr3oK96b75o/eyxnkVxnF48uNyUyvKJz7O6iZhnNGGuMch"
    "wMIH6tp91s3g6x71fU9/7m7ReAbwZ6pyF2+6CmN9xaLImKYRP5gEvvkNrhtxCzUTHEcbKNt39SMEfYQyyqt7QMckkzyevgoVyb68Qx1nxJwQDUxMxdS+yz5Ctll/KZz8ZX4qX8tvqzrW"
    "+uxsRBmMSkdYFw=="
)


def turned(value: int, count: int) -> int:
    """64 bits, turned right."""
    return (value >> count | value << (64 - count)) & MASK


def digest(data: bytes, size: int) -> "Iterator[bytes | None]":
    """size 48: SHA-384, 64: SHA-512. Yields None after each block, and at the end the digest."""
    first = a2b_base64(START[size])
    state = _words(first, 0, 8)
    whole = len(data) // BLOCK * BLOCK
    rest = data[whole:]
    rest += b"\x80" + bytes(-(len(rest) + 17) % BLOCK) + (8 * len(data)).to_bytes(16, "big")
    for at in range(0, whole, BLOCK):
        state = _compressed(state, data, at)
        yield None
    for at in range(0, len(rest), BLOCK):
        state = _compressed(state, rest, at)
        yield None
    yield b"".join([each.to_bytes(8, "big") for each in state])[:size]


def _words(data: bytes, at: int, count: int) -> "list[int]":
    return [int.from_bytes(data[i : i + 8], "big") for i in range(at, at + 8 * count, 8)]


def _compressed(state: "list[int]", data: bytes, at: int) -> "list[int]":
    words = _words(data, at, 16)
    a, b, c, d, e, f, g, h = state
    for i in range(80):
        if i >= 16:
            x, y = words[i - 15], words[i - 2]
            x = turned(x, 1) ^ turned(x, 8) ^ x >> 7
            y = turned(y, 19) ^ turned(y, 61) ^ y >> 6
            words.append((words[i - 16] + x + words[i - 7] + y) & MASK)
        constant = int.from_bytes(ROUNDS[8 * i : 8 * i + 8], "big")
        one = h + (turned(e, 14) ^ turned(e, 18) ^ turned(e, 41)) + (e & f ^ ~e & MASK & g) + constant + words[i]
        two = (turned(a, 28) ^ turned(a, 34) ^ turned(a, 39)) + (a & b ^ a & c ^ b & c)
        a, b, c, d, e, f, g, h = (one + two) & MASK, a, b, c, (d + one) & MASK, e, f, g
    return [(state[i] + new) & MASK for i, new in enumerate((a, b, c, d, e, f, g, h))]
