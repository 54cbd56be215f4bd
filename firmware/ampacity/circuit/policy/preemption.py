"""Capacity for a car that waits next to EVSEs without a current measurement.

A meter also shows their current as other load, so each of their orders costs twice. No car can therefore start next to them,
although running orders may remain. After a short wait the others give current: down to their minimum, or all of it after
their slot. Until the car has started and risen this current is reserved for it; then the others return.
"""

from ampacity.circuit.policy.minimum_grant import possible
from ampacity.circuit.policy.reservations import BEGINS
from ampacity.circuit.policy.shortfall import Shortfall, hides, shortfall_da
from ampacity.circuit.trusted.device.evse_state import LONG_AGO_MS, EvseState

if False:  # for the type checker
    from ampacity.circuit.policy.allocator import Member
    from ampacity.circuit.policy.minimum_grant import SharedCapacity
    from ampacity.circuit.policy.reservations import Reservations
    from ampacity.circuit.policy.targets import Targets

LOOK_MS = 2000  # interval between two looks at waiting cars
WAITED_MS = 5000
CLAIM_MS = 45000  # time to start: orders settle and the filter of a meter releases before; a paused car waits longer
RISE_MS = 5000  # beyond the hold of a raise: to rise in once it has begun
STILL_MS = 12000  # after a pre-emption a meter may still show for so long what was before
BLIND_DA = 10  # so much of the other load may be our own
TRIES = 8  # waiting cars per look
NOBODY = -1


class Preemption:
    """At most one at a time: `claimant`, or `NOBODY`."""

    def __init__(self, targets: "Targets", reservations: "Reservations", shed: "SharedCapacity") -> None:
        self.reservations = reservations
        self.shed = shed
        self.targets = targets
        self.ledger = targets.ledger
        self.demand = targets.demand
        self.want_da = targets.want_da
        self.claimant = NOBODY
        self.claimed_ms = LONG_AGO_MS
        self.begun_ms = -1
        self.again_ms = LONG_AGO_MS  # no look before this time
        self.lowered = 0  # one bit per EVSE to be lowered to its minimum
        self.hidden: "set[int]" = set()  # circuits and phases of charging EVSEs without a measurement
        self.harder = NOBODY  # the EVSE whose last pre-emption failed: unmeasured EVSEs may draw less than permitted

    def cap_da(self, s: EvseState, ceiling_da: int) -> int:
        """What is left of this ceiling."""
        return min(ceiling_da, s.evse.min_da) if self.lowered >> s.index & 1 else ceiling_da

    def reserve(self) -> None:
        """In each pass: until it has started its smallest order is reserved."""
        if self.claimant != NOBODY and self.begun_ms < 0:
            s = self.ledger.evse_states[self.claimant]
            self.reservations.put(s.index, self.ledger.permits.most_of(s, s.evse.min_da), BEGINS, self.claimed_ms + CLAIM_MS)

    def blocked(self, s: EvseState, da: int) -> bool:
        """It cannot have so much, and what looks like other load there may be our own."""
        if not self.hidden:
            return False
        ledger = self.ledger
        for key in s.on_keys:
            blind_da = ledger.other_da[key] - self.reservations.other.unhidden_da[key]
            if blind_da >= BLIND_DA and shortfall_da(ledger, s, key, da) > 0 and key in self.hidden:
                return True
        return False

    def step(self, now_ms: int, raise_hold_ms: int) -> None:
        """Before a share: updates the list of unmeasured EVSEs and ends the pre-emption when it is over."""
        hidden = self.hidden
        hidden.clear()
        for s in self.ledger.evse_states:
            if self.want_da[s.index] and hides(s, now_ms):
                for key in s.on_keys:
                    hidden.add(key)
        if self.claimant == NOBODY:
            return
        s = self.ledger.evse_states[self.claimant]
        want, ceiling = self.want_da[self.claimant], self.targets.ceiling_da(s)
        begun = want >= s.evse.min_da  # a primary below may have its reserve while it waits
        if begun and self.begun_ms < 0:
            self.begun_ms = now_ms
            self.harder = NOBODY
        risen = begun and (want >= ceiling or now_ms - self.begun_ms >= raise_hold_ms + RISE_MS)
        in_vain = not begun and now_ms - self.claimed_ms >= CLAIM_MS
        if not ceiling or risen or in_vain:
            self.again_ms = now_ms + STILL_MS
            if in_vain:
                self._without_effect(now_ms)
            self.claimant = NOBODY
            self.begun_ms = -1
            self.claimed_ms = LONG_AGO_MS
            self.lowered = 0

    def _without_effect(self, now_ms: int) -> None:
        """It may try harder, once; then it waits as if it had just come."""
        demand = self.demand
        self.again_ms = now_ms + max(STILL_MS, demand.slot_ms // 4)
        if self.harder == self.claimant:
            self.harder = NOBODY
            demand.to_the_back(self.claimant)
            demand.waits_since_ms[self.claimant] = now_ms
        else:
            self.harder = self.claimant

    def look(self, members: "list[Member]", now_ms: int) -> None:
        """After a share: looks for a waiting car that pre-emption would help, longest wait first."""
        demand = self.demand
        if self.claimant != NOBODY or now_ms < self.again_ms:
            return
        waiting = []
        for member in members:
            e, since_ms = member.index, demand.waits_since_ms[member.index]
            waits = self.want_da[e] < self.ledger.site.evses[e].min_da and since_ms >= 0 and now_ms - since_ms >= WAITED_MS
            if waits and self._is_helped(self.ledger.evse_states[e], member.min_da):
                waiting.append((-demand.queue_order.rank[e], since_ms, e, member.min_da))
        if not waiting:
            return
        self.again_ms = now_ms + LOOK_MS
        waiting.sort()
        for _, _, e, least_da in waiting[:TRIES]:
            if self._others_give(Shortfall(self.ledger, self.reservations.other.unhidden_da, self.ledger.evse_states[e], least_da), now_ms):
                return

    def _is_helped(self, s: EvseState, da: int) -> bool:
        """Is it blocked by nothing else: no limit, and not by its default state (rule 7)?"""
        return self.blocked(s, da) and self.ledger.permits.survives(s, da) and possible(self.shed, s, da)

    def _others_give(self, shortfall: Shortfall, now_ms: int) -> bool:
        """The last of the queue first: down to the minimum; then EVSEs after their slot, completely. If this is not enough, none.

        After a failed attempt all unmeasured EVSEs give that had their slot.
        """
        demand, s = self.demand, shortfall.state
        harder, stops = self.harder == s.index, []
        for stop in (False, True):
            for e in reversed(demand.order):
                if shortfall.is_covered() and not harder:
                    break
                if e != s.index and self._may_give(e, s.index, stop, now_ms):
                    if self._gives(self.ledger.evse_states[e], self.want_da[e], shortfall, stop, now_ms):
                        if stop:
                            stops.append(e)
                        else:
                            self.lowered |= 1 << e
        if not shortfall.is_covered():
            self.lowered = 0
            return False
        self.claimant = s.index
        self.claimed_ms, self.begun_ms = now_ms, -1
        for e in sorted(stops):
            demand.paused.inhibit(e, now_ms + CLAIM_MS)
            demand.to_the_back(e)
        return True

    def _may_give(self, e: int, claimant: int, stop: bool, now_ms: int) -> bool:
        demand, rank, want = self.demand, self.demand.queue_order.rank, self.want_da[e]
        if not want or rank[e] > rank[claimant] or self.reservations.stuck(e):
            return False
        if not stop:
            return want > self.ledger.site.evses[e].min_da
        had = demand.served[e] or demand.in_slot[e] and demand.slots.over(self.ledger.evse_states[e])
        waited = 0 <= demand.waits_since_ms[claimant] <= now_ms - demand.slot_ms
        return had or rank[e] < rank[claimant] or waited and demand.ticket[claimant] < demand.ticket[e]

    def _gives(self, s: EvseState, want_da: int, shortfall: Shortfall, stop: bool, now_ms: int) -> bool:
        """Down to its minimum or to 0, if that helps."""
        most_of = self.ledger.permits.most_of
        least_da = most_of(s, s.evse.min_da)
        had_da = least_da if self.lowered >> s.index & 1 else min(most_of(s, want_da), self.ledger.bounds.with_overdraw_da(s, s.book.most_da()))
        helps = shortfall.given(s, had_da, 0 if stop else least_da, hides(s, now_ms))
        return helps or (self.harder == shortfall.state.index and hides(s, now_ms) and shortfall.shares_key(s))
