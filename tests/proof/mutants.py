"""The guard with one rule of safety.md taken away: what a proof that says nothing would not notice."""

from ampacity.circuit.guard import Guard
from ampacity.circuit.ledger import Ledger


def ledger(**methods):
    """A guard whose ledger has these methods instead of its own."""
    return type("Mutant", (Guard,), {"ledger_class": type("MutantLedger", (Ledger,), methods)})


def yes(*_):
    return True


def _release_before_settling(self, s, now_ms):
    kept = [order for order in s.book.orders if order.gone_ms < 0]
    changed = len(kept) < len(s.book.orders)
    s.book.orders = kept
    return changed


def _release_without_proof(self, s, now_ms):
    if now_ms - s.book.orders[-1].first_ms < s.evse.settle_ms:
        return False
    s.book.orders = s.book.orders[-1:]
    return True


MUTANTS = {
    "3 proof": ledger(_rule_3_release=_release_without_proof),
    "3 settle": ledger(_rule_3_release=_release_before_settling),
    "4": ledger(_rule_4_reserve=lambda self, s: 0),
}
