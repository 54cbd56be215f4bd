"""May this frame go out now? Rules 1, 2, 5, 7, 8, 9 and 11 of safety.md section 2.

`send` is the only way for an order to leave: it says no, or it records the order live and then says
yes. Everything is decided from what the ledger knows; nobody waits here for anything.
"""

from ampacity.circuit.bounds import Bounds
from ampacity.circuit.standing import LONG_AGO_MS, Standing
from ampacity.circuit.tree import Site

TICK_MS_MAX = 300  # rule 11: a check older than this feeds nobody
LINE_CLEAN_MS = 10000  # rule 9
REFUSALS_MAX = 2
SURPLUS_DA_MAX = 40  # no device rounds by more than this


class Permits(Bounds):
    """Bounds, and who may be sent what."""

    def __init__(self, site: Site, now_ms: int) -> None:
        Bounds.__init__(self, site, now_ms)
        self.want_da = [0] * len(site.evses)
        self.other_da = list(site.assumed_da)  # for a raise
        self.assumed_da = list(site.assumed_da)
        self.feed_ok = False
        self.tick_ms = LONG_AGO_MS
        self.mode = "quarantine"
        self.no_raise = [False] * len(site.circuits)  # a meter above missed two frames
        self.over_budget = [False] * site.size  # above rating for longer than our orders may take
        self.foreign_ms: dict[int, int] = {}
        self.next_id = 1
        self.refused_count = [0] * 16  # by rule, for diagnostics

    def send(self, evse: int, most_da: int, now_ms: int, probe: bool = False) -> "int | None":
        """May an order of which the device makes at most most_da (da) go out now?

        Returns its id (> 0), and the order is live before this returns; None: not now. Whether it is
        a probe the ledger knows by itself: whatever goes to an EVSE that is not `ok` is one.
        """
        s = self.standings[evse]
        if most_da > self.want_da[evse] > 0 and s.ok and most_da > s.book.most_da():
            self._learn_surplus(s, most_da - self.want_da[evse])
        if not self._may_send(s, most_da, now_ms):
            return None
        return self._rule_1_record(s, most_da, now_ms)

    def _learn_surplus(self, s: Standing, surplus_da: int) -> None:
        """This device makes more of a raise than was wanted: from now on it is planned with that.

        An order that stands already is no sign of it: it is refreshed until the lower one leaves.
        """
        s.surplus_da = max(s.surplus_da, min(surplus_da, SURPLUS_DA_MAX))

    def most_of(self, s: Standing, want_da: int) -> int:
        """The most that the device will make of this target, by what it made of others, in da."""
        if not want_da or not s.surplus_da:
            return want_da
        return min(max(want_da, s.evse.max_da), want_da + s.surplus_da)

    def _may_send(self, s: Standing, most_da: int, now_ms: int) -> bool:
        if now_ms < s.hold_until_ms:
            return self._no(5)
        if self._rule_2_lower(s, most_da):
            return True
        if not s.ok or self.mode in ("quarantine", "safe"):
            return self._rule_5_probe(s, most_da, now_ms) or self._no(5)
        if not self._rule_11_fed(s, now_ms):
            return self._no(11)
        if most_da > s.reserve_da and not self._rule_8_fresh(s, now_ms):
            return self._no(8)
        if self._rule_2_planned(s, most_da):
            return True
        if not self._rule_8_kept():
            return self._no(8)
        if not self._rule_9_quiet(now_ms):
            return self._no(9)
        if self._blind(s):
            return self._no(3)
        if not self._rule_7_default(s, most_da):
            return self._no(7)
        return self._rule_2_margin(s, most_da) or self._rule_2_denied(s, now_ms)

    def _rule_2_denied(self, s: Standing, now_ms: int) -> bool:
        """What the plan wants lacks the margin: the plan is to see since when."""
        if s.denied_ms < 0:
            s.denied_ms = now_ms
        return self._no(2)

    def _no(self, rule: int) -> bool:
        self.refused_count[rule] += 1
        return False

    def _rule_1_record(self, s: Standing, most_da: int, now_ms: int) -> int:
        """The most the device may make of the frame is in the ledger before its first byte leaves."""
        order_id = self.next_id
        self.next_id += 1
        s.book.add(order_id, most_da, now_ms)
        s.sent_da = most_da
        if s.denied_ms >= 0:
            s.denied_ms = -1
        if most_da > s.reserve_da:
            s.other_ms = now_ms
            if s.lapsed:
                s.lapsed = False
            s.hearing_ms = LONG_AGO_MS
        if most_da < s.bound_da and s.lower_ms < 0:
            s.lower_ms = now_ms
        self._rebound(s)
        return order_id

    def _rule_2_lower(self, s: Standing, most_da: int) -> bool:
        """Not above the reserve and not above the least it may stand at: always."""
        return most_da <= s.reserve_da and most_da <= s.book.least_da()

    def _rule_2_planned(self, s: Standing, most_da: int) -> bool:
        """Not above the least it may stand at, nor above what the tick has just planned for it."""
        return most_da <= s.book.least_da() and most_da <= self.most_of(s, self.want_da[s.index])

    def _rule_2_margin(self, s: Standing, most_da: int) -> bool:
        """With this order live, every circuit and phase that it touches still has margin >= 0."""
        extra = most_da - s.bound_da
        keys = s.on_keys + s.old_keys if s.old_keys else s.on_keys
        if extra <= 0:
            return self.fits(keys)
        for key in keys:
            self.sums[key] += extra
        fits = self.fits(keys)
        for key in keys:
            self.sums[key] -= extra
        return fits

    def _rule_5_probe(self, s: Standing, most_da: int, now_ms: int) -> bool:
        """To a silent one only what is an order <= its reserve, or has the margin."""
        if most_da <= min(s.reserve_da, s.evidence.sure_da()):
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

    def _rule_7_default(self, s: Standing, most_da: int) -> bool:
        """An order to one without watchdog stands when we die: would the default state hold then?"""
        if s.evidence.watchdog_ms() > 0:
            return True
        sums = [0] * self.site.size
        for other in self.standings:
            standing = most_da if other is s else 0
            for key in other.on_keys + other.old_keys if other.old_keys else other.on_keys:
                sums[key] += max(standing, self.standing_da(other))
            for key in other.off_keys:
                sums[key] += other.reserve_da
        for key in s.on_keys + s.old_keys if s.old_keys else s.on_keys:
            if sums[key] + self.assumed_da[key] > self.cap_da[key]:
                return False
        return True

    def standing_da(self, s: Standing) -> int:
        """What it draws at most once the primary is gone and every watchdog has run out, in da."""
        if s.evidence.watchdog_ms() > 0 or s.isolated:
            return s.reserve_da
        return max(s.reserve_da, s.bound_da)

    def _rule_8_fresh(self, s: Standing, now_ms: int) -> bool:
        """Above the reserve only within boot_ms after a read that showed watchdog and fallback."""
        return s.evidence.fresh(now_ms)

    def _rule_8_kept(self) -> bool:
        """What lowers our trust is in the journal before anything is raised: the next life is to know it, too."""
        return self.kept_version is None or self.kept_version >= self.trust_version

    def _rule_9_quiet(self, now_ms: int) -> bool:
        """No raise anywhere while somebody else writes to one of ours."""
        for bus in self.foreign_ms:
            if now_ms - self.foreign_ms[bus] < LINE_CLEAN_MS:
                return False
        return True

    def _rule_11_fed(self, s: Standing, now_ms: int) -> bool:
        """Refreshes and raises only after the safety loop has checked the invariant just now."""
        if not self._rule_11_checked(now_ms):
            return False
        for key in s.on_keys:
            if self.over_budget[key]:
                return False
        return True

    def _rule_11_checked(self, now_ms: int) -> bool:
        """The invariant was checked in this tick, and held."""
        return self.feed_ok and now_ms - self.tick_ms <= TICK_MS_MAX

    def _blind(self, s: Standing) -> bool:
        """Section 3.3: no raise after two missed frames of a meter above."""
        for circuit in self.site.paths[s.evse.circuit]:
            if self.no_raise[circuit]:
                return True
        return False

    def fits(self, keys: "tuple[int, ...]") -> bool:
        for key in keys:
            if self.sums[key] + self.other_da[key] > self.cap_da[key]:
                return False
        return True

    def room_da(self, s: Standing) -> int:
        """The highest order that its circuits have the margin for now, in da; may be negative."""
        room = 1 << 20
        for key in s.on_keys:
            free = self.cap_da[key] - self.other_da[key] - self.sums[key]
            share = free // s.on_keys.count(key) if free > 0 else free
            if share < room:
                room = share
        return s.bound_da + room

    def revives_da(self, s: Standing) -> int:
        """The highest value that a frame which is no order may keep or bring alive, in da."""
        return max(s.book.most_da(), s.memory_da)

    def may_feed(self, evse: int, now_ms: int) -> bool:
        """May a frame that is no order, but may revive what the device holds, go out now?"""
        s = self.standings[evse]
        revives = self.revives_da(s)
        if revives <= s.reserve_da and revives <= s.evidence.sure_da():
            return True
        if not self._rule_11_checked(now_ms):
            return False
        if s.on_trial:
            return revives <= s.bound_da  # which stands as long as the test runs
        if self._rule_5_heard(s):
            return True
        if not self._rule_11_fed(s, now_ms):
            return False
        return s.ok or self._rule_5_feed(s, revives, now_ms)

    def _rule_5_heard(self, s: Standing) -> bool:
        """It answered an order <= its reserve, and nothing above it was sent since: a read keeps no more alive."""
        return s.hearing_ms > LONG_AGO_MS and not s.lapsed

    def _rule_5_feed(self, s: Standing, revives: int, now_ms: int) -> bool:
        """A frame that may revive x is an order of x. It goes to no silent one whose time is running, for it
        would never run out; after that only to one that hears us, and with the margin for x."""
        if not s.lapsed or s.hearing_ms <= LONG_AGO_MS:
            return False
        if self._rule_2_margin(s, revives):
            return True
        s.needs_room_ms = now_ms
        return False
