"""Limits that are no number per phase: sums over phases, sums that follow what flows.

A row is a capacity in addition to the phases of the circuits: each EVSE takes `weights[e]` of it for each da of
its order, all together may take `cap_da`. The allocator shares it like any phase, a shed brings the plans within
`shed_da`. Such rows are external limits, never what a fuse depends on: the ledger does not know them. That is why
here, and only here, the phases that a car was seen to use count for its order.
"""

from ampacity.circuit.trusted.device.evse_state import FRESH_MS, LONG_AGO_MS
from ampacity.circuit.trusted.device.order_book import NONE_DA
from ampacity.circuit.trusted.device.unused_phases import DRAWS_DA
from ampacity.circuit.trusted.site.tree import Site

if False:  # for the type checker
    from typing import Protocol

    from ampacity.circuit.trusted.ledger import Ledger
    from ampacity.circuit.trusted.metering.other_load import OtherLoad

    class Watts(Protocol):
        """A source's limit in watts (external_limits.py)."""

        source: str
        kind: str
        index: int
        value: object

IDLE_DA = 10
SURE_MS = 10000


def fed_da(other: "OtherLoad", circuit: int, p: int) -> int:
    """Declared generation within the other load of a circuit on one phase: the busbar carries it, the grid does not supply it.

    Of a circuit without a meter it is what the circuits below bring; 0 while its meter does not count: then other load is what is assumed.
    """
    site, estimator, key = other.site, other.estimators[circuit], circuit * other.site.phases + p
    if estimator is not None:
        return estimator.generation_da[p] if estimator.state == "ok" and p in estimator.inputs else 0
    from_grid_da = 0
    for c in site.circuits:
        if c.parent == circuit:
            from_grid_da += other.shown_da[c.index * site.phases + p] - fed_da(other, c.index, p)
    return other.shown_da[key] - max(other.ledger.assumed_da[key], from_grid_da)


def watts_text(watts: object) -> str:
    """2,070 W."""
    return "{:,} W".format(watts)


class PhaseUsage:
    """Which supply phases each car draws on, as a mask of bits; 0: not known yet. Forgotten when it is unplugged."""

    def __init__(self, site: Site) -> None:
        count = len(site.evses)
        self.site = site
        self.between_x100 = 200 if site.split else 173  # of a terminal between two lines, in voltages to neutral
        self.known = [0] * count
        self.shown = [0] * count
        self.since_ms = [LONG_AGO_MS] * count
        self.sets: "list[list[int] | None]" = [None] * count  # terminals that can close, where they are switched
        self.version = 0  # changes with any of it

    def forget(self, evse: int) -> None:
        """The phases that the car of this EVSE uses are unknown again: `lines` gives all that can close."""
        self.known[evse] = self.shown[evse] = 0
        self.version += 1

    def switched(self, evse: int, terminals: "list[int] | None") -> None:
        """Only these terminals can close now (rule 14); None: all."""
        self.sets[evse] = terminals
        self.forget(evse)

    def tick(self, ledger: "Ledger", now_ms: int) -> bool:
        """Look at every measured current. True if a mask changed."""
        changed = False
        for s in ledger.evse_states:
            if s.measured_da >= DRAWS_DA and now_ms - s.measured_ms <= FRESH_MS:
                changed = self._see(s.index, s.phase_da, now_ms) or changed
        return changed

    def _see(self, e: int, phase_da: "list[int]", now_ms: int) -> bool:
        mask = 0
        for p, da in enumerate(phase_da):
            if da >= IDLE_DA:
                mask |= 1 << p
        if mask != self.shown[e]:
            self.shown[e] = mask
            self.since_ms[e] = now_ms
        known = self.known[e]
        if known and mask & ~known:
            self.known[e] = known | mask  # more phases count at once, fewer when they are sure
        elif mask != known and now_ms - self.since_ms[e] >= SURE_MS:
            self.known[e] = mask
        if self.known[e] == known:
            return False
        self.version += 1
        return True

    def lines(self, e: int) -> "list[int]":
        """Supply phases that its order counts on, one for each terminal's line."""
        mask, chosen = self.known[e], self.sets[e]
        terminals = self.site.evses[e].terminals
        if chosen is not None:
            terminals = [terminals[index] for index in chosen]
        return [p for t in terminals for p in t if not mask or mask & (1 << p)]

    def weight_x100(self, e: int, phases: "int | None" = None) -> int:
        """Power of one da of its order, in hundredths of the voltage to neutral. phases: those of the car, as reported by a source."""
        evse = self.site.evses[e]
        if len(evse.terminals[0]) == 2:
            return self.between_x100 * len(evse.terminals)
        if not self.known[e] and phases:
            return 100 * max(1, min(phases, len(self.lines(e))))
        return 100 * max(1, len(self.lines(e)))


class Constraint:
    """One line of capacity. `text`: for `why`. `circuit`: index of the circuit whose meter it needs, -1: none."""

    circuit = -1

    def __init__(self, text: str, evses: int) -> None:
        self.text = text
        self.cap_da = NONE_DA
        self.shed_da = NONE_DA
        self.weights = [0] * evses

    def update(self, ledger: "Ledger", other: "OtherLoad", now_ms: int) -> bool:
        """What it is now. True if more or fewer EVSEs count on it."""
        return False

    def room_da(self) -> int:
        """What it carries, or would carry if its EVSEs were there."""
        return self.cap_da

    def describe(self) -> str:
        """For `why`: the limit and its value."""
        return self.text


class PowerConstraint(Constraint):
    """A source's limit in watts on our EVSEs below a circuit, or on all that flows there."""

    def __init__(self, phase_usage: PhaseUsage, limit: "Watts", volts_dv: int) -> None:
        site = phase_usage.site
        Constraint.__init__(self, "limit by %s %s" % (limit.source, watts_text(limit.value)), len(site.evses))
        self.all_flows = limit.kind == "circuit"
        self.target = limit.index
        self.phases = site.phases
        for e in site.below[limit.index]:
            self.weights[e] = -(-phase_usage.weight_x100(e) // 100)
        self.watts_da = limit.value * 100 // volts_dv  # type: ignore[operator]
        self.cap_da = self.shed_da = self.watts_da

    def update(self, ledger: "Ledger", other: "OtherLoad", now_ms: int) -> bool:
        """Of a limit on all that flows: cap_da is what other load leaves of it, shed_da what certain other load leaves, in da over all phases.

        Always False: the weights are those of the constructor.
        """
        if self.all_flows:
            shown = certain = 0
            for p in range(self.phases):
                key, fed = self.target * self.phases + p, fed_da(other, self.target, p)
                shown += other.shown_da[key] - fed
                certain += ledger.low_other_da[key] - fed
            self.cap_da = self.watts_da - shown
            self.shed_da = self.watts_da - certain
        return False
