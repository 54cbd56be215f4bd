"""A random wait before charging begins, after a power failure and at tariff edges (safety.md section 6).

Without it every car of a street starts in the same second. Each EVSE that does not charge draws its own wait; a
person may pass over it.
"""

from ampacity.circuit.trusted.tree import Site

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


class StartDelay:
    """`held[e]`: this EVSE has to wait. below(n) draws 0..n-1."""

    def __init__(self, site: Site, most_ms: int, below: "Callable[[int], int]") -> None:
        self.most_ms = most_ms
        self.below = below
        self.held = [False] * len(site.evses)
        self.until_ms = [0] * len(site.evses)
        self.now_ms = 0

    def begin(self, want_da: "list[int]", now_ms: int) -> None:
        """Who does not charge now waits, each for its own time."""
        self.now_ms = now_ms
        for e in range(len(self.held)):
            if not want_da[e]:
                self.until_ms[e] = now_ms + self.below(self.most_ms + 1)
                self.held[e] = True

    def pass_over(self, evse: int) -> None:
        """A person wants it now."""
        self.until_ms[evse] = self.now_ms

    def tick(self, now_ms: int) -> bool:
        """True if somebody's wait is over."""
        self.now_ms = now_ms
        ended = False
        for e in range(len(self.held)):
            if self.held[e] and now_ms >= self.until_ms[e]:
                self.held[e] = False
                ended = True
        return ended

    def reason(self, evse: int) -> str:
        return "random start delay, %d s left" % (-(-(self.until_ms[evse] - self.now_ms) // 1000))
