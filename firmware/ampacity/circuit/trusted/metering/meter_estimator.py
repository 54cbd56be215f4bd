"""Other load of a circuit from its meter: everything that is not one of our EVSEs (safety.md 3.1-3.3).

A frame is judged twice. At once: what the meter itself shows above what our EVSEs may draw is
certainly other load. And when every measured EVSE below has been read after the frame, each one's
current at the frame lies between its readings around it, and other load lies between
`meter - most` and `meter - least`. States are latched, so that no age is ever kept beyond its limit.
"""

from ampacity.circuit.trusted.device.evse_state import FRESH_MS, LONG_AGO_MS, EvseState
from ampacity.circuit.trusted.ledger import Ledger
from ampacity.circuit.trusted.metering.max_filter import MaxFilter, MinMaxHistory
from ampacity.circuit.trusted.metering.meter_trust import PHASE, SIGN, MeterTrust
from ampacity.circuit.trusted.metering.step_check import STEP_DA, StepCheck

WAIT_MS, WAIT_BELOW_MS = 3000, 5000  # how long a frame waits for the readings after it: for sums of a primary below, whose parts are older
FILTER_MS = 3000
SAMPLE_MS = 1000  # how old what a meter shows may be, where its profile does not say
FOLLOW_MS = 2000  # after a lower order, until the meter can show that it was followed
SUSPECT_MS = 60000  # for so long test steps may find out whether a step was missed
CONTINUED_MS = 120000  # one that begins so soon after the last one continues it: the step that ended that one may have been a low one
START_MS, START_DA = 900000, 132  # where no EVSE draws one may start for that, once in this time: with 13 A, the most that a car needs, rounded up
TEST_DA = 50  # less is too little for a test step: STEP_DA, and currents are not still
NO_STEP_DA = 10  # less than this on a phase is no step there
POLL_MS = 1000  # between two readings of an EVSE; more only widens the interval


class MeterEstimator:
    """Readings of one metered circuit in, other load per phase out (all da)."""

    def __init__(self, ledger: Ledger, circuit: int, facts: "dict[str, object]") -> None:
        def number(name: str, default: int) -> int:
            value = facts.get(name)
            return default if value is None else value  # type: ignore[return-value]

        site = ledger.site
        self.ledger = ledger
        self.circuit = circuit
        self.phases = site.phases
        self.base = circuit * site.phases
        inputs = facts.get("phases")
        self.inputs: list[int] = list(range(site.phases)) if inputs is None else inputs  # type: ignore[assignment]
        self.timeout_ms = number("timeout_ms", 5000)
        self.frozen_ms = number("frozen_ms", 5000)
        self.coarse = bool(facts.get("coarse", False))
        self.generation_da = site.generation_da[self.base : self.base + self.phases]
        self.shown_da_max = 5 * max(site.circuits[circuit].rating_da) + 1000
        self.evses = site.below[circuit]
        self.place = [-1] * len(site.evses)
        for k, evse in enumerate(self.evses):
            self.place[evse] = k
        # of each EVSE and phase, at k * phases + p
        self.mult = [site.evses[e].keys.count(self.base + p) for e in self.evses for p in range(self.phases)]
        self.state = "lost"
        self.reason = "no answer since start"
        self.raw_da = [0] * self.phases
        self.raw_ms = -1
        self.period_ms = 1000
        self.mark = self.mark_ms = -1
        self.wait_ms = WAIT_BELOW_MS if any([site.evses[e].primary for e in self.evses]) else WAIT_MS
        self.steps = StepCheck(self.phases, self.inputs)
        self.held_da = [-1] * self.phases  # Σ bounds when a step was unclear: no raise beyond it until a test step is followed; -1: none was
        self.suspect_ms = [0] * self.phases  # for so long in all there could have been an overload since, had the meter missed it
        self.ended_ms = [LONG_AGO_MS] * self.phases  # a test step ended the suspicion
        self.let_ms = LONG_AGO_MS  # an EVSE was let start for a test
        self.tick_ms = -1
        self.trust = MeterTrust([p in self.inputs and self._loaded(p) for p in range(self.phases)])
        self.open = False  # a frame is waiting for the readings after it
        self.unread = False  # it may be from before the first reading of one: no step begins or ends there
        self.frame_da = [0] * self.phases
        self.frame_ms = -1
        self.sample_ms = number("sample_ms", SAMPLE_MS)
        self.past = MinMaxHistory(len(self.evses), self.phases, self.sample_ms + POLL_MS)
        self.read_since_ms = [-1] * len(self.evses)  # each was read without a gap since then; -1: it was not
        self.lo = [0] * len(self.mult)
        self.hi = [0] * len(self.mult)
        self.hidden_da = [0] * self.phases  # what readings show may not have been drawn at the frame, for an order that came and went
        self.blind = [0] * len(self.evses)  # the bound + 1 of each that was not read of late; 0: it was
        self.waiting = [False] * len(self.evses)
        self.waiting_count = 0
        self.complete = False  # at least one frame was judged since it is ok
        self.high_da = [0] * self.phases  # other load for a raise, filtered
        self.low_da = [0] * self.phases  # for a lower, of the last judged frame
        self.certain_da = [0] * self.phases  # at once: meter - Σ bounds
        self.quick_da = [0] * self.phases  # at once: meter - what the last readings show
        self.over_da = [0] * self.phases  # the same while the busbar itself is above the rating, else 0
        self.passed_da = [0] * self.phases  # the greatest of that in frames that were passed over
        self.share_da = [0] * self.phases  # for sharing: what stays
        self.high_max = MaxFilter(self.phases, FILTER_MS)
        self.high_min = MaxFilter(self.phases, FILTER_MS)
        self.low_max = MaxFilter(self.phases, FILTER_MS)
        self.seen_da = [0] * self.phases  # certain other load of the last judged frame, no generation
        self.tight_da = [0] * self.phases  # the best estimate of it

    def _loaded(self, p: int) -> bool:
        """Does one of our EVSEs load this phase?"""
        return any([self.mult[at] for at in range(p, len(self.mult), self.phases)])

    # frames

    def reading(self, amps_da: "list[int] | None", raw_mark: int, now_ms: int) -> None:
        """One frame: signed da per input, or None (not finite). raw_mark changes with any bit of it.

        A frame without a changed bit may be the previous one, and is no evidence of the present: compared with
        what our EVSEs draw now it would show too little other load. Only a coarse meter's is judged again.
        """
        if amps_da is None or not self._shown(amps_da):
            self._lose("lost", "value not finite or out of range")
            self.raw_ms = -1
            return
        repeated = raw_mark == self.mark and self.mark_ms >= 0
        if not repeated:
            self.mark = raw_mark
            self.mark_ms = now_ms
        if self.raw_ms >= 0:
            step_ms = min(now_ms - self.raw_ms, self.timeout_ms)
            self.period_ms = max(100, (3 * self.period_ms + step_ms) // 4)
        self.raw_ms = now_ms
        if repeated and not self.coarse:
            return
        for index, phase in enumerate(self.inputs):
            self.raw_da[phase] = amps_da[index]
        self._at_once()
        self._rule_3_1_over()
        if not self.open:
            self._open(now_ms)
        if self.state != "ok":
            self._recover(now_ms)

    def _shown(self, amps_da: "list[int]") -> bool:
        return len(amps_da) == len(self.inputs) and all([-self.shown_da_max <= da <= self.shown_da_max for da in amps_da])

    def _at_once(self) -> None:
        sums, evse_states, mult = self.ledger.sums, self.ledger.evse_states, self.mult
        for p in range(self.phases):
            shown, at = self.raw_da[p], p
            self.certain_da[p] = max(0, shown - sums[self.base + p])
            self.steps.shown(p, shown, shown + self.generation_da[p] > self.ledger.cap_da[self.base + p], self.raw_ms)
            for evse in self.evses:
                s = evse_states[evse]
                if mult[at] and self.raw_ms - s.measured_ms <= FRESH_MS:  # an older one may have paused since
                    shown -= s.phase_da[p]
                at += self.phases
            quick_da = max(0, shown + self.generation_da[p])
            if self.open:  # this frame is passed over: what it shows holds until a later one is judged
                self.passed_da[p] = max(self.passed_da[p], quick_da)
                self.quick_da[p] = max(self.quick_da[p], quick_da)
            else:
                self.quick_da[p] = max(self.passed_da[p], quick_da)
                self.passed_da[p] = 0

    def _rule_3_1_over(self) -> None:
        """Above the rating a lower order is due by that excess, independent of the estimate of other load.

        Against the most that each EVSE showed of late, so that a falling current is not lowered twice. An EVSE
        without evidence may draw its bound, but no more than its order after the time to follow: what is
        above the rating then is not on its way down.
        """
        for p in range(self.phases):
            other_da = self.raw_da[p] + self.generation_da[p]
            over = other_da > self.ledger.cap_da[self.base + p]
            if over:
                for k, evse in enumerate(self.evses):
                    if self.mult[k * self.phases + p]:
                        other_da -= self._most_of_late(k * self.phases + p, evse, p)
            self.over_da[p] = max(0, other_da) if over else 0

    def _most_of_late(self, at: int, evse: int, p: int) -> int:
        s = self.ledger.evse_states[evse]
        if self.raw_ms - s.measured_ms > FRESH_MS:
            lowered = 0 <= s.lower_ms <= self.raw_ms - FOLLOW_MS
            return (min(s.bound_da, max(0, s.sent_da)) if lowered else s.bound_da) * self.mult[at]
        return self.past.most(at, s.phase_da[p])

    def _open(self, now_ms: int) -> None:
        """Take the newest frame for judging: from here on the readings of each EVSE are bracketed."""
        self.open = True
        self.unread = False
        self.frame_ms = self.raw_ms
        self.waiting_count = 0
        self.steps.taken(self.raw_da)
        for p in range(self.phases):
            self.frame_da[p], self.hidden_da[p] = self.raw_da[p], 0
        for k, evse in enumerate(self.evses):
            s = self.ledger.evse_states[evse]
            fresh = self.raw_ms - s.measured_ms <= FRESH_MS
            # what the meter shows may be older than the newest reading: those of that while count too
            self.past.advance(k, self.raw_ms)
            if fresh:
                self.past.bracket(k, s.phase_da, self.lo, self.hi)
            else:
                self.read_since_ms[k] = -1
            self._see_blind(k, 0 if fresh else s.bound_da + 1)
            unread = fresh and self._from_before(k)
            if unread:
                self.steps.forget()
                self.unread = True
            passed_da = s.book.passed_da(min(s.measured_ms, self.raw_ms - self.sample_ms))
            for at in range(k * self.phases, (k + 1) * self.phases):
                if unread or not fresh:
                    self.lo[at], self.hi[at] = 0, max(self.hi[at] if unread else 0, s.bound_da * self.mult[at])
                self.hidden_da[at % self.phases] += max(0, self.lo[at] - passed_da * self.mult[at])
            self.waiting[k] = fresh and s.bound_da > 0
            if self.waiting[k]:
                self.waiting_count += 1
        if self.waiting_count == 0:
            self._judge(now_ms)

    def _see_blind(self, k: int, mark: int) -> None:
        """For a step of ours what one draws that is not read is like other load, as long as its bound is the same."""
        if mark != self.blind[k]:
            self.blind[k] = mark
            self.steps.forget()

    def _from_before(self, k: int) -> bool:
        """May the frame be from before the first reading of this one: after our restart, after its silence?"""
        return not 0 <= self.read_since_ms[k] <= self.raw_ms - self.sample_ms

    def evse_measured(self, evse: int, sample_ms: int, now_ms: int) -> None:
        """An EVSE below was read; its phase_da is already in its state."""
        k = self.place[evse]
        if k < 0:
            return
        if self.read_since_ms[k] < 0:
            self.read_since_ms[k] = sample_ms
        phase_da = self.ledger.evse_states[evse].phase_da
        self.past.put(k, phase_da, sample_ms)
        if not self.open or not self.waiting[k]:
            return
        for p in range(self.phases):
            at = k * self.phases + p
            self.lo[at] = min(self.lo[at], phase_da[p])
            self.hi[at] = max(self.hi[at], phase_da[p])
        if sample_ms >= self.frame_ms:
            self.waiting[k] = False
            self.waiting_count -= 1
            if self.waiting_count == 0:
                self._judge(now_ms)

    def _give_up_waiting(self, now_ms: int) -> None:
        for k, evse in enumerate(self.evses):
            if self.waiting[k]:
                bound = self.ledger.evse_states[evse].bound_da
                for at in range(k * self.phases, (k + 1) * self.phases):
                    self.lo[at] = 0
                    self.hi[at] = max(self.hi[at], bound * self.mult[at])
                self.waiting[k] = False
                self.read_since_ms[k] = -1
        self.waiting_count = 0
        self._judge(now_ms)

    # judging

    def _judge(self, now_ms: int) -> None:
        """Section 3.1 and 3.2 for the frame whose EVSE readings are all in."""
        self.open = False
        self.complete = True
        least, most = self._sums()
        wrong = 0  # a mask of phases
        for window in (self.high_max, self.high_min, self.low_max):
            window.advance(now_ms)
        for p in self.inputs:
            high = self.frame_da[p] - least[p]
            low = self.frame_da[p] - most[p]
            fed_da = self.generation_da[p]
            if high + fed_da + self.hidden_da[p] < -max(10, (least[p] + fed_da) // 20) and not self._rule_3_2_sign():
                wrong |= 1 << p
            self.seen_da[p] = max(0, low)
            self.tight_da[p] = max(0, high) if high - low <= 20 else max(0, low)
            self.low_da[p] = max(0, low + fed_da)
            self._filter(p, self.low_da[p], max(0, high + fed_da))
        self._rule_3_2(wrong, least, most, now_ms)

    def _rule_3_2(self, wrong: int, least: "list[int]", most: "list[int]", now_ms: int) -> None:
        """Impossible readings, and lines that did not follow a step of ours. A frozen meter is already lost."""
        steps, trust = self.steps, self.trust
        stepped = not self.unread and steps.look(self.frame_da, least, self._seen(most), self._ordered(), self.frame_ms, now_ms)
        if self.state == "frozen":
            return
        trusted = trust.is_trusted(now_ms)
        missed = unclear = followed = 0
        if stepped and (trusted or steps.from_rest):  # a long ramp is one step only
            followed = steps.followed
            if not self._rule_3_2_phase():
                missed, unclear = steps.missed, steps.unclear
        for p in self.inputs:
            if trusted and missed & 1 << p and self.held_da[p] < 0:  # nothing spoke against it: the next step decides
                missed, unclear = missed & ~(1 << p), unclear | 1 << p
            if wrong >> p & 1:
                trust.require_steps(p, self._spared(p, least, most), now_ms)
            elif missed >> p & 1 or not trusted and unclear >> p & 1:
                trust.require_steps(p, steps.spared[p], now_ms)
            elif unclear >> p & 1:
                self._suspect(p, steps.spared[p] if steps.missed >> p & 1 else 0)
            elif followed >> p & 1:
                trust.followed(p, steps.spared[p])
                if self.held_da[p] >= 0 and not self.awaits_spared(p) & ~steps.spared[p]:
                    trust.against[p] = 0
                    if steps.tested >> p & 1:
                        self.held_da[p], self.ended_ms[p] = -1, now_ms
        if missed:
            trust.failed(PHASE, missed & ~steps.jumpy == 0)
        elif wrong and trusted:
            trust.failed(SIGN)
        if not trust.is_trusted(now_ms):
            self._suspect_none()
            self._lose("lost", trust.reason)
            self.complete = True

    def _ordered(self) -> bool:
        """May an order be the reason that ours draw less than in the reference? What is below a primary is ordered by itself, too."""
        return self.was_lowered() or any([self.ledger.evse_states[e].evse.primary for e in self.evses])

    def was_lowered(self) -> bool:
        """May an order of late be the reason for a step down?"""
        states = [self.ledger.evse_states[e] for e in self.evses]
        return any([s.lowered_ms >= self.steps.ref_frame_ms - s.evse.settle_ms for s in states])

    def _suspect(self, p: int, spared: int = 0) -> None:
        """It may have missed a step: until it followed a test step that spared these phases, too, nothing is raised beyond the present Σ
        bounds, but with what is assumed."""
        self.trust.against[p] |= spared
        if self.held_da[p] < 0:
            self.held_da[p] = self.ledger.sums[self.base + p]
            if self.raw_ms - self.ended_ms[p] > CONTINUED_MS:
                self.suspect_ms[p] = 0

    def awaits_spared(self, p: int) -> int:
        """A mask: the phases that a step on this one must spare to be evidence. After a mere suspicion only while one draws that can do it."""
        mask = self.trust.against[p]
        if not mask or self.trust.missing_steps[p]:
            return mask
        for e in self.evses:
            s = self.ledger.evse_states[e]
            if s.ok and self.raw_ms - s.measured_ms <= FRESH_MS and s.phase_da[p] >= TEST_DA and not draws_on(s, mask):
                return mask
        return 0

    def _suspect_none(self) -> None:
        self.held_da = [-1] * self.phases
        for p in range(self.phases):
            if not self.trust.missing_steps[p]:
                self.trust.against[p] = 0

    def is_urgent(self, p: int) -> bool:
        """It is suspected, and if it lies the EVSEs that draw here could make an overload."""
        key, ledger = self.base + p, self.ledger
        if self.held_da[p] < 0 or ledger.sums[key] + ledger.assumed_da[key] <= ledger.cap_da[key]:
            return False
        drawn_da = 0
        for k, e in enumerate(self.evses):
            s = ledger.evse_states[e]
            fresh = self.raw_ms - s.measured_ms <= FRESH_MS
            drawn_da += s.phase_da[p] if fresh else (s.bound_da - s.reserve_da) * self.mult[k * self.phases + p]
        return drawn_da >= STEP_DA

    def begin_test(self, now_ms: int) -> None:
        """The policy lowers EVSEs for a moment. Where they are about to be lower for another reason, only their return is a step of the test."""
        self.steps.begin_test(now_ms, 1 if self.steps.ref_looks or self.was_lowered() else 2)

    def let_start(self, phases: "list[int]", now_ms: int) -> None:
        """No EVSE draws current there, so none can make a test step: one may start, whatever is assumed; its start is one."""
        if now_ms - self.let_ms < START_MS:
            return
        self.let_ms = now_ms
        self.steps.begin_test(now_ms, 1)
        for p in phases:
            if self.held_da[p] >= 0:
                self.held_da[p] = max(self.held_da[p], self.ledger.sums[self.base + p] + START_DA)

    def _end_suspicion(self, span_ms: int, now_ms: int) -> None:
        """One that was urgent for SUSPECT_MS is a failure, whatever the policy does."""
        late = [p for p in self.inputs if self.held_da[p] >= 0 and self.suspect_ms[p] > SUSPECT_MS]
        for p in self.inputs:
            if self.is_urgent(p):
                self.suspect_ms[p] += span_ms
        if not late:
            return
        for p in late:
            self.trust.require_steps(p, self.steps.spared[p], now_ms)
        self.trust.failed(PHASE, not [p for p in late if self.steps.jump_x16[p] * 4 < STEP_DA * 48])
        self._suspect_none()
        self._lose("lost", self.trust.reason)

    def _spared(self, p: int, least: "list[int]", most: "list[int]") -> int:
        """The phases on which ours draw at most half of what they draw on this one."""
        mask = 0
        for q in range(self.phases):
            if q != p and least[p] >= STEP_DA and most[q] * 2 <= least[p]:
                mask |= 1 << q
        return mask

    def _sums(self) -> "tuple[list[int], list[int]]":
        least, most = [0] * self.phases, [0] * self.phases
        for at in range(len(self.lo)):
            least[at % self.phases] += self.lo[at]
            most[at % self.phases] += self.hi[at]
        return least, most

    def _seen(self, most: "list[int]") -> "list[int]":
        """The most that those draw that were read of late; the others draw at least 0."""
        seen = list(most)
        for at in range(len(self.hi)):
            if self.blind[at // self.phases]:
                seen[at % self.phases] -= self.hi[at]
        return seen

    def _rule_3_2_sign(self) -> bool:
        """It shows less than our own EVSEs draw, by more than is declared that could feed in."""
        return False

    def _rule_3_2_phase(self) -> bool:
        """It did not follow a step of our own EVSEs."""
        return False

    def _filter(self, p: int, low: int, high: int) -> None:
        """For a raise the greatest `high` of a short while. For sharing what is certain, and of `high`
        only what stays: a car that moves between two readings makes it wide for a moment."""
        self.high_da[p] = self.high_max.put(p, high)
        self.share_da[p] = max(self.low_max.put(p, low), -self.high_min.put(p, -high))

    # states

    def _lose(self, state: str, reason: str) -> None:
        if self.state == "ok":
            self.steps.forget()
            self.complete = False
            self.open = False  # a frame from before is not judged any more
            for k in range(len(self.evses)):
                self.read_since_ms[k] = -1  # gaps do not count while it is lost
        self.state = state
        self.reason = reason

    def _recover(self, now_ms: int) -> None:
        """A lost meter is valid again when it answers, and after a contradiction when it has followed steps."""
        if self.complete and not self._rule_3_3_frozen(now_ms):
            earned = self.trust.is_trusted(now_ms)
            self.state = "ok" if earned else "lost"
            self.reason = "" if earned else self.trust.reason

    def inspected(self) -> None:
        """A person looked at the meter: nothing from before counts any more."""
        self.trust.reset()
        self._suspect_none()
        self.steps.forget()
        self.open = self.complete = False

    def tick(self, now_ms: int) -> None:
        """Section 3.3: ages end in a latched state within one tick of their limit."""
        if self.open and now_ms - self.frame_ms > self.wait_ms:
            self._give_up_waiting(now_ms)
        old, frozen = self._rule_3_3_old(now_ms), self._rule_3_3_frozen(now_ms)
        if self.state != "ok":  # a frame that was judged meanwhile ages like that of a valid meter
            self.complete = self.complete and not old and not frozen
        elif old:
            self._lose("lost", "no frame for %d ms" % self.timeout_ms)
        elif frozen:
            self._lose("frozen", "no bit has changed for %d ms" % self.frozen_ms)
        else:
            self._end_suspicion(now_ms - self.tick_ms if self.tick_ms >= 0 else 0, now_ms)
        self.tick_ms = now_ms

    def _rule_3_3_old(self, now_ms: int) -> bool:
        return now_ms - self.raw_ms > self.timeout_ms

    def _rule_3_3_frozen(self, now_ms: int) -> bool:
        return not self.coarse and now_ms - self.mark_ms > self.frozen_ms

    def needs_step(self, p: int, now_ms: int) -> bool:
        """It answers, and a step of our EVSEs on this phase would show whether it is valid."""
        return self.trust.needs_step(p) and not (self._rule_3_3_old(now_ms) or self._rule_3_3_frozen(now_ms))

    def missed_two(self, now_ms: int) -> bool:
        """No raise: two frames that should have come have not."""
        return self.state == "ok" and now_ms - self.raw_ms > 2 * self.period_ms + self.period_ms // 2


def draws_on(s: EvseState, phases: int) -> bool:
    """Does it draw on one of these phases, a mask?"""
    return any([phases >> q & 1 and da >= NO_STEP_DA for q, da in enumerate(s.phase_da)])
