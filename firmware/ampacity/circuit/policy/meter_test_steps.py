"""Small steps of our own, so that a meter can show whether it follows: one that is doubted or suspected, one that shows a circuit near
its rating and saw no step for long, because where it saturates nothing else tells, and one below which the current of our EVSEs moved
without a certain step, slowly or to and fro (safety.md 3.2).

Cars that start and stop are steps enough. Only where nothing has stepped for a while some EVSEs are lowered for a moment,
like by any external limit: that fits within every margin, whatever other load is, and coming back they step again.
The policy may make its own steps instead; the ledger accepts steps of any origin.
"""

from ampacity.circuit.trusted.device.evse_state import FRESH_MS, LONG_AGO_MS
from ampacity.circuit.trusted.metering.meter_estimator import NO_STEP_DA, START_DA, TEST_DA, draws_on
from ampacity.circuit.trusted.metering.step_check import STILL_DA

if False:  # for the type checker
    from ampacity.circuit.policy.constraints.external_limits import Limits
    from ampacity.circuit.trusted.device.evse_state import EvseState
    from ampacity.circuit.trusted.ledger import Ledger
    from ampacity.circuit.trusted.metering.meter_estimator import MeterEstimator
    from ampacity.circuit.trusted.metering.other_load import OtherLoad

SOURCE = "meter test step"
LOOK_MS = 1000
QUIET_MS = 20000  # the last step may not have settled, and the next one may come from a car
HELPLESS_MS = 1200000  # no EVSE could make a step for so long: nothing but a person restores the trust soon
FRUITLESS_MS = 1500000  # steps were made for so long and gave no clear result
NO_MARGIN = "no EVSE has margin for a test step"
FRUITLESS = "test steps of the EVSEs gave no clear result for %d min" % (FRUITLESS_MS // 60000)
PAUSE_MS = 900000  # after this time with all EVSEs at their minimum one pauses below a doubted meter, once for both steps
STAY_MS = 26000  # the order of an EVSE that is not read, and where it is urgent of all others, stays for so long: until the return was seen
LAST_MS, RETRY_MS = 14000, 7000  # a test lasts so long; the next one may begin within it where more can be lowered
CALM_MS, CALM_DA, RAMP_MS = 3000, 5, 15000  # a suspected meter is tested when it was calm for a moment, or after a while nevertheless
AGAIN_MS, PAUSED_AGAIN_MS = 30000, 100000  # the EVSEs that were lowered for a test return first
SOON_MS, PATIENCE_MS = 5000, 30000  # then one is paused, where none can be lowered; soon, if none was paused for SOON_AGAIN_MS
SOON_AGAIN_MS, PAUSES_MS = 300000, 1800000  # where it is not urgent the time begins at MINUTE_MS once in PAUSES_MS
VERIFY_MS = 900000  # a meter that is trusted and shows at least NEAR_QUARTERS of the rating has followed a step in this time, or gets one
NEAR_QUARTERS = 3
SPARED_MS = 3600000  # for such a test one is paused, or one lowered whose car stopped in the one before, at most once in this time
MINUTE_MS = 60000  # the same after a suspicion, then each after twice the time: that it was followed may have been chance; pauses alike
MOVED_DA = 60  # what our EVSEs draw moved by so much since the last certain step
MOVED_MS = 20000  # after that the first step, then each after twice the time, at most VERIFY_MS, until one of another origin was certain
OWN_MS = 30000  # after a step of our own the return of its EVSEs is another one
SIZE_DA = 60  # a certain step has 4 A; currents are not still, and devices round
LEVEL_DA = 20  # a car that draws nothing at its order is offered so much more (learnt_minimum.py)


class MeterTestSteps:
    """Looks once a second; `tick` is True when limits changed. source: the name of its limits."""

    source = SOURCE

    def __init__(self, ledger: "Ledger", other: "OtherLoad", limits: "Limits", wants: "list[bool]") -> None:
        self.ledger = ledger
        self.other = other
        self.limits = limits
        self.wants = wants  # of each EVSE: is charging requested
        self.looked_ms = LONG_AGO_MS
        count, size = len(other.estimators), ledger.site.size
        self.asked_ms = [LONG_AGO_MS] * count  # of each circuit: our last step
        self.doubted_ms = [-1] * count  # its meter is doubted since
        self.unable_ms = [-1] * count  # a car waits, and no EVSE draws enough for a step, since
        self.starved_ms = [-1] * count  # a suspicion lasts, none draws and a car waits, since
        self.undrawn_ms = [-1] * count  # a car waits, and none draws enough for a test step that its meter awaits, since
        self.pause_wait_ms = [MINUTE_MS] * count  # until the next one is paused
        self.turns = 0  # which one is paused
        self.paused_ms = [LONG_AGO_MS] * count  # and when
        self.inspection_reasons = [""] * count  # why a person was asked to look
        self.suspected_ms = [-1] * count  # raises wait for a test step since
        self.restless_ms = [-1] * count  # and other load moved last, or none of ours drew enough
        self.certain_ms = [-1] * size  # the last certain step that was looked at, of each circuit and phase
        self.moved_ms = [-1] * size  # what they draw moved by MOVED_DA without one, since
        self.moved_wait_ms = [MOVED_MS] * size
        self.verify_ms = [VERIFY_MS] * size
        self.began_ms = [LONG_AGO_MS] * size  # our EVSEs draw enough for one there since, but for moments of less than MINUTE_MS
        self.drew_ms = [LONG_AGO_MS] * size  # and did last
        self.checked_ms = [-1] * size  # the last test without evidence against the meter, of each circuit and phase; -1: no look yet
        self.rested_ms = [LONG_AGO_MS] * size  # one that draws there was paused for a test, or its car stopped in one
        self.retry_ms = [LONG_AGO_MS] * size  # none could be lowered for one: looked at again then
        self.lowest_da, self.highest_da = [0] * size, [0] * size  # what our EVSEs drew since then, of each circuit and phase
        self.unclear_wait_ms = [0] * count  # after a test, while no overload is possible and none was clear
        self.lowered: "list[list[int]]" = [[] for _ in range(count)]  # EVSEs in the last test of each circuit, where it paused none
        self.stopped_ms = [LONG_AGO_MS] * len(ledger.site.evses)  # its car stopped in a test, although it had its minimum: it needs more

    def tick(self, now_ms: int) -> bool:
        """At most once in LOOK_MS: lowers EVSEs for a moment where a doubted meter waits for a step (3.2). True if limits changed."""
        if now_ms - self.looked_ms < LOOK_MS:
            return False
        self.looked_ms = now_ms
        self._look_for_stopped(now_ms)
        changed = False
        for c in self.ledger.site.leaves_first:  # a test below is one of each suspected meter above, too
            estimator = self.other.estimators[c]
            if estimator is None:
                continue
            self._follow(estimator, now_ms)
            for p in self._phases(estimator, now_ms):  # where none can be lowered on one, the next one need not wait
                if self._step(estimator, p, now_ms):
                    changed = True
                    break
            self._ask(estimator, now_ms)
        return changed

    def _look_for_stopped(self, now_ms: int) -> None:
        """A car that stopped at the current of a test is spared for a while by tests of meters against which there is no evidence."""
        for e in range(len(self.stopped_ms)):
            if not self.wants[e]:
                self.stopped_ms[e] = LONG_AGO_MS
        for c, lowered in enumerate(self.lowered):
            for e in lowered if now_ms - self.asked_ms[c] <= LAST_MS else ():
                s = self.ledger.evse_states[e]
                has_minimum = self.ledger.want_da[e] >= s.evse.min_da
                if has_minimum and s.measured_ms > self.asked_ms[c] and max(s.phase_da) < NO_STEP_DA:
                    self.stopped_ms[e] = self.paused_ms[c] = now_ms
                    self._rests(e, now_ms)

    def _rests(self, e: int, now_ms: int) -> None:
        """It had no current for a test: it is spared on each phase that it may use."""
        for key in self.ledger.evse_states[e].on_keys:
            self.rested_ms[key] = now_ms

    def _phases(self, estimator: "MeterEstimator", now_ms: int) -> "list[int]":
        """The phases on which this meter waits for a step of ours for long enough, the most urgent one first."""
        c = estimator.circuit
        waits = [p for p in range(estimator.phases) if estimator.needs_step(p, now_ms)]
        if not waits:
            self.doubted_ms[c] = self.unable_ms[c] = -1
            if self.starved_ms[c] < 0:
                self.inspection_reasons[c] = ""
            return self._suspected(estimator, now_ms) + self._unverified(estimator, now_ms)
        if self.doubted_ms[c] < 0:
            self.doubted_ms[c] = now_ms
        since_ms, wait_ms = max(self.doubted_ms[c], self.asked_ms[c]), VERIFY_MS if self.inspection_reasons[c] else QUIET_MS
        return [p for p in waits if self._due(estimator, p, now_ms - max(since_ms, estimator.steps.step_ms[p]), wait_ms, now_ms)]

    def _due(self, estimator: "MeterEstimator", p: int, quiet_ms: int, wait_ms: int, now_ms: int) -> bool:
        """For so long, and our currents and other load are constant; where they never are, a while later, so that a car that begins has
        time for a step of its own."""
        if quiet_ms < wait_ms or self._calm(estimator, p, now_ms):
            return quiet_ms >= wait_ms
        return quiet_ms >= wait_ms + RAMP_MS and self._began(estimator.base + p, now_ms)

    def _began(self, key: int, now_ms: int) -> bool:
        """A car that begins has had time for a step of its own."""
        return now_ms - self.began_ms[key] >= RAMP_MS

    def _calm(self, estimator: "MeterEstimator", p: int, now_ms: int) -> bool:
        """They are now, and were with the frame with which a step would be compared."""
        steps, drawn_da = estimator.steps, self._drawn_da(estimator, p)
        same = steps.ref_lo[p] - STILL_DA < drawn_da < steps.ref_hi[p] + STILL_DA
        return same and steps.is_still(now_ms) and steps.ref_wobble_da[p] <= CALM_DA

    def _drawn_da(self, estimator: "MeterEstimator", p: int) -> int:
        return self._testable_da(estimator, p, 0)

    def _testable_da(self, estimator: "MeterEstimator", p: int, spared: int = -1) -> int:
        """What those draw there whose steps could tell anything: where an uneven one was missed, none that draws on the phases that it spared."""
        if spared < 0:
            spared = estimator.awaits_spared(p)
        da = 0
        for e in estimator.evses:
            s = self.ledger.evse_states[e]
            if not spared or not draws_on(s, spared):
                da += s.phase_da[p]
        return da

    def _suspected(self, estimator: "MeterEstimator", now_ms: int) -> "list[int]":
        """The phases on which an unclear step keeps raises back, once other load is calm."""
        c, ledger = estimator.circuit, self.ledger
        waits = [p for p in estimator.inputs if estimator.held_da[p] >= 0 and ledger.sums[estimator.base + p] + START_DA
                 + ledger.assumed_da[estimator.base + p] > ledger.cap_da[estimator.base + p]]  # fmt: skip
        if not waits:
            self.suspected_ms[c] = -1
            self.unclear_wait_ms[c] = 0
            return []
        waits.sort(key=lambda p: (self._testable_da(estimator, p) < TEST_DA, not estimator.is_urgent(p), -estimator.suspect_ms[p]))
        for p in waits:
            self.verify_ms[estimator.base + p] = MINUTE_MS
        if self.suspected_ms[c] < 0:
            self.suspected_ms[c] = self.restless_ms[c] = now_ms
        self._let_start(estimator, [p for p in waits if self._testable_da(estimator, p) < TEST_DA], now_ms)
        if self._testable_da(estimator, waits[0]) < TEST_DA:
            self.restless_ms[c] = now_ms
            return []
        if not self._calm(estimator, waits[0], now_ms) or estimator.was_lowered():  # of a test after a lower order only the return counts
            self.restless_ms[c] = now_ms
        return [p for p in waits if self._testable_da(estimator, p) >= TEST_DA and self._may_test(estimator, p, now_ms)]

    def _may_test(self, estimator: "MeterEstimator", p: int, now_ms: int) -> bool:
        """Its currents were constant for a moment, or it waited for a while, and the EVSEs of the last test have returned."""
        c = estimator.circuit
        again_ms = self.asked_ms[c] + (RETRY_MS if estimator.is_urgent(p) else self.unclear_wait_ms[c])  # within RETRY_MS they are still low
        late = estimator.is_urgent(p) and estimator.suspect_ms[p] >= PATIENCE_MS  # the next pause need not wait for the return
        if estimator.steps.test_steps[p] == 1 and not (late or self._is_first(c, now_ms) or self._cuts(estimator, p, now_ms)):
            again_ms = self.asked_ms[c] + (PAUSED_AGAIN_MS if self.asked_ms[c] == self.paused_ms[c] else AGAIN_MS)  # they return first
        due = now_ms - self.restless_ms[c] >= CALM_MS or now_ms - max(self.suspected_ms[c], again_ms) >= RAMP_MS
        return due and now_ms >= again_ms

    def _let_start(self, estimator: "MeterEstimator", undrawn: "list[int]", now_ms: int) -> None:
        """A car waits, and on these phases none draws enough for a step: after a minute one may start nevertheless."""
        c = estimator.circuit
        phases = [p for p in undrawn if self._waits_for_room(estimator, p)]
        if not phases:
            self.undrawn_ms[c] = -1
        elif self.undrawn_ms[c] < 0:
            self.undrawn_ms[c] = now_ms
        elif now_ms - max(self.undrawn_ms[c], self.asked_ms[c]) >= MINUTE_MS:  # not in the test of another phase
            estimator.let_start(phases, now_ms)

    def _waits_for_room(self, estimator: "MeterEstimator", p: int) -> bool:
        """A car that draws nothing could have more, if nothing was suspected."""
        key, states = estimator.base + p, self.ledger.evse_states
        if self.other.carried_da(key) == self.other.shown_da[key]:
            return False
        for e in estimator.evses:
            if self.wants[e] and key in states[e].on_keys and self._draws_nothing(states[e]):
                return True
        return False

    def _draws_nothing(self, s: "EvseState") -> bool:
        """Of one that is not read that is certain only without an order."""
        read = self.looked_ms - s.measured_ms <= FRESH_MS
        return max(s.phase_da) < NO_STEP_DA if read else not self.ledger.want_da[s.index]

    def _unverified(self, estimator: "MeterEstimator", now_ms: int) -> "list[int]":
        """The phases of a trusted meter whose circuit is near its rating, or could be, where no step of ours was seen for VERIFY_MS, or since
        what they draw moved; the one that waits longest first."""
        c = estimator.circuit
        if estimator.state != "ok" or now_ms - self.asked_ms[c] < QUIET_MS:
            return []
        waits = []
        for p in estimator.inputs:
            key = estimator.base + p
            if self.checked_ms[key] < 0:
                self.checked_ms[key] = now_ms  # the time begins at the first look
            if now_ms < self.retry_ms[key] or not self._is_routine(estimator, p):
                continue
            since_ms = max(estimator.steps.step_ms[p], self.checked_ms[key])
            near = estimator.raw_da[p] * 4 >= self.ledger.cap_da[key] * NEAR_QUARTERS
            due = (near or self._may_exceed(key)) and self._due(estimator, p, now_ms - since_ms, self.verify_ms[key], now_ms)
            if self.moved_ms[key] >= 0 and self._may_exceed(key):
                due = due or self._due(estimator, p, now_ms - max(since_ms, self.moved_ms[key]), self.moved_wait_ms[key], now_ms)
            if due:
                waits.append((since_ms, p))
        waits.sort()
        return [p for _, p in waits]

    def _is_routine(self, estimator: "MeterEstimator", p: int) -> bool:
        """There is no evidence against the meter on this phase, or none that matters."""
        c = estimator.circuit
        return self.doubted_ms[c] < 0 and (self.suspected_ms[c] < 0 or estimator.held_da[p] < 0)

    def _checks(self, key: int, now_ms: int) -> None:
        """A test of a meter against which there is no evidence begins on this phase: each waits twice as long as the one before."""
        self.checked_ms[key] = now_ms
        self.verify_ms[key] = min(2 * self.verify_ms[key], VERIFY_MS)
        if self.moved_ms[key] >= 0:
            self.moved_wait_ms[key] = min(2 * self.moved_wait_ms[key], VERIFY_MS)

    def _follow(self, estimator: "MeterEstimator", now_ms: int) -> None:
        """The least and the most that our EVSEs drew since the last certain step, since when that is far, and when they began to draw."""
        for p in estimator.inputs:
            key, step_ms = estimator.base + p, estimator.steps.step_ms[p]
            certain = step_ms != self.certain_ms[key]
            if certain:
                self.certain_ms[key] = step_ms
                if step_ms - self.asked_ms[estimator.circuit] > OWN_MS:
                    self.moved_wait_ms[key] = MOVED_MS
            drawn_da = self._drawn_da(estimator, p)
            if drawn_da >= TEST_DA:
                if now_ms - self.drew_ms[key] >= MINUTE_MS:
                    self.began_ms[key] = now_ms
                self.drew_ms[key] = now_ms
            self.lowest_da[key] = drawn_da if certain else min(self.lowest_da[key], drawn_da)
            self.highest_da[key] = drawn_da if certain else max(self.highest_da[key], drawn_da)
            if self.highest_da[key] - self.lowest_da[key] < MOVED_DA:
                self.moved_ms[key] = -1
            elif self.moved_ms[key] < 0:
                self.moved_ms[key] = now_ms

    def _may_exceed(self, key: int) -> bool:
        """Could this circuit and phase be above its rating, if its meter showed too little?"""
        return self.ledger.sums[key] + self.ledger.site.assumed_da[key] > self.ledger.cap_da[key]

    def _cuts(self, estimator: "MeterEstimator", p: int, now_ms: int) -> "list[tuple[int, int]]":
        """(EVSE, its current in a test): as few as it takes, without those that draw on a phase that a failure spared; none: it takes too many."""
        spares = []
        spares_stopped = self._is_routine(estimator, p) and self.verify_ms[estimator.base + p] == VERIFY_MS
        for e in estimator.evses:
            s = self.ledger.evse_states[e]
            if self._can_step(s, p, estimator.awaits_spared(p), now_ms) and not (spares_stopped and now_ms - self.stopped_ms[e] < SPARED_MS):
                spares.append((s.evse.min_da - s.phase_da[p], e))
        spares.sort()
        left_da, cuts = SIZE_DA, []
        for spare_da, e in spares:
            give_da = min(left_da, -spare_da)
            if give_da > 0:
                cuts.append((e, self.ledger.evse_states[e].phase_da[p] - give_da))
                left_da -= give_da
        return cuts if left_da <= SIZE_DA - TEST_DA else []

    def _step(self, estimator: "MeterEstimator", p: int, now_ms: int) -> bool:
        """Lower them for a moment, or where that takes too many, pause one."""
        states = self.ledger.evse_states
        c = estimator.circuit
        cuts = self._cuts(estimator, p, now_ms)
        paused = not cuts
        if paused:
            drawing = []
            for e in estimator.evses:
                if states[e].phase_da[p] >= TEST_DA and self._can_step(states[e], p, estimator.awaits_spared(p), now_ms):
                    drawing.append(e)
            if not self._may_pause(estimator, p, bool(drawing), now_ms) or not drawing:
                return False
            cuts = [(drawing[self.turns % len(drawing)], 0)]
            self._rests(cuts[0][0], now_ms)
            self.turns += 1
        if self._is_routine(estimator, p):
            self._checks(estimator.base + p, now_ms)
        elif not estimator.is_urgent(p):
            self.unclear_wait_ms[c] = min(VERIFY_MS, max(RAMP_MS, 2 * self.unclear_wait_ms[c]))
        self.lowered[c] = [] if paused else [e for e, _ in cuts]
        most_da = dict(cuts)
        tested, stay_ms = [], LAST_MS
        for other in self.other.metered:
            if other is estimator or self._shares(other, most_da):
                tested.append(other)
                for q in other.inputs:
                    if other.is_urgent(q):
                        stay_ms = STAY_MS
        for other in tested:
            self._begin(other, paused, most_da, stay_ms, now_ms)
        return True

    def _shares(self, other: "MeterEstimator", most_da: "dict[int, int]") -> bool:
        """Is it one that waits for a test, too, and whose EVSEs are lowered now?"""
        waits = self.suspected_ms[other.circuit] >= 0 or self.doubted_ms[other.circuit] >= 0
        return waits and [e for e in other.evses if e in most_da] != []

    def _begin(self, estimator: "MeterEstimator", paused: bool, most_da: "dict[int, int]", stay_ms: int, now_ms: int) -> None:
        c = estimator.circuit
        self.asked_ms[c] = now_ms
        self.unable_ms[c] = -1
        if paused:
            self.pause_wait_ms[c] = min(PAUSE_MS, 2 * self._pause_wait_ms(c, now_ms))
            self.paused_ms[c] = now_ms
        estimator.begin_test(now_ms)
        for e in estimator.evses:  # what is lowered here must not rise there
            present_da = self.ledger.want_da[e]
            for da, source in self.limits.sources_of("evse", e):
                if source == SOURCE:
                    present_da = min(present_da, da)
            if e in most_da:
                last_ms = LAST_MS
            else:
                last_ms = STAY_MS if now_ms - self.ledger.evse_states[e].measured_ms > FRESH_MS else stay_ms
            self.limits.put(SOURCE, ("evse", e), most_da.get(e, present_da), now_ms + last_ms, "release")

    def _is_first(self, c: int, now_ms: int) -> bool:
        """No EVSE below was paused for a test for long: the next one need not wait."""
        return now_ms - self.paused_ms[c] >= PAUSES_MS

    def _pause_wait_ms(self, c: int, now_ms: int) -> int:
        return MINUTE_MS if self._is_first(c, now_ms) else self.pause_wait_ms[c]

    def _may_pause(self, estimator: "MeterEstimator", p: int, drawing: bool, now_ms: int) -> bool:
        """To check a meter against which there is no evidence seldom, and only where an overload is possible; where it is suspected soon."""
        c = estimator.circuit
        if self.doubted_ms[c] >= 0:
            if not drawing and self.unable_ms[c] < 0:
                self.unable_ms[c] = now_ms
            return now_ms - max(self.doubted_ms[c], estimator.steps.step_ms[p], self.asked_ms[c]) >= PAUSE_MS
        if self._is_routine(estimator, p):
            key = estimator.base + p
            unverified = now_ms - max(estimator.steps.step_ms[p], self.checked_ms[key]) >= VERIFY_MS and self._may_exceed(key)
            self.retry_ms[key] = now_ms + SOON_MS
            return drawing and unverified and now_ms - self.rested_ms[key] >= SPARED_MS
        if estimator.is_urgent(p):
            return estimator.suspect_ms[p] >= (SOON_MS if now_ms - self.paused_ms[c] >= SOON_AGAIN_MS else PATIENCE_MS)
        return self._began(estimator.base + p, now_ms) and now_ms - max(self.suspected_ms[c], self.paused_ms[c]) >= self._pause_wait_ms(c, now_ms)

    def _ask(self, estimator: "MeterEstimator", now_ms: int) -> None:
        """Without trust there is no room, and without a certain step no trust: where a car waits, a person must look."""
        c = estimator.circuit
        if not self._starves(estimator):
            self.starved_ms[c] = -1
        elif self.starved_ms[c] < 0:
            self.starved_ms[c] = now_ms
        if not [e for e in estimator.evses if self.wants[e]]:
            self.unable_ms[c] = -1
            return
        reason = FRUITLESS if 0 <= self.doubted_ms[c] <= now_ms - FRUITLESS_MS else ""
        for since_ms in (self.starved_ms[c], self.unable_ms[c]):
            if 0 <= since_ms <= now_ms - HELPLESS_MS:
                reason = NO_MARGIN
        if reason and not self.inspection_reasons[c]:
            name = self.ledger.site.circuits[c].name
            text = "%s: meter %s; %s: inspect the meter, then `trust %s` at the console"
            self.ledger.events.add(now_ms, "alarm", text % (name, estimator.trust.text() or "suspected", reason, name))
        self.inspection_reasons[c] = self.inspection_reasons[c] or reason

    def _starves(self, estimator: "MeterEstimator") -> bool:
        """It is suspected on a phase, and no step comes: none that draws there could make it, and a car has less room than it would have."""
        for p in estimator.inputs:
            if estimator.held_da[p] >= 0 and self._testable_da(estimator, p) < TEST_DA:
                for e in estimator.evses:
                    if self.wants[e] and self._lacks_room(self.ledger.evse_states[e], estimator, p):
                        return True
        return False

    def _lacks_room(self, s: "EvseState", estimator: "MeterEstimator", p: int) -> bool:
        """It draws nothing, and what the meter shows leaves less than its car may need next, what is declared leaves as much."""
        ledger, key = self.ledger, estimator.base + p
        times, want_da = s.on_keys.count(key), ledger.want_da[s.index]
        left_da = ledger.cap_da[key] - ledger.sums[key] + s.bound_da * times
        least_da = (max(s.evse.min_da, want_da + LEVEL_DA) if want_da else s.evse.min_da) * times
        return self._draws_nothing(s) and left_da - estimator.high_da[p] < least_da <= left_da - ledger.site.assumed_da[key]

    def _can_step(self, s: "EvseState", p: int, spared: int, now_ms: int) -> bool:
        if not s.ok or s.disobeys or s.watchdog_under_test or now_ms - s.measured_ms > FRESH_MS or s.phase_da[p] < NO_STEP_DA:
            return False
        return not draws_on(s, spared)
