"""What cannot wait: no target above what its EVSE may have, and the targets of an overloaded circuit lowered at once.

Section 6, the first of three passes: linear, in every tick. The other two are in plan.py.
"""

from ampacity.circuit.policy.reservations import Reservations
from ampacity.circuit.policy.targets import Targets
from ampacity.circuit.trusted.device.evse_state import FRESH_MS, EvseState
from ampacity.circuit.trusted.metering.other_load import OtherLoad

LEAST_DA = 60  # of IEC 61851-1


class LoadShedding:
    """What the targets come to, and the first pass over them."""

    def __init__(self, targets: Targets, other: OtherLoad, reservations: Reservations) -> None:
        site = targets.ledger.site
        self.site = site
        self.targets = targets
        self.ledger = targets.ledger
        self.other = other
        self.reservations = reservations
        self.limits = targets.limits
        self.demand = targets.demand
        self.want_da = targets.want_da
        self.sums = [0] * site.size
        lines = range(site.phases)
        self.leaves_first = [c * site.phases + p for c in site.leaves_first for p in lines]  # whom a circuit below lowers is lowered above, too
        self.leaves_first += range(len(site.circuits) * site.phases, site.size)
        self.constraint_sums: list[int] = []
        self.limit_sums: list[int] = []
        self.now_ms = 0  # of the last pass
        self.for_limits = False  # the shed is for an external limit
        self.rising = True  # some order may exceed its bound

    def plan_da(self, s: EvseState) -> int:
        """What it will draw at most once its last order has done its work, in da."""
        return self.reservations.planned_da(s, self.want_da[s.index])

    def ordered_da(self, s: EvseState) -> int:
        """The same for external limits: its order, independent of its reserve."""
        ordered_da = self.ledger.permits.most_of(s, self.want_da[s.index])
        return max(s.bound_da, ordered_da) if self.reservations.stuck(s.index) else ordered_da

    def sum_up(self) -> None:
        """What all plans come to on each circuit and phase, in `sums`."""
        sums = self.sums
        for key in range(len(sums)):
            sums[key] = 0
        for s in self.ledger.evse_states:
            planned = self.plan_da(s)
            if planned:
                for key in s.on_keys:
                    sums[key] += planned
                for key in s.old_keys:
                    sums[key] += planned
            for key in s.off_keys:
                sums[key] += self.ledger.bounds.off_da(s)

    def _sum_limits(self) -> None:
        """Sums of orders only, for external limits: per circuit and phase, and on the additional rows (sum_constraints.py)."""
        limits = self.limits
        self.limit_sums = [0] * self.site.size
        self.constraint_sums = [0] * len(limits.constraints)
        for s in self.ledger.evse_states:
            ordered = self.ordered_da(s)
            if ordered:
                for key in s.on_keys:
                    self.limit_sums[key] += ordered
                for r, row in enumerate(limits.constraints):
                    self.constraint_sums[r] += ordered * row.weights[s.index]

    def tick(self, now_ms: int) -> None:
        """No target above its ceiling, and none that an overloaded circuit or a limit has no room for."""
        self.now_ms = now_ms
        self.rising = self.targets.cap(now_ms)
        self._shed(now_ms)

    def _shed(self, now_ms: int) -> None:
        """Bring the plans of every overloaded circuit within what it can carry, at once; then the orders within the limits.

        Where orders and other load exceed the rating, or a meter shows more, that is a limit on the orders too: whose reserve counts anyway
        draws less for a lower one in any case. A grant is none: reserves are within it (rule 13). No plan
        exceeds its bound unless it rises: where all bounds fit, all plans do.
        """
        ledger = self.ledger
        self.for_limits = False
        if ledger.margin.over or self.rising:
            self.sum_up()
            for key in self.leaves_first:
                excess = self.sums[key] + ledger.low_other_da[key] - ledger.cap_da[key]
                if excess > 0:
                    self._shed_key(key, excess, now_ms)
        if self.other.over or ledger.margin.over or self.limits.any():
            self._sum_limits()
            self.for_limits = True
            rated = len(self.site.circuits) * self.site.phases
            for key in self.leaves_first:
                carries_da = self.limits.circuit_da[key]
                if key < rated:
                    carries_da = min(carries_da, ledger.cap_da[key])
                excess = self.limit_sums[key] + ledger.low_other_da[key] - carries_da
                excess = max(excess, self.limit_sums[key] - self.limits.chargers_da[key])
                if self.other.over_da[key]:
                    excess = max(excess, self.limit_sums[key] + self.other.over_da[key] - ledger.cap_da[key])
                if excess > 0:
                    self._shed_key(key, excess, now_ms)
            for r in range(len(self.constraint_sums)):
                excess = self.constraint_sums[r] - self.limits.constraints[r].shed_da
                if excess > 0:
                    self._shed_key(self.site.size + r, excess, now_ms)

    def _load(self, s: EvseState, key: int) -> int:
        """What one da of this EVSE takes of a circuit's phase, or of a row (key >= size)."""
        if key < self.site.size:
            return s.on_keys.count(key)
        return self.limits.constraints[key - self.site.size].weights[s.index]

    def _floor_da(self, s: EvseState) -> int:
        """Below this a lower order gains nothing."""
        return 0 if self.for_limits else s.reserve_da

    def _givers(self, key: int) -> "list[EvseState]":
        """Whose target loads this key and can fall: last of the queue first."""
        found = []
        for e in reversed(self.demand.order):
            s = self.ledger.evse_states[e]
            if self.want_da[e] > self._floor_da(s) and self._load(s, key) and not self.reservations.stuck(e):
                found.append(s)
        return found

    def _shed_key(self, key: int, excess: int, now_ms: int) -> None:
        """Class by class to their minimum, in proportion; then to its reserve, or to 0, whose minimum has no room: the first of the queue
        stay, and of the others each that still fits. A primary that does not has what is left, until it reports again.

        An excess at a meter falls reliably only through EVSEs with a current measurement: they give first.
        """
        givers = self._givers(key)
        if key < self.site.size and self.other.over_da[key]:
            excess = self._by_class([s for s in givers if now_ms - s.measured_ms <= FRESH_MS], key, excess, now_ms)
        excess = self._by_class(givers, key, excess, now_ms)
        if excess > 0:
            gains = [self._gained_da(s, self._last_da(s)) * self._load(s, key) for s in givers]
            room, short = sum(gains) - excess, []
            while givers:
                s, gained = givers.pop(), gains.pop()
                if gained > room:
                    short.append((s, gained))
                else:
                    room -= gained
            for s, gained in short:
                da = 0
                if self.demand.reports[s.index]:  # some of its cars may need less than what it reports for all
                    da = self.want_da[s.index] - -(-(gained - room) // self._load(s, key))
                if da >= LEAST_DA:
                    s.evse.min_da = da
                    room = 0
                else:
                    da = self._last_da(s)
                self._cut(s, da, key, now_ms)

    def _last_da(self, s: EvseState) -> int:
        """What it is lowered to at last: 0, or its reserve if that is an order and less would gain nothing."""
        floor = self._floor_da(s)
        return floor if floor >= s.evse.min_da else 0

    def _by_class(self, givers: "list[EvseState]", key: int, excess: int, now_ms: int) -> int:
        while givers and excess > 0:
            priority = givers[0].evse.priority
            excess = self._to_minimum([s for s in givers if s.evse.priority == priority], key, excess, now_ms)
            givers = [s for s in givers if s.evse.priority != priority]
        return excess

    def _to_minimum(self, givers: "list[EvseState]", key: int, excess: int, now_ms: int) -> int:
        total = 0
        for s in givers:
            total += self._spare(s) * self._load(s, key)
        if total <= 0:
            return excess
        asked = min(excess, total)
        for s in givers:
            give = -(-self._spare(s) * asked // total)
            if give and excess > 0:
                excess -= self._cut(s, self.want_da[s.index] - give, key, now_ms)
        return excess

    def _spare(self, s: EvseState) -> int:
        return max(0, self.want_da[s.index] - max(s.evse.min_da, self._floor_da(s)))

    def _cut(self, s: EvseState, da: int, key: int, now_ms: int) -> int:
        """Lower one target to da, or to the smallest order that may be in force if that is below; returns what the key gains."""
        least = s.book.least_da()
        if 0 <= least < da:
            if least >= LEAST_DA and self.demand.reports[s.index]:
                s.evse.min_da = min(s.evse.min_da, least)
            da = least if least >= s.evse.min_da else 0
        gained = self._gained_da(s, da)
        self.targets.lower(s, da, now_ms, da == 0)
        for loaded in s.on_keys:
            if self.for_limits:
                self.limit_sums[loaded] -= gained
            else:
                self.sums[loaded] -= gained
        for r in range(len(self.constraint_sums) if self.for_limits else 0):
            self.constraint_sums[r] -= gained * self.limits.constraints[r].weights[s.index]
        return gained * self._load(s, key)

    def _gained_da(self, s: EvseState, da: int) -> int:
        """By how much its plan falls with this target."""
        floor, most_of = self._floor_da(s), self.ledger.permits.most_of
        return max(floor, most_of(s, self.want_da[s.index])) - max(floor, most_of(s, da))
