"""How a part of the guard is taken away from outside: a guard whose parts have other methods."""

from ampacity.circuit.guard import Guard
from ampacity.circuit.trusted.bounds import Bounds
from ampacity.circuit.trusted.intake import Intake
from ampacity.circuit.trusted.ledger import Ledger
from ampacity.circuit.trusted.margin import Margin
from ampacity.circuit.trusted.metering.meter_estimator import MeterEstimator
from ampacity.circuit.trusted.metering.other_load import OtherLoad
from ampacity.circuit.trusted.permits import Permits

PARTS = {"bounds_class": Bounds, "margin_class": Margin, "permits_class": Permits, "intake_class": Intake}


def ledger(**methods):
    """A guard the parts of whose ledger have these methods instead of their own."""
    parts = {}
    for name, part in PARTS.items():
        own = {method: change for method, change in methods.items() if hasattr(part, method)}
        if own:
            parts[name] = type("Mutant" + part.__name__, (part,), own)
    missed = [method for method in methods if not any(hasattr(part, method) for part in PARTS.values())]
    if missed:
        raise AttributeError("no part of the ledger has " + ", ".join(missed))
    return type("Mutant", (Guard,), {"ledger_class": type("MutantLedger", (Ledger,), parts)})


def view(**methods):
    """A guard whose meters are judged by these methods."""
    changed = type("MutantView", (MeterEstimator,), methods)
    return type("Mutant", (Guard,), {"other_class": type("MutantOther", (OtherLoad,), {"estimator_class": changed})})


def yes(*_):
    return True


def no(*_):
    return False


def nothing(*_):
    return None
