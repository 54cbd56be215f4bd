"""The account of one phase of one circuit: margin to its rating, duration and size of overloads, and their cause.

The current of a phase is piecewise constant: `change` closes a piece and opens the next. A piece above the rating counts in
`over_ms` and `over_das`; the part of it that no row of ALLOWED (overload_allowance.py) excuses counts in
`violation_ms`. What is judged is what the cars may draw at once (may_draw.py), which is at least what they draw.
"""

from bisect import bisect_right
from collections import deque

FOREVER_MS = -(2**60)


class PhaseAccount:
    """amps, other in dA; `allowance` is the phase's OverloadAllowance; None: nothing is excused."""

    def __init__(self, rating_da, now_ms, breaker=None, keep_history=True):
        self.rating_da = rating_da
        self.amps_da = 0
        self.may_da = 0                     # the same with what each car may draw at once
        self.other_da = 0
        self.breaker = breaker
        self.since_ms = now_ms
        self.min_margin_da = rating_da
        self.over_ms = self.over_das = self.violation_ms = self.i2t = 0
        self.allowance = None
        self.others = deque([(FOREVER_MS, 0)])  # (start time, other load)
        self.rose_ms = FOREVER_MS           # the current of cars rose last
        self.history = MarginHistory(rating_da) if keep_history else None
        self.budget_ms_max = 0
        self.violations = []

    def change(self, amps_by_da, other_by_da, now_ms):
        """The current of the phase rises (or falls) by this much from now on; `other_by_da` of it is other load."""
        if now_ms > self.since_ms:
            self.close(now_ms)
        self.amps_da += amps_by_da
        if amps_by_da > other_by_da:
            self.rose_ms = now_ms
        if other_by_da:
            self.other_da += other_by_da
            self.may_da += other_by_da
            self._remember_other(now_ms)

    def change_may(self, by_da, now_ms):
        """What cars may draw at once rises (or falls) by this much from now on."""
        if now_ms > self.since_ms:
            self.close(now_ms)
        self.may_da += by_da

    def close(self, now_ms):
        """Enters the piece up to now into the account."""
        span_ms = now_ms - self.since_ms
        if span_ms <= 0:
            return
        margin_da = self.rating_da - self.amps_da
        if margin_da < self.min_margin_da:
            self.min_margin_da = margin_da
        if self.breaker is not None:
            self.breaker.carry(self.amps_da, span_ms)
        if margin_da < 0:
            self._over(-margin_da, span_ms, now_ms)
        if self.may_da > self.rating_da:
            self._may_over(self.may_da - self.rating_da, now_ms)
        if self.history is not None:
            self.history.enter(self, margin_da, now_ms)
        self.since_ms = now_ms

    def _over(self, over_da, span_ms, now_ms):
        self.over_ms += span_ms
        self.over_das += over_da * span_ms
        self.i2t += self.amps_da * self.amps_da * span_ms

    def _may_over(self, over_da, now_ms):
        wrong_ms = self._wrong_ms(now_ms)
        if wrong_ms > 0:
            self.violation_ms += wrong_ms
            self._note(now_ms - wrong_ms, now_ms, over_da)

    def _wrong_ms(self, now_ms):
        """The part of the ending piece that nothing excuses."""
        return now_ms - (self.since_ms if self.allowance is None else self.allowance.excused_until_ms(self, now_ms))

    def last_at_most(self, other_da):
        """The last moment at which the other load was at most this value."""
        until_ms = self.since_ms
        for from_ms, value_da in reversed(self.others):
            if value_da <= other_da:
                return until_ms
            until_ms = from_ms
        return FOREVER_MS

    def _remember_other(self, now_ms):
        others = self.others
        if others[-1][0] == now_ms:
            others.pop()
        others.append((now_ms, self.other_da))
        while len(others) > 2 and others[1][0] < now_ms - self.budget_ms_max:
            others.popleft()

    def _note(self, from_ms, until_ms, over_da):
        notes = self.violations
        if notes and notes[-1][1] >= from_ms:
            notes[-1][1], notes[-1][2] = until_ms, max(notes[-1][2], over_da)
        elif len(notes) < 1000:
            notes.append([from_ms, until_ms, over_da])


class MarginHistory:
    """The data of `worst` for "since then": the least margin of any suffix, and running totals."""

    def __init__(self, rating_da):
        self._rating_da = rating_da
        self._ends_ms, self._margins_da = [], []   # rising margins: each is the least since the end of its predecessor
        self._times_ms, self._totals = [], []

    def enter(self, account, margin_da, now_ms):
        margins, ends = self._margins_da, self._ends_ms
        while margins and margins[-1] >= margin_da:
            margins.pop()
            ends.pop()
        margins.append(margin_da)
        ends.append(now_ms)
        if margin_da < 0 or account.may_da > account.rating_da:
            self._times_ms.append(now_ms)
            self._totals.append((account.over_ms, account.over_das, account.violation_ms))

    def min_margin_da(self, since_ms):
        at = bisect_right(self._ends_ms, since_ms)
        return self._margins_da[at] if at < len(self._margins_da) else self._rating_da

    def totals(self, since_ms):
        """(over_ms, over_das, violation_ms) at `since_ms`."""
        at = bisect_right(self._times_ms, since_ms)
        return self._totals[at - 1] if at else (0, 0, 0)
