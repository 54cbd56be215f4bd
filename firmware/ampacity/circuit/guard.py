"""The guard: the one face of the safety core. Facts come in, `tick` decides, orders ask before they leave.

Drivers call the first group of methods, roles the second. Indexes are those of the site facts; phase is
the index of the supply phase; currents are integers in da, times in ms of one clock that never wraps.
Modes (section 7): quarantine -> regulating <-> degraded, and safe from anywhere.
"""

from ampacity.circuit.missing import missing_text
from ampacity.circuit.optional_functions import OptionalFunctions
from ampacity.circuit.policy.constraints.external_limits import Limits
from ampacity.circuit.policy.plan import Plan
from ampacity.circuit.policy.queue.demand import Demand
from ampacity.circuit.trusted.bounds import ZERO_DA
from ampacity.circuit.trusted.device.escalation import CONTACTOR, DISOBEYED, FEEDER, excess_text
from ampacity.circuit.trusted.errors import InvariantBroken, NotNow, Rejected
from ampacity.circuit.trusted.journal import dump, load
from ampacity.circuit.trusted.ledger import Ledger
from ampacity.circuit.trusted.metering.other_load import OtherLoad
from ampacity.circuit.trusted.site.migration import SiteMigration, removed_view, still_changing
from ampacity.circuit.trusted.site.tree import Site

if False:  # for the type checker
    from typing import Any

    from ampacity.circuit.safety_load import SafetyLoads

UNKEPT_MS = 5000  # a journal that took so long to write needs a person
READING_MS = 10000  # a current that was read so long ago no longer counts


class Guard:
    """The safety core of one primary. site_facts: the compiled site; evidence: what evidence_dump gave."""

    site_class = Site
    ledger_class = Ledger
    other_class = OtherLoad
    plan_class = Plan
    migration_class = SiteMigration
    unkept_ms = -1  # since when the journal has been behind

    def __init__(self, site_facts: "dict[str, object]", now_ms: int, evidence: "dict[str, object] | None" = None) -> None:
        self.facts = site_facts
        change = None
        if evidence and isinstance(evidence.get("site"), dict):
            change = self.migration_class(site_facts, evidence["site"])  # type: ignore[arg-type]
            site_facts = change.facts
        self.site = self.site_class(site_facts)
        self.now_ms = now_ms
        self.ledger = self.ledger_class(self.site, now_ms)
        self.other = self.other_class(self.ledger, now_ms, self.facts)
        self.limits = Limits(self.site)
        self.demands = Demand(self.ledger)
        self.plan = self.plan_class(self.ledger, self.other, self.limits, self.demands)
        self.want_da = self.ledger.want_da
        self.events = self.ledger.events.kept
        self.failure = ""
        self.safe_by_decision = False  # safe by decision: the controller is healthy and stays reachable
        self.safety_loads = self._safety_loads(site_facts.get("safety_loads"))
        self.optional = OptionalFunctions(site_facts, self.plan, now_ms)
        if evidence:
            self._load(evidence, change, now_ms)
        self.quarantine_until_ms = now_ms + max([0] + [evse.transit_ms for evse in self.site.evses])

    def _safety_loads(self, facts: object) -> "SafetyLoads | None":
        """Imported only where the site has some."""
        if not isinstance(facts, list) or not facts:
            return None
        from ampacity.circuit.safety_load import SafetyLoads

        loads = SafetyLoads(self.site, facts)
        self.plan.targets.inhibits.append(loads)
        return loads

    # what drivers call

    def send(self, evse: int, most_da: int, now_ms: int, held: bool = False) -> "int | None":
        """May an order of which the device makes at most most_da go out now? Its id (> 0), recorded live; or None."""
        try:
            return self.ledger.permits.send(evse, most_da, now_ms, held)
        except InvariantBroken as broken:
            self.fail(str(broken), now_ms)
            return None

    def answered(self, evse: int, order_id: int, now_ms: int, certain: bool = False) -> None:
        """The write was acknowledged by the device; certain: by an answer that cannot be our own echo."""
        self.ledger.intake.answered(evse, order_id, now_ms, certain)

    def refused(self, evse: int, order_id: int, now_ms: int) -> None:
        """An exception reply."""
        self.ledger.intake.refused(evse, order_id, now_ms)

    def proven(self, evse: int, order_id: int, limit_da: int, now_ms: int) -> None:
        """A read asked after that order was sent shows the value in force in an obeying mode."""
        self.ledger.intake.proven(evse, order_id, limit_da, now_ms)

    def reported(self, evse: int, limit_da: int, now_ms: int) -> None:
        """The limit that the device itself reports in force."""
        self.ledger.intake.reported(evse, limit_da, now_ms)

    def measured(self, evse: int, amps_da: "list[int] | None", sample_ms: int, now_ms: int) -> None:
        """Current per terminal, or None."""
        self.ledger.intake.measured(evse, amps_da, sample_ms, now_ms)
        if amps_da is not None:
            self.other.evse_measured(evse, sample_ms, now_ms)

    def heard(self, evse: int, now_ms: int) -> None:
        """Any valid answer."""
        self.ledger.intake.heard(evse, now_ms)

    def lost(self, evse: int, now_ms: int) -> None:
        """The driver's verdict: it does not answer."""
        self.ledger.intake.lost(evse, now_ms)

    def fed(self, evse: int, now_ms: int) -> None:
        """A frame that is no order left for it and may revive what it holds."""
        self.ledger.intake.fed(evse, now_ms)

    def may_feed(self, evse: int, now_ms: int) -> bool:
        """May such a frame go out now?"""
        return self.ledger.permits.may_feed(evse, now_ms)

    def evidence(self, evse: int, key: str, value: object, now_ms: int) -> None:
        """Read back: watchdog_ms, fallback_da, power_on_da, max_da, fingerprint, mode_ok."""
        self.ledger.intake.put_evidence(evse, key, value, now_ms)

    def foreign_write(self, bus: int, evse: "int | None", now_ms: int) -> None:
        """A foreign write to one of our EVSEs was seen on this bus."""
        self.ledger.intake.foreign_write(bus, evse, now_ms)

    def duplicate(self, evse: int, now_ms: int) -> None:
        """Two devices answer at the address of this one."""
        self.ledger.intake.duplicate(evse, now_ms)

    def meter(self, meter: int, amps_da: "list[int] | None", now_ms: int, raw_mark: int) -> None:
        """A frame of a meter: signed per input; None: not finite."""
        self.other.meter(meter, amps_da, raw_mark, now_ms)
        if self.safety_loads is not None:
            self.safety_loads.reading(meter, amps_da, raw_mark, now_ms)

    def contactor(self, evse: int, closed: bool, sample_ms: int) -> None:
        """Feedback of its contactor, read at sample_ms; asked for while open_contactor says so."""
        self.ledger.intake.contactor(evse, closed, sample_ms)

    def feeder(self, evse: int, closed: bool, now_ms: int) -> None:
        """Feedback of the contactor in its feeder; asked for while open_feeder says so."""
        self.ledger.intake.feeder(evse, closed, now_ms)

    def phases_sent(self, evse: int, terminals: "list[int]", now_ms: int) -> bool:
        """A driver is about to switch to these terminals (rule 14). False: there is no margin for it now."""
        return self.ledger.permits.phases_sent(evse, terminals, now_ms)

    def phases_shown(self, evse: int, terminals: "list[int]", now_ms: int) -> None:
        """The device shows that these terminals can close, whatever switched them."""
        self.ledger.bounds.phases_shown(evse, terminals, now_ms)

    def phases_proven(self, evse: int, terminals: "list[int]", now_ms: int) -> None:
        """The device proved that only these terminals can close now."""
        self.ledger.bounds.phases_proven(evse, terminals, now_ms)

    def minimum_grant(self, evse: int, da: int) -> None:
        """Report of the primary below: no further EVSE can start there with less than da; 0: no such report."""
        self.optional.minimum_grant(evse, da)

    # what roles call; what only some sites or people ask for is called at `optional`

    def demand(self, evse: int, wants: bool, reason: str = "") -> None:
        """wants: the car asks for current and is authorised. reason: why not, for people; "": no charge is requested."""
        self.demands.reasons[evse] = reason
        self.demands.put(evse, wants)

    def plugged(self, evse: int, plugged: bool) -> None:
        """A car was plugged in or out: the unused phases of the previous car are no evidence for this one."""
        if plugged != self.demands.plugged[evse]:
            self.demands.another_car(evse, plugged)
            self.ledger.intake.another_car(evse)
            if self.limits.phase_usage is not None:
                self.limits.phase_usage.forget(evse)
                self.limits.renew()
            if self.demands.slack is not None and not plugged:
                self.demands.slack.put(evse, None, None)
        if not plugged:
            self.ledger.intake.no_car(evse, self.now_ms)

    def isolate(self, evse: int, on: bool, now_ms: "int | None" = None) -> None:
        """The installer declares the feeder of this EVSE open and locked; not permitted while `draws_da` is above 0."""
        self.ledger.intake.isolate(evse, on, self.now_ms if now_ms is None else now_ms)

    def waits_for_journal(self, now_ms: int) -> bool:
        """Rule 8: for seconds now nothing may be raised, for the journal could not be written."""
        ledger = self.ledger
        if ledger.permits._rule_8_kept():
            self.unkept_ms = -1
        elif self.unkept_ms < 0:
            self.unkept_ms = now_ms
        return 0 <= self.unkept_ms <= now_ms - UNKEPT_MS

    def draws_da(self, evse: int, now_ms: int) -> int:
        """The current that was read there within the last seconds, 0 where none was."""
        s = self.ledger.evse_states[evse]
        return s.measured_da if s.measured_da > ZERO_DA and now_ms - s.measured_ms <= READING_MS else 0

    def removed_evses(self) -> "list[dict[str, Any]]":
        """EVSEs that left the site file and still count (rule 15)."""
        return removed_view(self.ledger, self.now_ms)

    def confirm_removed(self, name: str, now_ms: int) -> None:
        """Installer: the EVSE that left the site file under this name is disconnected. Raises Rejected for any other name."""
        names = [str(row["name"]) for row in self.removed_evses()]
        if name not in names:
            if not names:
                raise NotNow("gone", name, "no EVSE that left the site file still counts")
            raise Rejected("gone", name, ", ".join(names))
        for s in self.ledger.evse_states:
            if s.evse.removed and s.evse.name == name:
                self.ledger.intake.isolate(s.index, True, now_ms)
                self.ledger.journal_barrier.mark_dirty()
                self.ledger.events.add(now_ms, "gone", "%s, no longer in the site file, declared gone" % name)
        self.demands.changed = True

    def limit(
        self, source: str, target: "tuple[str, int]", value: object, valid_until_ms: "int | None", silent: object,
        unit: str = "da", release_ms: int = 0, sign: str = "import", phases: "int | None" = None,
    ) -> None:  # fmt: skip
        """An external limit (external_limits.py); value None withdraws it. Raises Rejected for an unknown target or unit.

        unit: "da" (per supply phase, or one for all), "w" (sum over the phases), "percent" (of the rating). silent:
        "hold", "release" or a default value, what holds after valid_until_ms; release_ms: least time before a release.
        """
        self.limits.put(source, target, value, valid_until_ms, silent, unit, release_ms, sign, phases)
        self.demands.changed = True

    def voltage(self, volts_dv: int) -> None:
        """The highest voltage measured to neutral, dV: limits in watts become amperes with it."""
        self.limits.voltage(volts_dv)

    def safety_load(self, name: str, on: "bool | None", now_ms: int) -> None:
        """The input of a safety load (3.6); to be repeated, for a signal that is lost sheds. Raises Rejected."""
        if self.safety_loads is None:
            raise NotNow("safety_load", name, "this site has no [[safety_load]] section")
        self.safety_loads.signal(name, on, now_ms)

    def tick(self, now_ms: int, whole: bool = True) -> None:
        """The safety pass. Never raises for what came from outside; a broken invariant means safe.

        whole False: a new share of what is there, if one is due, is only begun; call share_on while `sharing`.
        """
        self.now_ms = now_ms
        try:
            self._pass(now_ms)
        except InvariantBroken as broken:
            self.fail(str(broken), now_ms)
        while whole and self.plan.sharing is not None:
            self.plan.share_on(now_ms)

    @property
    def sharing(self) -> bool:
        """Is a share begun and not finished?"""
        return self.plan.sharing is not None

    def share_on(self) -> None:
        """The next piece of it: a few milliseconds of a microcontroller with 64 EVSEs."""
        self.plan.share_on(self.now_ms)

    def _pass(self, now_ms: int) -> None:
        ledger = self.ledger
        ledger.bounds.refresh(now_ms)
        self.other.tick(now_ms)
        if self.limits.tick(now_ms):
            self.demands.changed = True
        if self.limits.phase_usage is not None and self.limits.refresh(ledger, self.other, now_ms):
            self.demands.changed = True
        self.optional.tick(now_ms)
        if still_changing(ledger, now_ms):
            self.demands.changed = True
        if self.safety_loads is not None:
            self._rule_3_6_shed(self.safety_loads, now_ms)
        ledger.margin.check(now_ms)
        ledger.permits.tick_ms = now_ms
        ledger.permits.feed_ok = not self.failure
        self._mode(now_ms)
        self.plan.tick(now_ms, ledger.permits.mode in ("regulating", "degraded"))

    def _rule_3_6_shed(self, loads: "SafetyLoads", now_ms: int) -> None:
        """EVSEs of a safety load that runs, or whose signal is lost, are at 0 A from this tick on."""
        opened = list(loads.opened)
        for text in loads.tick(now_ms):
            self.ledger.events.add(now_ms, "safety load", text)
            self.demands.changed = True
        if opened != loads.opened:
            self.ledger.bounds.escalation.switches += 1
        for s in self.ledger.evse_states:
            s.barred = loads.barred[s.index]

    def _mode(self, now_ms: int) -> None:
        ledger = self.ledger
        if self.failure:
            self._set_mode("safe", self.failure, now_ms)
            return
        if ledger.permits.mode == "quarantine" and not self._quarantine_over(now_ms):
            return
        well = self.other.all_ok()
        for s in ledger.evse_states:
            well = well and (s.ok or s.isolated)
        mode = "regulating" if well else "degraded"
        if mode != ledger.permits.mode:
            self._set_mode(mode, missing_text(self), now_ms)

    def _quarantine_over(self, now_ms: int) -> bool:
        if now_ms < self.quarantine_until_ms:
            return False
        for s in self.ledger.evse_states:
            if not self.ledger.resolved(s, now_ms):
                return False
        return True

    def _set_mode(self, mode: str, reason: str, now_ms: int) -> None:
        if mode != self.ledger.permits.mode:
            self.ledger.events.add(now_ms, "mode", "%s -> %s: %s" % (self.ledger.permits.mode, mode, reason))
            self.ledger.permits.mode = mode

    def fail(self, reason: str, now_ms: int) -> None:
        """A fault of the controller: nothing is fed any more, every EVSE goes to its reserve. Until restart."""
        self.failure = reason
        self.safe_by_decision = False
        self.ledger.permits.feed_ok = False
        self._set_mode("safe", reason, now_ms)
        self.plan.tick(now_ms, False)

    def enter_safe_state(self, reason: str, now_ms: int) -> None:
        """The safe state by decision, as after a loop of restarts: no watchdog is fed, but the controller itself continues."""
        self.fail(reason, now_ms)
        self.safe_by_decision = True

    # what people and other rooms see

    @property
    def feed_ok(self) -> bool:
        """Rule 11: the invariant was checked in this tick."""
        return self.ledger.permits.feed_ok

    @property
    def mode(self) -> str:
        """The operating state (section 7): "quarantine", "regulating", "degraded" or "safe"."""
        return self.ledger.permits.mode

    def bound_da(self, evse: int) -> "list[int]":
        """The most it can be drawing now, per supply phase."""
        s = self.ledger.evse_states[evse]
        return self._spread(s.on_keys, s.bound_da, s.off_keys, self.ledger.bounds.off_da(s), s.evse.circuit)

    def _spread(self, on: "tuple[int, ...]", da: int, off: "tuple[int, ...]", off_da: int, circuit: int) -> "list[int]":
        first = circuit * self.site.phases
        keys = range(first, first + self.site.phases)
        return [da * on.count(key) + off_da * off.count(key) for key in keys]

    def margin_da(self, circuit: int) -> "list[int]":
        """rating - other load - Σ bounds, per phase."""
        ledger, first = self.ledger, circuit * self.site.phases
        keys = range(first, first + self.site.phases)
        return [ledger.cap_da[key] - self.other.shown_da[key] - ledger.sums[key] for key in keys]

    def other_da(self, circuit: int) -> "list[int]":
        """Other load of a circuit (section 3) as the plan and people see it: da per supply phase."""
        first = circuit * self.site.phases
        return self.other.shown_da[first : first + self.site.phases]

    def meter_state(self, circuit: int) -> str:
        """"ok", "lost", "frozen", or "none"."""
        estimator = self.other.estimators[circuit]
        return "none" if estimator is None else estimator.state

    def meter_reason(self, circuit: int) -> str:
        """Why the meter of this circuit does not count, and the remedy; "": it counts, or there is none."""
        estimator = self.other.estimators[circuit]
        if estimator is None:
            return ""
        reason = self._inspection_reason(circuit)
        known = estimator.trust.text() or estimator.reason
        return "%s; %s: inspection required" % (known or "suspected", reason) if reason else known

    def needs_inspection(self, circuit: int) -> bool:
        """Does a person have to look at the meter of this circuit before it counts again?"""
        estimator = self.other.estimators[circuit]
        return estimator is not None and (estimator.trust.latched or self._inspection_reason(circuit) != "")

    def _inspection_reason(self, circuit: int) -> str:
        """Why steps of the EVSEs cannot restore the trust in its doubted meter; "": they can, or it counts."""
        steps = self.optional.meter_test_steps
        return "" if steps is None else steps.inspection_reasons[circuit]

    def reserve_da(self, evse: int) -> int:
        """Rule 4: current that an EVSE may draw without an order, at any time, in da per phase; 0 while it is declared isolated."""
        return self.ledger.evse_states[evse].reserve_da

    def last_order_da(self, evse: int) -> "int | None":
        """The last order that was sent, None: none since start."""
        last = self.ledger.evse_states[evse].sent_da
        return last if last >= 0 else None

    def online(self, evse: int) -> bool:
        """Has it given a valid answer since the controller started, and is it not silent now?"""
        s = self.ledger.evse_states[evse]
        return s.heard_ever and not s.silent

    def heard_ever(self, evse: int) -> bool:
        """Has it given a valid answer since the controller started?"""
        return self.ledger.evse_states[evse].heard_ever

    def state(self, evse: int) -> str:
        """"ok", "silent", "returning", "isolated", "disobeys", or why it is locked."""
        s = self.ledger.evse_states[evse]
        if s.isolated:
            return "isolated"
        if s.locked or s.disobeys:
            return s.locked or "disobeys"
        return "ok" if s.ok else "silent" if s.silent else "returning"

    @property
    def switches(self) -> int:
        """Changes whenever open_contactor or open_feeder of some EVSE did."""
        return self.ledger.bounds.escalation.switches

    def open_contactor(self, evse: int) -> bool:
        """Rule 10 or a safety load: its contactor is to be open, whatever its order."""
        if self.safety_loads is not None and self.safety_loads.opened[evse]:
            return True
        return self.locked_out(evse)

    def locked_out(self, evse: int) -> bool:
        """Rule 10: it is to stay out until a person or the CSMS resets it."""
        return self.ledger.evse_states[evse].escalation_level >= CONTACTOR

    def open_feeder(self, evse: int) -> bool:
        """Rule 10: its feeder is to be open."""
        return self.ledger.evse_states[evse].escalation_level >= FEEDER

    def fault(self, evse: int) -> "str | None":
        """What the safety core holds against it, for people and the CSMS; None: nothing."""
        s = self.ledger.evse_states[evse]
        if s.locked == DISOBEYED:
            return "disobeyed its orders; locked out until reset"
        if s.locked:
            return "another device answers at its address; locked out until `replace`"
        return excess_text(s) if s.disobeys else None

    def why(self, evse: int) -> str:
        """The reasons of its present target as one line."""
        from ampacity.circuit.explain import explain  # loaded when it is asked for

        return explain(self, evse)

    def resend_due(self, evse: int) -> bool:
        """An older frame may still arrive after the proven order: sending it again would settle that."""
        return self.ledger.evse_states[evse].book.blocked()

    def audit_due(self, evse: int) -> bool:
        """It answers, and identity or settings must be read before it is back (rule 6)."""
        s = self.ledger.evse_states[evse]
        return not s.silent and not s.ok and not s.evidence.audited()

    def gaps(self, evse: int) -> "list[str]":
        """Missing evidence (rule 8), one sentence each."""
        return self.ledger.evse_states[evse].evidence.gaps()

    def accept_device(self, evse: int, new: bool = False) -> None:
        """Installer: the device that answers now is the right one; new: it took the place of another."""
        self.ledger.intake.accept_device(evse, self.now_ms, new)
        self.demands.wake(evse)
        self.demands.changed = True

    def unlock(self, evse: int) -> None:
        """A person or the CSMS resets an EVSE that was locked out for disobedience."""
        if self.ledger.evse_states[evse].locked == DISOBEYED:
            self.ledger.intake.unlock(evse, self.now_ms)
            self.demands.wake(evse)
            self.demands.changed = True

    def confirm_assumed(self, circuit: int) -> None:
        """Installer: the assumed other load of the site file holds after all. Raises Rejected while its meter cannot say so."""
        if self.meter_state(circuit) in ("lost", "frozen"):
            name = self.site.circuits[circuit].name
            text = "its meter is %s (%s); the value that it showed counts until the meter is trusted again"
            raise NotNow("circuit", name, text % (self.meter_state(circuit), self.meter_reason(circuit)))
        self.other.confirm_assumed(circuit)

    def trust_meter(self, circuit: int) -> None:
        """Installer: the meter of this circuit and its CTs were looked at. Raises Rejected where nothing counts against it."""
        estimator = self.other.estimators[circuit]
        if estimator is None or estimator.trust.dump() is None and not self.needs_inspection(circuit):
            raise NotNow("circuit", self.site.circuits[circuit].name, "its meter failed no check; there is nothing to confirm")
        self.other.inspected(circuit, self.now_ms)

    # the journal

    def evidence_dump(self) -> "dict[str, object]":
        """JSON-able: what must outlive a restart (journal.py)."""
        return dump(self.ledger, self.other, self.facts)

    def _load(self, kept: "dict[str, object]", change: "SiteMigration | None", now_ms: int) -> None:
        load(self.ledger, self.other, kept, change, self.facts, now_ms)
