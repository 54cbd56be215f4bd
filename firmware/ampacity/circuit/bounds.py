"""What each EVSE may be drawing now (safety.md section 2), and the sums of that over the tree.

bound = max(reserve, every live order, the limit the device reports, the measured current above it),
on every phase that its contactor can close. Each rule is one small method with its number, so that a
proof can take one away and show what then goes wrong.
"""

from ampacity.circuit import ladder
from ampacity.circuit.standing import Standing
from ampacity.circuit.tree import Site

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

EVENTS_MAX = 200
OVER_DA = 10  # rule 10: 1 A
ZERO_DA = 3  # what a meter shows of an open contactor


class Bounds:
    """The standings of all EVSEs and Σ bounds per circuit and phase (flat, in da)."""

    trust_version = 0  # grows when our trust falls, and with what a person says
    kept_version: "int | None" = None  # of those, what the journal holds for sure; None: nothing is kept anywhere

    def __init__(self, site: Site, now_ms: int) -> None:
        self.site = site
        self.start_ms = now_ms
        self.events: list[tuple[int, str, str]] = []
        self.events_dropped = 0
        self.switches = 0  # counts changes of what contactors and feeders are told
        self.standings = [Standing(evse, site.phases, now_ms) for evse in site.evses]
        self.sums = [0] * site.size
        self.fresh_sums = [0] * site.size
        self.cap_da = list(site.rating_da)
        self.older_shapes: "list[Any]" = []  # (EVSE index, where it was) that still hold of the site before its change (rule 15)
        for s in self.standings:
            s.book.add_unknown(self._hardware_da(s), now_ms)
            self._renew(s)
        self.sum_up(self.sums)

    def event(self, now_ms: int, kind: str, text: str) -> None:
        if len(self.events) >= EVENTS_MAX:
            self.events.pop(0)
            self.events_dropped += 1
        self.events.append((now_ms, kind, text))

    # the rules of the bound

    def _hardware_da(self, s: Standing) -> int:
        return s.evidence.max_da()

    def _rule_3_release(self, s: Standing, now_ms: int) -> bool:
        """An order falls out of the bound only when a later one is proven and has settled."""
        return s.book.settle(now_ms)

    def _rule_4_reserve(self, s: Standing) -> int:
        """What it may draw without asking, at any time; never lent to anybody."""
        reserve = s.evidence.power_on_da()
        if s.evidence.watchdog_ms() > 0:
            return max(reserve, s.evidence.fallback_da())
        return max(reserve, self._rule_7_silence(s))

    def _rule_5_lapse(self, s: Standing, now_ms: int) -> bool:
        """Silence ran its time since the last frame of another kind: its bound is the reserve."""
        if s.ok or s.lapsed or s.locked or s.on_trial:
            return False
        watchdog_ms = s.evidence.watchdog_ms()
        if watchdog_ms <= 0 or now_ms - s.other_ms < s.evse.lapse_ms(watchdog_ms):
            return False
        s.memory_da = max(s.memory_da, s.book.drop_all())
        s.lapsed = True
        s.reported_da = s.reported_old_da = s.measured_da = 0
        return True

    def _rule_7_silence(self, s: Standing) -> int:
        """No proven watchdog, and nobody vouches that it holds its order: silence means its maximum."""
        return 0 if s.evidence.holds() else self._hardware_da(s)

    def _rule_10_bound(self, s: Standing) -> int:
        """It draws more than it was told: the most that it may do is what its hardware can."""
        return max(s.measured_da, s.disobeyed_da, self._hardware_da(s)) if s.disobeys else 0

    def _rule_6_lock(self, s: Standing) -> int:
        """Another device at this address: nothing is known of it."""
        return self._hardware_da(s) if s.locked == "swapped" else 0

    def _rule_14_keys(self, s: Standing) -> "tuple[int, ...]":
        """Every circuit and phase that its contactor can close in the present state."""
        return s.on_keys

    def _rule_15_keys(self, s: Standing) -> "tuple[int, ...]":
        """Where it stood before the site was changed, until it was proven paused or isolated."""
        return s.old_keys

    def _reported(self, s: Standing) -> int:
        return max(s.reported_da, s.reported_old_da)

    def _bound(self, s: Standing) -> int:
        if s.isolated:
            return 0
        bound = s.book.most_da()
        if s.reserve_da > bound:
            bound = s.reserve_da
        if s.reported_da > bound or s.reported_old_da > bound:
            bound = max(bound, self._reported(s))
        if s.measured_da > bound:
            bound = s.measured_da
        if s.disobeys or s.locked:
            bound = max(bound, self._rule_10_bound(s), self._rule_6_lock(s))
        return bound

    # keeping the sums

    def _renew(self, s: Standing) -> None:
        """Evidence changed: reserve and bound anew, without the sums."""
        s.reserve_da = 0 if s.isolated else self._rule_4_reserve(s)
        s.bound_da = self._bound(s)

    def _update(self, s: Standing) -> None:
        """Reserve and bound anew, and the sums with them."""
        self._add(self.sums, s, -1)
        self._renew(s)
        self._add(self.sums, s, 1)

    def _rebound(self, s: Standing) -> None:
        """Bound anew (the reserve is unchanged), and the sums with it."""
        bound = self._bound(s)
        if bound != s.bound_da:
            self._add(self.sums, s, -1)
            s.bound_da = bound
            self._add(self.sums, s, 1)
        if s.lower_ms >= 0 and bound <= max(s.reserve_da, s.book.last_da()):
            s.lower_ms = -1
            if s.fell_ms >= 0:
                s.fell_ms = -1

    def _add(self, sums: list[int], s: Standing, sign: int) -> None:
        bound = sign * s.bound_da
        if bound:
            for key in self._rule_14_keys(s):
                sums[key] += bound
            if s.old_keys:
                for key in self._rule_15_keys(s):
                    sums[key] += bound
        if s.off_keys and s.reserve_da:
            for key in s.off_keys:
                sums[key] += sign * s.reserve_da

    def sum_up(self, sums: list[int]) -> None:
        """Σ bounds of every circuit and phase from nothing."""
        for key in range(len(sums)):
            sums[key] = 0
        for s in self.standings:
            self._add(sums, s, 1)

    def refresh(self, now_ms: int) -> None:
        """Let time do what it does to every bound: settle, lapse, expire."""
        for s in self.standings:
            changed = False
            if len(s.book.orders) > 1:
                changed = self._rule_3_release(s, now_ms)
            if not s.ok:
                changed = self._rule_5_lapse(s, now_ms) or changed
            if s.reported_old_da and now_ms >= s.reported_until_ms:
                s.reported_old_da = 0
                changed = True
            if s.above_ms >= 0 or s.disobeys:
                changed = self._rule_10_watch(s, now_ms) or changed
            if s.set_gone_ms >= 0 and now_ms - s.set_gone_ms >= s.evse.settle_ms:
                self._narrow(s)
            if changed:
                had_da = s.bound_da
                self._rebound(s)
                if s.lower_ms >= 0 and s.bound_da < had_da:
                    s.fell_ms = now_ms
                if s.ok and s.book.most_da() == 0:
                    s.paused_proven = True  # rule 15

    def _rule_10_watch(self, s: Standing, now_ms: int) -> bool:
        """Above its order for twice the settle time: it disobeys, until it is shown that nothing flows."""
        if s.disobeys:
            if not ladder.stopped(s, now_ms):
                ladder.climb(self, s, now_ms)
                return False
            s.disobeys = False
            s.disobeyed_da = 0
            if s.rung == ladder.PAUSED:
                s.rung = ladder.FREE
            self.event(now_ms, "obeys", "%s draws nothing; it counts by its orders again" % s.evse.name)
            return True
        if now_ms - s.above_ms < 2 * s.evse.settle_ms:
            return False
        ladder.begin(self, s, now_ms)
        return True

    def above_order(self, s: Standing) -> bool:
        """Rule 10: more than 1 A and more than 10 % above what was recorded?"""
        order = max(s.book.most_da(), s.reserve_da, s.reported_old_da)
        return s.measured_da > order + max(OVER_DA, order // 10)

    # phases (rule 14)

    def _keys_of(self, s: Standing, terminals: "list[int]") -> "tuple[int, ...]":
        chosen = [s.evse.terminals[index] for index in terminals]
        return self.site.keys_of(s.evse.circuit, chosen)

    def phases_sent(self, evse: int, terminals: "list[int]", now_ms: int) -> bool:
        """A phase switch to these terminals is about to be sent: old and new are both live.

        False: there is no margin for it. Widening counts at once, narrowing after phases_proven.
        """
        s = self.standings[evse]
        had = s.set_terminals if s.set_terminals is not None else list(range(len(s.evse.terminals)))
        both = [index for index in range(len(s.evse.terminals)) if index in had or index in terminals]
        self._set_phases(s, both)
        if self.fits(s.on_keys):
            return True
        self._set_phases(s, had)
        return False

    def phases_shown(self, evse: int, terminals: "list[int]", now_ms: int) -> None:
        """The device shows, or its current does, that these can close: more than believed count at once, room or not."""
        s = self.standings[evse]
        had = s.set_terminals if s.set_terminals is not None else list(range(len(s.evse.terminals)))
        both = [index for index in range(len(s.evse.terminals)) if index in had or index in terminals]
        if len(both) > len(had):
            self._set_phases(s, both)
            self.event(now_ms, "phases", "%s can close %d phases, and %d were believed" % (s.evse.name, len(both), len(had)))

    def phases_proven(self, evse: int, terminals: "list[int]", now_ms: int) -> None:
        """The device proved that only these terminals can close now; the others go after settling."""
        s = self.standings[evse]
        s.set_terminals = list(terminals)
        s.set_gone_ms = now_ms

    def _narrow(self, s: Standing) -> None:
        if s.set_terminals is not None:
            self._set_phases(s, s.set_terminals)
        s.set_gone_ms = -1

    def _set_phases(self, s: Standing, terminals: "list[int]") -> None:
        self._add(self.sums, s, -1)
        open_now = [index for index in range(len(s.evse.terminals)) if index not in terminals]
        s.on_keys = self._keys_of(s, terminals)
        s.off_keys = self._keys_of(s, open_now)
        s.set_terminals = list(terminals)
        s.set_gone_ms = -1
        self._add(self.sums, s, 1)

    def fits(self, keys: "tuple[int, ...]") -> bool:
        """Is Σ bounds within the capacity on each of these? Overridden by who knows the other load."""
        for key in keys:
            if self.sums[key] > self.cap_da[key]:
                return False
        return True
