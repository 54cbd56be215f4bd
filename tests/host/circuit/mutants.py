"""The ledger with one rule taken away: what a proof must notice. Switches of the tests, not of the product."""

from circuit_world import Greedy

from ampacity.circuit.guard import Guard
from ampacity.circuit.trusted.bounds import Bounds
from ampacity.circuit.trusted.permits import Permits
from tests.proof.mutants import ledger


class GreedyGuard(Guard):
    plan_class = Greedy


def without(**methods):
    """A guard without plan the parts of whose ledger have these methods instead of their own."""
    return type("MutantGuard", (GreedyGuard,), {"ledger_class": ledger(**methods).ledger_class})


def _record_nothing(self, s, most_da, now_ms):
    order_id = Permits._rule_1_record(self, s, most_da, now_ms)
    kept = [order for order in s.book.orders if order.id != order_id]
    s.book.orders = kept or s.book.orders
    self.bounds.update_bound(s)
    return order_id


def _release_before_settling(self, s, now_ms):
    kept = [order for order in s.book.orders if order.gone_ms < 0]
    changed = len(kept) < len(s.book.orders)
    s.book.orders = kept
    return changed


def _release_without_proof(self, s, now_ms):
    last = s.book.orders[-1]
    if now_ms - last.first_ms < s.evse.settle_ms:
        return False
    s.book.orders = [last]
    return True


def _lapse_too_soon(self, s, now_ms):
    if s.ok or s.lapsed or now_ms - s.last_feed_ms < 2000:
        return False
    s.memory_da = max(s.memory_da, s.book.drop_all())
    s.lapsed = True
    s.reported_da = s.reported_old_da = s.measured_da = 0
    return True


def _lapse_without_watchdog(self, s, now_ms):
    if s.evidence.watchdog_ms() > 0:
        return Bounds._rule_5_lapse(self, s, now_ms)
    return _lapse_too_soon(self, s, now_ms - 15000)


def yes(*_):
    return True


MUTANTS = {
    "rule 1: record before sending": without(_rule_1_record=_record_nothing),
    "rule 2: margin": without(_rule_2_margin=yes),
    "rule 3: settle": without(_rule_3_release=_release_before_settling),
    "rule 3: proof": without(_rule_3_release=_release_without_proof),
    "rule 4: reserve": without(_rule_4_reserve=lambda self, s: 0),
    "rule 5: silence runs its time": without(_rule_5_lapse=_lapse_too_soon),
    "rule 5: only probes to a silent one": without(_rule_5_probe=yes),
    "rule 5: a read may revive": without(_rule_5_feed=yes),
    "rule 7: no watchdog, no release": without(_rule_5_lapse=_lapse_without_watchdog),
    "rule 8: fresh evidence": without(_rule_8_fresh=yes),
}
