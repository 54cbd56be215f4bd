"""PBKDF2-HMAC-SHA256 (RFC 8018) in slices, for both runtimes: neither scrypt nor the library's own PBKDF2 is on a board.

A derivation may take seconds; the caller calls `step` repeatedly, so that the loop runs in between. The number of
rounds of a new password is what this controller computes in _TARGET_US, within bounds, and is stored with it.
"""

import hashlib

from ampacity.base.compat import const

if False:  # for the type checker
    from ampacity.base.clock import Clock

SLICE_US = 4000  # a turn of the loop's time
_SLICE_ROUNDS_MAX = const(4096)  # if the clock does not advance
_BATCH = const(8)  # rounds between two looks at the clock
_TARGET_US = const(500000)
ROUNDS_MIN, ROUNDS_MAX = 10000, 600000
_BLOCK = const(64)  # bytes of SHA-256


def pad(key: bytes, value: int) -> bytes:
    """Each byte XOR `value` (0..255): the inner or outer key of HMAC (RFC 2104)."""
    return bytes([byte ^ value for byte in key])


class Derivation:
    """`digest` of a password, 32 bytes, once step() said True. rounds None: as many as target_us allows, see `rounds`."""

    def __init__(self, salt: bytes, password: bytes, rounds: "int | None" = None, target_us: int = _TARGET_US) -> None:
        key = hashlib.sha256(password).digest() if len(password) > _BLOCK else password
        key = key + bytes(_BLOCK - len(key))
        self._inner, self._outer = pad(key, 0x36), pad(key, 0x5C)
        self._last = self._hmac(salt + b"\0\0\0\1")
        self._sum = int.from_bytes(self._last, "big")
        self._wanted = rounds
        self._left_us = target_us
        self.rounds = 1

    @property
    def digest(self) -> bytes:
        """32 bytes; the password's only when step() has said True."""
        return self._sum.to_bytes(32, "big")

    def step(self, clock: "Clock") -> bool:
        """One slice of about 4 ms, by the clock; True when it is done."""
        begun_us = clock.now_us()
        for _ in range(_SLICE_ROUNDS_MAX // _BATCH):
            if self._over():
                return True
            self._batch()
            if clock.now_us() - begun_us >= SLICE_US:
                break
        self._left_us -= max(SLICE_US, clock.now_us() - begun_us)
        return self._over()

    def _over(self) -> bool:
        if self._wanted is not None:
            return self.rounds >= self._wanted
        return self.rounds >= ROUNDS_MAX or (self._left_us <= 0 and self.rounds >= ROUNDS_MIN)

    def _batch(self) -> None:
        count = _BATCH if self._wanted is None else min(_BATCH, self._wanted - self.rounds)
        last, total = self._last, self._sum
        for _ in range(count):
            last = self._hmac(last)
            total ^= int.from_bytes(last, "big")
        self._last, self._sum = last, total
        self.rounds += count

    def _hmac(self, message: bytes) -> bytes:
        return hashlib.sha256(self._outer + hashlib.sha256(self._inner + message).digest()).digest()
