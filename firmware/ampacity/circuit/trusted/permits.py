"""May this frame go out now? Rules 1, 2, 5, 7, 8, 9 and 11 of safety.md section 2, and 3.6.

`send` is the only way for an order to leave: it says no, or it records the order live and then says
yes. Everything is decided from what the ledger knows; nothing waits here.
"""

from ampacity.circuit.trusted.bounds import Bounds
from ampacity.circuit.trusted.device.evse_state import FRESH_MS, LONG_AGO_MS, EvseState
from ampacity.circuit.trusted.device.order_book import NONE_DA, UNKNOWN
from ampacity.circuit.trusted.errors import ensure
from ampacity.circuit.trusted.margin import Margin

TICK_MS_MAX = 300  # rule 11: after an older check no watchdog is fed
LINE_CLEAN_MS = 10000  # rule 9
REFUSALS_MAX = 2
ROUNDING_DA_MAX = 40  # no device rounds by more than this


class Permits:
    """want_da: the order that the policy requests for each EVSE; permits decides."""

    def __init__(self, bounds: Bounds, margin: Margin) -> None:
        site = bounds.site
        self.bounds = bounds
        self.margin = margin
        self.evse_states = bounds.evse_states
        self.want_da = [0] * len(site.evses)
        self.feed_ok = False
        self.tick_ms = LONG_AGO_MS
        self.mode = "quarantine"
        self.foreign_ms: dict[int, int] = {}
        self.next_id = 1
        self.refused_count = [0] * 16  # by rule, for diagnostics

    def send(self, evse: int, most_da: int, now_ms: int, held: bool = False) -> "int | None":
        """May an order of which the device makes at most most_da (da) go out now?

        held: most_da is what the device may hold already, not what it makes of the wanted current.
        Returns its id (> 0), and the order is live before this returns; None: not now. What goes to an
        EVSE that is not `ok` is a probe.
        """
        s = self.evse_states[evse]
        if most_da > self.want_da[evse] > 0 and s.ok and not held and most_da != s.book.last_da():
            self._learn_rounding(s, most_da - self.want_da[evse])
        if not self._may_send(s, most_da, now_ms):
            ensure(not self._only_lowers(s, most_da), "permits: a lower was refused")
            return None
        return self._rule_1_record(s, most_da, now_ms)

    def _learn_rounding(self, s: EvseState, rounding_da: int) -> None:
        """This device makes more of an order than was wanted: from now on it is planned with that.

        An order already in force is no sign of it: it is refreshed until the one that is wanted leaves.
        """
        s.rounding_da = max(s.rounding_da, min(rounding_da, ROUNDING_DA_MAX))

    def most_of(self, s: EvseState, want_da: int) -> int:
        """The most that device and car will make of this target, by what they made of others, in da."""
        if not want_da or not (s.rounding_da or s.overdraw_da):
            return want_da
        return self.bounds.with_overdraw_da(s, self.rounded_da(s, want_da))

    def rounded_da(self, s: EvseState, want_da: int) -> int:
        """The most that the device will make of this target, by what it made of others, in da."""
        return min(max(want_da, s.evse.max_da), want_da + s.rounding_da) if want_da else 0

    def _may_send(self, s: EvseState, most_da: int, now_ms: int) -> bool:
        if now_ms < s.backoff_until_ms and not s.ok:  # what it refuses would only keep alive what it holds
            return self._refuse(5)
        lowers = self._rule_2_lower(s, most_da) or self._rule_2_lowers(s, most_da, now_ms)
        if self._rule_3_6_barred(s, most_da, lowers):
            return self._refuse(3)
        if lowers:
            return True
        if not s.ok or self.mode in ("quarantine", "safe"):
            return self._rule_5_probe(s, most_da, now_ms) or self._refuse(5)
        if not self._rule_11_fed(s, now_ms):
            return self._refuse(11)
        if most_da > s.reserve_da and not self._rule_8_fresh(s, now_ms):
            return self._refuse(8)
        if self._rule_2_planned(s, most_da) and self._rule_8_known(s):
            return True
        if not self._rule_8_kept():
            return self._refuse(8)
        if not self._rule_9_quiet(now_ms):
            return self._refuse(9)
        if self.margin.blind(s):
            return self._refuse(3)
        if not self._rule_7_default(s, most_da):
            return self._rule_2_denied(s, now_ms, 7)
        return self._rule_2_margin(s, most_da) or self._rule_2_denied(s, now_ms, 2)

    def _rule_2_denied(self, s: EvseState, now_ms: int, rule: int) -> bool:
        """What the plan wants lacks the margin, now or in the default state: the plan is to see since when."""
        if s.denied_ms < 0:
            s.denied_ms = now_ms
        return self._refuse(rule)

    def _refuse(self, rule: int) -> bool:
        self.refused_count[rule] += 1
        return False

    def _rule_1_record(self, s: EvseState, most_da: int, now_ms: int) -> int:
        """The most the device may make of the frame is in the ledger before its first byte leaves."""
        order_id = self.next_id
        self.next_id += 1
        live_da = s.book.most_da()
        s.book.add(order_id, most_da, now_ms)
        if most_da < s.sent_da:
            s.lowered_ms = now_ms
        s.sent_da = most_da
        if s.denied_ms >= 0:
            s.denied_ms = -1
        if most_da > s.reserve_da:
            s.last_feed_ms = now_ms
            if s.lapsed:
                s.lapsed = False
            if s.hearing_ms != LONG_AGO_MS:
                s.hearing_ms = LONG_AGO_MS
        if s.lower_ms < 0 and most_da < max(live_da, s.reported_da, s.reported_old_da):
            s.lower_ms = now_ms
        self.bounds.update_bound(s)
        return order_id

    def _rule_2_lower(self, s: EvseState, most_da: int) -> bool:
        """Not above the reserve and not above the smallest order that may be in force: always."""
        return most_da <= s.reserve_da and most_da <= s.book.least_da()

    def _rule_2_lowers(self, s: EvseState, most_da: int, now_ms: int) -> bool:
        """It can only make the bound smaller: below everything that may be in force, whatever other rules say of raises and
        of what is kept alive. Said again only until it is proven, and by a loop that lives.

        Values not ordered since the start are no measure, but a car that draws more than this now will draw less.
        """
        if not s.ok:
            return False  # for an EVSE without correct replies any order above its reserve is a raise (rule 5)
        book = s.book
        if book.is_unknown(False):
            return most_da < s.measured_da and now_ms - s.measured_ms <= FRESH_MS and most_da < book.least_known_da()
        least_da = book.least_known_da()
        if least_da == NONE_DA:
            return False  # no order since the start is in force: a lower order is undefined
        if most_da < least_da:
            return True
        return most_da == least_da == book.last_da() and not book.orders[-1].proven and self._rule_11_checked(now_ms)

    def _only_lowers(self, s: EvseState, most_da: int) -> bool:
        """Invariant L1, by a definition of its own: it answers, and every order that may be in force is ours and above this one."""
        standing = [order for order in s.book.orders if order.gone_ms < 0]
        for order in standing:
            if order.id == UNKNOWN or order.da <= most_da:
                return False
        return s.ok and bool(standing)

    def _rule_3_6_barred(self, s: EvseState, most_da: int, lowers: bool) -> bool:
        """A safety load sheds it, and its time to pause is over: whatever the plan wants, nothing above 0 A is kept alive by an
        order or another frame, but for one that lowers."""
        return s.barred and most_da > 0 and not (lowers and most_da < s.book.least_known_da())

    def _rule_2_planned(self, s: EvseState, most_da: int) -> bool:
        """Not above the smallest order that may be in force, nor above the present plan of the tick."""
        return most_da <= s.book.least_da() and most_da <= self.most_of(s, self.want_da[s.index])

    def _rule_2_margin(self, s: EvseState, most_da: int) -> bool:
        """With this order live, every circuit and phase that it touches still has margin >= 0."""
        return self.margin.fits_with(s, self.bounds.with_overdraw_da(s, most_da))

    def _rule_5_probe(self, s: EvseState, most_da: int, now_ms: int) -> bool:
        """To a silent one only what is an order <= its reserve, or has the margin."""
        if most_da <= min(s.reserve_da, s.evidence.known_reserve_da()):
            return True
        if self.mode in ("quarantine", "safe") or s.locked or s.isolated or s.disobeys:
            return False
        return (
            self._rule_11_fed(s, now_ms)
            and (most_da <= s.reserve_da or self._rule_8_fresh(s, now_ms))
            and self._rule_8_kept()
            and self._rule_9_quiet(now_ms)
            and self._rule_7_default(s, most_da)
            and self._rule_2_margin(s, most_da)
        )

    def _rule_7_default(self, s: EvseState, most_da: int) -> bool:
        """An order to an EVSE without a watchdog outlives the controller: is the default state then within the ratings?"""
        return s.evidence.watchdog_ms() > 0 or self.margin.default_fits_with(s, self.bounds.with_overdraw_da(s, most_da))

    def _rule_8_fresh(self, s: EvseState, now_ms: int) -> bool:
        """Above the reserve only within boot_ms after a read that showed watchdog and fallback."""
        return s.evidence.fresh(now_ms)

    def _rule_8_kept(self) -> bool:
        """What lowers our trust is in the journal before anything is raised: the next life is to know it, too."""
        return self.bounds.journal_barrier.is_written()

    def _rule_8_known(self, s: EvseState) -> bool:
        """A refresh to a device that restarted is a raise: not before the journal knows what it lost."""
        return self.bounds.journal_barrier.has_written(s.dirty_version)

    def _rule_9_quiet(self, now_ms: int) -> bool:
        """No raise anywhere while another client writes to one of our EVSEs."""
        for bus in self.foreign_ms:
            if now_ms - self.foreign_ms[bus] < LINE_CLEAN_MS:
                return False
        return True

    def _rule_11_fed(self, s: EvseState, now_ms: int) -> bool:
        """Refreshes and raises only after the safety loop has checked the invariant just now."""
        if not self._rule_11_checked(now_ms):
            return False
        for key in s.on_keys + s.off_keys if s.unused else s.on_keys:
            if self.margin.over_budget[key]:
                return False
        return True

    def _rule_11_checked(self, now_ms: int) -> bool:
        """The invariant was checked in this tick, and held."""
        return self.feed_ok and now_ms - self.tick_ms <= TICK_MS_MAX

    def quiet(self, now_ms: int) -> bool:
        """May anything be raised, as far as other hands are concerned?"""
        return self._rule_9_quiet(now_ms)

    def survives(self, s: EvseState, want_da: int) -> bool:
        """Would the default state hold with this target?"""
        return self._rule_7_default(s, self.rounded_da(s, want_da))

    def revives_da(self, s: EvseState) -> int:
        """The highest value that a frame which is no order may keep or bring alive, in da."""
        return max(s.book.most_da(), s.memory_da)

    def may_feed(self, evse: int, now_ms: int) -> bool:
        """May a frame that is no order, but may revive what the device holds, go out now?"""
        s = self.evse_states[evse]
        revives = self.revives_da(s)
        if revives <= s.reserve_da and revives <= s.evidence.known_reserve_da():
            return True
        if not self._rule_11_checked(now_ms):
            return False
        if s.watchdog_under_test:
            return revives <= s.bound_da  # which remains during the test
        if self._rule_5_heard(s):
            return True
        if self._rule_3_6_barred(s, revives, False) or not self._rule_11_fed(s, now_ms):
            return False
        return s.ok or self._rule_5_feed(s, revives, now_ms)

    def _rule_5_heard(self, s: EvseState) -> bool:
        """It answered an order <= its reserve, and no higher one was sent since: a read keeps nothing else alive."""
        return s.hearing_ms > LONG_AGO_MS and not s.lapsed

    def _rule_5_feed(self, s: EvseState, revives: int, now_ms: int) -> bool:
        """A frame that may revive x is an order of x. It goes to no silent one whose time is running, for it
        would never expire; after that only to a reachable EVSE, and with the margin for x."""
        if not s.lapsed or s.hearing_ms <= LONG_AGO_MS:
            return False
        if self._rule_2_margin(s, revives):
            return True
        s.needs_room_ms = now_ms
        return False

    def phases_sent(self, evse: int, terminals: "list[int]", now_ms: int) -> bool:
        """A phase switch to these terminals is about to be sent: old and new are both live (rule 14).

        False: there is no margin for it. Widening counts at once, narrowing after phases_proven.
        """
        s = self.evse_states[evse]
        had = self.bounds.terminals_of(s)
        both = [index for index in range(len(s.evse.terminals)) if index in had or index in terminals]
        self.bounds.set_phases(s, both)
        if self.margin.fits(s.on_keys):
            return True
        self.bounds.set_phases(s, had)
        return False
