"""What a commissioning test may ask of the ledger, and what its outcome does to it (rules 5, 7 and 8).

A test sends no orders: it lowers limits like any other source. While it stays silent toward a device to see
its watchdog act, nothing is released for that silence; afterwards the ledger counts with what was seen.
"""

from ampacity.circuit.trusted.device.evse_state import LONG_AGO_MS
from ampacity.circuit.trusted.errors import Rejected

if False:  # for the type checker
    from ampacity.circuit.policy.load_shedding import LoadShedding
    from ampacity.circuit.policy.queue.demand import Demand
    from ampacity.circuit.trusted.ledger import Ledger


class CommissioningInhibit:
    """An inhibit of the plan on sites with require_tested: an EVSE that has not passed is held at 0 A, except during its test."""

    def __init__(self, ledger: "Ledger") -> None:
        self.ledger = ledger
        self.testing = -1
        self.inhibited = [False] * len(ledger.evse_states)

    def tick(self) -> None:
        """Once per safety pass: inhibits each EVSE without a passed commissioning test, except the one under test."""
        for s in self.ledger.evse_states:
            self.inhibited[s.index] = not s.evidence.tested and s.index != self.testing

    def reason(self, evse: int) -> str:
        """Why an inhibited EVSE is held at 0 A, with the command that starts its test; for `why` (section 6)."""
        return "not commissioned, and require_tested = true: `commission start %s`" % self.ledger.site.evses[evse].name


def under_test(commissioning_inhibit: "CommissioningInhibit | None", demand: "Demand", evse: "int | None") -> None:
    """This EVSE is under test, or (None) no one is; its comfort holds and its give-back are passed over."""
    if commissioning_inhibit is not None:
        commissioning_inhibit.testing = -1 if evse is None else evse
    if evse is not None:
        demand.changed_ms[evse] = LONG_AGO_MS
        demand.paused.free(evse)
        demand.wake(evse)
        demand.changed = True


def watchdog_test(ledger: "Ledger", evse: int, on: bool, now_ms: int) -> None:
    """Starts or ends the test of its watchdog. Raises Rejected if its order is not proven now."""
    s = ledger.evse_states[evse]
    if on and not s.ok:
        raise Rejected("trial", s.evse.name, "an EVSE that answers, is audited and proven")
    if s.watchdog_under_test and not on:
        s.last_feed_ms = now_ms  # its silence runs from here
    s.watchdog_under_test = on


def lacks_test_room(shed: "LoadShedding", evse: int) -> bool:
    """During the silence: True if, with all others lowered, the capacity is still too small for its order."""
    ledger, limits = shed.ledger, shed.limits
    s = ledger.evse_states[evse]
    if limits.evse_da[evse] < s.book.least_da():
        return True
    shed.sum_up()
    for key in s.on_keys:
        if shed.sums[key] + ledger.low_other_da[key] > ledger.cap_da[key]:
            return True
        if limits.any() and shed.limit_sums:
            most_da = min(limits.circuit_da[key] - ledger.low_other_da[key], limits.chargers_da[key])
            if shed.limit_sums[key] > most_da:
                return True
    return False


def commissioned(ledger: "Ledger", evse: int, tested: bool, distrusted: bool, seen: "dict[str, int]", now_ms: int) -> None:
    """A test has ended. distrusted: its watchdog did not act, so it counts as one without (rule 7).

    seen: watchdog_ms, fallback_da, power_on_da where they were seen, holds where it was; they count where they are worse than what was
    stated, or where nothing was stated. It holds for the device that answers now, and survives a restart in the journal.
    """
    s = ledger.evse_states[evse]
    s.evidence.commissioned(tested, distrusted, seen)
    ledger.journal_barrier.mark_dirty()
    ledger.bounds.update(s)
    text = "passed its commissioning test" if tested else "did not pass its commissioning test"
    if distrusted:
        da = s.reserve_da
        text += "; its watchdog did not act and no longer counts: reserve %d.%d A" % (da // 10, da % 10)
    ledger.events.add(now_ms, "commissioned", "%s %s" % (s.evse.name, text))
