"""Facts that come in from the drivers: answers, proofs, reports, measurements, evidence, silence."""

from ampacity.circuit.trusted.amperes import amps
from ampacity.circuit.trusted.bounds import ZERO_DA, Bounds
from ampacity.circuit.trusted.device.escalation import DISOBEYED, FEEDER, OVER_DA, contactor, lockout_reason
from ampacity.circuit.trusted.device.evse_state import FRESH_MS, LONG_AGO_MS, EvseState
from ampacity.circuit.trusted.permits import LINE_CLEAN_MS, REFUSALS_MAX, Permits

NO_CAR_MS = 1000  # cars are not changed faster


class Intake:
    """What changes the bounds. Every method is O(phases x depth)."""

    def __init__(self, bounds: Bounds, permits: Permits) -> None:
        self.bounds = bounds
        self.permits = permits
        self.evse_states = bounds.evse_states
        self.events = bounds.events
        self.escalation = bounds.escalation
        self.journal_barrier = bounds.journal_barrier

    def answered(self, evse: int, order_id: int, now_ms: int, certain: bool = False) -> None:
        """The write was acknowledged: a device received it. This does not prove the value in force.

        certain: the answer cannot be our own echo, nor that of an older request. Then what the device
        remembers from before its silence is overwritten, and a read revives no more than this order.
        """
        s = self.evse_states[evse]
        s.book.answered(order_id)
        order = s.book.find(order_id)
        if order is not None and order.da <= s.reserve_da:
            s.hearing_ms = now_ms
            if certain and s.lapsed:
                s.memory_da = order.da
        self.heard(evse, now_ms)
        if s.refusals:
            s.refusals = 0

    def refused(self, evse: int, order_id: int, now_ms: int) -> None:
        """An exception reply: the frame was of another kind, it may have kept an old order alive."""
        s = self.evse_states[evse]
        if s.hearing_ms != LONG_AGO_MS:
            s.hearing_ms = LONG_AGO_MS
        self._rule_5_refused(s, now_ms)
        self.heard(evse, now_ms)

    def _rule_5_refused(self, s: EvseState, now_ms: int) -> None:
        s.last_feed_ms = now_ms
        s.refusals += 1
        watchdog_ms = s.evidence.watchdog_ms()
        if s.refusals >= REFUSALS_MAX and not s.ok and s.bound_da > s.reserve_da and watchdog_ms:
            s.refusals = 0
            s.backoff_until_ms = now_ms + s.evse.lapse_ms(watchdog_ms)
        if s.lapsed and s.memory_da > s.reserve_da:
            self._revive(s, now_ms)

    def proven(self, evse: int, order_id: int, limit_da: int, now_ms: int) -> None:
        """A read asked after that order was sent shows limit_da in force, in a mode that obeys."""
        s = self.evse_states[evse]
        self.reported(evse, limit_da, now_ms)
        order = s.book.find(order_id)
        if order is None or limit_da > order.da or not self._rule_9_line_clean(s, now_ms):
            return
        s.book.prove(order_id, now_ms)
        s.proved = True
        if s.memory_da or s.lapsed or s.refusals:
            s.memory_da = 0
            s.lapsed = False
            s.refusals = 0
        self._rule_6_back(s, now_ms)
        self.bounds.update_bound(s)

    def reported(self, evse: int, limit_da: int, now_ms: int) -> None:
        """The limit that the device itself reports in force, by any read, in da."""
        s = self.evse_states[evse]
        self._hear(s, now_ms)
        if limit_da < s.reported_da and s.reported_da > s.book.most_da():
            s.reported_old_da = max(s.reported_da, s.reported_old_da)
            s.reported_until_ms = now_ms + s.evse.settle_ms
        s.reported_da = limit_da
        if s.ok and limit_da > max(s.book.most_da(), s.reserve_da):
            self._rule_9_unordered(s, limit_da, now_ms)
        elif s.ok and limit_da <= s.book.last_da():
            s.book.seen(now_ms)
        self.bounds.update_bound(s)

    def _rule_9_unordered(self, s: EvseState, limit_da: int, now_ms: int) -> None:
        """It shows a limit that was not ordered: a foreign write, or a disobeying EVSE below a primary."""
        if s.evse.primary:
            return  # its report counts (rule 13); foreign writes below it raise its own alarm
        self.events.add(now_ms, "foreign", "%s shows a limit of %s that was not ordered" % (s.evse.name, amps(limit_da)))
        self.foreign_write(s.evse.bus, s.index, now_ms)

    def _rule_9_line_clean(self, s: EvseState, now_ms: int) -> bool:
        """A proof on a line with a foreign write within 10 s is not valid."""
        return now_ms - self.permits.foreign_ms.get(s.evse.bus, LONG_AGO_MS) >= LINE_CLEAN_MS

    def foreign_write(self, bus: int, evse: "int | None", now_ms: int) -> None:
        """A foreign write to one of our EVSEs: all on that line count with their maximum until proven again."""
        if now_ms - self.permits.foreign_ms.get(bus, LONG_AGO_MS) >= LINE_CLEAN_MS:
            self.events.add(now_ms, "foreign", "foreign write on bus %d: no raise, its EVSEs count with their maximum" % bus)
        self.permits.foreign_ms[bus] = now_ms
        for s in self.evse_states:
            if s.index == evse or (s.evse.bus == bus and bus >= 0):
                self._rule_9_foreign(s, now_ms)

    def _rule_9_foreign(self, s: EvseState, now_ms: int) -> None:
        s.book.add_unknown(self.bounds.hardware_da(s), now_ms)
        s.proved = s.ok = s.lapsed = False
        s.last_feed_ms = now_ms
        if s.hearing_ms != LONG_AGO_MS:
            s.hearing_ms = LONG_AGO_MS
        self.bounds.update_bound(s)

    def duplicate(self, evse: int, now_ms: int) -> None:
        """Two devices answer at its address: what was proven may have been the other's."""
        s = self.evse_states[evse]
        self.events.add(now_ms, "duplicate", "%s: two devices answer at its address; it counts with its maximum" % s.evse.name)
        self._rule_9_foreign(s, now_ms)

    def measured(self, evse: int, amps_da: "list[int] | None", sample_ms: int, now_ms: int) -> None:
        """Current per terminal in da (>= 0), sampled at sample_ms; None: cannot say. More values than terminals: what it shows on others."""
        s = self.evse_states[evse]
        if amps_da is None:
            s.measured_ms = LONG_AGO_MS
            if s.measured_da and (s.evse.primary or not s.above_da):
                # at most its order: the orders limit its current; for a site below its sum of bounds does
                s.measured_da = s.above_da = 0
                self.bounds.update_bound(s)
            return
        for phase in range(len(s.phase_da)):
            s.phase_da[phase] = 0
        terminals = s.evse.terminals
        elsewhere = amps_da[len(terminals) :]
        for da, phases in zip(amps_da, terminals):  # the meter of a charging point of ours may show fewer
            for phase in phases:
                s.phase_da[phase] += da
            if len(phases) > 1:
                elsewhere = elsewhere[1:]  # between two lines both show the same current
        if len(terminals) > 1:
            self.bounds.unused_phases.measured(s, amps_da[: len(terminals)], sample_ms, now_ms)
        elsewhere_da = max(elsewhere or [0])
        if elsewhere_da != s.elsewhere_da:
            s.elsewhere_da = elsewhere_da  # an attribute of the few that have it
        s.measured_da = max(amps_da if elsewhere_da > OVER_DA else amps_da[: len(terminals)])
        s.measured_ms = sample_ms
        if s.measured_da > ZERO_DA:
            s.zero_ms = -1
        elif s.zero_ms < 0:
            s.zero_ms = sample_ms
        self._rule_10_measured(s, sample_ms)
        self.bounds.update_bound(s)

    def _rule_10_measured(self, s: EvseState, sample_ms: int) -> None:
        """By how much it draws more than it may, nothing on a terminal that the site file does not name; and by how much it makes more of each
        order, within that."""
        over_da = 0 if s.isolated else s.measured_da - self.bounds.recorded_da(s)
        above_da = 0 if s.isolated else max(over_da, s.elsewhere_da)
        allowed_da = self.bounds.allowed_above_da(s)
        if above_da > allowed_da:
            if not s.above_da and not s.excess:
                s.watched_ms = sample_ms
            s.above_da = above_da
        elif s.above_da:
            s.above_da = 0
        if over_da > s.overdraw_da and s.ok and s.book.most_da() and not s.disobeys and (not s.evse.primary or len(s.book.orders) == 1):
            kept_da = s.overdraw_kept_da()
            s.overdraw_da = min(over_da, allowed_da)
            if s.overdraw_kept_da() > kept_da:
                self.journal_barrier.mark_dirty()
        if s.disobeys:
            s.disobeyed_da = max(s.disobeyed_da, s.measured_da)

    def another_car(self, evse: int) -> None:
        """A car was plugged in or out: all phases count again."""
        s = self.evse_states[evse]
        self.bounds.unused_phases.another_car(s)
        s.no_car_ms = -1

    def no_car(self, evse: int, now_ms: int) -> None:
        """No car is plugged in now, as the device says. After NO_CAR_MS in which nothing flows either what the last one makes of its orders is
        forgotten, and that it used phases again: a charging point that starts shows no plug for a moment. What flowed above its orders (rule
        10) is not: a plug status is no evidence of that."""
        s = self.evse_states[evse]
        flows = s.measured_da > ZERO_DA and now_ms - s.measured_ms <= FRESH_MS
        if flows or not (s.overdraw_da or self.bounds.unused_phases.came_back[evse]):
            s.no_car_ms = -1
        elif s.no_car_ms < 0:
            s.no_car_ms = now_ms
        elif now_ms - s.no_car_ms >= NO_CAR_MS:
            self._forget_car(s)

    def _forget_car(self, s: EvseState) -> None:
        s.no_car_ms = -1
        s.overdraw_da = 0
        self.bounds.unused_phases.came_back[s.index] = 0
        self.bounds.update_bound(s)

    def heard(self, evse: int, now_ms: int) -> None:
        """Any valid answer of the device."""
        self._hear(self.evse_states[evse], now_ms)

    def _hear(self, s: EvseState, now_ms: int) -> None:
        s.silent = False
        s.heard_ever = True
        if s.isolated and not s.feeder_open:
            self._rule_6_end_isolation(s, now_ms)
        if s.evse.poll_feeds and not s.lapsed and s.bound_da > s.reserve_da:
            s.last_feed_ms = now_ms

    def lost(self, evse: int, now_ms: int) -> None:
        """The driver's verdict: it does not answer. From now on its orders are probes."""
        s = self.evse_states[evse]
        if not s.silent:
            self.events.add(now_ms, "lost", "%s does not answer" % s.evse.name)
        s.silent = True
        s.proved = s.ok = False
        if s.hearing_ms != LONG_AGO_MS:
            s.hearing_ms = LONG_AGO_MS
        s.evidence.forget_audit()
        self.bounds.update_bound(s)

    def fed(self, evse: int, now_ms: int) -> None:
        """A frame that is no order, but may revive what it holds, has left for it."""
        s = self.evse_states[evse]
        if self.permits.revives_da(s) <= s.reserve_da:
            return
        s.last_feed_ms = now_ms
        if s.lapsed:
            self._revive(s, now_ms)

    def _revive(self, s: EvseState, now_ms: int) -> None:
        """Rule 5: what it remembers from before its silence may be in force again."""
        s.book.add_unknown(s.memory_da, now_ms)
        s.lapsed = False
        self.bounds.update_bound(s)

    def put_evidence(self, evse: int, key: str, value: object, now_ms: int) -> None:
        """A setting or the identity was read back from the device (rules 6 and 8)."""
        s = self.evse_states[evse]
        had_ms, had_max_da, known = s.evidence.watchdog_ms(), s.evidence.max_da(), s.evidence.known_fingerprint
        changed = s.evidence.put(key, value, now_ms)
        if s.evidence.known_fingerprint != known:
            self.journal_barrier.mark_dirty()  # from now on another one is another one
        self._hear(s, now_ms)
        if changed and s.evidence.watchdog_ms() > had_ms and not s.lapsed:
            s.last_feed_ms = now_ms  # it may have been set just now: its time runs from here
        if s.evidence.swapped() and s.locked != "swapped":
            s.locked = "swapped"
            self.journal_barrier.mark_dirty()
            s.proved = s.ok = False
            s.book.add_unknown(self.bounds.hardware_da(s), now_ms)
            self.events.add(now_ms, "swapped", "%s: another device answers at its address; locked until `replace %s`" % (s.evse.name, s.evse.name))
        if changed:
            if not s.evidence.mode_ok():
                s.proved = s.ok = False
            had_da = s.reserve_da
            self.bounds.update(s)
            if s.evidence.max_da() > had_max_da:
                text = "%s shows a maximum of %s, more than its `max_a`; it counts with that" % (s.evse.name, amps(s.evidence.max_da()))
                self.events.add(now_ms, "maximum", text)
            if s.reserve_da > had_da or s.evidence.max_da() > had_max_da or s.evidence.watchdog_ms() != had_ms > 0:
                self.journal_barrier.mark_dirty()
                s.dirty_version = self.journal_barrier.version
        if s.swap_kept and s.evidence.same_device():
            s.swap_kept = False  # the right unit returned unobserved
            s.locked = lockout_reason(s)
        self._rule_6_back(s, now_ms)

    def _rule_6_back(self, s: EvseState, now_ms: int) -> None:
        """It is back when identity and settings were audited and an order is proven.

        A device that cannot show its limit returns without: no car draws current before its first order. What is not proven by a
        car that draws is still in the book, so its bound stays what it was, its maximum at first.
        """
        if s.ok or s.silent or not (s.proved or s.evse.by_measure) or s.locked or s.isolated:
            return
        if s.evidence.audited() and s.evidence.mode_ok():
            s.ok = True
            self.bounds.update_bound(s)
            self.events.add(now_ms, "back", "%s: settings audited, limit proven" % s.evse.name)

    def isolate(self, evse: int, on: bool, now_ms: int) -> None:
        """The installer declares its feeder open and locked: bound 0 until its first answer."""
        s = self.evse_states[evse]
        if on == s.isolated:
            return
        s.isolated = on
        if not on:
            self.journal_barrier.mark_dirty()  # rule 15: the shape that is kept has no isolated EVSE
        s.silent = True
        s.ok = s.proved = s.lapsed = False
        s.book.drop_all()
        s.reported_da = s.reported_old_da = s.measured_da = 0
        s.evidence.forget_audit()
        if not on:
            s.book.add_unknown(self.bounds.hardware_da(s), now_ms)
            s.last_feed_ms = now_ms
        self.bounds.update(s)

    def _rule_6_end_isolation(self, s: EvseState, now_ms: int) -> None:
        s.isolated = False
        self.journal_barrier.mark_dirty()
        s.book.add_unknown(self.bounds.hardware_da(s), now_ms)
        s.last_feed_ms = now_ms
        self.bounds.update(s)
        self.events.add(now_ms, "heard", "%s answers, so its isolation has ended" % s.evse.name)

    def accept_device(self, evse: int, now_ms: int, new: bool = False) -> None:
        """The installer commissions the device that answers now; it must be proven like any other.

        What its predecessor is locked out for ends with it: where it shows another fingerprint, or the installer says that
        it is a new one. The old one stays locked out.
        """
        s = self.evse_states[evse]
        known = s.evidence.known_fingerprint
        s.evidence.accept_device()
        self.journal_barrier.mark_dirty()
        if new or s.evidence.known_fingerprint != known:
            self._release(s, now_ms)
            s.disobeys, s.disobeyed_da, s.above_da, s.excess = False, 0, 0, 0
            self._forget_car(s)
        s.locked = lockout_reason(s)
        s.swap_kept = False
        self.bounds.update(s)
        self._rule_6_back(s, now_ms)

    def unlock(self, evse: int, now_ms: int) -> None:
        """A person or the CSMS resets an EVSE that was locked out for disobedience."""
        s = self.evse_states[evse]
        if s.locked != DISOBEYED:
            return
        s.locked = ""
        self.journal_barrier.mark_dirty()
        self._release(s, now_ms)
        self.events.add(now_ms, "unlocked", "%s: lock-out reset" % s.evse.name)
        self._rule_6_back(s, now_ms)
        self.bounds.update_bound(s)

    def _release(self, s: EvseState, now_ms: int) -> None:
        self.escalation.release(s)
        if s.isolated and s.evse.feeder_output:
            self.isolate(s.index, False, now_ms)

    def contactor(self, evse: int, closed: bool, sample_ms: int) -> None:
        """Rule 10: feedback of its contactor, as read at sample_ms."""
        contactor(self.evse_states[evse], closed, sample_ms)

    def feeder(self, evse: int, closed: bool, now_ms: int) -> None:
        """Rule 10: feedback of the contactor in its feeder. Seen open it is isolated; seen closed it is not."""
        s = self.evse_states[evse]
        if not closed and s.escalation_level >= FEEDER and not s.isolated:
            s.disobeys = False
            s.disobeyed_da = 0
            s.feeder_open = True  # an answer says nothing: its electronics may have a supply of their own
            self.isolate(evse, True, now_ms)
            self.events.add(now_ms, "feeder", "%s: feeder reported open" % s.evse.name)
        elif closed and s.feeder_open:
            s.feeder_open = False
            self._rule_6_end_isolation(s, now_ms)
