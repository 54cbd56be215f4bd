"""Chance that repeats: the same seed draws the same numbers on both runtimes (their `random` do not)."""


class Rng:
    """xorshift32 (Marsaglia, 2003). Not for secrets."""

    def __init__(self, seed: int) -> None:
        """seed: any int; 0 is replaced, for it is the one state that xorshift cannot leave."""
        self._state = (seed ^ (seed >> 32)) & 0xFFFFFFFF or 0x9E3779B9
        for _ in range(8):
            self.next32()

    def next32(self) -> int:
        """1 .. 2**32 - 1."""
        x = self._state
        x ^= (x << 13) & 0xFFFFFFFF
        x ^= x >> 17
        x ^= (x << 5) & 0xFFFFFFFF
        self._state = x
        return x

    def below(self, n: int) -> int:
        """0 .. n-1; n from 1."""
        return self.next32() % n

    def between(self, low: int, high: int) -> int:
        """low .. high, both included; high not below low."""
        return low + self.next32() % (high - low + 1)

    def chance(self, permille: int) -> bool:
        """True in `permille` (0..1000) of 1000 cases."""
        return self.next32() % 1000 < permille

    def bytes(self, n: int) -> bytes:
        """n bytes."""
        return bytes([self.next32() & 0xFF for _ in range(n)])
