"""The greatest value of the last few seconds, per phase: the present bucket and the one before it."""

EMPTY = -(1 << 28)


class MaxFilter:
    """A short maximum filter of at least bucket_ms and at most twice that."""

    def __init__(self, phases: int, bucket_ms: int) -> None:
        self.bucket_ms = bucket_ms
        self.present = [EMPTY] * phases
        self.before = [EMPTY] * phases
        self.since_ms = -1

    def advance(self, now_ms: int) -> None:
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


class MinMaxHistory:
    """The least and the most that each of some EVSEs showed per phase in the last while: two buckets, as above.

    Flat lists for all of them: on a board an object with lists for each takes five times as much.
    """

    def __init__(self, evses: int, phases: int, bucket_ms: int) -> None:
        self.bucket_ms = bucket_ms
        self.phases = phases
        self.lo = [-EMPTY] * (evses * phases)
        self.hi = [EMPTY] * (evses * phases)
        self.lo_before = [-EMPTY] * (evses * phases)
        self.hi_before = [EMPTY] * (evses * phases)
        self.since_ms = [-1] * evses

    def advance(self, k: int, now_ms: int) -> None:
        """Begin a new bucket of the k-th where the present one is old enough."""
        since_ms = self.since_ms[k]
        if since_ms >= 0 and now_ms - since_ms < self.bucket_ms:
            return
        self.since_ms[k] = now_ms
        for at in range(k * self.phases, (k + 1) * self.phases):
            self.lo_before[at], self.hi_before[at] = self.lo[at], self.hi[at]
            self.lo[at], self.hi[at] = -EMPTY, EMPTY

    def put(self, k: int, values: "list[int]", now_ms: int) -> None:
        """One reading of the k-th, per phase."""
        self.advance(k, now_ms)
        at = k * self.phases
        for value in values:
            if value < self.lo[at]:
                self.lo[at] = value
            if value > self.hi[at]:
                self.hi[at] = value
            at += 1

    def bracket(self, k: int, values: "list[int]", lo: "list[int]", hi: "list[int]") -> None:
        """The least and the most of the k-th of late and of these values, into its places of two lists like ours."""
        at = k * self.phases
        for value in values:
            least, most = min(self.lo[at], self.lo_before[at]), max(self.hi[at], self.hi_before[at])
            lo[at] = least if least < value else value
            hi[at] = most if most > value else value
            at += 1

    def most(self, at: int, value: int) -> int:
        """at: k * phases + phase."""
        return max(value, self.hi[at], self.hi_before[at])
