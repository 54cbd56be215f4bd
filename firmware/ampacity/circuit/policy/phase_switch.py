"""One phase or three (safety.md section 6): an EVSE that can switch uses one where a limit on a sum is too small for three.

Only limits that are sums over phases (sum_constraints.py: surplus, watts, contracted power) are a reason. A switch is made
at 0 A: the EVSE is held, its pause is proven and settled, then its driver is asked (`want`), which tells the ledger
before and after (rule 14: `phases_sent`, `phases_proven`). What takes too long is given up until the next time.
"""

from ampacity.circuit.trusted.device.evse_state import LONG_AGO_MS, EvseState

if False:  # for the type checker
    from ampacity.circuit.policy.load_shedding import LoadShedding

DOWN_MS = 30000
UP_MS = 300000
HOLD_MS = 600000
PATIENCE_MS = 60000
STEADY, EMPTYING, SWITCHING = 0, 1, 2


class PhaseSwitch:
    """`want[e]`: how many of its terminals should be able to close; `inhibited[e]`: at 0 for a switch."""

    def __init__(self, shed: "LoadShedding", evses: "list[int]") -> None:
        count = len(shed.site.evses)
        self.shed = shed
        self.ledger = shed.ledger
        self.limits = shed.limits
        self.demand = shed.demand
        self.evses = evses
        self.inhibited = [False] * count
        self.want = [len(each.terminals) for each in shed.site.evses]
        self.next = list(self.want)
        self.step = [STEADY] * count
        self.since_ms = [LONG_AGO_MS] * count  # of the step, or since when another number would be better
        self.switched_ms = [LONG_AGO_MS] * count

    def reason(self, evse: int) -> str:
        """Why an inhibited EVSE is held at 0 A, with the number of phases that it switches to; for `why`."""
        return "switches to %d phases" % self.next[evse]

    def tick(self, now_ms: int) -> None:
        """Once per safety pass: begins, continues and ends phase switches. One that takes longer than PATIENCE_MS per step is abandoned."""
        for e in self.evses:
            s = self.ledger.evse_states[e]
            if self.step[e] == STEADY:
                if self._set(s) != self.want[e] and s.set_gone_ms < 0:
                    self._take_over(e, s)
                self._steady(e, s, now_ms)
            elif self.step[e] == EMPTYING:
                if s.ok and s.book.most_da() == 0:
                    self.want[e] = self.next[e]
                    self._to(e, SWITCHING, now_ms)
            elif self._set(s) == self.next[e] and s.set_gone_ms < 0:
                self._done(e, s, now_ms)
            if self.step[e] != STEADY and now_ms - self.since_ms[e] > PATIENCE_MS:
                self.ledger.events.add(now_ms, "phases", "%s: switch to %d phases abandoned" % (s.evse.name, self.next[e]))
                self._done(e, s, now_ms)

    def _set(self, s: EvseState) -> int:
        return len(s.evse.terminals if s.set_terminals is None else s.set_terminals)

    def _to(self, e: int, step: int, now_ms: int) -> None:
        self.step[e] = step
        self.since_ms[e] = now_ms
        self.inhibited[e] = step != STEADY
        self.demand.changed = True

    def _done(self, e: int, s: EvseState, now_ms: int) -> None:
        self.want[e] = self.next[e] = self._set(s)
        self.switched_ms[e] = now_ms
        phase_usage = self.limits.watch_phase_usage()
        phase_usage.switched(e, s.set_terminals)
        self.limits.renew()
        self.demand.paused.free(e)
        self._to(e, STEADY, now_ms)
        self.since_ms[e] = LONG_AGO_MS

    def _take_over(self, e: int, s: EvseState) -> None:
        """It is set to other phases than it was switched to: by itself or by another client. The shown phases are in force now."""
        self.want[e] = self.next[e] = self._set(s)
        self.limits.watch_phase_usage().switched(e, s.set_terminals)
        self.limits.renew()

    def _steady(self, e: int, s: EvseState, now_ms: int) -> None:
        better = self._better(e, s)
        if better == self.want[e]:
            self.since_ms[e] = LONG_AGO_MS
            return
        if self.since_ms[e] == LONG_AGO_MS:
            self.since_ms[e] = now_ms
        wait_ms = DOWN_MS if better < self.want[e] else UP_MS
        if now_ms - self.since_ms[e] >= wait_ms and now_ms - self.switched_ms[e] >= HOLD_MS:
            self.next[e] = better
            self.ledger.events.add(now_ms, "phases", "%s switches to %d phases" % (s.evse.name, better))
            self._to(e, EMPTYING, now_ms)

    def _better(self, e: int, s: EvseState) -> int:
        """How many phases what the rows leave for it is good for."""
        if not s.ok or not self.demand.wants[e]:
            return self.want[e]
        left = self._left(e)
        most = len(s.evse.terminals)
        if left is None or left >= most * s.evse.min_da:
            return most
        return 1 if left >= s.evse.min_da else self.want[e]

    def _left(self, e: int) -> "int | None":
        """The least that a row leaves for it, in da times phases; None: no row counts it."""
        least = None
        for row in self.limits.constraints:
            if row.weights[e]:
                left = row.room_da()
                for other in self.ledger.evse_states:
                    if other.index != e and row.weights[other.index]:
                        left -= row.weights[other.index] * self.shed.ordered_da(other)
                least = left if least is None else min(least, left)
        return least
