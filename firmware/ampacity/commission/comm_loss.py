"""What tests of a fail-safe share: bring one EVSE to a high current, stop all traffic to it, watch, read, resume traffic.

Nothing is sent to the device during the silence, and the silence is no evidence: the ledger keeps its order as its bound
until the test is over. What falls is seen at the nearest meter, on the lines that the stepping showed; at the end one
reading asks the device itself. Where the site needs its current back meanwhile, the silence ends at once. A load may stop by
itself just then: what rests on a current that is gone counts only if the load draws again afterwards.
"""

from ampacity.base.quantities import amps
from ampacity.bus.device_facts import ALL_TRAFFIC, NO_TRAFFIC, READS_ONLY
from ampacity.commission import findings
from ampacity.commission.experiments import Experiment, Plateau
from ampacity.commission.step_response import levels

if False:  # for the type checker
    from ampacity.commission.experiments import Observation
    from ampacity.commission.interfaces import Claims, Loaded, Verdict

FALL_DA_MIN = 40  # from the order to the fallback: less cannot be distinguished from other load
ROOM_MS = 12000
MEASURE_MS = 3000
LISTEN_MS = 10000
RETURN_MS = 120000
AGAIN_MS = 120000  # until its load draws again
RESTS_MAX = 1  # permitted stops without an order before a silence
NEAR_DA = 10
TRIES_MAX = 3
LONG_MS = 300000  # a silence of that length is not made again and again


class CommLoss(Experiment):
    """Brings the EVSE to a high current, stops all traffic to it, watches, reads, resumes traffic. loaded: StepResponse.loaded()."""

    def __init__(self, claims: "Claims", loaded: "Loaded", meters: int) -> None:
        Experiment.__init__(self, claims)
        self.loaded = loaded
        self._meters = meters
        self._phase = "raise"
        self._since_ms = 0
        self._base: "Plateau" = None  # type: ignore[assignment]  # until its load is constant
        self.base_da = 0  # drawn before the silence
        self.silent_since_ms = 0
        self._seen_ms = [-1] * meters
        self.device_da: "int | None" = None  # drawn by its own first reading after the silence
        self.device_limit_da: "int | None" = None
        self._listen_from_ms = 0
        self._verdict: "Verdict | None" = None
        self.tries = 0
        self.current_ended = False  # does the verdict rest on a current that had ended?
        self._back_ms: "int | None" = None
        self._drew, self._rests, self._wait_ms = False, 0, 0  # before the silence
        self._now_ms = 0

    def begin(self, observed: "Observation", now_ms: int) -> None:
        """Requests the highest order of its levels, at most 16 A."""
        self.wish_da = levels(self.claims)[1]
        self._since_ms = now_ms

    def proceed(self, observed: "Observation", now_ms: int) -> bool:
        """One look at the phase that it is in. True: it is over."""
        self._now_ms = now_ms
        return bool(getattr(self, "_" + self._phase + "_phase")(observed, now_ms))

    def _next(self, phase: str, now_ms: int) -> bool:
        self._phase, self._since_ms = phase, now_ms
        return False

    # up

    def _raise_phase(self, observed: "Observation", now_ms: int) -> bool:
        waited_ms = now_ms - self._since_ms
        enough_da = self.least_da()
        order_da = observed.order_da or 0
        if observed.state == "ok" and order_da >= min(self.wish_da - NEAR_DA, max(enough_da, self.wish_da - NEAR_DA)):
            return self._next("settle", now_ms)
        if waited_ms > ROOM_MS:
            if self.room == 2:
                if order_da >= enough_da and observed.state == "ok":
                    return self._next("settle", now_ms)
                text = "%s: the site does not have the %s available that this test needs"
                return self.end(findings.NOT_DONE, text % (self.claims["name"], amps(enough_da)))
            self.room += 1
            self._since_ms = now_ms
        return False

    def least_da(self) -> int:
        """The order without which a fall would not be seen."""
        return max(self.claims["min_da"], self.claims["fallback_da"] + FALL_DA_MIN)  # type: ignore[no-any-return]

    def _settle_phase(self, observed: "Observation", now_ms: int) -> bool:
        if not observed.draws():
            return self._not_drawing(now_ms)
        self._drew = True
        constant_load_ms = self.claims["settle_ms"] + 1000 + self.constant_load_ms()
        if now_ms - self._since_ms < constant_load_ms:
            return False
        if self._base is None:
            self._base = Plateau(now_ms, self._meters)
        self._base.take(observed)
        if now_ms - self._since_ms < constant_load_ms + MEASURE_MS or not self._base.enough(2):
            return False
        measured_da = self._base.amps_da()
        self.base_da = (observed.order_da or 0) if measured_da is None else max(measured_da)
        if self.base_da < self.least_da() - NEAR_DA:
            text = "%s: its load draws only %s; this test needs %s"
            return self.end(findings.NOT_DONE, text % (self.claims["name"], amps(self.base_da), amps(self.least_da())))
        if observed.state != "ok":
            return self.end(findings.NOT_DONE, "%s: communication was lost before the test began" % self.claims["name"])
        self.traffic = NO_TRAFFIC
        self.silent_since_ms = now_ms
        if observed.fed_ms is not None and 0 <= now_ms - observed.fed_ms <= self.claims["watchdog_ms"] // 2:
            self.silent_since_ms = observed.fed_ms  # within its reserve the time of the last feed is not counted
        self.on_silence(now_ms)
        return self._next("watch", now_ms)

    def _not_drawing(self, now_ms: int) -> bool:
        """Waits for its load; a load that stops without an order does not count."""
        self._rests += self._drew
        self._wait_ms += now_ms - self._since_ms
        self._base, self._drew, self._since_ms = None, False, now_ms  # type: ignore[assignment]
        if self._rests <= RESTS_MAX and self._wait_ms <= AGAIN_MS:
            return False
        text = "%s: its load stops by itself; repeat the test with a constant load" if self._rests else "%s: its load draws no current"
        return self.end(findings.NOT_DONE, text % self.claims["name"])

    def constant_load_ms(self) -> int:
        """Additional time of constant load before this silence."""
        return 0

    def on_silence(self, now_ms: int) -> None:
        """Stops all communication."""

    def lasts_ms(self) -> int:
        """Duration of the silence, if known; 0: until the installer continues."""
        return 0

    def tries_max(self) -> int:
        """So many silences at most; one of 5 min or more is made once."""
        return TRIES_MAX if self.lasts_ms() < LONG_MS else 1

    def progress(self) -> str:
        """For how long of its time it has been silent, in min:s; an empty text before and after."""
        if self._phase == "watch" and self.lasts_ms():
            silent_s, lasts_s = (self._now_ms - self.silent_since_ms) // 1000, self.lasts_ms() // 1000
            return "silent for %d:%02d of %d:%02d min" % (silent_s // 60, silent_s % 60, lasts_s // 60, lasts_s % 60)
        return ""

    # silent

    def drop_da(self, observed: "Observation") -> "int | None":
        """How much less its lines carry than before, the least of them; None: no new reading, or no line is known."""
        if not self.loaded:
            return None
        m = self.loaded[0][0]
        lines, at_ms = observed.meters[m]
        base = self._base.lines_da(m)
        if lines is None or base is None or at_ms == self._seen_ms[m]:
            return None
        self._seen_ms[m] = at_ms
        return min([sign * (base[line] - lines[line]) for meter, line, sign in self.loaded if meter == m])

    def _watch_phase(self, observed: "Observation", now_ms: int) -> bool:
        if observed.pressed:
            return self._give_back(now_ms)
        if self.watched(self.drop_da(observed), now_ms):
            self.traffic = READS_ONLY
            self._listen_from_ms = observed.amps_ms
            return self._next("listen", now_ms)
        return False

    def _give_back(self, now_ms: int) -> bool:
        """The site has to lower it: that comes before any test."""
        self.tries += 1
        self.ask = None
        if self.tries >= self.tries_max():
            text = "%s: the site needed its current before the test ended; repeat the test with less load on the site" % self.claims["name"]
            self._verdict = findings.NOT_DONE, text
        self.traffic = ALL_TRAFFIC
        self.wish_da = self.claims["min_da"]
        return self._next("return", now_ms)

    def watched(self, drop_da: "int | None", now_ms: int) -> bool:
        """A look while it is silent. True: enough seen."""
        return True

    def _listen_phase(self, observed: "Observation", now_ms: int) -> bool:
        """Its own word, once; it has been silent until now."""
        if observed.amps_ms != self._listen_from_ms or now_ms - self._since_ms > LISTEN_MS:
            if observed.amps_ms != self._listen_from_ms:
                self.device_da, self.device_limit_da = observed.drawn_da(), observed.limit_da
            self.tries += 1
            self._verdict = self.verdict()
            self.traffic = ALL_TRAFFIC
            self.wish_da = self.claims["min_da"]
            return self._next("return", now_ms)
        return False

    def verdict(self) -> "Verdict | None":
        """(outcome, text), or None: once more."""
        return findings.NOT_DONE, ""

    def again(self) -> None:
        """What was seen in this try is forgotten."""
        self._base, self._drew = None, False  # type: ignore[assignment]
        self._seen_ms = [-1] * self._meters
        self.device_da = self.device_limit_da = None

    def _return_phase(self, observed: "Observation", now_ms: int) -> bool:
        if observed.state == "ok":
            if self._verdict is None:
                self.again()
                self.begin(observed, now_ms)
                return self._next("raise", now_ms)
            if self._back_ms is None:
                self._back_ms = now_ms
                self.figures["return_ms"] = now_ms - self._since_ms
            if self.current_ended and not observed.draws():
                return now_ms - self._back_ms > self.again_ms() and self._drawn_no_more()
            return self.end(*self._verdict)
        if now_ms - self._since_ms > RETURN_MS:
            self.findings.append(findings.no_return(self.claims["name"]))
            told = self._verdict[1] + "; " if self._verdict else ""
            return self.end(findings.FAILED, told + self.findings[-1]["text"])
        return False

    def again_ms(self) -> int:
        """How long its load may take to draw again."""
        return AGAIN_MS

    def _drawn_no_more(self) -> bool:
        """The cause of its stop is then unknown."""
        self.findings, self.counts = [], {}
        text = "%s: its load did not resume after the test and may have stopped by itself; repeat the test with a constant load"
        return self.end(findings.NOT_DONE, text % self.claims["name"])
