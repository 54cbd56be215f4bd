"""A real test of the fail-safe: stop talking to one EVSE and watch its current fall; and of what it allows after a restart.

Nothing at all goes out to the device meanwhile, and nobody believes its silence: the ledger keeps its order as its bound
until the test is over. What falls is seen at the meters above it, on the lines that the stepping showed; at the end
one reading asks the device itself. Where no meter shows its lines that reading decides alone, and the time stays unknown.
"""

from ampacity.commission import verdicts
from ampacity.commission.experiments import LISTEN, MUTE, TALK, Experiment, Plateau
from ampacity.commission.mapping import median
from ampacity.commission.stepping import levels

FALL_DA_MIN = 40  # from the order to the fallback: less cannot be told from other load
ROOM_MS = 12000
MEASURE_MS = 3000
LATE_MS = 10000  # how long beyond its time a late one is still waited for, at least
LISTEN_MS = 10000
RETURN_MS = 120000
ALIKE = 2  # readings in a row that show it
NEAR_DA = 10
GONE_DA = 20


class Watching(Experiment):
    """Brings the EVSE to a high current, falls silent, watches, listens, talks again. loaded: Stepping.loaded()."""

    def __init__(self, claims, loaded, meters):
        Experiment.__init__(self, claims)
        self.loaded = loaded
        self._meters = meters
        self._phase = "raise"
        self._since_ms = 0
        self._base = None
        self.base_da = 0  # drawn before it fell silent
        self.muted_ms = 0
        self._seen_ms = [-1] * meters
        self.device_da = None  # drawn by its own first reading after the silence
        self.device_limit_da = None
        self._listen_from_ms = 0
        self._verdict = None

    def begin(self, sight, now_ms):
        self.wish_da = levels(self.claims)[1]
        self._since_ms = now_ms

    def go_on(self, sight, now_ms):
        return getattr(self, "_" + self._phase + "_phase")(sight, now_ms)

    def _next(self, phase, now_ms):
        self._phase, self._since_ms = phase, now_ms
        return False

    # up

    def _raise_phase(self, sight, now_ms):
        waited_ms = now_ms - self._since_ms
        enough_da = self.least_da()
        order_da = sight.order_da or 0
        if sight.state == "ok" and order_da >= min(self.wish_da - NEAR_DA, max(enough_da, self.wish_da - NEAR_DA)):
            return self._next("settle", now_ms)
        if waited_ms > ROOM_MS:
            if self.room == 2:
                if order_da >= enough_da and sight.state == "ok":
                    return self._next("settle", now_ms)
                text = "%s was not given the %s that this test needs"
                return self.end(verdicts.NOT_DONE, text % (self.claims["name"], verdicts.amps(enough_da)))
            self.room += 1
            self._since_ms = now_ms
        return False

    def least_da(self):
        """The order without which a fall would not be seen."""
        return max(self.claims["min_da"], self.claims["fallback_da"] + FALL_DA_MIN)

    def _settle_phase(self, sight, now_ms):
        if now_ms - self._since_ms < self.claims["settle_ms"] + 1000:
            return False
        if self._base is None:
            self._base = Plateau(now_ms, self._meters)
        self._base.take(sight)
        if now_ms - self._since_ms < self.claims["settle_ms"] + 1000 + MEASURE_MS or not self._base.enough(2):
            return False
        amps = self._base.amps_da()
        self.base_da = (sight.order_da or 0) if amps is None else max(amps)
        if self.base_da < self.least_da() - NEAR_DA:
            text = "%s: its load draws %s only; this test needs %s"
            return self.end(verdicts.NOT_DONE, text % (self.claims["name"], verdicts.amps(self.base_da), verdicts.amps(self.least_da())))
        if sight.state != "ok":
            return self.end(verdicts.NOT_DONE, "%s was lost before the test began" % self.claims["name"])
        self.mute = MUTE
        self.muted_ms = now_ms
        if sight.fed_ms is not None and 0 <= now_ms - sight.fed_ms <= self.claims["watchdog_ms"] // 2:
            self.muted_ms = sight.fed_ms  # within its reserve nobody counts when it was fed
        self.on_silence(now_ms)
        return self._next("watch", now_ms)

    def on_silence(self, now_ms):
        """Nothing goes out from now on."""

    # silent

    def drop_da(self, sight):
        """How much less its lines carry than before, the least of them; None: no new reading, or no line is known."""
        if not self.loaded:
            return None
        m = self.loaded[0][0]
        lines, at_ms = sight.meters[m]
        base = self._base.lines_da(m)
        if lines is None or base is None or at_ms == self._seen_ms[m]:
            return None
        self._seen_ms[m] = at_ms
        return min([sign * (base[line] - lines[line]) for meter, line, sign in self.loaded if meter == m])

    def _watch_phase(self, sight, now_ms):
        if self.watched(self.drop_da(sight), now_ms):
            self.mute = LISTEN
            self._listen_from_ms = sight.amps_ms
            return self._next("listen", now_ms)
        return False

    def watched(self, drop_da, now_ms):
        """A look while it is silent. True: enough seen."""
        return True

    def _listen_phase(self, sight, now_ms):
        """Its own word, once; it has been silent until now."""
        if sight.amps_ms != self._listen_from_ms or now_ms - self._since_ms > LISTEN_MS:
            if sight.amps_ms != self._listen_from_ms:
                self.device_da, self.device_limit_da = sight.drawn_da(), sight.limit_da
            self._verdict = self.verdict()
            self.mute = TALK
            self.wish_da = self.claims["min_da"]
            return self._next("return", now_ms)
        return False

    def verdict(self):
        """(outcome, text)."""
        return verdicts.NOT_DONE, ""

    def _return_phase(self, sight, now_ms):
        if sight.state == "ok":
            self.figures["return_ms"] = now_ms - self._since_ms
            return self.end(*self._verdict)
        if now_ms - self._since_ms > RETURN_MS:
            self.findings.append(verdicts.no_return(self.claims["name"]))
            return self.end(verdicts.FAILED, "; ".join([text for text in (self._verdict[1], self.findings[-1]["text"]) if text]))
        return False


class Silence(Watching):
    """Watchdog and fallback, against what the profile and the site file claim."""

    name = "silence"

    def __init__(self, claims, loaded, meters):
        Watching.__init__(self, claims, loaded, meters)
        self.fell_ms = None  # after the last frame, until it fell
        self._hit_ms, self._hits = 0, 0
        self._after = []  # falls in da, long after it

    @property
    def claimed_ms(self):
        return self.claims["watchdog_ms"]

    def allowed_ms(self):
        """The latest that it may fall."""
        return self.claimed_ms + max(self.claims["tolerance_ms"], self.claimed_ms // 10, 1000) + self.claims["settle_ms"]

    def _fall_da(self):
        """What counts as a fall: it may end higher than claimed."""
        return max(FALL_DA_MIN * 2 // 3, (self.base_da - self.claims["fallback_da"]) // 4)

    def watched(self, drop_da, now_ms):
        silent_ms = now_ms - self.muted_ms
        if drop_da is not None:
            self._see(drop_da, now_ms)
        if self.fell_ms is None:
            return silent_ms > self.allowed_ms() + (max(LATE_MS, self.claimed_ms) if self.loaded else 0)
        if silent_ms <= self.fell_ms + self.claims["settle_ms"] + MEASURE_MS:
            return False
        if not self._after or median(self._after) >= self._fall_da():
            return True
        self.fell_ms, self._hits, self._after = None, 0, []  # it was something else that fell, and came back
        return False

    def _see(self, drop_da, now_ms):
        if self.fell_ms is not None:
            if now_ms - self.muted_ms > self.fell_ms + self.claims["settle_ms"]:
                self._after.append(drop_da)
            return
        if drop_da < self._fall_da():
            self._hits = 0
            return
        self._hits += 1
        if self._hits == 1:
            self._hit_ms = now_ms
        if self._hits >= ALIKE:
            self.fell_ms = self._hit_ms - self.muted_ms

    def fallback_da(self):
        """What it drew after the fall: by its own reading, else what the meter's fall leaves; None: unknown."""
        if self.device_da is not None:
            return self.device_da
        return max(0, self.base_da - median(self._after)) if self._after else None

    def verdict(self):
        """Meter and device each say whether it fell; they must not contradict each other."""
        claims, name = self.claims, self.claims["name"]
        self._figures()
        by_meter = None if not self.loaded else self.fell_ms is not None
        by_device = None if self.device_da is None else self.base_da - self.device_da >= self._fall_da()
        if by_meter is None and by_device is None:
            return verdicts.NOT_DONE, "%s: no meter shows its lines, and it measures nothing itself; pull its bus and watch" % name
        if by_meter is not None and by_device is not None and by_meter != by_device:
            text = "%s: the meter says that it %s, the device says otherwise; test it again"
            return verdicts.NOT_DONE, text % (name, "fell" if by_meter else "did not fall")
        if by_meter is False or by_device is False:
            self.counts["distrusted"] = True
            return self._failed(verdicts.watchdog_dead(name, self.claimed_ms, claims["max_da"], claims["holds"]))
        return self._fell()

    def _fell(self):
        claims, name = self.claims, self.claims["name"]
        fallback_da = self.fallback_da()
        outcome = verdicts.PASSED
        text = "%s fell to %s" % (name, verdicts.amps(fallback_da or 0))
        text += " %s after the last frame (claimed: %s)" % (verdicts.seconds(self.fell_ms), verdicts.seconds(self.claimed_ms)) if self.fell_ms else ""
        if self.fell_ms is not None and self.fell_ms > self.allowed_ms():
            self.counts["watchdog_ms"] = -(-self.fell_ms // 1000) * 1000
            outcome, text = self._failed(verdicts.watchdog_late(name, self.fell_ms, self.claimed_ms))
        elif self.fell_ms is not None and self.fell_ms < self.claimed_ms // 2:
            self.findings.append(verdicts.watchdog_early(name, self.fell_ms, self.claimed_ms))
        if fallback_da is not None and fallback_da > claims["fallback_da"] + NEAR_DA:
            self.counts["fallback_da"] = fallback_da
            outcome, text = self._failed(verdicts.fallback_high(name, fallback_da, claims["fallback_da"]))
        return outcome, text

    def _failed(self, finding):
        self.findings.append(finding)
        return verdicts.FAILED, finding["text"]

    def _figures(self):
        figures = self.figures
        figures["claimed_watchdog_ms"], figures["claimed_fallback_da"] = self.claimed_ms, self.claims["fallback_da"]
        figures["before_da"], figures["fell_ms"], figures["fallback_da"] = self.base_da, self.fell_ms, self.fallback_da()
        figures["device_da"], figures["device_limit_da"], figures["allowed_ms"] = self.device_da, self.device_limit_da, self.allowed_ms()


class PowerOn(Watching):
    """With the highest order standing a person switches the unit off and on while the bus stays silent."""

    name = "power-on"

    def __init__(self, claims, loaded, meters):
        Watching.__init__(self, claims, loaded, meters)
        self._off = 0
        self._most_da = 0
        self._high = []

    def on_silence(self, now_ms):
        text = "switch %s off at its breaker, wait 10 s, switch it on, give its car a minute; then go on"
        self.ask = text % self.claims["name"]

    def watched(self, drop_da, now_ms):
        if drop_da is not None:
            self._see(self.base_da - drop_da)
        return self._word is not None

    def _see(self, left_da):
        """left_da: what is left of its current on its lines; only what stands for a few readings counts."""
        if self._off < ALIKE:
            self._off = self._off + 1 if left_da < GONE_DA else 0
            return
        self._high = (self._high + [left_da])[-ALIKE - 1 :]
        if len(self._high) > ALIKE:
            self._most_da = max(self._most_da, min(self._high))

    def verdict(self):
        claims, name = self.claims, self.claims["name"]
        seen = [da for da in (self._most_da if self.loaded else None, self.device_da) if da is not None]
        self.figures["claimed_da"], self.figures["seen_da"] = claims["power_on_da"], max(seen) if seen else None
        self.figures["device_da"], self.figures["device_limit_da"] = self.device_da, self.device_limit_da
        if not seen or (self.loaded and self._off < ALIKE):
            return verdicts.NOT_DONE, "%s: nobody saw it switched off and on" % name
        seen_da = max(seen) if max(seen) >= NEAR_DA else 0
        if seen_da >= self.base_da - NEAR_DA:
            seen_da = claims["max_da"]  # all that the car takes: nobody knows how much more it would allow
        self.counts["power_on_da"] = seen_da
        if claims["power_on_source"] == "declared" and seen_da > claims["power_on_da"] + NEAR_DA:
            finding = verdicts.power_on_high(name, seen_da, claims["power_on_da"])
            self.findings.append(finding)
            return verdicts.FAILED, finding["text"]
        if claims["power_on_source"] == "declared":
            self.counts["power_on_da"] = 0  # what was declared counts
        return verdicts.PASSED, "%s allowed %s after it was switched on" % (name, verdicts.amps(seen_da))
