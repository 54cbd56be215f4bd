"""A primary below a primary (rule 13): the sum of its EVSEs stays within what its parent grants, and proves it.

A grant is for the EVSEs alone: other loads inside the site are the parent's own business. So the grant is one more
row of the ledger, Σ bounds at the root per phase, beside the ratings that the site has by itself. It is held in the
ledger and not only in the plan: while one EVSE gives and another takes, both still count, and what the parent
believes is the sum of both. One number is granted for all phases; the fullest phase is held within it.
"""

from ampacity.circuit.guard import Guard
from ampacity.circuit.ledger import Ledger
from ampacity.circuit.plan import Plan
from ampacity.circuit.standing import Standing
from ampacity.circuit.tree import Site

SOURCE = "parent"


class GrantedLedger(Ledger):
    """The ledger of a child: `granted_da` is what its parent lets its EVSEs draw together, on each phase."""

    def __init__(self, site: Site, now_ms: int) -> None:
        Ledger.__init__(self, site, now_ms)
        root = [c.index for c in site.circuits if c.parent == -1][0]
        self.root = root
        self.root_keys = range(root * site.phases, (root + 1) * site.phases)
        self.granted_da = 0
        self.fallback_da = 0  # what the parent counts for us when we or it are gone

    def fits(self, keys: "tuple[int, ...]") -> bool:
        return Ledger.fits(self, keys) and self._rule_13_within(keys)

    def room_da(self, s: Standing) -> int:
        return min(Ledger.room_da(self, s), s.bound_da + self.grant_room_da(s, None, 0))

    def grant_room_da(self, s: Standing, extra: "list[int] | None", own_da: int) -> int:
        """What the grant leaves for this EVSE above its bound; extra: what others were promised, own_da of it to this one."""
        room = 1 << 20
        for key in s.on_keys:
            if key in self.root_keys:
                count = s.on_keys.count(key)
                promised = 0 if extra is None else extra[key] - own_da * count
                room = min(room, (self.granted_da - self.sums[key] - promised) // count)
        return room

    def reserves_da(self) -> int:
        """Σ reserves on the fullest phase: what they may draw without anybody's asking."""
        most = 0
        for key in self.root_keys:
            total = 0
            for s in self.standings:
                total += s.reserve_da * (s.on_keys.count(key) + s.off_keys.count(key))
            most = max(most, total)
        return most

    def _rule_13_within(self, keys: "tuple[int, ...]") -> bool:
        """No order lifts Σ bounds above the grant."""
        for key in keys:
            if key in self.root_keys and self.sums[key] > self.granted_da:
                return False
        return True

    def _rule_13_sum_da(self) -> int:
        """What the parent reads and believes: Σ bounds on the fullest phase, the most that all can be drawing now."""
        return max([self.sums[key] for key in self.root_keys])

    def proves(self) -> bool:
        """A grant is proven only when everybody below is proven and settled: Σ bounds within it.

        The fallback is counted by the parent at any time, so a grant below it asks for no more than that.
        """
        return self._rule_13_sum_da() <= max(self.granted_da, self.fallback_da)

    def _rule_7_default(self, s: Standing, most_da: int) -> bool:
        """Who has no watchdog stands when we die: would the sum that the parent then counts still hold?"""
        if not Ledger._rule_7_default(self, s, most_da):
            return False
        return s.evidence.watchdog_ms() > 0 or self._rule_13_default(s, most_da)

    def _rule_13_default(self, s: Standing, most_da: int) -> bool:
        for key in self.root_keys:
            total = 0
            for other in self.standings:
                standing_da = max(self.standing_da(other), most_da if other is s else 0)
                total += standing_da * other.on_keys.count(key) + other.reserve_da * other.off_keys.count(key)
            if total > self.fallback_da and key in s.on_keys:
                return False
        return True


class GrantedPlan(Plan):
    """Targets are raised only where the grant, too, has its margin already."""

    ledger: GrantedLedger

    def _room(self, s: Standing, want: int) -> int:
        grant_da = self.ledger.grant_room_da(s, self.extra, max(0, want - s.bound_da))
        return min(Plan._room(self, s, want), s.bound_da + grant_da)


class GrantedGuard(Guard):
    """The guard of a child. Its site facts have `parent` with fallback_da and power_on_da."""

    ledger_class = GrantedLedger
    plan_class = GrantedPlan
    ledger: GrantedLedger

    def __init__(self, site_facts: "dict[str, object]", now_ms: int, evidence: "dict[str, object] | None" = None) -> None:
        Guard.__init__(self, site_facts, now_ms, evidence)
        parent: "dict[str, int]" = site_facts["parent"]  # type: ignore[assignment]
        self.ledger.fallback_da = parent["fallback_da"]
        self._grant(parent["power_on_da"], now_ms)

    def grant(self, limit_da: int, now_ms: int) -> None:
        """What the parent lets the EVSEs draw together from now on, per phase: the lease's limit, told before each tick."""
        if limit_da != self.ledger.granted_da:
            self._grant(limit_da, now_ms)

    def _grant(self, limit_da: int, now_ms: int) -> None:
        self.ledger.granted_da = limit_da
        self.limit(SOURCE, ("chargers", self.ledger.root), limit_da, None, "hold", now_ms)

    def grant_met(self) -> bool:
        """Rule 13: is the grant in force proven? Never while the invariant was not checked in this tick."""
        return self.feed_ok and self.ledger.proves()

    def fullest_da(self) -> int:
        """The most that all EVSEs together can be drawing on any phase."""
        return self.ledger._rule_13_sum_da()

    def sums_da(self) -> "list[int]":
        """Σ bounds per phase: what the parent reads and believes."""
        return [self.ledger.sums[key] for key in self.ledger.root_keys]

    def reserves_da(self) -> int:
        """Σ reserves on the fullest phase, by what is known now."""
        return self.ledger.reserves_da()
