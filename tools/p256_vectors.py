"""`python -m tools.p256_vectors [--check]`: signatures and public keys at the edges of P-256, judged by `cryptography`.

Writes tests/update/vectors_p256.py. The cases are of the kinds that Wycheproof lists for ECDSA: r and s at and beyond their ranges, the
other s, keys and digests that lead the sum to infinity or to equal points, an x beyond the order, points that are none. The
arithmetic below makes the cases only; whether a signature is valid is what `cryptography` says.
"""

import sys
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils

from tools.generated import ROOT, write

FILE = ROOT / "tests" / "update" / "vectors_p256.py"
P = 2**256 - 2**224 + 2**192 + 2**96 - 1
N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
CURVE = ec.SECP256R1()
RFC_6979 = 0xC9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721  # appendix A.2.5

Point = tuple[int, int]


def public(private: int) -> Point:
    numbers = ec.derive_private_key(private, CURVE).public_key().public_numbers()
    return numbers.x, numbers.y


def total(a: Point, b: Point) -> Point:
    """The sum of two points, neither opposite."""
    slope = 3 * (a[0] ** 2 - 1) * pow(2 * a[1], -1, P) if a == b else (b[1] - a[1]) * pow(b[0] - a[0], -1, P)
    x = (slope * slope - a[0] - b[0]) % P
    return x, (slope * (a[0] - x) - a[1]) % P


def times(k: int, point: Point) -> Point:
    found = None
    for bit in f"{k % N:b}":
        found = total(found, found) if found else None
        if bit == "1":
            found = total(found, point) if found else point
    assert found
    return found


def on_curve(x: int) -> Point | None:
    square = (x**3 - 3 * x + B) % P
    y = pow(square, (P + 1) // 4, P)
    return (x, y) if y * y % P == square else None


def valid(key: Point, digest: bytes, r: int, s: int) -> bool:
    """What `cryptography` says."""
    try:
        known = ec.EllipticCurvePublicNumbers(*key, CURVE).public_key()
        known.verify(utils.encode_dss_signature(r, s), digest, ec.ECDSA(utils.Prehashed(hashes.SHA256())))
    except (ValueError, InvalidSignature):
        return False
    return True


def signature(private: int, digest: bytes, nonce: int) -> Point:
    r = public(nonce)[0] % N
    return r, pow(nonce, -1, N) * (int.from_bytes(digest, "big") + r * private) % N


def short(number: int) -> str:
    """A number for the name of a case."""
    return f"{number:#x}" if number < 2**32 else f"N{number - N:+d}" if abs(number - N) < 1000 else f"{number:#x}"[:10]


def cases() -> "list[tuple[str, Point, bytes, int, int]]":
    """(name, key, digest, r, s)"""
    found: list[tuple[str, Point, bytes, int, int]] = []
    for text in ("sample", "test"):
        digest = sha256(text.encode()).digest()
        made = ec.derive_private_key(RFC_6979, CURVE).sign(text.encode(), ec.ECDSA(hashes.SHA256(), deterministic_signing=True))
        found.append((f"RFC 6979 A.2.5, {text}", public(RFC_6979), digest, *utils.decode_dss_signature(made)))
    name, key, digest, r, s = found[0]
    found.append(("the other s", key, digest, r, N - s))
    changed = {
        "r 0": (0, s), "s 0": (r, 0), "both 0": (0, 0), "r N": (N, s), "s N": (r, N), "r + N": (r + N, s), "s + N": (r, s + N), "r P": (P, s),
        "s P": (r, P), "r 1": (1, s), "s 1": (r, 1), "both 1": (1, 1), "r N-1": (N - 1, s), "s N-1": (r, N - 1), "exchanged": (s, r),
        "r all ones": (2**256 - 1, s), "s all ones": (r, 2**256 - 1), "r + 1": (r + 1, s), "s + 1": (r, s + 1), "N - r": (N - r, s),
    }  # fmt: skip
    found += [(name, key, digest, *both) for name, both in changed.items() if max(both) < 2**256]
    found.append(("another digest", key, sha256(b"Sample").digest(), r, s))
    found.append(("another key", public(5), digest, r, s))
    found.append(("the opposite key", (key[0], P - key[1]), digest, r, s))
    for private in (1, 2, 3, N - 1, N - 2, (N + 1) // 2, N // 2):
        for number in (0, 1, N - 1, N, N + 1, 2**256 - 1, int.from_bytes(digest, "big")):
            hashed = number.to_bytes(32, "big")
            made = signature(private, hashed, 0x1234567 + private % 1000)
            found.append((f"private {short(private)}, digest {short(number)}", public(private), hashed, *made))
    for nonce in (1, 2, 3, N - 1, N - 2, 2**128, 2**255 % N):
        found.append((f"nonce {short(nonce)}", key, digest, *signature(RFC_6979, digest, nonce)))
    return found + infinity(digest) + beyond_the_order(digest) + no_points(key, digest, r, s)


def infinity(digest: bytes) -> "list[tuple[str, Point, bytes, int, int]]":
    """u1 G + u2 Q is the point at infinity, or both products are equal, or opposite up to one bit."""
    found = []
    for private in (1, 7, N - 1):
        r = -int.from_bytes(digest, "big") * pow(private, -1, N) % N
        found += [(f"infinity, private {short(private)}, s {short(s)}", public(private), digest, r, s) for s in (1, 2, r)]
        r = int.from_bytes(digest, "big") * pow(private, -1, N) % N
        found += [(f"equal products, private {short(private)}", public(private), digest, r, s) for s in (1, r)]
        x = public(2)[0] % N
        z = (x - x * private) % N  # s = x: u1 + u2 private = 1
        found.append((f"sum is G, private {short(private)}", public(private), z.to_bytes(32, "big"), x, x))
    return found


def beyond_the_order(digest: bytes) -> "list[tuple[str, Point, bytes, int, int]]":
    """Points whose x is N or more: r is x - N, and no other signature needs the second comparison."""
    found = []
    z = int.from_bytes(digest, "big") % N
    for offset in range(1, 12):
        point = on_curve(N + offset)
        if point is not None:
            inverse = pow(offset, -1, N)  # Q = (s R - z G) / r, with s = 5
            key = times(inverse, total(times(5, point), public(N - z)))
            found.append((f"x is N + {offset}", key, digest, offset, 5))
            found.append((f"x is N + {offset}, r is {offset + 1}", key, digest, offset + 1, 5))
            found.append((f"x is N + {offset}, r is N + {offset}", key, digest, N + offset, 5))
            found.append((f"x is N + {offset}, s is N + 5", key, digest, offset, N + 5))
    for r in (P - N, P - N + 3):
        found.append((f"r + N is P + {r - P + N}", public(9), digest, r, 5))
    return found


def no_points(key: Point, digest: bytes, r: int, s: int) -> "list[tuple[str, Point, bytes, int, int]]":
    x_zero = on_curve(0)
    assert x_zero
    points = {
        "0, 0": (0, 0), "x + P": (key[0] + P, key[1]), "y + 1": (key[0], key[1] + 1), "exchanged": (key[1], key[0]), "x P": (P, x_zero[1]),
        "y P": (key[0], P), "all ones": (2**256 - 1, 2**256 - 1), "1, 1": (1, 1), "0, 1": (0, 1),
        "x 0 and its y": x_zero, "opposite of that": (0, P - x_zero[1]),
    }  # fmt: skip
    return [(f"key {name}", point, digest, r, s) for name, point in points.items() if max(point) < 2**256]


def text() -> str:
    lines = ['"""generated by tools/p256_vectors.py: (name, public key, digest, signature, valid by `cryptography`)."""', "", "VECTORS = ("]
    for name, key, digest, r, s in cases():
        numbers = [b"".join(number.to_bytes(32, "big") for number in pair).hex() for pair in (key, (r, s))]
        lines += ["    (", f'        "{name}",']
        lines += [f'        "{each}",' for each in (numbers[0], digest.hex(), numbers[1])]
        lines += [f"        {valid(key, digest, r, s)},", "    ),"]
    return "\n".join([*lines, ")", ""])


def main() -> int:
    return write(Path(FILE), text(), sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
