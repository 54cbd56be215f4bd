"""What each EVSE may be drawing now (safety.md section 2), and the sums of that over the tree.

bound = max(reserve, every live order, the limit the device reports, the measured current above it),
on every phase that its contactor can close. Each rule is one small method with its number, so that a
proof can take one away and show what then goes wrong.
"""

from ampacity.circuit.trusted.device.escalation import Escalation, stopped
from ampacity.circuit.trusted.device.evse_state import EvseState
from ampacity.circuit.trusted.device.reserve import reserve_da
from ampacity.circuit.trusted.device.unused_phases import UnusedPhases
from ampacity.circuit.trusted.events import Events
from ampacity.circuit.trusted.journal_barrier import JournalBarrier
from ampacity.circuit.trusted.site.tree import Site

OVER_DA = 10  # rule 10: 1 A
LEAK_PARTS = 16  # a possible excess is permanent: a past excess decays slower by this factor
ZERO_DA = 3  # what a meter shows of an open contactor


class Bounds:
    """The states of all EVSEs and Σ bounds per circuit and phase (flat, in da)."""

    unused_phases_class = UnusedPhases

    def __init__(self, site: Site, now_ms: int, events: Events) -> None:
        self.site = site
        self.events = events
        self.journal_barrier = JournalBarrier()
        self.escalation = Escalation(events, self.journal_barrier)
        self.evse_states = [EvseState(evse, site.phases, now_ms) for evse in site.evses]
        self.sums = [0] * site.size
        self.fresh_sums = [0] * site.size
        self.unused_phases = self.unused_phases_class(self)
        for s in self.evse_states:
            s.book.add_unknown(self.hardware_da(s), now_ms)
            self.renew(s)
        self.sum_up(self.sums)

    # the rules of the bound

    def hardware_da(self, s: EvseState) -> int:
        """The hardware maximum of its device in da: the larger of the site file and what was read back."""
        return s.evidence.max_da()

    def _rule_3_release(self, s: EvseState, now_ms: int) -> bool:
        """An order falls out of the bound only when a later one is proven and has settled."""
        return s.book.settle(now_ms)

    def _rule_4_reserve(self, s: EvseState) -> int:
        """Current that it may draw without an order, at any time; never available to others."""
        return reserve_da(s.evse, s.evidence)

    def _rule_5_lapse(self, s: EvseState, now_ms: int) -> bool:
        """Silence ran its time since the last frame of another kind: its bound is the reserve."""
        if s.ok or s.lapsed or s.locked or s.watchdog_under_test:
            return False
        watchdog_ms = s.evidence.watchdog_ms()
        if watchdog_ms <= 0 or now_ms - s.last_feed_ms < s.evse.lapse_ms(watchdog_ms):
            return False
        s.memory_da = max(s.memory_da, s.book.drop_all())
        s.lapsed = True
        s.reported_da = s.reported_old_da = s.measured_da = 0
        return True

    def _rule_10_bound(self, s: EvseState) -> int:
        """It draws more than its order: its hardware maximum counts."""
        return max(s.measured_da, s.disobeyed_da, self.hardware_da(s)) if s.disobeys else 0

    def _rule_6_lock(self, s: EvseState) -> int:
        """Another device at this address: nothing is known of it."""
        return self.hardware_da(s) if s.locked == "swapped" else 0

    def _rule_14_keys(self, s: EvseState) -> "tuple[int, ...]":
        """Every circuit and phase that its contactor can close in the present state."""
        return s.on_keys

    def _rule_15_keys(self, s: EvseState) -> "tuple[int, ...]":
        """Its place before the change of the site, until it was proven paused or isolated."""
        return s.old_keys

    def with_overdraw_da(self, s: EvseState, order_da: int) -> int:
        """What its car makes of an order at the most, by what it made of others, in da: of a low one no more than it may (rule 10)."""
        return order_da + min(s.overdraw_da, max(OVER_DA, order_da // 10)) if order_da else 0

    def _reported(self, s: EvseState) -> int:
        return max(s.reported_da, s.reported_old_da)

    def _bound(self, s: EvseState) -> int:
        if s.isolated:
            return 0
        bound = s.book.most_da()
        if not s.ok and s.reserve_da > bound:
            bound = s.reserve_da  # perhaps in force: to its car an order like any other
        if bound and s.overdraw_da:
            bound = self.with_overdraw_da(s, bound)
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

    def renew(self, s: EvseState) -> None:
        """Evidence changed: recomputes reserve and bound, without the sums."""
        reserve = 0 if s.isolated else self._rule_4_reserve(s)
        if reserve != s.reserve_da:
            s.reserve_da = reserve
        s.bound_da = self._bound(s)

    def update(self, s: EvseState) -> None:
        """Recomputes reserve, bound and sums."""
        self.add_to(self.sums, s, -1)
        self.renew(s)
        self.add_to(self.sums, s, 1)

    def update_bound(self, s: EvseState) -> None:
        """Recomputes bound (the reserve is unchanged) and sums."""
        bound = self._bound(s)
        if bound != s.bound_da:
            self.add_to(self.sums, s, -1)
            s.bound_da = bound
            self.add_to(self.sums, s, 1)
        if s.lower_ms >= 0 and max(s.book.most_da(), self._reported(s)) <= max(s.reserve_da, s.book.last_da()):
            s.lower_ms = -1
            if s.fell_ms >= 0:
                s.fell_ms = -1

    def add_to(self, sums: list[int], s: EvseState, sign: int) -> None:
        """Adds (sign 1) or removes (sign -1) its bound on all its circuits and phases, at its former place too (rules 14 and 15).

        On phases in off_keys its off_da counts instead. sums: flat, in da.
        """
        bound = sign * s.bound_da
        if bound:
            for key in self._rule_14_keys(s):
                sums[key] += bound
            if s.old_keys:
                for key in self._rule_15_keys(s):
                    sums[key] += bound
        if s.off_keys:
            off = sign * self.off_da(s)
            for key in s.off_keys:
                sums[key] += off

    def off_da(self, s: EvseState) -> int:
        """What counts where its contactor is open, or its car uses nothing: its reserve, and what leaks."""
        return s.leak_da if s.leak_da > s.reserve_da else s.reserve_da

    def sum_up(self, sums: list[int]) -> None:
        """Σ bounds of every circuit and phase from nothing."""
        for key in range(len(sums)):
            sums[key] = 0
        for s in self.evse_states:
            self.add_to(sums, s, 1)

    def refresh(self, now_ms: int) -> None:
        """Let time do what it does to every bound: settle, lapse, expire."""
        for s in self.evse_states:
            changed = False
            if len(s.book.orders) > 1:
                changed = self._rule_3_release(s, now_ms)
            if not s.ok:
                changed = self._rule_5_lapse(s, now_ms) or changed
            if s.reported_old_da and now_ms >= s.reported_until_ms:
                s.reported_old_da = 0
                changed = True
            if s.above_da or s.excess or s.disobeys:
                changed = self._rule_10_watch(s, now_ms) or changed
            if s.set_gone_ms >= 0 and now_ms - s.set_gone_ms >= s.evse.settle_ms:
                self._narrow(s)
            if s.unused:
                self.unused_phases.tick(s, now_ms)
            if changed:
                had_da = s.bound_da
                self.update_bound(s)
                if s.lower_ms >= 0 and s.bound_da < had_da:
                    s.fell_ms = now_ms
                if s.ok and s.book.most_da() == 0:
                    s.paused_proven = True  # rule 15

    def _rule_10_watch(self, s: EvseState, now_ms: int) -> bool:
        """Too many ampere-seconds above its order: it disobeys, until it is shown that nothing flows."""
        if s.disobeys:
            if not stopped(s, now_ms):
                self.escalation.escalate(s, now_ms)
                return False
            self.escalation.end(s, now_ms)
            return True
        allowed_da = self.allowed_above_da(s)
        elapsed_ms = now_ms - s.watched_ms
        s.watched_ms = now_ms
        if not s.above_da:
            s.excess = max(0, s.excess - elapsed_ms * allowed_da // LEAK_PARTS)
            return False
        s.excess += elapsed_ms * min(s.above_da, 2 * allowed_da)
        if s.excess < 2 * s.evse.settle_ms * allowed_da:
            return False
        self.escalation.begin(s, now_ms)
        return True

    def allowed_above_da(self, s: EvseState) -> int:
        """It may draw 1 A or 10 % more than was recorded."""
        return max(OVER_DA, self.recorded_da(s) // 10)

    def recorded_da(self, s: EvseState) -> int:
        """The highest of its orders and of the current that it may draw without an order."""
        return max(s.book.most_da(), s.reserve_da, s.reported_old_da)

    # phases (rule 14)

    def _keys_of(self, s: EvseState, terminals: "list[int]") -> "tuple[int, ...]":
        chosen = [s.evse.terminals[index] for index in terminals]
        return self.site.keys_of(s.evse.circuit, chosen)

    def terminals_of(self, s: EvseState) -> "list[int]":
        """Those that can close now."""
        return s.set_terminals if s.set_terminals is not None else list(range(len(s.evse.terminals)))

    def phases_shown(self, evse: int, terminals: "list[int]", now_ms: int) -> None:
        """The device shows, or its current does, that these can close: more than assumed count at once, with or without margin."""
        s = self.evse_states[evse]
        had = self.terminals_of(s)
        both = [index for index in range(len(s.evse.terminals)) if index in had or index in terminals]
        if len(both) > len(had):
            self.set_phases(s, both)
            self.events.add(now_ms, "phases", "%s can close %d phases, %d were recorded" % (s.evse.name, len(both), len(had)))

    def phases_proven(self, evse: int, terminals: "list[int]", now_ms: int) -> None:
        """The device proved that only these terminals can close now; the others go after settling."""
        s = self.evse_states[evse]
        s.set_terminals = list(terminals)
        s.set_gone_ms = now_ms

    def _narrow(self, s: EvseState) -> None:
        if s.set_terminals is not None:
            self.set_phases(s, s.set_terminals)
        s.set_gone_ms = -1

    def set_phases(self, s: EvseState, terminals: "list[int]") -> None:
        """Rule 14: from now on these terminals (indexes) can close. Ends a narrowing that is under way; unused phases count again."""
        s.set_terminals = list(terminals)
        s.set_gone_ms = -1
        self.unused_phases.count(s)
        self.update_keys(s)

    def update_keys(self, s: EvseState, leak_da: int = 0) -> None:
        """Where its order counts, and where its reserve or what leaks only: by what can close, and what of that its car uses."""
        self.add_to(self.sums, s, -1)
        if leak_da != s.leak_da:
            s.leak_da = leak_da
        on: "list[int]" = []
        off: "list[int]" = []
        idle: "list[int]" = []
        for index in range(len(s.evse.terminals)):
            (off if s.set_terminals is not None and index not in s.set_terminals else idle if index in s.unused else on).append(index)
        on_keys, off_keys = self._keys_of(s, on), self._keys_of(s, off)
        for key in self._keys_of(s, idle):
            if self.unused_phases.frees[key]:
                off_keys += (key,)
            else:
                on_keys += (key,)
        s.on_keys = s.evse.keys if len(on) == len(s.evse.terminals) else on_keys
        s.off_keys = off_keys
        self.add_to(self.sums, s, 1)
