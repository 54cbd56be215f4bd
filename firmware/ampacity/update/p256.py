"""ECDSA over P-256 (FIPS 186-5, SEC 1), verification only, in slices: integers of the runtime, no table beyond three points.

Times depend on the numbers, which are all public here: never sign with this.
"""

if False:  # for the type checker
    from collections.abc import Iterator

    Affine = tuple[int, int]
    Jacobian = tuple[int, int, int]  # x / z^2, y / z^3

P = 0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF
N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
GENERATOR = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)
COORDINATE_BYTES = 32
SIGNATURE_BYTES = 64
INVERSE_BITS = 16  # of the exponent, in one slice


def point(raw: bytes) -> "Affine":
    """The public key of 64 bytes, x then y, big-endian. ValueError: it is no point of the curve."""
    if len(raw) != 2 * COORDINATE_BYTES:
        raise ValueError("a public key has 64 bytes")
    x, y = int.from_bytes(raw[:COORDINATE_BYTES], "big"), int.from_bytes(raw[COORDINATE_BYTES:], "big")
    if x >= P or y >= P or (y * y - (x * x - 3) * x - B) % P:
        raise ValueError("no point of P-256")
    return x, y


class Verification:
    """Checks one signature (64 bytes, r then s) over a SHA-256 digest (32 bytes). Each `step()` is a slice of about 1/270 of the work."""

    def __init__(self, key: "Affine", digest: bytes, signature: bytes) -> None:
        self._work = _verify(key, digest, signature)
        self._result: "bool | None" = None

    def step(self) -> "bool | None":
        """One slice. None: there is more to do. Later calls repeat the result."""
        if self._result is None:
            self._result = next(self._work)
        return self._result


def _verify(key: "Affine", digest: bytes, signature: bytes) -> "Iterator[bool | None]":
    r, s = int.from_bytes(signature[:COORDINATE_BYTES], "big"), int.from_bytes(signature[COORDINATE_BYTES:], "big")
    if len(signature) != SIGNATURE_BYTES or len(digest) != 32 or not 0 < r < N or not 0 < s < N:
        yield False
        return
    inverse = 1
    for shift in range(256 - INVERSE_BITS, -1, -INVERSE_BITS):  # s ^ (N - 2), Fermat
        inverse = pow(inverse, 1 << INVERSE_BITS, N) * pow(s, (N - 2) >> shift & (1 << INVERSE_BITS) - 1, N) % N
        yield None
    of_generator = (int.from_bytes(digest, "big") * inverse % N).to_bytes(32, "big")
    of_key = (r * inverse % N).to_bytes(32, "big")
    one, other = GENERATOR + (1,), key + (1,)
    points = (None, one, other, add(one, other))
    total: "Jacobian | None" = None
    for i in range(256):
        total = double(total)
        bit = 7 - (i & 7)
        total = add(total, points[of_generator[i >> 3] >> bit & 1 | (of_key[i >> 3] >> bit & 1) << 1])
        yield None
    yield total is not None and _has_x(total, r)


def _has_x(found: "Jacobian", r: int) -> bool:
    """Is the point's x, modulo N, this number? Without the inverse of z."""
    square = found[2] * found[2] % P
    return (r * square - found[0]) % P == 0 or (r + N < P and ((r + N) * square - found[0]) % P == 0)


def double(a: "Jacobian | None") -> "Jacobian | None":
    """Twice a point; None is the point at infinity."""
    if a is None:
        return None
    x, y, z = a
    yy = y * y % P
    zz = z * z % P
    s = 4 * x * yy % P
    m = 3 * (x - zz) * (x + zz) % P
    x3 = (m * m - 2 * s) % P
    return x3, (m * (s - x3) - 8 * yy * yy) % P, 2 * y * z % P


def add(a: "Jacobian | None", b: "Jacobian | None") -> "Jacobian | None":
    """The sum of two points, equal and opposite ones too; None is the point at infinity."""
    if a is None or b is None:
        return a or b
    x1, y1, z1 = a
    x2, y2, z2 = b
    zz1, zz2 = z1 * z1 % P, z2 * z2 % P
    u1, u2 = x1 * zz2 % P, x2 * zz1 % P
    s1, s2 = y1 * z2 % P * zz2 % P, y2 * z1 % P * zz1 % P
    h, r = (u2 - u1) % P, (s2 - s1) % P
    if h == 0:
        return None if r else double(a)
    hh = h * h % P
    hhh, v = h * hh % P, u1 * hh % P
    x3 = (r * r - hhh - 2 * v) % P
    return x3, (r * (v - x3) - s1 * hhh) % P, h * z1 % P * z2 % P
