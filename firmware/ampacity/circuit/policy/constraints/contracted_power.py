"""Contracted power of a metered circuit, as the mean of a quarter of an hour (safety.md section 6).

What was used is integrated from the meter's frames; what is left of a quarter may flow in the time that is left. Near
the end that time counts as END_MS at least, so that a little left over is no licence for a burst. Apparent power at the
highest voltage measured: a limit in kW so holds for any power factor.

Where a quarter begins is a claim of the wall clock, which may jump or be unknown. So each alignment that was reported recently
is kept to, and while there is none, or there were too many, any window is: then nothing above the contract flows, and
what flowed above it is made up for. `steps_j` is what was used in the last sixteen minutes; a new alignment
begins with what it says. Unobserved time counts as used at the contracted power. `classes` is the part of it above
the contract, for the journal: what flows above it again after a restart begins with what `restore` was given.
"""

from ampacity.circuit.policy.constraints.sum_constraints import Constraint, fed_da, watts_text
from ampacity.circuit.trusted.site.tree import Site

if False:  # for the type checker
    from ampacity.circuit.policy.constraints.external_limits import Limits
    from ampacity.circuit.trusted.ledger import Ledger
    from ampacity.circuit.trusted.metering.other_load import OtherLoad

WINDOW_MS = 900000
STEPS = 15  # of the history in a window
END_MS = 60000
MAKE_UP_MS = 15000
GAP_MS = 10000
SAME_MS = 2000  # two alignments that differ by less are one
ALIGNMENTS_MAX = 3
FORGET_MS = 86400000
CLASS_MAX = 255  # in quarters of the contract


class Quarter:
    """The present window of one alignment."""

    def __init__(self, begin_ms: int, used_j: int, confirmed_ms: int) -> None:
        self.begin_ms = begin_ms
        self.used_j = used_j
        self.confirmed_ms = confirmed_ms  # the clock said so last


class ContractedPower(Constraint):
    """Every EVSE below the circuit counts, with each phase that its car uses."""

    version = frame_ms = counted_ms = any_until_ms = -1
    frame_w = 0
    seen = False  # the meter counts since its last frame
    news = False  # `classes` changed
    kept = True  # and the journal takes it: else nothing flows above the contract

    def __init__(self, site: Site, limits: "Limits", circuit: int, watts: int, window_ms: int = WINDOW_MS) -> None:
        Constraint.__init__(self, "contracted power " + watts_text(watts), len(site.evses))
        self.site = site
        self.limits = limits
        self.phase_usage = limits.watch_phase_usage()
        self.circuit = circuit
        self.watts = watts
        self.window_ms = window_ms
        self.step_ms = window_ms // STEPS
        self.steps_j = [self._joules(watts, self.step_ms)] * (STEPS + 1)  # the present one first
        self.classes = [0] * (STEPS + 1)
        self.step_begin_ms = -1
        self.quarters: "list[Quarter]" = []

    # the clock

    def align(self, begin_ms: int, now_ms: int) -> None:
        """The clock says that a quarter begins or began at begin_ms."""
        self._advance(now_ms)
        begin_ms = now_ms - (now_ms - begin_ms) % self.window_ms
        known = None
        for quarter in self.quarters:
            shift_ms = self._shift(begin_ms - quarter.begin_ms)
            if -SAME_MS <= shift_ms <= SAME_MS:
                quarter.begin_ms += shift_ms
                known = quarter
        if known is None:
            known = Quarter(begin_ms, self._used_since(begin_ms), now_ms)
            self.quarters.append(known)
        known.confirmed_ms = now_ms
        self.quarters = [quarter for quarter in self.quarters if now_ms - quarter.confirmed_ms < FORGET_MS]
        if len(self.quarters) > ALIGNMENTS_MAX:
            self.quarters = [known]
            self.any_until_ms = now_ms + FORGET_MS

    def _shift(self, ms: int) -> int:
        """The nearest shift of the windows."""
        ms %= self.window_ms
        return ms - self.window_ms if ms > self.window_ms // 2 else ms

    def _used_since(self, begin_ms: int) -> int:
        used_j, step_begin_ms = 0, self.step_begin_ms
        for step_j in self.steps_j:
            used_j += step_j
            if step_begin_ms <= begin_ms:
                break
            step_begin_ms -= self.step_ms
        return used_j

    # the journal

    def restore(self, classes: "list[int] | None", watts: int) -> None:
        """What was used above the contract of that many watts before a restart; None: unknown, it counts as fully used.

        Its age is unknown: it counts as just now. What was used in the last minute continues in those EVSEs whose
        watchdog takes longer than that.
        """
        least_j = self._joules(self.watts, self.step_ms)
        if classes is None:
            self.steps_j = [0, self._joules(self.watts, self.window_ms)] + [0] * (STEPS - 1)
            self.classes[1] = 4 * STEPS - 4
            self.news = True
            return
        classes = [classes[0]] * self._tail_steps() + classes + [0] * STEPS
        for at in range(1, STEPS + 1):
            self.steps_j[at] = max(least_j, self._joules(watts * (4 + classes[at - 1]) // 4, self.step_ms))
            self.classes[at] = self._class_of(self.steps_j[at] * 1000 // self.step_ms)

    def _tail_steps(self) -> int:
        longest_ms = 0
        for e in self.site.below[self.circuit]:
            evse = self.site.evses[e]
            if not evse.watchdog_ms:
                return STEPS
            longest_ms = max(longest_ms, evse.watchdog_ms + evse.tolerance_ms + evse.settle_ms)
        return 1 + longest_ms // self.step_ms

    def _class_of(self, watts: int) -> int:
        """In quarters of the contract, rounded up; what is above it by less than a sixty-fourth is noise."""
        return min(CLASS_MAX, -(-max(0, watts - self.watts - self.watts // 64) * 4 // self.watts))

    # what flows

    def update(self, ledger: "Ledger", other: "OtherLoad", now_ms: int) -> bool:
        """Integrates what the meter shows; cap_da and shed_da: the power allowed now less other load, in da summed over the phases.

        True if the weights were set again, after a change in the phases that cars use.
        """
        changed = self.version != self.phase_usage.version
        if changed:
            self.version = self.phase_usage.version
            for e in self.site.below[self.circuit]:
                self.weights[e] = -(-self.phase_usage.weight_x100(e) // 100)
        self._advance(now_ms)
        self._add(other, now_ms)
        other_da = 0
        for p in range(self.site.phases):
            other_da += other.shown_da[self.circuit * self.site.phases + p] - fed_da(other, self.circuit, p)
        self.cap_da = self.shed_da = self.allowed_w(now_ms) * 100 // self.limits.volts_dv - other_da
        return changed

    def allowed_w(self, now_ms: int) -> int:
        """What may flow now: the least that any window leaves."""
        pending_j = self._joules(self.frame_w, now_ms - self.counted_ms) if self.seen else 0
        if not self.quarters or now_ms < self.any_until_ms:
            return self._in_any_window(pending_j, now_ms)
        allowed_w = self._in_window(self.quarters[0].used_j + pending_j, self.quarters[0].begin_ms, now_ms)
        for quarter in self.quarters[1:]:
            allowed_w = min(allowed_w, self._in_window(quarter.used_j + pending_j, quarter.begin_ms, now_ms))
        return allowed_w if self.kept and self.seen else min(allowed_w, self.watts)

    def _in_window(self, used_j: int, begin_ms: int, now_ms: int) -> int:
        left_ms = begin_ms + self.window_ms - now_ms
        over_j = self._joules(self.watts, self.window_ms - left_ms) - used_j  # remaining energy of the contract
        return self.watts + over_j * 1000 // max(END_MS if over_j > 0 else MAKE_UP_MS, left_ms)

    def _in_any_window(self, used_j: int, now_ms: int) -> int:
        allowed_w, begin_ms = self.watts, self.step_begin_ms
        for at in range(STEPS):
            used_j += self.steps_j[at]
            allowed_w = min(allowed_w, self._in_window(used_j, begin_ms, now_ms))
            begin_ms -= self.step_ms
        return allowed_w

    def _advance(self, now_ms: int) -> None:
        if self.step_begin_ms < 0:
            self.step_begin_ms = self.counted_ms = now_ms
            self.steps_j[0] = 0
        while now_ms - self.step_begin_ms >= self.step_ms:
            self.step_begin_ms += self.step_ms
            self.classes[0] = self._class_of(self.steps_j[0] * 1000 // self.step_ms)
            self.news = self.news or max(self.classes) > 0
            self.steps_j.insert(0, 0)
            self.classes.insert(0, 0)
            self.steps_j.pop()
            self.classes.pop()
        for quarter in self.quarters:
            while now_ms - quarter.begin_ms >= self.window_ms:
                quarter.begin_ms += self.window_ms
                quarter.used_j = 0

    def _add(self, other: "OtherLoad", now_ms: int) -> None:
        """Power since the last frame. While the meter does not count, the contract counts as fully used."""
        estimator = other.estimators[self.circuit]
        if estimator is None or estimator.state != "ok":
            self.seen = False
            self._count(now_ms, max(self.watts, self.frame_w if now_ms - self.frame_ms <= GAP_MS else 0))
            return
        if estimator.raw_ms == self.frame_ms:
            return
        watts = 0
        for da in estimator.raw_da:
            watts += da * self.limits.volts_dv // 100
        watts = max(0, watts)
        unseen = not self.seen or estimator.raw_ms - self.counted_ms > GAP_MS
        self._count(estimator.raw_ms, max(self.frame_w, watts, self.watts if unseen else 0))
        self.frame_ms = estimator.raw_ms
        self.frame_w = watts
        self.seen = True

    def _count(self, to_ms: int, watts: int) -> None:
        """That much flowed until then."""
        if to_ms <= self.counted_ms:
            return
        self.steps_j[0] += self._joules(watts, to_ms - self.counted_ms)
        for quarter in self.quarters:
            quarter.used_j += self._joules(watts, max(0, to_ms - max(self.counted_ms, quarter.begin_ms)))
        self.counted_ms = to_ms
        above = self._class_of(watts) - 1  # one moment of a minute, which is judged by its mean when it is over
        if above > self.classes[0]:
            self.classes[0] = above
            self.news = True

    def _joules(self, watts: int, ms: int) -> int:
        return -(-watts * ms // 1000)
