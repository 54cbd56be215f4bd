"""The greatest value of the last few seconds, per phase: the present bucket and the one before it."""

EMPTY = -(1 << 28)


class Window:
    """A short maximum filter of at least bucket_ms and at most twice that."""

    def __init__(self, phases: int, bucket_ms: int) -> None:
        self.bucket_ms = bucket_ms
        self.present = [EMPTY] * phases
        self.before = [EMPTY] * phases
        self.since_ms = -1

    def turn(self, now_ms: int) -> None:
        """Call once before the values of one moment."""
        if self.since_ms >= 0 and now_ms - self.since_ms < self.bucket_ms:
            return
        self.since_ms = now_ms
        self.present, self.before = self.before, self.present
        for p in range(len(self.present)):
            self.present[p] = EMPTY

    def put(self, p: int, value: int) -> int:
        """Add a value of phase p; the maximum with it."""
        if value > self.present[p]:
            self.present[p] = value
        return max(self.present[p], self.before[p])
