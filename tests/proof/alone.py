"""Every method that claims a rule, taken away alone: `_rule_N_…` of ampacity.circuit.trusted and of the files next to it that
must be right as well (tools/trusted.py).

ALONE: what the method becomes, and the world that then misses it: an overload, or somebody who never charges again. BUNDLES:
one that no search misses alone, and why; taken away together with others it is missed, as that change of mutants.py. A method
that stands in neither table fails tests/proof/test_alone.py.
"""

import contextlib
import importlib
import pkgutil

import ampacity.circuit.trusted
from ampacity.circuit.trusted.permits import Permits
from tests.proof.mutants import (
    MUTANTS,
    _lapse_too_soon,
    _one_phase,
    _release_without_proof,
    no,
    nothing,
    yes,
)
from tests.proof.run import MUTANT_STATES
from tests.proof.search import Search
from tests.proof.worlds import WORLDS
from tools.trusted import BESIDE


def zero(*_):
    return 0


def nowhere(*_):
    return ()


def without_end_da(*_):
    return 1 << 12


_recorded = Permits._rule_1_record


def _counts_nothing(self, s, most_da, now_ms):
    return _recorded(self, s, 0, now_ms)


def _back_at_once(self, s, now_ms):
    s.ok = not s.silent


def _always_valid(self, c, key, is_valid):
    self.ledger.bounds.unused_phases.set_meter_valid(key, True)


ALONE = {
    "Permits._rule_1_record": (_counts_nothing, "lost"),
    "Permits._rule_2_lower": (yes, "any_order"),
    "Permits._rule_2_lowers": (yes, "any_order"),
    "Permits._rule_2_planned": (yes, "any_order"),
    "Permits._rule_2_margin": (yes, "any_order"),
    "Permits._rule_2_denied": (yes, "any_order"),
    "Permits._rule_3_6_barred": (no, "pumped"),
    "Guard._rule_3_6_shed": (nothing, "pumped"),
    "SafetyLoad._rule_3_6_frozen": (no, "frozen_pump"),
    "Bounds._rule_3_release": (_release_without_proof, "lost"),
    "Bounds._rule_4_reserve": (zero, "fallback"),
    "Bounds._rule_5_lapse": (_lapse_too_soon, "lost"),
    "Permits._rule_5_probe": (yes, "any_order"),
    "Intake._rule_5_refused": (nothing, "refused"),
    "Intake._rule_6_back": (_back_at_once, "swapped"),
    "Bounds._rule_6_lock": (zero, "swapped"),
    "Permits._rule_5_heard": (no, "fed"),
    "Intake._rule_6_end_isolation": (nothing, "isolated"),
    "Permits._rule_8_fresh": (yes, "settings"),
    "Permits._rule_8_kept": (yes, "journal"),
    "Permits._rule_8_known": (yes, "journal"),
    "Intake._rule_9_line_clean": (yes, "dirty"),
    "Site._rule_9_shared": (nothing, "fed"),
    "Intake._rule_9_foreign": (nothing, "foreign"),
    "Intake._rule_9_unordered": (nothing, "foreign"),
    "Bounds._rule_10_watch": (no, "disobeying"),
    "Bounds._rule_10_bound": (zero, "disobeying"),
    "Intake._rule_10_measured": (nothing, "disobeying"),
    "Permits._rule_11_fed": (yes, "hung"),
    "Permits._rule_11_checked": (yes, "hung"),
    "CascadedLedger._rule_13_capacity_da": (without_end_da, "below"),
    "CascadedLedger._rule_13_sum_da": (zero, "below"),
    "Bounds._rule_14_keys": (_one_phase, "phases"),
    "UnusedPhases._rule_14_again": (nothing, "unused"),
    "UnusedPhases._rule_14_fresh": (yes, "unused"),
    "OtherLoad._rule_14_meter_valid": (_always_valid, "unwitnessed"),
    "Bounds._rule_15_keys": (nowhere, "change"),
    "migration._rule_15_path": (nothing, "change"),
    "SiteMigration._rule_15_ratings": (nothing, "rerated"),
    "OtherLoad._rule_3_3_alarm": (nothing, "known"),
    "OtherLoad._rule_3_4_assumed": (zero, "metered"),
    "MeterEstimator._rule_3_2": (nothing, "mirrored"),
    "MeterEstimator._rule_3_2_sign": (yes, "mirrored"),
    "MeterEstimator._rule_3_2_phase": (yes, "elsewhere"),
    "MeterEstimator._rule_3_3_old": (no, "aged"),
    "MeterEstimator._rule_3_3_frozen": (no, "stuck"),
}
# why one is not missed alone, and the change of mutants.py that takes it away with others
BUNDLES = {
    "MeterEstimator._rule_3_1_over": ("3.1 at once", "in the worlds a car draws what it may, so what exceeds all bounds asks for the same"),
    "Permits._rule_5_feed": ("5 feeds", "what is read counts as ordered (`fed`): the time of a silent one then never runs out, which is timid"),
    "Permits._rule_7_default": ("7 survival", "the plan shares by the rows of the default state and asks for no such order"),
    "UnusedPhases._rule_14_alone": ("14 again", "in `unused` what it asks for is asked by _rule_14_fresh and by the default state, too"),
    "UnusedPhases._rule_14_hidden": ("14 again", "not in the first 60,000 states of `hidden`; the scenes of D23 and D24 miss it at once"),
    "Permits._rule_9_quiet": ("9 line", "for as long _rule_9_line_clean keeps that line's EVSEs at their maximum: no raise has its margin"),
}

def found_methods():
    """{"Class._rule_…" or "module._rule_…": where it stands}, by looking at all modules that must be right."""
    found = {}
    names = [module.name for module in pkgutil.walk_packages(ampacity.circuit.trusted.__path__, "ampacity.circuit.trusted.")]
    for name in names + ["ampacity.circuit." + path.removesuffix(".py") for path in BESIDE]:
        loaded = importlib.import_module(name)
        places = [loaded, *[v for v in vars(loaded).values() if isinstance(v, type) and v.__module__ == loaded.__name__]]
        for place in places:
            for name, value in vars(place).items():
                if name.startswith("_rule_") and callable(value) and value.__module__ == loaded.__name__:
                    found["%s.%s" % (place.__name__.split(".")[-1], name)] = place
    return found


@contextlib.contextmanager
def without(names):
    """The trusted core with these methods replaced."""
    places = found_methods()
    kept = {}
    for name in names:
        method = name.split(".")[1]
        kept[name] = vars(places[name])[method]
        setattr(places[name], method, ALONE[name][0])
    try:
        yield
    finally:
        for name, method in kept.items():
            setattr(places[name], name.split(".")[1], method)


def missed(names, world, states_max=MUTANT_STATES, seconds_max=1e9):
    """The search of that world without these methods: it has a violation, or somebody stranded, where they are missed."""
    with without(names):
        return Search(WORLDS[world](), liveness=True).run(states_max, seconds_max)


def is_missed(result):
    return bool(result.violation or result.stranded)


__all__ = ["ALONE", "BUNDLES", "MUTANTS", "found_methods", "is_missed", "missed", "without"]
