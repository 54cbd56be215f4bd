"""Unbalance between the phases of a circuit, and so its neutral current (safety.md section 6).

The current of the fullest phase may exceed that of the emptiest by `max_unbalance_da`. What a three-phase car
draws changes nothing there, so only those count that draw on some phases: one row for each phase, whose capacity
follows what the other phases carry. The neutral's current is never above the largest difference of two phases
(currents in phase with their voltages), so a limit on it is a limit on the difference.
"""

from ampacity.circuit.policy.constraints.sum_constraints import Constraint, PhaseUsage, fed_da
from ampacity.circuit.trusted.site.tree import Site

if False:  # for the type checker
    from ampacity.circuit.policy.constraints.external_limits import Limits
    from ampacity.circuit.trusted.ledger import Ledger
    from ampacity.circuit.trusted.metering.other_load import OtherLoad


class UnbalanceConstraint(Constraint):
    """One phase of one circuit."""

    def __init__(self, site: Site, limits: "Limits", circuit: int, phase: int, most_da: int) -> None:
        name = site.phase_name(circuit * site.phases + phase)
        Constraint.__init__(self, "unbalance limit of %s %d.%d A" % (name, most_da // 10, most_da % 10), len(site.evses))
        self.site = site
        self.phase_usage: PhaseUsage = limits.watch_phase_usage()
        self.of_circuit = circuit
        self.below = site.below[circuit]
        self.phase = phase
        self.most_da = most_da
        self.uneven: list[int] = []
        self.version = -1

    def update(self, ledger: "Ledger", other: "OtherLoad", now_ms: int) -> bool:
        """cap_da and shed_da: the limit + the emptiest other phase (other load and uneven EVSEs) − other load here, in da.

        True if the EVSEs were chosen again, after a change in the phases that cars use.
        """
        changed = self.version != self.phase_usage.version
        if changed:
            self.version = self.phase_usage.version
            self._choose()
        rest_da = -1
        for q in range(self.site.phases):
            if q != self.phase:
                carried = self._from_grid_da(other, q)
                for e in self.uneven:
                    carried += ledger.evse_states[e].phase_da[q]
                rest_da = carried if rest_da < 0 else min(rest_da, carried)
        self.cap_da = self.shed_da = self.most_da + rest_da - self._from_grid_da(other, self.phase)
        return changed

    def _from_grid_da(self, other: "OtherLoad", q: int) -> int:
        return max(0, other.shown_da[self.of_circuit * self.site.phases + q] - fed_da(other, self.of_circuit, q))

    def _choose(self) -> None:
        self.uneven = []
        for e in range(len(self.weights)):
            self.weights[e] = 0
        for e in self.below:
            lines = self.phase_usage.lines(e)
            if len(set(lines)) < self.site.phases:
                self.uneven.append(e)
                self.weights[e] = lines.count(self.phase)
