"""Test of the readback during a pause: if its documentation does not define it, an EVSE that shows a limit does not count as off.

If all other values show a pause (its acknowledgement, its state, no current) the installer is asked, the value counts during this
test, and a load has to confirm it: it draws current, stops at the next pause and stays off, three times. A load may also stop
without an order: it has to be constant before, each time for longer, and to resume at the next order. Only then the value counts for the unit,
over restarts too.
"""

from ampacity.bus.device_facts import DRAWS_DA
from ampacity.commission import findings
from ampacity.commission.experiments import Experiment

if False:  # for the type checker
    from ampacity.commission.experiments import Observation
    from ampacity.commission.interfaces import Claims, Off

ANSWER_MS = 20000  # a missing EVSE is left to the next experiment
STEADY_MS = 10000
LOAD_MS = 120000
ORDER_MS = 10000  # until a pause is out
READ_MS = 5000  # until it was read
ROUNDS = 3
CONSTANT_MS = 10000  # it has drawn for so long before its first pause; before each later one longer by more than a stop may take
HOLD_MS = 20000  # for so long nothing flows then
RESTS_MAX = 1  # permitted stops of its load without an order


class PausedReadback(Experiment):
    """declares: the value that counts until a load confirms one, None: that of the site file. counts["off_shows"]: the value confirmed by a load."""

    name = "pause"
    holds_others = False

    def __init__(self, claims: "Claims") -> None:
        Experiment.__init__(self, claims)
        self.declares: "str | None" = None
        self._phase = "look"
        self._since_ms = 0
        self._off: "Off" = None  # type: ignore[assignment]  # until the installer is asked
        self._shown: "list[str]" = []  # what it showed in each pause
        self._rests = 0

    def begin(self, observed: "Observation", now_ms: int) -> None:
        """Requests a pause."""
        self.wish_da = 0
        self._since_ms = now_ms

    def proceed(self, observed: "Observation", now_ms: int) -> bool:
        """One look at the phase that it is in. True: it is over."""
        return bool(getattr(self, "_" + self._phase + "_phase")(observed, now_ms))

    def end(self, outcome: str, text: str) -> bool:
        """The value no longer counts, unless a load has confirmed it."""
        if "off_shows" not in self.counts:
            self.declares = None
        return Experiment.end(self, outcome, text)

    def _next(self, phase: str, now_ms: int) -> bool:
        self._phase, self._since_ms = phase, now_ms
        return False

    def _look_phase(self, observed: "Observation", now_ms: int) -> bool:
        """Looks whether its readings prove the pause, or whether all other evidence exists."""
        name, off, waited_ms = self.claims["name"], observed.off, now_ms - self._since_ms
        if off is not None and off["proven"]:
            return self._known(off)
        if off is None or not off["able"]:
            if waited_ms < max(ANSWER_MS, self.claims["settle_ms"] + STEADY_MS):
                return False
            why = "its pause could not be read" if off is None else "no other value proves its pause, so its maximum counts"
            return self.end("not needed", "%s; %s" % (findings.shown_text(name, off), why) if off else "%s: %s" % (name, why))
        if waited_ms < STEADY_MS:
            return False
        self._off = off
        ask = "%s; its documentation does not define this, it has acknowledged the pause and no current flows. Is a car or a test load connected "
        ask += "that requests charge, and is it paused? The test then charges and pauses it three times"
        self.ask = ask % findings.shown_text(name, off)
        return self._next("ask", now_ms)

    def _known(self, off: "Off") -> bool:
        self.figures["off"] = off
        return self.end(findings.PASSED, findings.shown_text(self.claims["name"], off))

    def _ask_phase(self, observed: "Observation", now_ms: int) -> bool:
        if self._word is None:
            return False
        word, self._word, self.ask = self._word, None, None
        if word == "no":
            return self.end(findings.NOT_DONE, "%s; this does not prove its pause" % findings.shown_text(self.claims["name"], self._off))
        self.declares, self.wish_da = "last", self.claims["min_da"]  # whatever it shows then
        return self._next("draw", now_ms)

    def _stop_ms(self) -> int:
        """How long a stop may take after the pause was sent."""
        return self.claims["settle_ms"] + READ_MS  # type: ignore[no-any-return]

    def _drawn(self, observed: "Observation") -> bool:
        return observed.draws() and (observed.drawn_da() or 0) >= DRAWS_DA

    def _draw_phase(self, observed: "Observation", now_ms: int) -> bool:
        """A load draws at its least, at each order again."""
        if self._drawn(observed):
            return self._next("constant", now_ms)
        text = "%s: no load draws current, so the pause could not be observed; a shown limit does not count as off"
        if self._shown:
            text = "%s: its load did not resume after a pause and may have stopped by itself; repeat the test with a constant load"
        return now_ms - self._since_ms > LOAD_MS and self.end(findings.NOT_DONE, text % self.claims["name"])

    def _constant_phase(self, observed: "Observation", now_ms: int) -> bool:
        """Constant load, each time for longer: detects a load that stops a fixed time after each start."""
        if not self._drawn(observed):
            self._rests += 1
            text = "%s: its load also stops without a pause, so the test is inconclusive; repeat the test with a constant load"
            return self.end(findings.NOT_DONE, text % self.claims["name"]) if self._rests > RESTS_MAX else self._next("draw", now_ms)
        if now_ms - self._since_ms >= CONSTANT_MS + len(self._shown) * (ORDER_MS + self._stop_ms()):
            self.wish_da = 0
            return self._next("pause", now_ms)
        return False

    def _pause_phase(self, observed: "Observation", now_ms: int) -> bool:
        """The pause is on its way."""
        if observed.order_da == 0:
            return self._next("stop", now_ms)
        return now_ms - self._since_ms > ORDER_MS and self.end(findings.NOT_DONE, "%s: no pause was sent" % self.claims["name"])

    def _stop_phase(self, observed: "Observation", now_ms: int) -> bool:
        """It stops in time, and shows that."""
        if observed.off is not None and observed.off["proven"] and not self._flows(observed):
            return self._next("hold", now_ms)
        if now_ms - self._since_ms <= self._stop_ms():
            return False
        return self.fail(findings.not_paused(self.claims["name"]))

    def _flows(self, observed: "Observation") -> bool:
        return (observed.drawn_da() or 0) >= DRAWS_DA

    def _hold_phase(self, observed: "Observation", now_ms: int) -> bool:
        """Nothing flows for as long as it is paused."""
        if self._flows(observed):
            return self.fail(findings.not_paused(self.claims["name"]))
        waited_ms = now_ms - self._since_ms
        if waited_ms < HOLD_MS:
            return False
        if observed.off is None or not observed.off["proven"]:
            return waited_ms > HOLD_MS + self._stop_ms() and self.fail(findings.not_paused(self.claims["name"]))
        self._shown.append(observed.off["shows"])
        if len(self._shown) == ROUNDS:
            return self._conclude(observed.off)
        self.wish_da = self.claims["min_da"]
        return self._next("draw", now_ms)

    def _conclude(self, off: "Off") -> bool:
        """What a load has shown counts: that, what it showed before, or both."""
        words = [word for word in self._shown if word != "0"]
        if words:
            alike = [word for word in words if word != self._off["shows"]] == []
            self.declares = self.counts["off_shows"] = words[0] if alike else "last"
            self.findings.append(findings.off_shows(self.claims["name"], findings.shown_text(self.claims["name"], off), self.declares))
        return self._known(off)

    def progress(self) -> str:
        """Which of its three pauses; an empty text before and after."""
        return "pause %d of %d" % (len(self._shown) + 1, ROUNDS) if self._phase in ("draw", "constant", "pause", "stop", "hold") else ""
