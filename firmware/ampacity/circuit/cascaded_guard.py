"""A primary below a primary (rule 13): the sum of its EVSEs stays within what its parent grants, and proves it.

A grant is for the EVSEs alone: other loads inside the site are the parent's own business. So the grant is one more
circuit above the root, on which nothing but the EVSEs flows and whose rating is the grant in force. All that counts
capacity counts it as any other: permits, the share, the shed, `why`; a reserve is load there as everywhere. It is held
in the ledger and not only in the plan: while one EVSE gives and another takes, both still count, and what the parent
counts is the sum of both. One number is granted for all phases; the fullest phase is held within it.

What the parent counts for us at any time, the fallback, is there even when less is granted. A grant below it asks for
lower orders, as an external limit does: reserves stay reserves, and orders below them remain possible.
"""

from ampacity.circuit.guard import Guard
from ampacity.circuit.policy.minimum_grant import minimum_grant_da
from ampacity.circuit.trusted.ledger import Ledger
from ampacity.circuit.trusted.margin import Margin
from ampacity.circuit.trusted.site.migration import SiteMigration
from ampacity.circuit.trusted.site.tree import Site

SOURCE = "parent"


class CascadedSite(Site):
    """The site of a child: its last keys, one a phase, are the grant; they belong to no circuit of the site file."""

    def __init__(self, facts: "dict[str, object]") -> None:
        Site.__init__(self, facts)
        self.size += self.phases
        for amounts in (self.rating_da, self.assumed_da, self.generation_da):
            amounts += [0] * self.phases

    def keys_of(self, circuit: int, terminals: "list[list[int]]") -> "tuple[int, ...]":
        """As Site.keys_of, then a key of the grant for each supply phase of each terminal (rule 13). Raises Rejected as there."""
        first = len(self.circuits) * self.phases
        return Site.keys_of(self, circuit, terminals) + tuple([first + phase for terminal in terminals for phase in terminal])

    def phase_name(self, key: int) -> str:
        """"garage L2" for a flat index, "grant by parent L2" for one of the grant."""
        if key // self.phases == len(self.circuits):
            return "grant by %s L%d" % (SOURCE, key % self.phases + 1)
        return Site.phase_name(self, key)


class CascadedMargin(Margin):
    """A lower grant that is exceeded is waited for by the parent, by its own sums. When the lease is over it waits no longer than
    the watchdogs below take to act: from then on nothing above what it counts for us anyway is kept alive."""

    def check(self, now_ms: int) -> None:
        """As Margin.check; but a grant that is exceeded is over budget at once if it is not above the fallback, else never (rules 11 and 13)."""
        Margin.check(self, now_ms)
        for key in range(self.site.size - self.site.phases, self.site.size):
            self.over_budget[key] = not self.assumed_da[key] and self.over_ms[key] >= 0


class CascadedLedger(Ledger):
    """The ledger of a child: `granted_da` is what its parent lets its EVSEs draw together, on each phase.

    `fallback_da`: what the parent counts for us at any time, also when we or it are gone.
    """

    margin_class = CascadedMargin

    def __init__(self, site: Site, now_ms: int) -> None:
        Ledger.__init__(self, site, now_ms)
        root = [c.index for c in site.circuits if c.parent == -1][0]
        self.root = root
        self.root_keys = range(root * site.phases, (root + 1) * site.phases)
        self.grant_keys = range(site.size - site.phases, site.size)
        self.granted_da = 0
        self.fallback_da = 0

    def _rule_13_capacity_da(self) -> int:
        """Σ bounds may be so much: the grant, and what the parent counts anyway."""
        return max(self.granted_da, self.fallback_da)

    def take_grant(self, granted_da: int, fallback_da: int) -> None:
        """The capacity from now on. With the default state (rule 7) the fallback alone is left of it, as if others drew the rest."""
        self.granted_da, self.fallback_da = granted_da, fallback_da
        capacity_da = self._rule_13_capacity_da()
        for key in self.grant_keys:
            self.cap_da[key] = self.site.rating_da[key] = capacity_da
            self.assumed_da[key] = capacity_da - fallback_da

    def carry_old_phases(self) -> None:
        """Rule 15: current that may still flow on the root at the former place of an EVSE is also within the grant."""
        shift = self.grant_keys[0] - self.root_keys[0]
        for s in self.evse_states:
            s.old_keys += tuple([key + shift for key in s.old_keys if key in self.root_keys and key + shift not in s.on_keys + s.old_keys])

    def reserves_da(self) -> int:
        """Σ reserves on the fullest phase: the current that they may draw without an order, and what their cars make of it (rule 10)."""
        most = 0
        for key in self.root_keys:
            total = 0
            for s in self.evse_states:
                total += self.bounds.with_overdraw_da(s, s.reserve_da) * s.on_keys.count(key)
                total += s.reserve_da * (s.off_keys.count(key) + s.old_keys.count(key))
            most = max(most, total)
        return most

    def _rule_13_sum_da(self) -> int:
        """What the parent reads and trusts: Σ bounds on the fullest phase, on all that can close (rule 14)."""
        return max([self.sums[key] for key in self.grant_keys])

    def proves(self, granted_da: int) -> bool:
        """A grant is proven only when every EVSE below is proven and settled: Σ bounds within it.

        The parent always counts the fallback, so a grant below it requires no more than that.
        """
        return self._rule_13_sum_da() <= max(granted_da, self.fallback_da)


class CascadedGuard(Guard):
    """The guard of a child. Its site facts have `parent` with fallback_da and power_on_da."""

    site_class = CascadedSite
    ledger_class = CascadedLedger
    ledger: CascadedLedger

    def __init__(self, site_facts: "dict[str, object]", now_ms: int, evidence: "dict[str, object] | None" = None) -> None:
        Guard.__init__(self, site_facts, now_ms, evidence)
        parent: "dict[str, int]" = site_facts["parent"]  # type: ignore[assignment]
        self.ledger.fallback_da = parent["fallback_da"]
        self._grant(parent["power_on_da"])

    def _load(self, kept: "dict[str, object]", change: "SiteMigration | None", now_ms: int) -> None:
        Guard._load(self, kept, change, now_ms)
        self.ledger.carry_old_phases()
        self.ledger.bounds.sum_up(self.ledger.sums)

    def grant(self, limit_da: int) -> None:
        """What the parent lets the EVSEs draw together from now on, per phase: the lease's limit, told before each tick."""
        if limit_da != self.ledger.granted_da:
            self._grant(limit_da)

    def set_fallback(self, fallback_da: int) -> None:
        """Reports another fallback to the parent: reserves below differ from the site file."""
        self.ledger.fallback_da = fallback_da
        self._grant(self.ledger.granted_da)

    def _grant(self, limit_da: int) -> None:
        fallback_da = self.ledger.fallback_da
        self.ledger.take_grant(limit_da, fallback_da)
        lower = limit_da if limit_da < fallback_da else None
        if lower is not None or self.limits.sources_of("chargers", self.ledger.root):
            self.limit(SOURCE, ("chargers", self.ledger.root), lower, None, "hold")
        self.demands.changed = True

    def grant_met(self, granted_da: int) -> bool:
        """Rule 13: is a grant of so much proven? Never while the invariant was not checked in this tick."""
        return self.feed_ok and self.ledger.proves(granted_da)

    def fullest_da(self) -> int:
        """The most that all EVSEs together can be drawing on any phase."""
        return self.ledger._rule_13_sum_da()

    def sums_da(self) -> "list[int]":
        """Σ bounds per phase: what the parent reads and trusts."""
        return [self.ledger.sums[key] for key in self.ledger.root_keys]

    def reserves_da(self) -> int:
        """Σ reserves on the fullest phase, by what is known now."""
        return self.ledger.reserves_da()

    def minimum_grant_da(self) -> int:
        """The smallest grant with which each requesting EVSE could start (minimum_grant.py); 0: no request."""
        return minimum_grant_da(self.plan.shed, self.optional.minimum_grants, self.ledger.root_keys)
