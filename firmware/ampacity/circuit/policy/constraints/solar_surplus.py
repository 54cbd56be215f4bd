"""Charging by what would else be fed in (safety.md section 6): a row whose capacity is the measured surplus.

Surplus = what the chosen EVSEs draw now − what flows in at the meter − margin, summed over the phases. It must
carry the smallest minimum for START_MS before an EVSE starts; then charging continues for at least `run_ms`, at its
minimum if need be, and stops when the surplus was too small for STOP_MS, or at once when the meter is lost.
"""

from ampacity.circuit.policy.constraints.sum_constraints import Constraint, PhaseUsage, watts_text
from ampacity.circuit.trusted.device.order_book import NONE_DA
from ampacity.circuit.trusted.site.tree import Site

if False:  # for the type checker
    from ampacity.circuit.policy.constraints.external_limits import Limits
    from ampacity.circuit.trusted.ledger import Ledger
    from ampacity.circuit.trusted.metering.meter_estimator import MeterEstimator
    from ampacity.circuit.trusted.metering.other_load import OtherLoad

START_MS = 60000
STOP_MS = 180000
RUN_MS = 600000
SMOOTH = 4  # frames
TRY_FIRST_MS, TRY_EACH_MS, TRY_MS = 60000, 900000, 90000


class SolarSurplus(Constraint):
    """evses: those that charge only from surplus; may be changed at run time (`choose`)."""

    def __init__(self, site: Site, limits: "Limits", circuit: int, run_ms: int = RUN_MS, margin_w: int = 0) -> None:
        Constraint.__init__(self, "solar surplus", len(site.evses))
        self.site = site
        self.limits = limits
        self.phase_usage: PhaseUsage = limits.watch_phase_usage()
        self.circuit = circuit
        self.run_ms = run_ms
        self.margin_w = margin_w
        self.chosen = [False] * len(site.evses)
        self.cap_da = self.shed_da = 0
        self.surplus_da = 0
        self.frame_ms = -1
        self.on = False
        self.on_ms = -1
        self.enough_ms = -1
        self.short_ms = -1
        self.version = -1
        self.doubted_ms = -1

    def choose(self, evse: int, on: bool) -> None:
        """This EVSE charges by surplus only, or (off) by whatever there is."""
        self.chosen[evse] = on
        self.version = -1

    def update(self, ledger: "Ledger", other: "OtherLoad", now_ms: int) -> bool:
        """Takes a new frame of the meter into the surplus, and sets cap_da and shed_da, in da summed over the phases.

        Both are 0 while charging by surplus has not begun or has stopped, and while the meter is not valid.

        True if the weights were set again, after a change in the choice or in the phases that cars use.
        """
        changed = self.version != self.phase_usage.version
        if changed:
            self.version = self.phase_usage.version
            for e in range(len(self.chosen)):
                self.weights[e] = -(-self.phase_usage.weight_x100(e) // 100) if self.chosen[e] else 0
        estimator = other.estimators[self.circuit]
        if estimator is None or estimator.state != "ok":
            self._off()
            self._try(estimator, now_ms)
        elif estimator.raw_ms != self.frame_ms:
            self.frame_ms = estimator.raw_ms
            self._look(ledger, sum(estimator.raw_da), now_ms)
        return changed

    def _off(self) -> None:
        self.on = False
        self.enough_ms = self.short_ms = -1
        self.cap_da = self.shed_da = 0

    def _try(self, estimator: "MeterEstimator | None", now_ms: int) -> None:
        """A doubted meter needs steps of EVSEs, and there is no surplus without it: for a while each time the smallest minimum."""
        if estimator is None or True not in [estimator.needs_step(p, now_ms) for p in estimator.inputs]:
            self.doubted_ms = -1
            return
        if self.doubted_ms < 0:
            self.doubted_ms = now_ms
        tried_ms = now_ms - self.doubted_ms - TRY_FIRST_MS
        if tried_ms >= 0 and tried_ms % TRY_EACH_MS < TRY_MS:
            self.cap_da = self.shed_da = self._least_da()

    def _look(self, ledger: "Ledger", inflow_da: int, now_ms: int) -> None:
        own_da = 0
        for s in ledger.evse_states:
            if self.chosen[s.index]:
                own_da += sum(s.phase_da)
        surplus_da = own_da - inflow_da - self.margin_w * 100 // self.limits.volts_dv
        self.surplus_da += (surplus_da - self.surplus_da) // SMOOTH
        least_da = self._least_da()
        self.enough_ms = -1 if self.surplus_da < least_da else now_ms if self.enough_ms < 0 else self.enough_ms
        self.short_ms = -1 if self.surplus_da >= least_da else now_ms if self.short_ms < 0 else self.short_ms
        if not self.on and self.enough_ms >= 0 and now_ms - self.enough_ms >= START_MS:
            self.on, self.on_ms = True, now_ms
        elif self.on and self.short_ms >= 0 and now_ms - self.short_ms >= STOP_MS and now_ms - self.on_ms >= self.run_ms:
            self.on = False
        self.cap_da = self.shed_da = max(self.surplus_da, least_da) if self.on else 0

    def _least_da(self) -> int:
        """The smallest minimum of those chosen, as it counts on this row."""
        least = NONE_DA
        for e in range(len(self.chosen)):
            if self.weights[e]:
                least = min(least, self.weights[e] * self.site.evses[e].min_da)
        return least

    def room_da(self) -> int:
        """The larger of the smoothed surplus and the capacity in force, in da summed over the phases; also while nothing charges by it."""
        return max(self.surplus_da, self.cap_da)

    def describe(self) -> str:
        """For `why`: the smoothed surplus in watts, not below 0."""
        return "solar surplus " + watts_text(max(0, self._watts(self.surplus_da)))

    def _watts(self, da: int) -> int:
        """da: on this row."""
        return da * self.limits.volts_dv // 100

    def shortage(self, evse: int) -> str:
        """For `why`: what the surplus lacks for the minimum of this EVSE; "": nothing."""
        weight, e = self.weights[evse], self.site.evses[evse]
        if not weight or weight * e.min_da <= self.cap_da:
            return ""
        if self.enough_ms < 0 and self.short_ms < 0:
            return "solar surplus unknown: meter of %s lost" % self.site.circuits[self.circuit].name
        if self.surplus_da >= weight * e.min_da:
            return "%s, charging starts after %d s of it" % (self.describe(), START_MS // 1000)
        least = "%d" % (e.min_da // 10) if e.min_da % 10 == 0 else "%d.%d" % divmod(e.min_da, 10)
        lines = "" if len(e.terminals[0]) == 2 else ", %s" % ("one phase", "two phases", "three phases")[weight - 1]
        return "%s is below the minimum of %s (%s A%s)" % (self.describe(), watts_text(self._watts(weight * e.min_da)), least, lines)
