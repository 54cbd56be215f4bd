"""Rule 10, what follows disobedience: a ladder of ever harder ways to stop an EVSE that draws above its order.

Rungs: 1 it is paused; 2 its contactor is to be open; 3 its feeder is to be open (where an output for that is
wired). From rung 2 on it is locked out until a person or the CSMS resets it. The next rung follows when it
still draws more than 1 A, or its current is unknown, one settle time after the last. The third time
within a day begins at rung 2.
"""

from ampacity.circuit.trusted.device.evse_state import EvseState
from ampacity.circuit.trusted.events import Events
from ampacity.circuit.trusted.journal_barrier import JournalBarrier

FREE, PAUSED, CONTACTOR, FEEDER = 0, 1, 2, 3
DAY_MS = 86400000
TIMES_A_DAY = 3
OVER_DA = 10  # 1 A
DISOBEYED = "disobeyed"


class Escalation:
    """`switches` counts orders to contactors and feeders."""

    def __init__(self, events: Events, journal_barrier: JournalBarrier) -> None:
        self.events = events
        self.journal_barrier = journal_barrier
        self.switches = 0

    def begin(self, s: EvseState, now_ms: int) -> None:
        """It was seen to draw too much above its order."""
        s.disobeys, s.disobeys_elsewhere = True, s.elsewhere_da > OVER_DA
        s.excess = s.overdraw_da = 0
        s.welded = s.escalation_level >= CONTACTOR
        s.zero_ms = -1
        s.disobeyed_da = s.measured_da
        s.disobeyed_ms = [ms for ms in s.disobeyed_ms[1 - TIMES_A_DAY :] if now_ms - ms < DAY_MS] + [now_ms]
        text = "%s %s: %d.%d A" % (s.evse.name, excess_text(s), s.measured_da // 10, s.measured_da % 10)
        self.events.add(now_ms, "disobeys", text)
        if len(s.disobeyed_ms) >= TIMES_A_DAY:
            self.events.add(now_ms, "disobeys", "%s disobeyed three times within 24 h" % s.evse.name)
            self._step(s, max(s.escalation_level, CONTACTOR), now_ms)
        else:
            self._step(s, max(s.escalation_level, PAUSED), now_ms)

    def escalate(self, s: EvseState, now_ms: int) -> None:
        """While it disobeys: the next rung when the last one did not stop it within its time."""
        if s.escalation_level >= FEEDER or now_ms - s.escalated_ms < s.evse.settle_ms + s.evse.transit_ms:
            return
        silent = now_ms - s.measured_ms > s.evse.settle_ms
        if s.measured_da > OVER_DA or silent:
            self._step(s, s.escalation_level + 1, now_ms)

    def _step(self, s: EvseState, escalation_level: int, now_ms: int) -> None:
        if escalation_level >= CONTACTOR and s.locked != DISOBEYED:
            s.locked = s.locked or DISOBEYED
            text = "%s locked out, contactor commanded open; inspect it, then `unlock %s` or a reset by the CSMS" % (s.evse.name, s.evse.name)
            self.events.add(now_ms, "locked", text)
        if escalation_level == FEEDER and s.evse.feeder_output:
            self.events.add(now_ms, "feeder", "%s: feeder commanded open (%s)" % (s.evse.name, s.evse.feeder_output))
        if escalation_level != s.escalation_level:
            self.switches += 1
            if escalation_level >= CONTACTOR:
                self.journal_barrier.mark_dirty()
        s.escalation_level = escalation_level
        s.escalated_ms = now_ms

    def end(self, s: EvseState, now_ms: int) -> None:
        """It was shown that nothing flows: it counts by its orders again."""
        s.disobeys = False
        s.disobeyed_da = 0
        if s.escalation_level == PAUSED:
            s.escalation_level = FREE
        self.events.add(now_ms, "obeys", "%s draws 0 A; its orders count again" % s.evse.name)

    def lock(self, s: EvseState, escalation_level: int, now_ms: int) -> None:
        """It was locked out when the controller last ran."""
        s.locked = DISOBEYED
        s.escalation_level = min(FEEDER, max(CONTACTOR, escalation_level))
        s.escalated_ms = now_ms
        self.switches += 1

    def release(self, s: EvseState) -> None:
        """A reset by a person or the CSMS: the escalation and its day start again."""
        if s.escalation_level:
            self.switches += 1
        s.escalation_level = FREE
        s.escalated_ms = -1
        s.contactor_open = s.feeder_open = s.welded = False
        s.disobeyed_ms = []


def excess_text(s: EvseState) -> str:
    """What one that disobeys does."""
    return "draws current on a terminal that its `phases` do not name" if s.disobeys_elsewhere else "draws above its order"


def stopped(s: EvseState, now_ms: int) -> bool:
    """Has it been shown that nothing flows: 0 A for the settle time, or its contactor seen open?

    For an EVSE that drew current with its contactor ordered open, only contactor feedback, its feeder or a person shows it.
    """
    if s.escalation_level >= CONTACTOR and s.contactor_open and s.zero_ms >= 0:
        return True
    return not s.welded and s.zero_ms >= 0 and now_ms - s.zero_ms >= s.evse.settle_ms and now_ms - s.measured_ms <= s.evse.settle_ms


def lockout_reason(s: EvseState) -> str:
    """Why it stays out by the ladder alone."""
    return DISOBEYED if s.escalation_level >= CONTACTOR else ""


def contactor(s: EvseState, closed: bool, sample_ms: int) -> None:
    """Feedback of its contactor, seen at sample_ms; what is older than the command to open says nothing."""
    s.contactor_open = s.escalation_level >= CONTACTOR and not closed and sample_ms > s.escalated_ms
