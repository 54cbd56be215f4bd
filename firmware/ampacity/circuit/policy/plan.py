"""From demand and room to targets: shed what must go now, share what is left, raise what is proven free.

Three passes with different haste (safety.md section 6). `shed` runs in every tick, is linear, and nothing
delays it (load_shedding.py). `share` decides the distribution, at most a few times a second. `_raise_to_goals` moves
the targets up only where the margin is there already, one hold time after the other.

A share is work for many passes of a small controller. It may be interrupted after every piece: ticks continue in between, and shed.
Its goals come into force all at once, and what is raised to them has its margin in that moment.
"""

from ampacity.circuit.policy.allocator import PIECE, Member, pieces, take
from ampacity.circuit.policy.constraints.external_limits import Limits
from ampacity.circuit.policy.load_shedding import LoadShedding
from ampacity.circuit.policy.preemption import Preemption
from ampacity.circuit.policy.queue.demand import Demand
from ampacity.circuit.policy.reservations import BEGINS, Reservations, within_da
from ampacity.circuit.policy.targets import Targets
from ampacity.circuit.trusted.device.evse_state import EvseState
from ampacity.circuit.trusted.device.order_book import NONE_DA
from ampacity.circuit.trusted.ledger import Ledger
from ampacity.circuit.trusted.metering.other_load import OtherLoad

if False:  # for the type checker
    from collections.abc import Iterator

SHARE_MS = 500
RAISES = 8  # between two yields
ROOM_DA = 10  # less than this is no room to rise


class Plan:
    """The three passes together, and what is kept from one share to the next."""

    def __init__(self, ledger: Ledger, other: OtherLoad, limits: Limits, demand: Demand) -> None:
        site = ledger.site
        self.site = site
        self.ledger = ledger
        self.other = other
        self.limits = limits
        self.demand = demand
        self.want_da = ledger.want_da
        self.targets = Targets(ledger, limits, demand)
        self.reservations = Reservations(ledger, other, demand.kept_since_ms)
        self.shed = LoadShedding(self.targets, other, self.reservations)
        self.goal_da = [0] * len(site.evses)
        self.admitted = [False] * len(site.evses)
        self.member_of: "list[Member | None]" = [None] * len(site.evses)
        self.members: list[Member] = []  # of the last share
        self.by_default = False  # an EVSE of the last share is in the default state (rule 7)
        self.preemption = Preemption(self.targets, self.reservations, self.shed)
        self.extra = [0] * site.size
        self.shared_ms = -SHARE_MS
        self.sharing: "Iterator[None] | None" = None  # a share that is not finished
        self.now_ms = 0
        # what was shared last, by whom, and what it left: nothing changes as long as that stays
        self.shared_da: "list[int]" = []
        self.left_da: "list[int]" = []
        self.shared_by: "list[int]" = []
        self.same = self.complete = False
        self.deadband_da = site.setting("deadband_da", 5)
        self.raise_hold_ms = site.setting("raise_hold_ms", 10000)

    def tick(self, now_ms: int, running: bool) -> None:
        """New targets, but for a share that is due: `share_on` until there is none.

        running False (quarantine, safe): all EVSEs are ordered to pause.
        """
        self.reservations.renew(now_ms)
        self.preemption.reserve()
        self.demand.tick(now_ms)
        if not running:
            self.sharing = None
            for e in range(len(self.want_da)):
                self.want_da[e] = 0
                self.goal_da[e] = 0
            self.shared_ms = now_ms - SHARE_MS
            return
        self.shed.tick(now_ms)
        if self.sharing is None and (self.demand.changed or now_ms - self.shared_ms >= SHARE_MS):
            self.demand.changed = False
            self.shared_ms = now_ms
            self.sharing = self._share(now_ms)

    def share_on(self, now_ms: int) -> None:
        """The next piece of a share; after the last one the targets follow."""
        if self.sharing is None:
            return
        self.now_ms = now_ms
        for _ in self.sharing:
            return
        self.sharing = None

    # share

    def _share(self, now_ms: int) -> "Iterator[None]":
        """Goals for all demanding EVSEs, from the capacity that the others leave, piece by piece."""
        demand, members = self.demand, self.members
        del members[:]
        self.by_default, self.same, self.complete = False, self.complete, False
        self.preemption.step(now_ms, self.raise_hold_ms)
        order = demand.sort(now_ms, self.preemption.claimant)
        yield
        for place, e in enumerate(order):
            if place % PIECE == PIECE - 1:
                yield
            if not demand.wants[e] and not self.want_da[e]:
                continue
            demand.watch_use(e, self.want_da[e], now_ms)
            demand.learn(self.shed, e, now_ms)
            s = self.ledger.evse_states[e]
            ceiling = self.preemption.cap_da(s, self.targets.ceiling_da(s))
            if ceiling and (s.evse.by_measure or not self.reservations.stuck(e)):
                members.append(self._member(s, min(ceiling, demand.idle_cap_da[e])))
        if demand.idle_backoff is not None or demand.learnt is not None:
            demand.levels().try_more(self.shed, demand)
        yield
        free = self._free()
        yield
        if not self._is_same(free):
            yield from pieces(free, members)
            self._gather(free)
            self.left_da = free
        self.complete = True
        yield
        self._set_goals()
        self._back_off_idle(self.left_da, now_ms)
        yield
        demand.rotate(self.admitted, now_ms)
        yield
        self.preemption.look(self.members, now_ms)
        yield
        self._lower_to_goals(self.now_ms)
        yield
        yield from self._raise_to_goals()

    def _is_same(self, free: "list[int]") -> bool:
        """True if capacity, members, order and demands are unchanged; the last result then applies."""
        by = self.shared_by
        same = self.same and len(by) == len(self.members) and free == self.shared_da
        for place, member in enumerate(self.members):
            same = same and by[place] == member.index
        if not same:
            self.shared_da = list(free)
            self.shared_by = [member.index for member in self.members]
        return same

    def _set_goals(self) -> None:
        for e in range(len(self.goal_da)):
            self.goal_da[e] = 0
            self.admitted[e] = False
        self.demand.short = False
        for member in self.members:
            self.demand.short = self.demand.short or member.goal_da < member.max_da and not self.demand.idle[member.index]
            self.goal_da[member.index] = self._goal(member)
            self.admitted[member.index] = member.admitted and not self._is_blocked(member)

    def _is_blocked(self, member: Member) -> bool:
        """It has a share but cannot start next to an unmeasured EVSE: it waits as without a share."""
        return self.want_da[member.index] < member.min_da and self.preemption.blocked(self.ledger.evse_states[member.index], member.min_da)

    def _member(self, s: EvseState, cap_da: int) -> Member:
        """Shares are of what the device makes of its target, not of the target."""
        e, least, most, present = s.index, s.evse.min_da, cap_da, self.want_da[s.index]
        if s.rounding_da or s.overdraw_da:
            most_of = self.ledger.permits.most_of
            least, most, present = most_of(s, least), most_of(s, most), most_of(s, present)
        member = self.member_of[e]
        if member is None:
            member = self.member_of[e] = Member(e, (), 0, 0, s.evse.weight, 0, 0)
        limit_rows = self._limit_rows(s) if self.limits.any() else ()
        kept = s.reserve_da if s.evse.primary and 60 <= s.reserve_da < s.evse.min_da else 0  # 6 A: the least of IEC 61851-1
        base_da = self._base_da(s)
        holds_da = self.reservations.base_da(s) - base_da
        if kept != member.kept_da or holds_da != member.holds_da:
            member.kept_da, member.holds_da = kept, holds_da
            self.same = False
        if member.asks(self._rows(s), limit_rows, least, most, self.demand.queue_order.rank[e], base_da, present):
            self.same = False
        return member

    def _gather(self, free: "list[int]") -> None:
        """No target moves by less than the deadband. The sum of such remainders goes to the first EVSE that can use it."""
        small = []
        for member in self.members:
            present = member.present_da
            more = member.goal_da - present
            if more and -self.deadband_da < more < self.deadband_da and member.min_da <= present <= member.max_da:
                if take(free, member, present) and more > 0:
                    small.append(member)
        for member in small:
            goal = member.goal_da + self.deadband_da
            if goal <= member.max_da:
                take(free, member, goal)

    def _back_off_idle(self, free: "list[int]", now_ms: int) -> None:
        """Pauses an EVSE without significant current where others could use its capacity."""
        demand, tight = self.demand, None
        for member in self.members:
            if member.admitted and demand.idle[member.index]:
                if tight is None:
                    tight = self._tight(free)
                for row in member.rows + member.limit_rows:
                    if tight[row]:
                        demand.back_off(member.index, now_ms)
                        self.goal_da[member.index], self.admitted[member.index] = 0, False
                        break

    def _tight(self, free: "list[int]") -> "list[bool]":
        """Rows that limit an EVSE that could use more."""
        tight = [False] * len(free)
        for member in self.members:
            if member.goal_da < member.max_da and not self.demand.idle[member.index]:
                least = ROOM_DA if member.goal_da else member.min_da
                for row in member.rows + member.limit_rows:
                    tight[row] = tight[row] or free[row] < least
        return tight

    def _goal(self, member: Member) -> int:
        """The target of which the device makes no more than its share."""
        s = self.ledger.evse_states[member.index]
        goal_da = within_da(s, member.goal_da) + s.rounding_da if member.goal_da else 0
        if s.rounding_da and 0 < goal_da < s.evse.max_da:
            goal_da -= s.rounding_da
        return min(goal_da, self.targets.ceiling_da(s)) if goal_da < member.goal_da else goal_da

    def _rows(self, s: EvseState) -> "tuple[int, ...]":
        """Rows 0..n: what flows; n..2n: the default state (rule 7)."""
        if s.evidence.watchdog_ms() > 0:
            return s.on_keys
        self.by_default = True
        return s.on_keys + tuple([key + self.site.size for key in s.on_keys])

    def _limit_rows(self, s: EvseState) -> "tuple[int, ...]":
        """Rows 2n..3n: external limits on what flows; 3n..4n: on our EVSEs alone; then limits.constraints."""
        size = self.site.size
        rows = [key + 2 * size for key in s.on_keys] + [key + 3 * size for key in s.on_keys]
        for r, row in enumerate(self.limits.constraints):
            rows += [4 * size + r] * row.weights[s.index]
        return tuple(rows)

    def _free(self) -> "list[int]":
        """Every row less other load, less the planned current of each EVSE before it gets a share.

        The rows of the default state are filled in where an EVSE of this share is on them, those of limits from
        outside where there are any; on these a reserve is no load, for orders keep what flows below it.
        """
        ledger, size = self.ledger, self.site.size
        free = [0] * (2 * size)
        for key in range(size):
            free[key] = self._carries(key, ledger.cap_da[key])
            free[key + size] = ledger.cap_da[key] - ledger.assumed_da[key]
        for s in ledger.evse_states:
            planned = self._base_da(s)
            for key in s.on_keys if planned else ():
                free[key] -= planned
            if s.off_keys:
                for key in s.off_keys:
                    free[key] -= ledger.bounds.off_da(s)
            if self.by_default:
                self._free_by_default(free, s)
        if self.limits.any():
            self._free_by_limits(free)
        return free

    def _base_da(self, s: EvseState) -> int:
        """What it has before any share, in da. What others gave for it is none: it is kept from those that come after it."""
        return s.bound_da if self.reservations.reasons[s.index] == BEGINS else self.reservations.base_da(s)

    def _free_by_limits(self, free: "list[int]") -> None:
        limits, size = self.limits, self.site.size
        free += [self._carries(key, limits.circuit_da[key]) for key in range(size)]
        free += limits.chargers_da
        free += [row.cap_da for row in limits.constraints]
        for s in self.ledger.evse_states:
            if s.bound_da and self.reservations.stuck(s.index):
                for row in self._limit_rows(s):
                    free[row] -= s.bound_da

    def _carries(self, key: int, cap_da: int) -> int:
        """Capacity for all EVSEs: the permitted raise or, if orders in force exceed it, these, as far as they may stay.

        The current of an unmeasured EVSE also appears as other load: it counts twice for a raise, once for a lower order. An EVSE
        between the two stays: shares that followed the one while rising and the other while falling would never settle.
        But where that keeps one from what it was given, be it a first write without its second, all make the room for it.
        """
        room, present = cap_da - self.other.carried_da(key), self.ledger.sums[key]
        if key in self.reservations.kept:
            return min(room, cap_da - self.ledger.other_da[key])
        if present <= room or key in self.reservations.lacking:
            return room
        return max(room, min(present, cap_da - self.ledger.low_other_da[key]))

    def _free_by_default(self, free: "list[int]", s: EvseState) -> None:
        standing = self.ledger.margin.default_state_da(s) if self.reservations.stuck(s.index) else s.reserve_da
        for key in s.on_keys:
            free[key + self.site.size] -= standing
        for key in s.off_keys:
            free[key + self.site.size] -= s.reserve_da

    def _lower_to_goals(self, now_ms: int) -> None:
        """Fairness takes back what others should have; noise below the deadband moves no target, unless an EVSE waits to start."""
        least = 1 if self._has_waiting_start(now_ms) else self.deadband_da
        for e in self.demand.order:
            goal, want, s = self.goal_da[e], self.want_da[e], self.ledger.evse_states[e]
            if want and self.reservations.in_vain(s, now_ms):
                goal = self.goal_da[e] = 0
            if want and (goal == 0 or want - goal >= least):
                self.targets.lower(s, goal, now_ms, goal == 0 and self.demand.wants[e])

    def _has_waiting_start(self, now_ms: int) -> bool:
        """True if an EVSE is next, but small excesses of a few others together take its minimum."""
        for e in self.demand.order:
            s = self.ledger.evse_states[e]
            if self.want_da[e] < s.evse.min_da and self._may_rise(e, now_ms) and not self.ledger.margin.blind(s):
                return True
        return False

    # raise

    def _raise_to_goals(self) -> "Iterator[None]":
        ready = []
        for e in self.demand.order:
            if self._may_rise(e, self.now_ms):
                ready.append(e)
            if not self.admitted[e] or self.want_da[e] or self.demand.paused.inhibited[e]:
                self.demand.kept_since_ms[e] = -1
        if not ready or not self.ledger.permits.quiet(self.now_ms):
            return
        self._count_unsent()
        for place, e in enumerate(ready):
            if place % RAISES == RAISES - 1:
                yield
            if self._may_rise(e, self.now_ms):  # still so: others ran, and a shed goes before
                self._raise(self.ledger.evse_states[e], self.now_ms)

    def _may_rise(self, e: int, now_ms: int) -> bool:
        goal, want, demand = self.goal_da[e], self.want_da[e], self.demand
        if goal <= want:
            return False
        if want == 0:
            return not demand.paused.inhibited[e]
        enough = goal - want >= self.deadband_da or want < self.ledger.evse_states[e].evse.min_da
        return enough and now_ms - demand.changed_ms[e] >= self.raise_hold_ms

    def _count_unsent(self) -> None:
        """Targets that were raised and not sent yet need their margin too, and reserved margin is not available to others."""
        for key in range(len(self.extra)):
            self.extra[key] = 0
        for s in self.ledger.evse_states:
            self._add_promised(s, self.shed.plan_da(s))

    def _add_promised(self, s: EvseState, da: int, sign: int = 1) -> None:
        if da > s.bound_da:
            for key in s.on_keys:
                self.extra[key] += sign * (da - s.bound_da)

    def _raise(self, s: EvseState, now_ms: int) -> None:
        e, ledger = s.index, self.ledger
        want = self.want_da[e]
        if ledger.margin.blind(s):
            return
        held = self.shed.plan_da(s)
        da, room = min(self.goal_da[e], self.targets.ceiling_da(s)), self._room(s, held)
        if ledger.permits.most_of(s, da) > room:
            da = within_da(s, room)
        least = min(s.evse.min_da, self.goal_da[e]) if want < s.evse.min_da else want + self.deadband_da
        da = self._surviving_da(s, da, least)
        if not da:
            if not want and self.admitted[e] and self.demand.kept_since_ms[e] < 0:
                self.demand.kept_since_ms[e] = now_ms
            return
        self._add_promised(s, held, -1)
        self._add_promised(s, ledger.permits.most_of(s, da))
        self.want_da[e] = da
        self.demand.changed_ms[e] = now_ms

    def _surviving_da(self, s: EvseState, da: int, least: int) -> int:
        """This order, or the first of ever smaller ones down to the least, with which the default state would hold (rule 7); 0: none."""
        while da >= least:
            if self.ledger.permits.survives(s, da):
                return da
            da = least + (da - least) // 2 if da > least else 0
        return 0

    def _room(self, s: EvseState, held: int) -> int:
        """The highest order that has its margin now, with what others were promised counted, in da; 0: none."""
        margin, own = self.ledger.margin, max(0, held - s.bound_da)
        room = NONE_DA
        for key in s.on_keys:
            count = s.on_keys.count(key)
            free = margin.free_da(key) - self.extra[key] + own * count
            room = min(room, free // count)
        return s.bound_da + room if room >= 0 else 0  # what is below its bound leaves only where all bounds fit
