"""The least grant that is of use to a primary below, as it says itself: it counts as its minimum here.

With a grant between its reserves and these plus the minimum of a car that has none, no further EVSE can start below; and
fairness alone would never give more. Each primary therefore reports to its parent the smallest grant with which every EVSE that
asks could begin, were it the only one. It counts where it is possible, all others giving what they can. Where not, it counts as far
as it is possible next to the minimums of all others, in whole amperes: for some of the cars below less than the whole may suffice.
"""

from ampacity.circuit.policy.reservations import within_da
from ampacity.circuit.policy.shortfall import hides
from ampacity.circuit.trusted.device.evse_state import EvseState

if False:  # for the type checker
    from collections.abc import Callable
    from typing import Any, Protocol

    from ampacity.circuit.policy.constraints.external_limits import Limits
    from ampacity.circuit.policy.reservations import Reservations
    from ampacity.circuit.trusted.ledger import Ledger
    from ampacity.circuit.trusted.metering.other_load import OtherLoad

    class SharedCapacity(Protocol):
        """Shared data: the circuits, the external limits, and the targets of all EVSEs."""

        ledger: Ledger
        targets: Any
        limits: Limits
        other: OtherLoad
        reservations: Reservations
        want_da: "list[int]"
        now_ms: int
        demand: Any


WHOLE_DA = 10  # a primary below reports whole amperes


class MinimumGrants:
    """The reported grant of each EVSE, in da; 0: none."""

    def __init__(self, shed: "SharedCapacity") -> None:
        self.shed = shed
        self.file_da = [evse.min_da for evse in shed.ledger.site.evses]
        self.reported_da = [0] * len(self.file_da)

    def put(self, e: int, da: int) -> bool:
        """A primary below reports its least useful grant, in da; 0: none. True if its minimum changes."""
        self.reported_da[e] = da
        self.shed.demand.reports[e] = da > 0
        s, least_da = self.shed.ledger.evse_states[e], self.file_da[e]
        if da > least_da:
            if not possible(self.shed, s, da):
                most_da = most_possible_da(self.shed, s)
                da = most_da if most_da > da - WHOLE_DA else da  # by less than that it was rounded up
            lacks_da = 0 if possible(self.shed, s, da) else da - self._beside_minimums_da(s)
            least_da = max(least_da, da - max(0, -(-lacks_da // WHOLE_DA)) * WHOLE_DA)
        if least_da == s.evse.min_da:
            return False
        s.evse.min_da = least_da
        return True

    def _beside_minimums_da(self, s: EvseState) -> int:
        """The most that this one could have while each other that may charge has its minimum, in da; of a primary that of the site file."""
        shed, ledger, limits = self.shed, self.shed.ledger, self.shed.limits
        least_da = [max(keeps_da(shed, t, s), self._least_da(t)) for t in ledger.evse_states]
        beside = without(s, sums_of(ledger, lambda t: least_da[t.index]), least_da[s.index])
        most_da = min(s.evse.limit_da, limits.evse_da[s.index])
        for key in s.on_keys:
            carries_da = min(ledger.cap_da[key], limits.circuit_da[key]) - _kept_other_da(shed, s, key)
            most_da = min(most_da, (min(carries_da, limits.chargers_da[key]) - beside[key]) // s.on_keys.count(key))
        for row in limits.constraints:
            if row.weights[s.index]:
                others_da = sum([least_da[t.index] * row.weights[t.index] for t in ledger.evse_states if t is not s])
                most_da = min(most_da, (row.cap_da - others_da) // row.weights[s.index])
        return within_da(s, most_da) + s.rounding_da

    def _least_da(self, t: EvseState) -> int:
        """What this one takes at its minimum, in da; of a primary at that of the site file; 0: it may not charge."""
        if not self.shed.targets.ceiling_da(t):
            return 0
        return self.shed.ledger.permits.most_of(t, self.file_da[t.index] if t.evse.primary else t.evse.min_da)


def possible(shed: "SharedCapacity", s: EvseState, da: int, unused: bool = False) -> bool:
    """Would it fit if all others gave what they can, within all limits? unused: while they have all that they can use."""
    if da > min(s.evse.limit_da, shed.limits.evse_da[s.index]) or shed.ledger.permits.most_of(s, da) > _room_da(shed, s, unused):
        return False
    for row in shed.limits.constraints:
        if da * row.weights[s.index] > row.cap_da:
            return False
    return True


def most_possible_da(shed: "SharedCapacity", s: EvseState) -> int:
    """The most that would fit if all others gave what they can, within all limits; 0 or less: nothing."""
    da = min(s.evse.limit_da, shed.limits.evse_da[s.index], within_da(s, _room_da(shed, s)))
    for row in shed.limits.constraints:
        if row.weights[s.index]:
            da = min(da, row.cap_da // row.weights[s.index])
    return da


def most_ever_da(shed: "SharedCapacity", s: EvseState) -> int:
    """The most that the ratings of the site and the reserves of others ever leave it; a grant, limits and other load change."""
    ledger = shed.ledger
    beside = without(s, sums_of(ledger, lambda t: t.reserve_da), s.reserve_da)
    own = len(ledger.site.circuits) * ledger.site.phases
    return min([(ledger.cap_da[key] - beside[key]) // s.on_keys.count(key) for key in s.on_keys if key < own])


def _room_da(shed: "SharedCapacity", s: EvseState, unused: bool = False) -> int:
    """What the circuits have for it, and for what it makes of an order, if all others gave what they can; unused: had all that they can use."""
    ledger, limits = shed.ledger, shed.limits
    beside = without(s, sums_of(ledger, lambda t: keeps_da(shed, t, s, unused)), keeps_da(shed, s, s))
    room_da = s.evse.limit_da + s.rounding_da + s.overdraw_da
    for key in s.on_keys:
        carries_da = min(ledger.cap_da[key], limits.circuit_da[key]) - _kept_other_da(shed, s, key)
        room_da = min(room_da, min(carries_da - beside[key], limits.chargers_da[key] - unused * beside[key]) // s.on_keys.count(key))
    return room_da


def keeps_da(shed: "SharedCapacity", t: EvseState, s: EvseState, unused: bool = False) -> int:
    """What this one does not give for the other: its reserve; all that cannot be moved, and what goes before by priority; unused: all that it
    can use."""
    if t is not s and shed.reservations.stuck(t.index):
        return t.bound_da
    if unused:
        uses = shed.demand.wants[t.index] and not shed.demand.backs_off(t.index)
        return max(t.reserve_da, min(t.evse.limit_da, int(shed.demand.idle_cap_da[t.index])) if uses else 0)
    return max(t.reserve_da, shed.want_da[t.index]) if t.evse.priority > s.evse.priority else t.reserve_da


def _kept_other_da(shed: "SharedCapacity", s: EvseState, key: int) -> int:
    """Other load there but for what others without a measurement would give for this one."""
    ledger, other = shed.ledger, shed.other
    hidden_da = sum([_hidden_da(shed, t, s) * t.on_keys.count(key) for t in ledger.evse_states])
    hidden_da = min(hidden_da, max(0, ledger.other_da[key] - other.unhidden_da[key]))
    return max(other.carried_da(key) - hidden_da, other.floor_da[key])


def _hidden_da(shed: "SharedCapacity", t: EvseState, s: EvseState) -> int:
    """So much of what looks like other load may be this one's current, which it does not measure and would give for the other."""
    if t is s or not shed.want_da[t.index] or not hides(t, shed.now_ms):
        return 0
    return 0 if shed.reservations.stuck(t.index) or t.evse.priority > s.evse.priority else t.bound_da


def sums_of(ledger: "Ledger", amount: "Callable[[EvseState], int]") -> "list[int]":
    """Σ of an amount per EVSE on each circuit and phase; on phases that are open now its reserve."""
    sums = [0] * ledger.site.size
    for s in ledger.evse_states:
        da = amount(s)
        for key in s.on_keys if da else ():
            sums[key] += da
        for key in s.off_keys:
            sums[key] += s.reserve_da
    return sums


def without(s: EvseState, sums: "list[int]", da: int) -> "list[int]":
    """The same without this EVSE, whose amount is da."""
    beside = list(sums)
    for key in s.on_keys:
        beside[key] -= da
    for key in s.off_keys:
        beside[key] -= s.reserve_da
    return beside


def _least_da(shed: "Any", minimum_grants: "MinimumGrants | None", s: EvseState) -> int:
    """The least current with which this EVSE could begin, in da; 0: it may not charge, or its car drew nothing at all that was tried.

    A car that drew nothing at its orders may need more than they were (learnt_minimum.py), and the present grant may have been the reason.
    """
    e, demand = s.index, shed.demand
    least_da = s.evse.min_da
    if minimum_grants is not None and minimum_grants.reported_da[e]:
        least_da = max(minimum_grants.file_da[e], minimum_grants.reported_da[e])
    backs_off = demand.backs_off(e)
    if not shed.targets.ceiling_da(s) and not demand.paused.inhibited[e] and not backs_off:
        return 0
    return demand.untried_da(shed, s, least_da) or (0 if backs_off or demand.idle[e] else least_da)


def minimum_grant_da(shed: "Any", minimum_grants: "MinimumGrants | None", keys: "range") -> int:
    """The least that these keys (the root's phases) must carry so that each EVSE that may charge could start alone; 0: none may, or
    none can as far as our own ratings go."""
    ledger, site = shed.ledger, shed.site
    sums, most_da = sums_of(ledger, lambda s: s.reserve_da), 0
    own = len(site.circuits) * site.phases  # those of a grant come after
    for s in ledger.evse_states:
        least = _least_da(shed, minimum_grants, s)
        if not least:
            continue
        beside = without(s, sums, s.reserve_da)
        needs_da = 0
        for da in (least, shed.demand.exact_da(s.index, least)):  # without the allowance where that makes it possible, or one ampere less
            other_da = _carried(shed, s, ledger.permits.most_of(s, da), beside, keys, own) if da else 0
            if other_da and (not needs_da or -(-other_da // WHOLE_DA) < -(-needs_da // WHOLE_DA)):
                needs_da = other_da
        most_da = max(most_da, needs_da)
    return most_da


def _carried(shed: "Any", s: EvseState, least: int, beside: "list[int]", keys: "range", own: int) -> int:
    """What these keys must carry so that it and all others have their current, in da; 0: our own ratings do not permit it."""
    needs_da = 0
    for key in s.on_keys:
        load_da = max(least, s.reserve_da) * s.on_keys.count(key) + beside[key]
        if key in keys:
            needs_da = max(needs_da, load_da)
        if key < own and load_da + _kept_other_da(shed, s, key) > shed.ledger.cap_da[key]:
            return 0
    return needs_da
