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


class Past:
    """The least and the most that an EVSE showed per phase in the last while: two buckets, as above."""

    def __init__(self, phases: int, bucket_ms: int) -> None:
        self.bucket_ms = bucket_ms
        self.lo = [-EMPTY] * phases
        self.hi = [EMPTY] * phases
        self.lo_before = [-EMPTY] * phases
        self.hi_before = [EMPTY] * phases
        self.since_ms = -1

    def turn(self, now_ms: int) -> None:
        """Begin a new bucket where the present one is old enough."""
        if self.since_ms >= 0 and now_ms - self.since_ms < self.bucket_ms:
            return
        self.since_ms = now_ms
        self.lo, self.lo_before = self.lo_before, self.lo
        self.hi, self.hi_before = self.hi_before, self.hi
        for p in range(len(self.lo)):
            self.lo[p] = -EMPTY
            self.hi[p] = EMPTY

    def put(self, values: "list[int]", now_ms: int) -> None:
        """One reading, per phase."""
        self.turn(now_ms)
        for p, value in enumerate(values):
            if value < self.lo[p]:
                self.lo[p] = value
            if value > self.hi[p]:
                self.hi[p] = value

    def least(self, p: int, value: int) -> int:
        return min(value, self.lo[p], self.lo_before[p])

    def most(self, p: int, value: int) -> int:
        return max(value, self.hi[p], self.hi_before[p])
