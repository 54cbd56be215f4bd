"""Current that an EVSE allows after its restart: the installer switches it off and on without communication (rule 8).

A car that then draws no current is evidence only if it resumes at the next order, within the time that it had before.
"""

from ampacity.base.quantities import amps
from ampacity.commission import findings
from ampacity.commission.comm_loss import FALL_DA_MIN, NEAR_DA, CommLoss

if False:  # for the type checker
    from ampacity.commission.interfaces import Claims, Loaded, Verdict

ALIKE = 2  # readings in a row that show it
WAKES_MS = 60000  # its car is given so long, from when it was seen off
GONE_DA = 20


class PowerOn(CommLoss):
    """With the highest order in force the installer switches the unit off and on, without communication."""

    name = "power-on"

    def __init__(self, claims: "Claims", loaded: "Loaded", meters: int) -> None:
        CommLoss.__init__(self, claims, loaded, meters)
        self._off = 0
        self._off_ms = self._given_ms = 0
        self._most_da = 0
        self._high: "list[int]" = []

    def least_da(self) -> int:
        """Enough to see that it is off, and that it allows more than was declared; its fallback is no matter here."""
        declared_da = self.claims["power_on_da"] if self.claims["power_on_source"] == "declared" else 0
        return max(self.claims["min_da"], min(declared_da + FALL_DA_MIN, self.claims["limit_da"]))  # type: ignore[no-any-return]

    def on_silence(self, now_ms: int) -> None:
        """A person is asked to switch it off and on."""
        text = "switch %s off at its breaker, wait 10 s, switch it on, wait one minute for its car; then continue"
        self.ask = text % self.claims["name"]

    def watched(self, drop_da: "int | None", now_ms: int) -> bool:
        """True: the installer continues, and the car had a minute."""
        if drop_da is not None:
            self._see(self.base_da - drop_da)
        self._given_ms = now_ms - max(self.silent_since_ms, self._off_ms)
        return self._word is not None and self._given_ms >= WAKES_MS

    def again_ms(self) -> int:
        """At most the time that the car had before: a slower car is no evidence."""
        return min(CommLoss.again_ms(self), self._given_ms)

    def _see(self, left_da: int) -> None:
        """left_da: the remaining current on its lines; only values constant over a few readings count."""
        if self._off < ALIKE:
            self._off = self._off + 1 if left_da < GONE_DA else 0
            self._off_ms = self._now_ms if self._off else 0
            return
        self._high = (self._high + [left_da])[-ALIKE - 1 :]
        if len(self._high) > ALIKE:
            self._most_da = max(self._most_da, min(self._high))

    def verdict(self) -> "Verdict":
        """By the most that was seen of it, at the meter or by its own reading."""
        claims, name = self.claims, self.claims["name"]
        seen = [da for da in (self._most_da if self.loaded else None, self.device_da) if da is not None]
        self.figures["claimed_da"], self.figures["seen_da"] = claims["power_on_da"], max(seen) if seen else None
        self.figures["device_da"], self.figures["device_limit_da"] = self.device_da, self.device_limit_da
        if not seen or (self.loaded and self._off < ALIKE):
            return findings.NOT_DONE, "%s: its restart was not observed" % name
        seen_da = max(seen) if max(seen) >= NEAR_DA else 0
        self.current_ended = seen_da == 0
        if seen_da >= self.base_da - NEAR_DA:
            seen_da = claims["max_da"]  # the car takes its maximum: the EVSE may allow more
        self.counts["power_on_da"] = seen_da
        if claims["power_on_source"] == "declared" and seen_da > claims["power_on_da"] + NEAR_DA:
            finding = findings.power_on_high(name, seen_da, claims["power_on_da"])
            self.findings.append(finding)
            return findings.FAILED, finding["text"]
        if claims["power_on_source"] == "declared":
            self.counts["power_on_da"] = 0  # what was declared counts
        return findings.PASSED, "%s allowed %s after power-on" % (name, amps(seen_da))
