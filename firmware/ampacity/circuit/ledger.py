"""The capacity ledger: bounds, permits and intake as one object, and the check of its invariant."""

from ampacity.circuit.errors import ensure
from ampacity.circuit.intake import Intake
from ampacity.circuit.standing import Standing
from ampacity.circuit.tree import Site

UNHEARD_MS = 30000  # how long quarantine waits for one of whom no silence can prove anything


class Ledger(Intake):
    """What every EVSE may be drawing, who may be sent what, and since when a circuit is over."""

    def __init__(self, site: Site, now_ms: int) -> None:
        Intake.__init__(self, site, now_ms)
        self.low_other_da = [0] * site.size  # for a lower: what is certainly drawn by others
        self.over = False  # some circuit and phase was over in the last check
        self.over_ms = [-1] * site.size
        self.budget_ms = self.exposure_ms()

    def exposure_ms(self) -> int:
        """The longest that a load may stand after the primary stopped: watchdog + tolerance + settle."""
        longest = 0
        for s in self.standings:
            longest = max(longest, s.evse.lapse_ms(max(s.evse.watchdog_ms, s.evidence.watchdog_ms())))
        return longest

    def check(self, now_ms: int) -> None:
        """Rule 11: Σ bounds, counted anew, is what every permit was based on; and no excess outlives
        the time that our orders may take. Raises InvariantBroken when the books do not agree."""
        self.sum_up(self.fresh_sums)
        ensure(self.fresh_sums == self.sums, "ledger: the sums are not those of its bounds")
        self.over = False
        for key in range(len(self.sums)):
            over = self.sums[key] + self.low_other_da[key] > self.cap_da[key]
            self.over = self.over or over
            if not over:
                self.over_ms[key] = -1
                self.over_budget[key] = False
            elif self.over_ms[key] < 0:
                self.over_ms[key] = now_ms
            elif now_ms - self.over_ms[key] > self.budget_ms:
                self.over_budget[key] = True

    def resolved(self, s: Standing, now_ms: int) -> bool:
        """Section 7: proven and settled, or its silence ran its time, or nothing more can be learnt."""
        if s.isolated or s.lapsed or s.locked or s.evse.left:
            return True
        if not s.book.is_unknown():
            return s.ok
        return now_ms - self.start_ms > max(UNHEARD_MS, self.budget_ms)

    def stuck(self, s: Standing, now_ms: int) -> bool:
        """A lower was sent long ago, and its bound has not fallen since: plan with the bound."""
        if not s.ok or s.disobeys or s.locked:
            return True
        if s.evse.by_measure and s.book.is_unknown():
            return True
        if s.lower_ms < 0:
            return False
        patience_ms = s.evse.settle_ms + 2 * s.evse.transit_ms + max(5000, s.evse.watchdog_ms // 2)
        return now_ms - max(s.lower_ms, s.fell_ms) > patience_ms
