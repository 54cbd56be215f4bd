"""The capacity ledger: what is trusted, as one object of parts. Whatever asks it for orders, it keeps every circuit within its rating.

bounds: what each EVSE may be drawing; margin: the remaining capacity; permits: which order may be sent; intake: facts from the
drivers. `want_da` is all that it takes from a policy.
"""

from ampacity.circuit.trusted.bounds import Bounds
from ampacity.circuit.trusted.device.evse_state import EvseState
from ampacity.circuit.trusted.events import Events
from ampacity.circuit.trusted.intake import Intake
from ampacity.circuit.trusted.margin import Margin
from ampacity.circuit.trusted.permits import Permits
from ampacity.circuit.trusted.site.tree import Site

if False:  # for the type checker
    from typing import Any

UNHEARD_MS = 30000  # how long quarantine waits for one of whom no silence can prove anything


class Ledger:
    """The parts, and the lists that all of them share. The classes of the parts may be replaced by a proof."""

    bounds_class = Bounds
    margin_class = Margin
    permits_class = Permits
    intake_class = Intake

    def __init__(self, site: Site, now_ms: int) -> None:
        self.site = site
        self.start_ms = now_ms
        self.events = Events()
        self.bounds = self.bounds_class(site, now_ms, self.events)
        self.journal_barrier = self.bounds.journal_barrier
        self.margin = self.margin_class(self.bounds)
        self.permits = self.permits_class(self.bounds, self.margin)
        self.intake = self.intake_class(self.bounds, self.permits)
        self.older_shapes: "list[Any]" = []  # (EVSE index, where it was) that still hold of the site before its change (rule 15)
        self.left: "list[Any]" = []  # what speaks against devices that are not in the site file (journal.py)
        self.evse_states = self.bounds.evse_states
        self.sums = self.bounds.sums
        self.cap_da = self.margin.cap_da
        self.other_da = self.margin.other_da
        self.low_other_da = self.margin.low_other_da
        self.assumed_da = self.margin.assumed_da
        self.want_da = self.permits.want_da

    def resolved(self, s: EvseState, now_ms: int) -> bool:
        """Section 7: proven and settled, or its silence ran its time, or nothing more can be learnt."""
        if s.isolated or s.lapsed or s.locked or s.evse.removed:
            return True
        if not s.book.is_unknown():
            return s.ok
        return now_ms - self.start_ms > max(UNHEARD_MS, self.margin.budget_ms)
