"""What a guard can do besides its rules, each part imported when a site or a person first asks for it.

Surplus, balance and contracted power as rows; phase switching; the random start delay; needs of cars; derating.
"""

from ampacity.circuit.policy.hold import Holds
from ampacity.circuit.trusted.errors import Rejected

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ampacity.circuit.policy.contract import ContractRow
    from ampacity.circuit.policy.least import Leasts
    from ampacity.circuit.policy.metersteps import MeterSteps
    from ampacity.circuit.policy.phases import PhaseSwitch
    from ampacity.circuit.policy.plan import Plan
    from ampacity.circuit.policy.solar import SolarRow
    from ampacity.circuit.trial import Untested

DERATING = "thermal"


class Extras:
    """The parts that are there, and what installers, cars and other rooms may ask of them."""

    start_delay: "Holds | None" = None
    switching: "PhaseSwitch | None" = None
    surplus: "SolarRow | None" = None
    contracts: "tuple[ContractRow, ...]" = ()
    untested: "Untested | None" = None
    leasts: "Leasts | None" = None
    meter_steps: "MeterSteps | None" = None

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
            from ampacity.circuit.policy.metersteps import MeterSteps

            self.meter_steps = MeterSteps(self.ledger, self.other, self.limits, self.demands.wants)
        for c, circuit in enumerate(facts["circuits"]):
            self._install_circuit(c, circuit)
        if facts.get("solar"):
            self._install_solar(facts["solar"])
        if facts.get("require_tested"):
            from ampacity.circuit.trial import Untested

            self.untested = Untested(self.ledger)
            self.plan.targets.holders.append(self.untested)
        able = [e for e, evse in enumerate(facts.get("evses", [])) if evse.get("phase_switch") and len(evse["terminals"]) == 3]
        if able:
            from ampacity.circuit.policy.phases import PhaseSwitch

            self.switching = PhaseSwitch(self.plan.shed, able)
            self.plan.targets.holders.append(self.switching)
            self.limits.use_uses()

    def _install_circuit(self, c: int, circuit: "dict[str, Any]") -> None:
        most_da = [circuit[key] for key in ("max_unbalance_da", "max_neutral_da") if circuit.get(key) is not None]
        if most_da and self.site.phases > 1:
            from ampacity.circuit.policy.balance import BalanceRow

            for p in range(self.site.phases):
                self.limits.add_row(BalanceRow(self.site, self.limits, c, p, min(most_da)))
        if circuit.get("contract_w"):
            from ampacity.circuit.policy.contract import WINDOW_MS, ContractRow

            row = ContractRow(self.site, self.limits, c, circuit["contract_w"], circuit.get("contract_ms", WINDOW_MS))
            self.contracts += (row,)
            self.limits.add_row(row)

    def _install_solar(self, solar: "dict[str, Any]") -> None:
        from ampacity.circuit.policy.solar import RUN_MS, SolarRow

        row = SolarRow(self.site, self.limits, solar["circuit"], solar.get("run_ms", RUN_MS), solar.get("margin_w", 0))
        for e in solar["evses"]:
            row.choose(e, True)
        self.surplus = row
        self.limits.add_row(row)

    def tick(self, now_ms: int) -> None:
        """Once in each safety pass, before the plan."""
        self.now_ms = now_ms
        if self.start_delay is not None and self.start_delay.tick(now_ms):
            self.demands.changed = True
        if self.switching is not None:
            self.switching.tick(now_ms)
        if self.untested is not None:
            self.untested.tick()
        if self.meter_steps is not None and self.meter_steps.tick(now_ms):
            self.demands.changed = True

    def solar(self, evse: int, on: bool) -> None:
        """This EVSE charges by surplus only, or no longer. Raises Rejected on a site without it."""
        if self.surplus is None:
            raise Rejected("solar", evse, "a site with [solar] in its site file")
        self.surplus.choose(evse, on)
        self.demands.changed = True

    def needs(self, evse: int, energy_wh: "int | None", departure_ms: "int | None", now_ms: int) -> None:
        """What the car still needs and when it leaves, on the guard's clock; None: not known."""
        if self.demands.needs is None:
            if energy_wh is None or departure_ms is None:
                return
            from ampacity.circuit.policy.needs import Needs

            self.demands.needs = Needs(self.site, self.limits)
        self.demands.needs.put(evse, energy_wh, departure_ms)
        self.demands.changed = True

    def least(self, evse: int, da: int) -> None:
        """With less than da nobody more can begin below this primary (least.py), by its own word; 0: it says nothing of that."""
        if self.leasts is None:
            if not da:
                return
            from ampacity.circuit.policy.least import Leasts

            self.leasts = Leasts(self.plan.shed)
        if self.leasts.tell(evse, da, self.now_ms):
            self.demands.changed = True

    def delay_starts(self, most_ms: int, below: "Any", now_ms: int) -> None:
        """Who does not charge waits a random time of at most most_ms first; below(n) draws 0..n-1."""
        if most_ms <= 0:
            return
        if self.start_delay is None:
            self.start_delay = Holds(len(self.plan.want_da), "random start delay, %d s left")
            self.plan.targets.holders.append(self.start_delay)
        for e, want in enumerate(self.plan.want_da):
            if not want:
                self.start_delay.hold(e, now_ms + below(most_ms + 1))

    def start_now(self, evse: int) -> None:
        """A person wants it now: its random wait is passed over, and if it sleeps it is tried in its next turn."""
        if self.start_delay is not None:
            self.start_delay.free(evse)
        self.asks(evse)
        self.demands.changed = True

    def derate(self, evse: int, percent: "int | None", now_ms: int) -> None:
        """It is hot there: only this part of its maximum; None or 100: all of it again."""
        value = None if percent is None or percent >= 100 else max(0, percent)
        self.limits.put(DERATING, ("evse", evse), value, None, "hold", "percent")
        self.demands.changed = True

    def attend(self, evse: "int | None") -> None:
        """A commissioning test of this EVSE begins a step; None: no test runs."""
        from ampacity.circuit.trial import attend

        attend(self.untested, self.demands, evse)

    def trial(self, evse: int, on: bool, now_ms: int) -> None:
        """Its watchdog is under test: nothing is released for its silence. Raises Rejected for one that is not proven."""
        from ampacity.circuit.trial import trial

        trial(self.ledger, evse, on, now_ms)

    def needs_back(self, evse: int) -> bool:
        """Is there, with all others lowered, too little room for what one under test was told (trial.py)?"""
        from ampacity.circuit.trial import needs_back

        return needs_back(self.plan.shed, evse, self.now_ms)

    def commissioned(self, evse: int, tested: bool, distrusted: bool, seen: "dict[str, int]", now_ms: int) -> None:
        """The outcome of a commissioning test, kept with the device's fingerprint (trial.py)."""
        from ampacity.circuit.trial import commissioned

        commissioned(self.ledger, evse, tested, distrusted, seen, now_ms)
        self.demands.changed = True

    def quarter(self, begin_ms: int) -> None:
        """A quarter of an hour by the clock begins or began at begin_ms (contracted power)."""
        for row in self.contracts:
            row.align(begin_ms, self.now_ms)

    def rests(self, evse: int, on: bool) -> None:
        """The car stopped by itself: it is offered current and does not ask for it."""
        self.demands.rests[evse] = on

    def asks(self, evse: int) -> None:
        """A paused car asks for current: one that slept is tried again."""
        if self.demands.sleepers is not None:
            self.demands.sleepers.free(evse)

    def phases_want(self, evse: int) -> int:
        """How many of its terminals should be able to close; a driver that can switches when this changes."""
        return len(self.site.evses[evse].terminals) if self.switching is None else self.switching.want[evse]
