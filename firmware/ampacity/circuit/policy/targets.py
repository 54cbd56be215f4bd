"""Targets of all EVSEs, their ceilings independent of capacity, and the inhibits that keep them at 0 A.

All three passes of the plan move targets, each by its own rule; common parts are here.
"""

from ampacity.circuit.policy.constraints.external_limits import Limits
from ampacity.circuit.policy.queue.demand import Demand
from ampacity.circuit.trusted.device.evse_state import EvseState
from ampacity.circuit.trusted.ledger import Ledger


class Targets:
    """Owns want_da of the ledger."""

    def __init__(self, ledger: Ledger, limits: Limits, demand: Demand) -> None:
        self.ledger = ledger
        self.limits = limits
        self.demand = demand
        self.want_da = ledger.want_da
        self.inhibits = demand.inhibits

    def ceiling_da(self, s: EvseState) -> int:
        """Highest order of this EVSE, independent of capacity, in da: 0 or at least its minimum."""
        e = s.index
        if not s.ok or not self.demand.wants[e] or s.locked or s.disobeys or s.isolated:
            return 0
        for inhibit in self.inhibits:
            if inhibit.inhibited[e]:
                return 0
        ceiling = min(s.evse.limit_da, self.limits.evse_da[e])
        return ceiling if ceiling >= s.evse.min_da else 0

    def cap(self, now_ms: int) -> bool:
        """Lowers targets to their ceilings. True: some order may exceed its bound."""
        rising = False
        for s in self.ledger.evse_states:
            want = self.want_da[s.index]
            if want:
                ceiling = self.ceiling_da(s)
                if want > ceiling:
                    want = ceiling
                    self.lower(s, ceiling, now_ms, ceiling == 0 and s.ok and self.demand.wants[s.index])
                if self.ledger.permits.most_of(s, want) > s.bound_da:
                    rising = True
        return rising

    def lower(self, s: EvseState, da: int, now_ms: int, by_us: bool) -> None:
        """A lower target; by_us: it would charge on, so a pause of it is followed by its rest."""
        self.want_da[s.index] = da
        self.demand.changed_ms[s.index] = now_ms
        if by_us and s.book.most_da() > 0:
            self.demand.paused.inhibit(s.index, now_ms + self.demand.restart_hold_ms)
