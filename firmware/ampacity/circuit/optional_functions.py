"""What a guard can do besides its rules, each part imported when a site or a person first asks for it.

Surplus, balance and contracted power as constraints; phase switching; the random start delay; needs of cars; derating.
"""

from ampacity.circuit.policy.queue.inhibit import InhibitTimers
from ampacity.circuit.trusted.errors import NotNow

if False:  # for the type checker
    from typing import Any

    from ampacity.circuit.commissioning import CommissioningInhibit
    from ampacity.circuit.policy.constraints.contracted_power import ContractedPower
    from ampacity.circuit.policy.constraints.solar_surplus import SolarSurplus
    from ampacity.circuit.policy.meter_test_steps import MeterTestSteps
    from ampacity.circuit.policy.minimum_grant import MinimumGrants
    from ampacity.circuit.policy.phase_switch import PhaseSwitch
    from ampacity.circuit.policy.plan import Plan

DERATING = "thermal"


class OptionalFunctions:
    """The parts that are there, and what installers, cars and other rooms may ask of them."""

    start_delay: "InhibitTimers | None" = None
    phase_switch: "PhaseSwitch | None" = None
    solar_surplus: "SolarSurplus | None" = None
    contracts: "tuple[ContractedPower, ...]" = ()
    commissioning_inhibit: "CommissioningInhibit | None" = None
    minimum_grants: "MinimumGrants | None" = None
    meter_test_steps: "MeterTestSteps | None" = None

    def __init__(self, facts: "dict[str, Any]", plan: "Plan", now_ms: int) -> None:
        """What the site facts ask for."""
        self.plan = plan
        self.site = plan.site
        self.ledger = plan.ledger
        self.other = plan.other
        self.limits = plan.limits
        self.demands = plan.demand
        self.now_ms = now_ms
        if self.other.metered:
            from ampacity.circuit.policy.meter_test_steps import MeterTestSteps

            self.meter_test_steps = MeterTestSteps(self.ledger, self.other, self.limits, self.demands.wants)
        for c, circuit in enumerate(facts["circuits"]):
            self._install_circuit(c, circuit)
        if facts.get("solar"):
            self._install_solar(facts["solar"])
        if facts.get("require_tested"):
            from ampacity.circuit.commissioning import CommissioningInhibit

            self.commissioning_inhibit = CommissioningInhibit(self.ledger)
            self.plan.targets.inhibits.append(self.commissioning_inhibit)
        able = [e for e, evse in enumerate(facts.get("evses", [])) if evse.get("phase_switch") and len(evse["terminals"]) == 3]
        if able:
            from ampacity.circuit.policy.phase_switch import PhaseSwitch

            self.phase_switch = PhaseSwitch(self.plan.shed, able)
            self.plan.targets.inhibits.append(self.phase_switch)
            self.limits.watch_phase_usage()

    def _install_circuit(self, c: int, circuit: "dict[str, Any]") -> None:
        most_da = [circuit[key] for key in ("max_unbalance_da", "max_neutral_da") if circuit.get(key) is not None]
        if most_da and self.site.phases > 1:
            from ampacity.circuit.policy.constraints.phase_unbalance import UnbalanceConstraint

            for p in range(self.site.phases):
                for q in range(self.site.phases):
                    if p != q:
                        self.limits.add_constraint(UnbalanceConstraint(self.site, self.limits, c, p, q, min(most_da)))
        if circuit.get("contract_w"):
            from ampacity.circuit.policy.constraints.contracted_power import WINDOW_MS, ContractedPower

            row = ContractedPower(self.site, self.limits, c, circuit["contract_w"], circuit.get("contract_ms", WINDOW_MS))
            self.contracts += (row,)
            self.limits.add_constraint(row)

    def _install_solar(self, solar: "dict[str, Any]") -> None:
        from ampacity.circuit.policy.constraints.solar_surplus import RUN_MS, SolarSurplus

        row = SolarSurplus(self.site, self.limits, solar["circuit"], solar.get("run_ms", RUN_MS), solar.get("margin_w", 0))
        for e in solar["evses"]:
            row.choose(e, True)
        self.solar_surplus = row
        self.limits.add_constraint(row)

    def tick(self, now_ms: int) -> None:
        """Once in each safety pass, before the plan."""
        self.now_ms = now_ms
        if self.start_delay is not None and self.start_delay.tick(now_ms):
            self.demands.changed = True
        if self.phase_switch is not None:
            self.phase_switch.tick(now_ms)
        if self.commissioning_inhibit is not None:
            self.commissioning_inhibit.tick()
        if self.meter_test_steps is not None and self.meter_test_steps.tick(now_ms):
            self.demands.changed = True

    def solar(self, evse: int, on: bool) -> None:
        """This EVSE charges by surplus only, or no longer. Raises NotNow on a site without it."""
        if self.solar_surplus is None:
            raise NotNow("solar", self.site.evses[evse].name, "this site has no [solar] section")
        if on and evse not in self.site.below[self.solar_surplus.circuit]:
            raise NotNow("solar", self.site.evses[evse].name, "it is not below the circuit of [solar]")
        self.solar_surplus.choose(evse, on)
        self.demands.changed = True

    def charging_needs(self, evse: int, energy_wh: "int | None", departure_ms: "int | None") -> None:
        """What the car still needs and when it leaves, on the guard's clock; None: not known."""
        if self.demands.slack is None:
            if energy_wh is None or departure_ms is None:
                return
            from ampacity.circuit.policy.queue.departure_slack import DepartureSlack

            self.demands.slack = DepartureSlack(self.site, self.limits)
        self.demands.slack.put(evse, energy_wh, departure_ms)
        self.demands.changed = True

    def minimum_grant(self, evse: int, da: int) -> None:
        """Report of the primary below: no further EVSE can start there with less than da (minimum_grant.py); 0: no such report."""
        if self.minimum_grants is None:
            if not da:
                return
            from ampacity.circuit.policy.minimum_grant import MinimumGrants

            self.minimum_grants = MinimumGrants(self.plan.shed)
        if self.minimum_grants.put(evse, da):
            self.demands.changed = True

    def delay_starts(self, most_ms: int, below: "Any", now_ms: int) -> None:
        """EVSEs that do not charge first wait a random time of at most most_ms; below(n) draws 0..n-1."""
        if most_ms <= 0:
            return
        if self.start_delay is None:
            self.start_delay = InhibitTimers(len(self.plan.want_da), "random start delay, %s left")
            self.plan.targets.inhibits.append(self.start_delay)
        for e, want in enumerate(self.plan.want_da):
            if not want:
                self.start_delay.inhibit(e, now_ms + below(most_ms + 1))

    def start_now(self, evse: int) -> None:
        """A person wants it now: its random wait is passed over, and if it sleeps it is tried in its next turn."""
        if self.start_delay is not None:
            self.start_delay.free(evse)
        self.charge_requested(evse)
        self.demands.changed = True

    def derate(self, evse: int, percent: "int | None") -> None:
        """It is hot there: only this part of its maximum; None or 100: all of it again."""
        value = None if percent is None or percent >= 100 else max(0, percent)
        self.limits.put(DERATING, ("evse", evse), value, None, "hold", "percent")
        self.demands.changed = True

    def under_test(self, evse: "int | None") -> None:
        """A commissioning test of this EVSE begins a step; None: no test runs."""
        from ampacity.circuit.commissioning import under_test

        under_test(self.commissioning_inhibit, self.demands, evse)

    def watchdog_test(self, evse: int, on: bool, now_ms: int) -> None:
        """Its watchdog is under test: its silence releases nothing. Raises Rejected if its order is not proven."""
        from ampacity.circuit.commissioning import watchdog_test

        watchdog_test(self.ledger, evse, on, now_ms)

    def lacks_test_room(self, evse: int) -> bool:
        """True if, with all others lowered, the capacity is too small for the order of an EVSE under test (commissioning.py)."""
        from ampacity.circuit.commissioning import lacks_test_room

        return lacks_test_room(self.plan.shed, evse)

    def commissioned(self, evse: int, tested: bool, distrusted: bool, seen: "dict[str, int]", now_ms: int) -> None:
        """The outcome of a commissioning test, kept with the device's fingerprint (commissioning.py)."""
        from ampacity.circuit.commissioning import commissioned

        commissioned(self.ledger, evse, tested, distrusted, seen, now_ms)
        self.demands.changed = True

    def quarter(self, begin_ms: int) -> None:
        """A quarter of an hour by the clock begins or began at begin_ms (contracted power)."""
        for row in self.contracts:
            row.align(begin_ms, self.now_ms)

    def suspended_ev(self, evse: int, on: bool) -> None:
        """The car stopped without an order: it is offered current and does not request it."""
        self.demands.suspended_ev[evse] = on

    def charge_requested(self, evse: int) -> None:
        """A paused car requests current: a sleeping car is retried."""
        if self.demands.idle_backoff is not None:
            self.demands.idle_backoff.free(evse)

    def phases_wanted(self, evse: int) -> int:
        """How many of its terminals should be able to close; a driver that can switches when this changes."""
        return len(self.site.evses[evse].terminals) if self.phase_switch is None else self.phase_switch.want[evse]
