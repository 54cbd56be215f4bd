"""Mends undone: what was found in our own guard, each as it was, so that the search shows it again.

`DEFECTS[name]` is (world of worlds.py, guard class or change of the made world, what was wrong). The first word of a name is the rule.
"""

from ampacity.bus.leases.grant_numbers import GrantNumbers
from ampacity.circuit.cascaded_guard import CascadedMargin
from ampacity.circuit.guard import Guard
from ampacity.circuit.policy.load_shedding import LoadShedding
from ampacity.circuit.policy.plan import Plan
from ampacity.circuit.policy.reservations import Reservations
from ampacity.circuit.trusted.bounds import Bounds
from ampacity.circuit.trusted.device.unused_phases import UnusedPhases
from ampacity.circuit.trusted.intake import Intake
from ampacity.circuit.trusted.journal_barrier import JournalBarrier
from ampacity.circuit.trusted.ledger import Ledger
from ampacity.circuit.trusted.metering.meter_estimator import MeterEstimator
from ampacity.circuit.trusted.metering.meter_trust import MeterTrust
from ampacity.circuit.trusted.metering.other_load import OtherLoad
from ampacity.circuit.trusted.permits import Permits
from ampacity.circuit.trusted.site.migration import SiteMigration
from ampacity.circuit.trusted.site.tree import Site
from tests.proof.without_rule import ledger, no, nothing, yes

# lowers that are refused


def _known_surplus(self, s, rounding_da):
    """What a device makes of an order is learnt from raises alone."""
    if self.want_da[s.index] > s.book.most_da():
        Permits._learn_rounding(self, s, rounding_da)


def _within_what_is_wanted(self, s, most_da, now_ms):
    return Permits._rule_2_lowers(self, s, most_da, now_ms) and most_da <= self.most_of(s, self.want_da[s.index])


def _fresh_as_a_raise(self, s, most_da, now_ms):
    return Permits._rule_2_lowers(self, s, most_da, now_ms) and self._rule_8_fresh(s, now_ms)


# cars above their orders


def _small_is_nothing(self, s, sample_ms):
    """What it draws above its order counts for nothing within the tolerance."""
    Intake._rule_10_measured(self, s, sample_ms)
    s.overdraw_da = 0


class Wishes(Reservations):
    """What is wanted is planned, whatever is measured."""

    def planned_da(self, s, want_da):
        return max(s.reserve_da if s.ok else s.bound_da, want_da)


class WishedPlan(Plan):
    def __init__(self, *parts):
        Plan.__init__(self, *parts)
        self.reservations.__class__ = Wishes


def above_its_order():
    guard = ledger(_rule_10_measured=_small_is_nothing)
    guard.plan_class = WishedPlan
    return guard


def _last_reading_counts(self, s, now_ms):
    """It disobeys when each of three passes has seen it above its order; one reading within it, and that begins anew."""
    if s.disobeys:
        return Bounds._rule_10_watch(self, s, now_ms)
    s.excess = s.excess + 1 if s.above_da else 0
    if s.excess < 3:
        return False
    self.escalation.begin(s, now_ms)
    return True


# meters


class Forgiving(MeterTrust):
    """After a minute all is forgotten."""

    def require_steps(self, p, spared, now_ms):
        self.failed_ms = now_ms

    def failed(self, reason, explained=False):
        self.reason = reason


class ForgivingView(MeterEstimator):
    def __init__(self, *parts):
        MeterEstimator.__init__(self, *parts)
        self.trust.__class__ = Forgiving


class OwnAlone(Site):
    """What a circuit's children assume is no load of its own."""

    def _add_up(self):
        known = list(self.assumed_da)
        Site._add_up(self)
        self.assumed_da = known


class OwnOther(OtherLoad):
    def _rule_3_4_assumed(self, key, lost):
        return self.ledger.assumed_da[key]


# a primary below a primary


class Waiting(CascadedMargin):
    """A grant that is exceeded is never its own matter."""

    def check(self, now_ms):
        CascadedMargin.check(self, now_ms)
        for key in range(self.site.size - self.site.phases, self.site.size):
            self.over_budget[key] = False


def waited_for(world):
    world.devices[0].guard.ledger.margin.__class__ = Waiting


class ReservesAreFree(LoadShedding):
    def plan_da(self, s):
        return 0 if s.reserve_da else LoadShedding.plan_da(self, s)


class Generous(Plan):
    """On a grant the reserves of others are no load: only the ledger counts them."""

    def _free(self):
        free = Plan._free(self)
        for s in self.ledger.evse_states:
            for key in self.ledger.grant_keys:
                free[key] += s.reserve_da * s.on_keys.count(key)
        return free

    def _room(self, s, held):
        others = [t for t in self.ledger.evse_states if t is not s]
        taken = {key: sum([t.reserve_da * t.on_keys.count(key) for t in others]) for key in self.ledger.grant_keys}
        for key, da in taken.items():
            self.extra[key] -= da
        room = Plan._room(self, s, held)
        for key, da in taken.items():
            self.extra[key] += da
        return room


def reserves_shared(world):
    plan = world.devices[0].guard.plan
    plan.__class__, plan.shed.__class__ = Generous, ReservesAreFree


# grants, and who was locked out


class OneEpoch(GrantNumbers):
    """Its sequence runs on and on."""

    def next(self):
        self.used += 1
        return self.epoch << 16 | self.used & 0xFFFF


def one_epoch(world):
    world.numbers_class = OneEpoch


def _accepted_is_unlocked(self, evse, now_ms, new=False):
    """Whatever device answers: the lock ends, the ladder stands."""
    Intake.accept_device(self, evse, now_ms, new)
    self.evse_states[evse].locked = ""


# phases that are lent


class Unseen(UnusedPhases):
    def _rule_14_again(self, *_):
        """Whatever its car uses again is not seen."""


def used_unseen():
    bounds = type("MutantBounds", (Bounds,), {"unused_phases_class": Unseen})
    return type("Mutant", (Guard,), {"ledger_class": type("MutantLedger", (Ledger,), {"bounds_class": bounds})})


# what outlives a restart


class Careless(JournalBarrier):
    """Nothing needs to be written at once."""

    def mark_dirty(self):
        pass


class Unwritten(Guard):
    def __init__(self, *parts):
        Guard.__init__(self, *parts)
        self.ledger.journal_barrier.__class__ = Careless


def _watchdog_counts_at_once(self, evse, key, value, now_ms):
    last_feed_ms = self.evse_states[evse].last_feed_ms
    Intake.put_evidence(self, evse, key, value, now_ms)
    self.evse_states[evse].last_feed_ms = last_feed_ms


class OneShape(Guard):
    """Its journal knows one older site, not two."""

    def evidence_dump(self):
        dump = Guard.evidence_dump(self)
        dump["site"].pop("before", None)
        return dump


class Forgetful(SiteMigration):
    """Who is no longer in the site file is nobody."""

    def _match(self, entries):
        SiteMigration._match(self, entries)
        return []


DEFECTS = {
    "2 held back": ("lowers", ledger(_rule_2_lowers=no), "a lower was refused where nothing may be fed"),
    "2 surplus": ("lowers", ledger(_rule_2_lowers=_within_what_is_wanted, _learn_rounding=_known_surplus),
                  "a lower of which the device makes more than was wanted was refused"),
    "2 stale settings": ("lowers", ledger(_rule_2_lowers=_fresh_as_a_raise), "a lower waited for settings that are fresh"),
    "10 follow": ("above", above_its_order(), "what a car draws a little above its order was never made room for"),
    "10 pauses": ("disobeying", ledger(_rule_10_watch=_last_reading_counts), "one reading within its order, and disobedience began anew"),
    "3.2 forgiven": ("elsewhere", type("Mutant", (Guard,), {"other_class": type("Mutant", (OtherLoad,), {"estimator_class": ForgivingView})}),
                     "a meter that failed was believed again after a minute"),
    "3.4 below": ("under", type("Mutant", (Guard,), {"site_class": OwnAlone, "other_class": OwnOther}),
                  "the load behind a dead meter below was forgotten above"),
    "13 kept alive": ("orphan", waited_for, "with its grant gone a primary below went on feeding what it had ordered under it"),
    "13 reserves": ("reserves", reserves_shared, "a grant was shared as if the reserves below it were no load, and nobody began"),
    "12 half range": ("hours", one_epoch, "a secondary that was cut off for hours refused every grant"),
    "10 accepted": ("accepted", ledger(accept_device=_accepted_is_unlocked), "acceptance of the same unit ended its lock-out, and not the ladder"),
    "10 replaced": ("accepted", ledger(_release=nothing), "another unit stayed locked out for what the one before it had done"),
    "8 unkept": ("journal", Unwritten, "what lowered trust was not in the journal before a raise"),
    "8 refreshed": ("journal", ledger(_rule_8_known=yes), "a device that lost its watchdog was refreshed before the journal knew"),
    "14 again": ("unused", used_unseen(), "a phase that was lent and is used again counted for nothing"),
    "15 left": ("left", type("Mutant", (Guard,), {"migration_class": Forgetful}), "an EVSE that left the site file was forgotten"),
    "15 forgotten": ("change", OneShape, "a second restart before the pause forgot where an EVSE had stood"),
    "8 set later": ("settings", ledger(put_evidence=_watchdog_counts_at_once), "a watchdog set again counted from the last order before it was set"),
}  # fmt: skip
