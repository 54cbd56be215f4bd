"""Which unit is asked next on a bus.

Lowers go first, once for each unit and cycle, so that a unit which never obeys cannot keep the others from
being asked. Then orders and refreshes that are due, and readings that have starved meanwhile, in turn; then overdue
readings, then the rest; among equals the one that is due longest, then the one that was served longest ago.

Silent units cost a time-out each, and some units answer slowly and want much. What has lately had more than its part of
the line's time, or is silent, gets at most half of it while others have something due, and all of it when none has.
A `filler` is served only when no slot has something due, and none will before its exchange is over.
Only what must follow an answer at once (Request.follows) is not parted from it, but by a lower.
"""

from ampacity.base.compat import const
from ampacity.bus.client.request import LOWER, ORDER, OVERDUE, ROUTINE

if False:  # for the type checker
    from typing import Any

_SILENT_AFTER = const(3)  # failures in a row
_BACK_OFF_US_MIN = const(50000)
_BACK_OFF_US_MAX = const(2000000)
_ANSWERED_US = const(1000000)  # after an answer that was not taken: so many that came alone are awaited until the unit is trusted again
REFUSED_US = 20000  # a driver whose guard refused its order is asked again then
IDLE_US = 200000  # the engine looks at its drivers at least that often; what the roles want comes with a wake()
_STARVING_MS = const(1000)  # a routine reading this late counts as overdue, and twice as late as an order
_CYCLE_US_MAX = const(5000000)
_LOWERS_PER_CYCLE = const(4)  # a lower may take several writes
_TIME_CREDIT_US = const(1000000)  # so much of the line's time beyond its part makes a unit one that has had more


class Slot:
    """One driver and when it may be served."""

    feeds = False
    # these values apply to most slots at most times
    failures = 0
    lowers_served = 0

    def __init__(self, driver: "Any") -> None:
        self.driver = driver
        if getattr(driver, "poll_feeds", True):
            self.feeds = True
        self.ready_us = 0  # gap of the device, back-off
        self.lower_ready_us = 0  # the same for lowers, which do not wait for a back-off
        self.served_us = 0
        self.owed_us = 0  # from `served_us` on, until its part of the line's time makes up for what it used
        self.cycle = -1
        self.counts = False  # the present cycle is not over before it was asked
        self.priority = ROUTINE  # as it was picked

    @property
    def unit(self) -> int:
        """The address of its device."""
        return self.driver.unit  # type: ignore[no-any-return]

    def silent(self) -> bool:
        """Did it leave _SILENT_AFTER requests in a row unanswered?"""
        return self.failures >= _SILENT_AFTER


class Schedule:
    """Slots in, the next one to serve out. `cycle_ms`: how long the last round took over all units that answer and in
    which something moves (a driver's `idle_poll_ms` is 0)."""

    def __init__(self, drivers: "list[Any]") -> None:
        self.slots = [Slot(driver) for driver in drivers]
        self.permit_until_ms = -1
        self._first: Slot | None = None
        self.cycle_ms = 0
        self._cycle = 0
        self._cycle_started_us = -1
        self._missing = 0
        self._counted = False
        self._costly_from_us = 0  # silent units and those that had more wait until then, while others have something due
        self._follows = False  # `_first` continues where it stopped: only lowers may precede it
        self.wake_us = 0
        self.filler: Any = None  # `fill(schedule, now_us)`: its slot, or None and perhaps an earlier `wake_us`

    def pick(self, now_us: int) -> "Slot | None":
        """The slot to serve now; None: no slot before `wake_us`."""
        now_ms = now_us // 1000
        permitted = now_ms < self.permit_until_ms
        first = self._take_first(now_us, permitted)
        if first is not None and not self._follows:
            return first
        wake_us = now_us + IDLE_US if first is None else max(now_us, first.ready_us)
        best: Any = first if first is not None and first.ready_us <= now_us else None
        best_priority, best_due = (9, 0) if best is None else (best.priority, -1)
        spare: Any = None
        spare_priority, spare_due = 9, 0
        for slot in self.slots:
            wish = slot.driver.urgency(now_ms)
            if wish is None:
                continue
            priority, due_ms = wish
            if first is not None and (priority != LOWER or slot is first):
                continue
            if not permitted and priority != LOWER and (priority == ORDER or slot.feeds):
                continue
            at_us, ready_us = due_ms * 1000, slot.ready_us if priority else slot.lower_ready_us
            if at_us < ready_us:
                at_us = ready_us
            if at_us > now_us:
                if at_us < wake_us:
                    wake_us = at_us
                continue
            priority = self._effective_priority(slot, priority, now_ms - due_ms)
            if priority == ORDER:
                due_ms = slot.served_us // 1000  # in turn: endless orders of one unit do not precede those of another
            if priority and now_us < self._costly_from_us and self._costly(slot, now_us):
                if priority < spare_priority or (priority == spare_priority and due_ms < spare_due):
                    spare, spare_priority, spare_due = slot, priority, due_ms
            elif priority < best_priority or (
                priority == best_priority
                and (due_ms < best_due or (due_ms == best_due and slot.served_us < best.served_us))
            ):
                best, best_priority, best_due = slot, priority, due_ms
        self.wake_us = wake_us
        chosen: Slot | None = best or spare
        if chosen is not None:
            chosen.priority = best_priority if best is not None else spare_priority
        if first is not None and chosen is not first:
            self._first = first  # its turn is still to come
        if chosen is None and self.filler is not None and first is None:
            return self.filler.fill(self, now_us)  # type: ignore[no-any-return]
        return chosen

    def _take_first(self, now_us: int, permitted: bool) -> "Slot | None":
        """The slot that was woken, or continues where it stopped, if it may be served."""
        first, self._first = self._first, None
        if first is None:
            return None
        wish = first.driver.urgency(now_us // 1000)
        if wish is None or wish[1] > now_us // 1000 or not (permitted or wish[0] == LOWER or not (wish[0] == ORDER or first.feeds)):
            return None
        first.priority = wish[0]
        return first

    def _costly(self, slot: Slot, now_us: int) -> bool:
        """Is it silent, or ahead of its part of the line's time?"""
        if slot.failures >= _SILENT_AFTER:
            return True
        return slot.served_us + slot.owed_us > now_us + _TIME_CREDIT_US * len(self.slots)

    def _charge_time(self, slot: Slot, now_us: int) -> None:
        """An exchange with it is over: what it took of the line's time is its own. A costly one's is the others' next."""
        spent_us = now_us - slot.served_us
        if self._costly(slot, slot.served_us):
            self._costly_from_us = now_us + spent_us
        units = len(self.slots)
        slot.owed_us = min(max(slot.owed_us, spent_us) + spent_us * units, spent_us + 2 * _TIME_CREDIT_US * units)

    def _effective_priority(self, slot: Slot, priority: int, late_ms: int) -> int:
        if priority == LOWER and slot.cycle == self._cycle and slot.lowers_served >= _LOWERS_PER_CYCLE:
            return ROUTINE
        if priority >= OVERDUE and late_ms > 2 * _STARVING_MS:
            return ORDER
        if priority == ROUTINE and late_ms > _STARVING_MS:
            return OVERDUE
        return priority

    def refused(self, slot: Slot, now_us: int) -> None:
        """The driver had nothing to send after all."""
        slot.ready_us = max(slot.ready_us, now_us + REFUSED_US)
        slot.lower_ready_us = max(slot.lower_ready_us, now_us + REFUSED_US // 4)

    def started(self, slot: Slot, now_us: int) -> None:
        """Its request leaves now."""
        slot.owed_us = max(0, slot.owed_us - (now_us - slot.served_us))
        slot.served_us = now_us
        if slot.cycle != self._cycle:
            slot.cycle = self._cycle
            if slot.lowers_served:
                slot.lowers_served = 0
            if slot.counts:
                slot.counts = False
                self._missing -= 1
        if slot.priority == LOWER:
            slot.lowers_served += 1

    def succeeded(self, slot: Slot, now_us: int, gap_us: int, follows: bool = False) -> None:
        """It answered. follows: what it is asked next must not wait for others."""
        if slot.failures:
            slot.failures = 0
        slot.ready_us = slot.lower_ready_us = now_us + gap_us
        self._charge_time(slot, now_us)
        if follows:
            self._first, self._follows = slot, True
        self._end_cycle(now_us)

    def one_way_sent(self, slot: Slot, now_us: int, gap_us: int) -> None:
        """Its frame is one that no device answers: whether the unit is there is as unknown as before."""
        slot.ready_us = slot.lower_ready_us = now_us + gap_us

    def woken(self, slot: Slot, now_us: int) -> None:
        """It was woken, if it is there: it is served before it sleeps again."""
        slot.ready_us = slot.lower_ready_us = now_us
        self._first, self._follows = slot, False

    def failed(self, slot: Slot, now_us: int, gap_us: int, answered: bool = False) -> None:
        """No answer, or none that could be used; answered: a whole one, of one that was two before."""
        slot.failures += 1
        slot.ready_us = slot.lower_ready_us = now_us + gap_us
        self._charge_time(slot, now_us)
        if slot.silent():
            longest_us = _ANSWERED_US if answered else _BACK_OFF_US_MAX
            slot.ready_us = now_us + min(_BACK_OFF_US_MIN << min(slot.failures - _SILENT_AFTER, 8), longest_us)
            slot.lower_ready_us = now_us + max(gap_us, _BACK_OFF_US_MIN, min(self.cycle_ms * 1000, _BACK_OFF_US_MAX))
        self._end_cycle(now_us)

    def _end_cycle(self, now_us: int) -> None:
        """A cycle is over when every unit that answers was asked in it."""
        endless = now_us - self._cycle_started_us > _CYCLE_US_MAX  # a unit has nothing to ask for
        if self._missing > 0 and not endless:
            return
        if self._counted and not endless:
            self.cycle_ms = (now_us - self._cycle_started_us + 500) // 1000
        self._cycle_started_us = now_us
        self._cycle += 1
        self._missing = 0
        for slot in self.slots:
            slot.counts = slot.unit > 0 and slot.failures < _SILENT_AFTER and not getattr(slot.driver, "idle_poll_ms", 0)
            self._missing += slot.counts
        self._counted = self._missing > 0
