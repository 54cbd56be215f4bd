"""The guard with one rule of safety.md taken away: a proof that does not notice proves nothing.

`MUTANTS[name]` is (world of worlds.py, change, what was taken away). The change is a guard class, or a function
that changes the made world: its devices, its driver, the primary below. The first word of a name is the rule. What was
wrong in our own guard stands in defects.py.
"""

from ampacity.bus.leases.lease import Lease
from ampacity.circuit.cascaded_guard import CascadedLedger
from ampacity.circuit.guard import Guard
from ampacity.circuit.policy.plan import Plan
from ampacity.circuit.trusted.bounds import Bounds
from ampacity.circuit.trusted.intake import Intake
from ampacity.circuit.trusted.metering.meter_estimator import MeterEstimator
from ampacity.circuit.trusted.permits import Permits
from ampacity.circuit.trusted.site.tree import Site
from tests.proof.defects import DEFECTS
from tests.proof.partial import TrustingOrdering
from tests.proof.without_rule import ledger, no, nothing, view, yes
from tests.proof.worlds import WORLDS

# 1


def _record_when_answered(self, s, most_da, now_ms):
    """The frame counts from its answer on, no sooner."""
    book = s.book.orders
    order_id = Permits._rule_1_record(self, s, most_da, now_ms)
    if len(s.book.orders) > 1 or book is not s.book.orders:
        s.book.orders[-1].da = min(most_da, max([0] + [order.da for order in s.book.orders[:-1]]))
        self.bounds.update_bound(s)
    return order_id


def _record_what_was_wanted(self, s, most_da, now_ms):
    return Permits._rule_1_record(self, s, min(most_da, self.want_da[s.index]), now_ms)


def _may_send_wanted(self, s, most_da, now_ms):
    return Permits._may_send(self, s, min(most_da, self.want_da[s.index]), now_ms)


class LeafOnly(Site):
    """An EVSE loads its own circuit, and none above it."""

    def keys_of(self, circuit, terminals):
        return Site.keys_of(self, circuit, terminals)[: sum([len(terminal) for terminal in terminals])]


# 3


def _release_before_settling(self, s, now_ms):
    kept = [order for order in s.book.orders if order.gone_ms < 0]
    changed = len(kept) < len(s.book.orders)
    s.book.orders = kept
    return changed


def _prove_and_release(self, evse, order_id, limit_da, now_ms):
    Intake.proven(self, evse, order_id, limit_da, now_ms)
    if _release_before_settling(self, self.evse_states[evse], now_ms):
        self.bounds.update_bound(self.evse_states[evse])


def _release_without_proof(self, s, now_ms):
    if now_ms - s.book.orders[-1].first_ms < s.evse.settle_ms:
        return False
    s.book.orders = s.book.orders[-1:]
    return True


# 5 and 7


def _lapse_too_soon(self, s, now_ms):
    if s.ok or s.lapsed or now_ms - s.last_feed_ms < s.evse.settle_ms:
        return False
    s.memory_da = max(s.memory_da, s.book.drop_all())
    s.lapsed = True
    s.reported_da = s.reported_old_da = s.measured_da = 0
    return True


def _lapse_without_watchdog(self, s, now_ms):
    return Bounds._rule_5_lapse(self, s, now_ms) or (s.evidence.watchdog_ms() == 0 and _lapse_too_soon(self, s, now_ms))


def _rows_of_now(self, s):
    """What the allocator shares, without the rows of the default state."""
    return s.on_keys


def trusting():
    """Neither ledger nor allocator thinks of the primary's death."""
    guard = ledger(_rule_7_default=yes)
    guard.plan_class = type("MutantPlan", (Plan,), {"_rows": _rows_of_now})
    return guard


# 6


def _any_fingerprint(self, evse, key, value, now_ms):
    known = self.evse_states[evse].evidence.known_fingerprint
    Intake.put_evidence(self, evse, key, known if key == "fingerprint" else value, now_ms)


# 14


def _one_phase(self, s):
    return s.on_keys[:1]


def _no_old_phases(self, s, terminals):
    Bounds.set_phases(self, s, terminals)
    self.add_to(self.sums, s, -1)
    s.off_keys = ()
    self.add_to(self.sums, s, 1)


# 3.1


def _no_excess(self):
    MeterEstimator._at_once(self)
    self.certain_da = [0] * self.phases


def _most_for_least(self):
    least, most = MeterEstimator._sums(self)
    return most, most


# 13


class TrustingGranted(CascadedLedger):
    """The child shows a grant as met, and its limit as what is drawn, as soon as it was taken."""

    def proves(self, granted_da):
        return True

    def _rule_13_sum_da(self):
        return self.granted_da


def taken_is_proven(world):
    world.devices[0].guard.ledger.__class__ = TrustingGranted


# 1 and 12: what drivers and devices do


def enable_alone(world):
    world.ordering = TrustingOrdering(world.ordering.recipe)


def believing_older(world):
    world.believes_older = True


class OldGrants(Lease):
    """Takes any grant, however old."""

    def _acceptable(self, identity, epoch, sequence):
        return True


class ReadRenews(Lease):
    """Any frame renews it."""

    def read(self, now_ms):
        if self._leased:
            self._until_ms = max(self._until_ms, now_ms + 7500)


def lease(leases):
    def change(world):
        for device in world.devices:
            device.lease_class = leases
            device.lease = device._new()

    return change


def reads_renew(world):
    lease(ReadRenews)(world)
    world.outcomes = (("well", "dark", "only reads"), ("well",))
    for device in world.devices:
        device.hear_read = lambda now, device=device: device.lease.read(now)


MUTANTS = {
    "1 before sending": ("lost", ledger(_rule_1_record=_record_when_answered), "an order counts only when it was answered"),
    "1 most of it": ("rounding", ledger(_rule_1_record=_record_what_was_wanted, _may_send=_may_send_wanted), "what was wanted counts"),
    "1 parts": ("partial", enable_alone, "an enable counts as the limit that was ordered before it"),
    "1 still on its way": ("gateway", believing_older, "the answer to an older write is taken for that to the newest"),
    "2 margin": ("any_order", ledger(_rule_2_margin=yes), "an order leaves without margin"),
    "2 circuits above": ("tree", type("Mutant", (Guard,), {"site_class": LeafOnly}), "an EVSE loads its own circuit, and none above it"),
    "3 proof": ("lost", ledger(_rule_3_release=_release_without_proof), "a lower frees without proof"),
    "3 settle": ("any_order", ledger(proven=_prove_and_release), "a lower frees before the car has settled"),
    "4 reserve": ("fallback", ledger(_rule_4_reserve=lambda self, s: 0), "the reserve is lent"),
    "5 time": ("lost", ledger(_rule_5_lapse=_lapse_too_soon), "silence frees before the watchdog's time"),
    "5 probes": ("any_order", ledger(_rule_5_probe=yes), "a silent one is sent any order"),
    "5 feeds": ("kept", ledger(_rule_5_feed=yes, fed=nothing), "a read of a silent one is no order"),
    "5 refusals": ("refused", ledger(_rule_5_refused=nothing), "a refused probe keeps nothing alive"),
    "6 fingerprint": ("swapped", ledger(put_evidence=_any_fingerprint), "any device is the old one"),
    "7 release": ("without_watchdog", ledger(_rule_5_lapse=_lapse_without_watchdog), "silence frees one without watchdog"),
    "7 survival": ("death", trusting(), "we are trusted to survive"),
    "8 fresh": ("settings", ledger(_rule_8_fresh=yes), "evidence does not age"),
    "9 other hands": ("foreign", ledger(foreign_write=nothing), "a foreign write is not heeded"),
    "9 line": ("dirty", ledger(_rule_9_quiet=yes, _rule_9_line_clean=yes), "after a foreign write anything is raised and proven at once"),
    "10 disobedience": ("disobeying", ledger(_rule_10_watch=no), "who disobeys counts by its orders"),
    "11 fed": ("hung", ledger(_rule_11_checked=yes, _rule_11_fed=yes), "drivers refresh without the safety loop"),
    "12 older grants": ("held", lease(OldGrants), "a secondary takes older grants"),
    "12 renewal": ("lost", reads_renew, "a read renews a lease"),
    "13 sum of bounds": ("below", taken_is_proven, "a grant is proven when it was taken"),
    "14 phases": ("phases", ledger(_rule_14_keys=_one_phase), "only the phase counts that the car uses"),
    "14 fallback": ("phases", ledger(set_phases=_no_old_phases), "the fallback counts on the switched phases only"),
    "15 old place": ("change", ledger(_rule_15_keys=lambda self, s: ()), "only the new site counts"),
    "3.1 interval": ("metered", view(_sums=_most_for_least), "the newest readings are subtracted"),
    "3.1 at once": ("metered", view(_rule_3_1_over=nothing, _at_once=_no_excess), "what a meter shows above a rating waits for the estimate"),
    "3.2 sign": ("mirrored", view(_rule_3_2_sign=yes, _rule_3_2_phase=yes), "an implausible meter is believed"),
    "3.2 phase": ("elsewhere", view(_rule_3_2_phase=yes), "a meter that follows no step of ours is believed"),
    "3.6 barred": ("pumped", ledger(_rule_3_6_barred=no), "a pump sheds only as long as a plan pauses"),
    "3.3 age": ("aged", view(_rule_3_3_old=no), "a meter of which no frame comes is believed"),
    "3.3 frozen": ("stuck", view(_rule_3_3_frozen=no), "a meter that stands still is believed"),
}


def build(name, deep=False):
    """The world of one mutant."""
    world, change, _ = MUTANTS[name] if name in MUTANTS else DEFECTS[name]
    if isinstance(change, type) and issubclass(change, Guard):
        return WORLDS[world](change, deep)
    made = WORLDS[world](deep=deep)
    change(made)
    return made


__all__ = ["DEFECTS", "MUTANTS", "build", "ledger", "no", "nothing", "view", "yes"]
