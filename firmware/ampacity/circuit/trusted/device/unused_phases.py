"""Phases that a car does not use count no longer, where a valid meter would show them used again (rule 14).

What its contactor can close an EVSE may load, and most cars of one phase leave two of three idle. A terminal is unused when
its own measurement showed it steadily without current while another of its terminals drew. From then on an order counts on it
no longer, but only on circuits whose meter is valid (or where the site file says so): there the sums are never less than
what the meter shows, so a terminal that is used again, seen by its EVSE or not, is an overload of bounded length, as a step of
other load is. It counts at once when it draws, from then on until the plug is drawn, and when its EVSE cannot say what it draws.
Where only the meter hints at it, which a step of other load may have caused, it is tried again after a time of use that grows.
"""

from ampacity.circuit.trusted.device.evse_state import FRESH_MS, LONG_AGO_MS, EvseState

if False:  # for the type checker
    from typing import Protocol

    from ampacity.circuit.trusted.events import Events
    from ampacity.circuit.trusted.journal_barrier import JournalBarrier
    from ampacity.circuit.trusted.site.tree import Site

    class BoundSums(Protocol):
        """The keeper of the sums (bounds.py)."""

        site: Site
        evse_states: "list[EvseState]"
        events: Events
        journal_barrier: JournalBarrier

        def update_keys(self, s: EvseState, leak_da: int = 0) -> None:
            """Count it where it counts now."""


STEADY_MS = 60000  # for so long no current on the terminal, while another one draws
GROWS_BITS = 4  # that time after each hint of the meter: 16 times as long
HINTS_MAX = 3  # then until the plug is drawn
USED_DA = 5  # more than this is use
DRAWS_DA = 30  # a car that draws less says nothing of its phases
ALIKE_DA = 20  # a car draws as much on each phase that it uses, up to this
ROSE_MS = 10000  # for so long an excess may come from a current that rose
STAYS_MS = 3000  # an excess that others do not end
OFFERED_MS = 300000  # offered current and not drawn for so long: the next one may be another car


class UnusedPhases:
    """Which terminals of each EVSE are unused, and on which circuits and phases that counts."""

    def __init__(self, bounds: "BoundSums") -> None:
        site = bounds.site
        self.bounds = bounds
        self.frees = [False] * site.size  # by circuit and phase
        count = len(site.evses)
        self.used = [0] * count  # by EVSE: mask of the terminals that draw, and since when it is the same
        self.steady_ms = [-1] * count
        self.alike_ms = [0] * count  # after a hint: in all for so long the same terminals drew, without the pauses between
        self.rose_ms = [LONG_AGO_MS] * count  # its current rose last
        self.offered_ms = [-1] * count  # it is offered current and draws none since then
        self.came_back = [0] * count  # hints that its car used what it had not used; HINTS_MAX: it did
        self.over_ms = [-1] * site.size  # since when a meter shows more than the rating, and not by what our readings explain
        for c in site.circuits:
            if c.frees_phases and c.meter < 0:
                for key in range(c.index * site.phases, (c.index + 1) * site.phases):
                    self.frees[key] = True

    def set_meter_valid(self, key: int, is_valid: bool) -> None:
        """The meter of this circuit has become valid or invalid on this phase."""
        if self.frees[key] == is_valid:
            return
        self.frees[key] = is_valid
        for s in self.bounds.evse_states:
            if s.unused:
                self.bounds.update_keys(s, s.leak_da)

    def measured(self, s: EvseState, amps_da: "list[int]", sample_ms: int, now_ms: int) -> None:
        """A reading, per terminal; s.measured_ms is still that of the one before."""
        used = leak_da = 0
        if max(amps_da) >= s.measured_da + ALIKE_DA:
            self.rose_ms[s.index] = sample_ms
        for index, da in enumerate(amps_da):
            if da > USED_DA:
                used |= 1 << index
            elif index in s.unused and da > leak_da:
                leak_da = da
        if s.unused:
            self._rule_14_again(s, used, now_ms)
            if leak_da != s.leak_da and s.unused:
                self.bounds.update_keys(s, leak_da)
        self._not_drawn(s, used, sample_ms)
        if max(amps_da) < DRAWS_DA:
            self.steady_ms[s.index] = -1
        elif self.steady_ms[s.index] < 0 or used != self.used[s.index] or sample_ms - s.measured_ms > FRESH_MS:
            self.steady_ms[s.index] = sample_ms
            if used != self.used[s.index]:
                self.used[s.index], self.alike_ms[s.index] = used, 0
        elif self.came_back[s.index] < HINTS_MAX and self._is_tried(s, sample_ms) and sample_ms - self.steady_ms[s.index] >= STEADY_MS:
            self._free(s, used, len(amps_da))

    def over(self, key: int, other_da: int, now_ms: int) -> None:
        """other_da: where the meter shows more than the rating there, what our readings do not explain of it; else 0."""
        if not other_da:
            self.over_ms[key] = -1
            return
        if self.over_ms[key] < 0:
            self.over_ms[key] = now_ms
        for s in self.bounds.evse_states:
            if s.unused and key in s.off_keys and other_da >= s.measured_da - ALIKE_DA:
                self._rule_14_hidden(s, key, now_ms)

    def _rule_14_hidden(self, s: EvseState, key: int, now_ms: int) -> None:
        """It may hide that its car uses this phase, for a car draws alike on all: at once if its current rose just now, else if the
        excess remains although the others were lowered."""
        rose = now_ms - self.rose_ms[s.index] <= ROSE_MS
        if rose or now_ms - self.over_ms[key] >= STAYS_MS or not self._others_give(key):
            self.came_back[s.index] += 1
            if self.came_back[s.index] == HINTS_MAX:
                self.bounds.journal_barrier.mark_dirty()
            self.count(s)

    def _others_give(self, key: int) -> bool:
        for s in self.bounds.evse_states:
            if key in s.on_keys and s.bound_da > s.reserve_da:
                return True
        return False

    def _is_tried(self, s: EvseState, sample_ms: int) -> bool:
        """After hints the same terminals drew for long enough, in all: cars that take turns pause."""
        if not self.came_back[s.index]:
            return True
        self.alike_ms[s.index] += sample_ms - s.measured_ms
        return self.alike_ms[s.index] >= STEADY_MS << GROWS_BITS * self.came_back[s.index]

    def _free(self, s: EvseState, used: int, count: int) -> None:
        unused = tuple([index for index in range(count) if not used >> index & 1])
        if unused != s.unused and self._rule_14_alone(s):
            s.unused = unused
            self.bounds.update_keys(s, s.leak_da)

    def _rule_14_alone(self, s: EvseState) -> bool:
        """True for a single car whose phases end with our orders: not a site below, nor an EVSE that keeps its order without communication."""
        return s.ok and not (s.evse.primary or s.disobeys or s.locked or s.isolated) and s.evidence.watchdog_ms() > 0

    def _rule_14_again(self, s: EvseState, used: int, now_ms: int) -> None:
        """A terminal that was unused draws: it counts at once, and until the plug is drawn."""
        for index in s.unused:
            if used >> index & 1:
                self.came_back[s.index] = HINTS_MAX
                self.bounds.journal_barrier.mark_dirty()
                self.bounds.events.add(now_ms, "phases", "%s draws on phases that it did not use before; these phases count again" % s.evse.name)
                self.count(s)
                return

    def _rule_14_fresh(self, s: EvseState, now_ms: int) -> bool:
        """It was read just now: what it does not use would be seen."""
        return now_ms - s.measured_ms <= FRESH_MS

    def _not_drawn(self, s: EvseState, used: int, sample_ms: int) -> None:
        if used or not s.book.most_da():
            self.offered_ms[s.index] = -1
        elif self.offered_ms[s.index] < 0:
            self.offered_ms[s.index] = sample_ms
        elif sample_ms - self.offered_ms[s.index] >= OFFERED_MS:
            self.offered_ms[s.index] = -1
            self.count(s)

    def another_car(self, s: EvseState) -> None:
        """Forgets the unused phases of the previous car."""
        self.offered_ms[s.index] = -1
        self.count(s)

    def count(self, s: EvseState) -> None:
        """All that its contactor can close counts again."""
        self.steady_ms[s.index] = -1
        self.alike_ms[s.index] = 0
        if s.unused:
            s.unused = ()
            self.bounds.update_keys(s)

    def tick(self, s: EvseState, now_ms: int) -> None:
        """One of which nothing is known now, or that no longer answers as it should, counts on all again."""
        if not self._rule_14_alone(s) or not self._rule_14_fresh(s, now_ms):
            self.count(s)
