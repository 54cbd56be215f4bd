"""Rule 10, what follows disobedience: a ladder of ever harder ways to stop an EVSE that draws above its order.

Rungs: 1 it is paused; 2 its contactor is to be open; 3 its feeder is to be open (where an output for that is
wired). From rung 2 on it is locked out until a person or the CSMS resets it. The next rung follows when it
still draws more than 1 A, or nobody can say what it draws, one settle time after the last. The third time
within a day begins at rung 2.
"""

from ampacity.circuit.standing import Standing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ampacity.circuit.bounds import Bounds

FREE, PAUSED, CONTACTOR, FEEDER = 0, 1, 2, 3
DAY_MS = 86400000
TIMES_A_DAY = 3
OVER_DA = 10  # 1 A
DISOBEYED = "disobeyed"


def begin(ledger: "Bounds", s: Standing, now_ms: int) -> None:
    """It was seen to draw above its order for twice the settle time."""
    s.disobeys = True
    s.zero_ms = -1
    s.disobeyed_da = s.measured_da
    s.disobeyed_ms = [ms for ms in s.disobeyed_ms[1 - TIMES_A_DAY :] if now_ms - ms < DAY_MS] + [now_ms]
    ledger.event(now_ms, "disobeys", "%s draws %d.%d A above its order" % (s.evse.name, s.measured_da // 10, s.measured_da % 10))
    if len(s.disobeyed_ms) >= TIMES_A_DAY:
        ledger.event(now_ms, "disobeys", "%s disobeyed three times in a day" % s.evse.name)
        _step(ledger, s, max(s.rung, CONTACTOR), now_ms)
    else:
        _step(ledger, s, max(s.rung, PAUSED), now_ms)


def climb(ledger: "Bounds", s: Standing, now_ms: int) -> None:
    """While it disobeys: the next rung when the last one did not stop it within its time."""
    if s.rung >= FEEDER or now_ms - s.rung_ms < s.evse.settle_ms + s.evse.transit_ms:
        return
    silent = now_ms - s.measured_ms > s.evse.settle_ms
    if s.measured_da > OVER_DA or silent:
        _step(ledger, s, s.rung + 1, now_ms)


def _step(ledger: "Bounds", s: Standing, rung: int, now_ms: int) -> None:
    if rung >= CONTACTOR and s.locked != DISOBEYED:
        s.locked = s.locked or DISOBEYED
        ledger.event(now_ms, "locked", "%s is locked out: its contactor is to open; a person or the CSMS resets it" % s.evse.name)
    if rung == FEEDER and s.evse.feeder_output:
        ledger.event(now_ms, "feeder", "%s: its feeder is to open (%s)" % (s.evse.name, s.evse.feeder_output))
    if rung != s.rung:
        ledger.switches += 1
        if rung >= CONTACTOR:
            ledger.trust_version += 1
    s.rung = rung
    s.rung_ms = now_ms


def stopped(s: Standing, now_ms: int) -> bool:
    """Has it been shown that nothing flows: 0 A for the settle time, or its contactor seen open?"""
    if s.rung >= CONTACTOR and s.contactor_open and s.zero_ms >= 0:
        return True
    return s.zero_ms >= 0 and now_ms - s.zero_ms >= s.evse.settle_ms and now_ms - s.measured_ms <= s.evse.settle_ms


def contactor(s: Standing, closed: bool, sample_ms: int) -> None:
    """Feedback of its contactor, seen at sample_ms; what is older than the command to open says nothing."""
    s.contactor_open = s.rung >= CONTACTOR and not closed and sample_ms > s.rung_ms


def lock_of(s: Standing) -> str:
    """Why it stays out by the ladder alone."""
    return DISOBEYED if s.rung >= CONTACTOR else ""


def release(ledger: "Bounds", s: Standing) -> None:
    """A person or the CSMS resets it: the ladder begins anew, and so does the day."""
    if s.rung:
        ledger.switches += 1
    s.rung = FREE
    s.rung_ms = -1
    s.contactor_open = s.feeder_open = False
    s.disobeyed_ms = []
