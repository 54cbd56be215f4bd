"""Test of class N, an EVSE without a watchdog: does it keep its last order without communication (rule 7)?

Without a statement of the manufacturer a loss of communication counts with its maximum. Thirty-one minutes without communication, at
an order clearly below the demand of its car, show it: the current stays, rises or falls. The installer has to agree first.
"""

from ampacity.base.quantities import amps
from ampacity.commission import findings
from ampacity.commission.comm_loss import FALL_DA_MIN, MEASURE_MS, NEAR_DA, CommLoss
from ampacity.commission.phase_mapping import median
from ampacity.commission.step_response import levels

if False:  # for the type checker
    from ampacity.commission.experiments import Observation
    from ampacity.commission.interfaces import Claims, Loaded, Verdict

HOLD_MS = 31 * 60000
ABOVE_DA, ABOVE_DA_MIN = 30, 15  # its order above its minimum: a fall to a usual value shows, too


def keeps(claims: "Claims") -> str:
    """Text for an EVSE whose manufacturer states that it keeps its order."""
    return "it has no watchdog (class N) and keeps its last order, as its manufacturer declares: this order counts during a loss of communication"


def counts(claims: "Claims") -> str:
    """Text for an EVSE without such a statement."""
    return "it has no watchdog (class N) and no evidence that it keeps its last order: its reserve is its maximum, %s" % amps(
        claims["max_da"])


class SetpointHold(CommLoss):
    """First its highest order, to see that its car would take more; then one in between, and the silence."""

    name = "silence"

    def __init__(self, claims: "Claims", loaded: "Loaded", meters: int) -> None:
        CommLoss.__init__(self, claims, loaded, meters)
        self._phase = "ask"
        self.high_da: "int | None" = None  # drawn at its highest order
        self._last: "list[int]" = []  # what its lines carried less than before, the latest looks

    @property
    def holds_others(self) -> bool:  # type: ignore[override]
        """Not before a person has allowed the silence."""
        return self._phase != "ask"

    def begin(self, observed: "Observation", now_ms: int) -> None:
        """Asks the installer first, unless the range of the EVSE is too small for the test."""
        self._since_ms = now_ms
        low_da, high_da = levels(self.claims)
        if high_da - low_da < FALL_DA_MIN + ABOVE_DA_MIN:
            self._phase = "short"
            return
        if self._phase == "ask":
            self.ask = "%s: %s; test for %d min without communication whether it keeps its order? Its car has to charge all the time" % (
                self.claims["name"], counts(self.claims), HOLD_MS // 60000)

    def leave(self, why: str) -> bool:
        """Before the silence it is no matter: what is not known counts as the worst."""
        if self._phase in ("ask", "short"):
            return self.end("not needed", counts(self.claims))
        return CommLoss.leave(self, why)

    def lasts_ms(self) -> int:
        """31 min."""
        return HOLD_MS

    def least_da(self) -> int:
        """Its minimum: nothing has to fall."""
        return self.claims["min_da"]  # type: ignore[no-any-return]

    def _short_phase(self, observed: "Observation", now_ms: int) -> bool:
        return self.end("not needed", counts(self.claims) + "; its range from minimum to limit is too small to tell a change from other load")

    def _ask_phase(self, observed: "Observation", now_ms: int) -> bool:
        if self._word is None:
            return False
        word, self._word, self.ask = self._word, None, None
        if word == "no":
            return self.leave("")
        self.wish_da = levels(self.claims)[1]
        return self._next("raise", now_ms)

    def _settle_phase(self, observed: "Observation", now_ms: int) -> bool:
        """At its highest order, and then at the lower one, from which a rise and a fall would be seen."""
        if self.high_da is None:
            return self._high_phase(observed, now_ms)
        return CommLoss._settle_phase(self, observed, now_ms)

    def _high_phase(self, observed: "Observation", now_ms: int) -> bool:
        if now_ms - self._since_ms < self.claims["settle_ms"] + MEASURE_MS:
            return False
        drawn_da = observed.drawn_da()
        self.high_da = (observed.order_da or 0) if drawn_da is None else drawn_da
        if self.high_da - self.held_da() < FALL_DA_MIN - NEAR_DA:
            text = "%s: its load draws at most %s; this test needs %s"
            return self.end(findings.NOT_DONE, text % (self.claims["name"], amps(self.high_da), amps(self.held_da() + FALL_DA_MIN)))
        self.wish_da = self.held_da()
        return self._next("lower", now_ms)

    def _lower_phase(self, observed: "Observation", now_ms: int) -> bool:
        if observed.order_da is not None and observed.order_da <= self.wish_da and observed.state == "ok":
            return self._next("settle", now_ms)
        return now_ms - self._since_ms > 60000 and self.end(findings.NOT_DONE, "%s could not be lowered" % self.claims["name"])

    def watched(self, drop_da: "int | None", now_ms: int) -> bool:
        """True after 31 min of silence."""
        if drop_da is not None:
            self._last = (self._last + [drop_da])[-5:]
        return now_ms - self.silent_since_ms >= HOLD_MS

    def verdict(self) -> "Verdict":
        """Its own reading decides; where it measures nothing, the meter, if that is as before."""
        claims, name = self.claims, self.claims["name"]
        meter_da = None if not self._last else max(0, self.base_da - median(self._last))
        after_da = self.device_da if self.device_da is not None else meter_da
        figures = self.figures
        figures["silent_ms"], figures["high_da"], figures["before_da"], figures["after_da"] = HOLD_MS, self.high_da, self.base_da, after_da
        figures["device_da"], figures["meter_da"], figures["device_limit_da"] = self.device_da, meter_da, self.device_limit_da
        if after_da is None:
            return findings.NOT_DONE, "%s: no meter shows its lines and it has no current measurement" % name
        if after_da < self.base_da - NEAR_DA:
            text = "%s: %s fell to %s within %d min: the car was full, or an undeclared watchdog acted; repeat the test with a constant load"
            return findings.NOT_DONE, text % (name, amps(self.base_da), amps(after_da), HOLD_MS // 60000)
        if after_da > self.base_da + NEAR_DA:
            if self.device_da is None:
                return findings.NOT_DONE, "%s: its lines carry more current than before, which may be other load; repeat the test" % name
            self.findings.append(findings.not_held(name, self.base_da, after_da, claims["max_da"]))
            return findings.PASSED, self.findings[-1]["text"]
        if self.device_limit_da is not None and self.device_limit_da > self.held_da() + NEAR_DA:
            self.findings.append(findings.not_held(name, self.base_da, self.device_limit_da, claims["max_da"]))
            return findings.PASSED, self.findings[-1]["text"]
        self.counts["holds"] = 1
        text = "%s kept its order of %s for %d min without communication: from now on this order counts during a loss of communication"
        return findings.PASSED, text % (name, amps(self.held_da()), HOLD_MS // 60000)

    def held_da(self) -> int:
        """The order in force during the silence."""
        low_da, high_da = levels(self.claims)
        return min(low_da + ABOVE_DA, high_da - FALL_DA_MIN)
