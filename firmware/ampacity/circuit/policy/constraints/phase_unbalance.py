"""Unbalance between the phases of a circuit, and so its neutral current (safety.md section 6).

The current of the fullest phase may exceed that of the emptiest by `max_unbalance_da`: one row for each pair of phases. What a car draws
on both changes nothing between them, so only those count that draw on one of the two: as a load on the fuller, and what they
draw at present on the emptier. The neutral's current is never above the largest difference of two phases
(currents in phase with their voltages), so a limit on it is a limit on the difference.
"""

from ampacity.circuit.policy.constraints.sum_constraints import Constraint, PhaseUsage, fed_da
from ampacity.circuit.trusted.site.tree import Site

if False:  # for the type checker
    from ampacity.circuit.policy.constraints.external_limits import Limits
    from ampacity.circuit.trusted.ledger import Ledger
    from ampacity.circuit.trusted.metering.other_load import OtherLoad


class UnbalanceConstraint(Constraint):
    """How far one phase of a circuit may be above another one."""

    def __init__(self, site: Site, limits: "Limits", circuit: int, phase: int, emptier: int, most_da: int) -> None:
        name = site.phase_name(circuit * site.phases + phase)
        Constraint.__init__(self, "unbalance limit of %s %d.%d A" % (name, most_da // 10, most_da % 10), len(site.evses))
        self.site = site
        self.phase_usage: PhaseUsage = limits.watch_phase_usage()
        self.circuit = circuit
        self.below = site.below[circuit]
        self.phase = phase
        self.emptier = emptier
        self.most_da = most_da
        self.relieving: list[int] = []  # those that draw on the emptier of the two alone
        self.version = -1

    def update(self, ledger: "Ledger", other: "OtherLoad", now_ms: int) -> bool:
        """cap_da and shed_da: the limit + the emptier phase (other load and EVSEs on it alone) − other load here, in da.

        True if the EVSEs were chosen again, after a change in the phases that cars use.
        """
        changed = self.version != self.phase_usage.version
        if changed:
            self.version = self.phase_usage.version
            self._choose()
        carried_da = self._from_grid_da(other, self.emptier)
        for e in self.relieving:
            carried_da += ledger.evse_states[e].phase_da[self.emptier]
        self.cap_da = self.shed_da = self.most_da + carried_da - self._from_grid_da(other, self.phase)
        return changed

    def _from_grid_da(self, other: "OtherLoad", q: int) -> int:
        return max(0, other.shown_da[self.circuit * self.site.phases + q] - fed_da(other, self.circuit, q))

    def _choose(self) -> None:
        self.relieving = []
        for e in range(len(self.weights)):
            self.weights[e] = 0
        for e in self.below:
            lines = self.phase_usage.lines(e)
            if self.emptier not in lines:
                self.weights[e] = lines.count(self.phase)
            elif self.phase not in lines:
                self.relieving.append(e)
