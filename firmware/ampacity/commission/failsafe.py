"""A real test of the watchdog: stop talking to one EVSE, watch its current fall, hold time and fallback against what is claimed.

Where no meter shows its lines the device's own reading after the silence decides alone, and the time stays unknown. A
watchdog of half an hour is waited for as one of ten seconds is: as long as is claimed, a margin, and a little for a late one.

A load may stop without an order just then. A fall must therefore last, and occur twice after about the same silence, the second
time after a longer constant load; for a silence of minutes once is enough, with a constant load until then.
"""

from ampacity.base.quantities import amps, seconds
from ampacity.commission import findings
from ampacity.commission.comm_loss import FALL_DA_MIN, LONG_MS, MEASURE_MS, NEAR_DA, CommLoss
from ampacity.commission.phase_mapping import median

if False:  # for the type checker
    from ampacity.commission.interfaces import Claims, Finding, Loaded, Verdict

LATE_MS, LATE_MS_MAX = 10000, 120000  # how long beyond its time a late one is still waited for: its own time, within these
HOLD_MS = 15000  # so long its current stays gone
FALLS = 2  # so often it is seen, where a silence is short
DIPS_MAX = 1  # so often its lines may have carried less before, in a long one
TRACK_MAX, TRACK_NEW = 400, 40


class FailsafeCheck(CommLoss):
    """Watchdog and fallback, against what the profile and the site file claim."""

    name = "silence"

    def __init__(self, claims: "Claims", loaded: "Loaded", meters: int) -> None:
        CommLoss.__init__(self, claims, loaded, meters)
        self.fell_ms: "int | None" = None  # after the last frame, the first reading that shows the fall
        self.stood_ms = 0  # the last reading before that
        self._track: "list[tuple[int, int]]" = []  # (ms, fall in da): of long ago
        self._new: "list[tuple[int, int]]" = []  # lately
        self._pace_ms = 0  # between two of the former, at least
        self._after: "list[int]" = []  # the last falls of it
        self._no_falls = 0  # tries in which it did not fall
        self._tried: "list[int]" = []  # what was unclear in each try
        self._falls: "list[tuple[int, int, int | None]]" = []  # (after the last frame, the last reading before, fallback) of each that was seen
        self._dips = 0  # so often its lines carried less before it fell

    @property
    def claimed_ms(self) -> int:
        """The watchdog's time as site file and profile claim it."""
        return self.claims["watchdog_ms"]  # type: ignore[no-any-return]

    def allowed_ms(self) -> int:
        """The latest that it may fall."""
        return self.claimed_ms + self._spread_ms()

    def _spread_ms(self) -> int:
        """By so much two falls of one watchdog may differ."""
        return max(self.claims["tolerance_ms"], self.claimed_ms // 10, 1000) + self.claims["settle_ms"]  # type: ignore[no-any-return]

    def constant_load_ms(self) -> int:
        """Longer constant load after each fall: a load that stops a fixed time after its start then falls after another silence."""
        return len(self._falls) * (self._spread_ms() + MEASURE_MS if self.loaded else self.allowed_ms() + MEASURE_MS)

    def _fall_da(self) -> int:
        """What counts as a fall: it may end higher than claimed."""
        return max(FALL_DA_MIN * 2 // 3, (self.base_da - self.claims["fallback_da"]) // 4)  # type: ignore[no-any-return]

    def watched(self, drop_da: "int | None", now_ms: int) -> bool:
        """Lasts at least until the EVSE may have fallen back, and longer if it has not."""
        silent_ms = now_ms - self.silent_since_ms
        if drop_da is not None:
            self._note(silent_ms, drop_da)
        if silent_ms <= self.allowed_ms() + MEASURE_MS:
            return False
        self._look_back(silent_ms)
        if not self.loaded or silent_ms > self.allowed_ms() + MEASURE_MS + min(max(LATE_MS, self.claimed_ms), LATE_MS_MAX):
            return True
        return self.fell_ms is not None and silent_ms > self.fell_ms + max(self.claims["settle_ms"], HOLD_MS) + MEASURE_MS

    def lasts_ms(self) -> int:
        """As long as is claimed, with its tolerance, and 3 s to measure."""
        return self.allowed_ms() + MEASURE_MS

    def _note(self, silent_ms: int, drop_da: int) -> None:
        """The latest readings all; of those before them so many as fit, evenly over the whole silence."""
        self._new.append((silent_ms, drop_da))
        if len(self._new) <= TRACK_NEW:
            return
        row, track = self._new.pop(0), self._track
        if not track or row[0] - track[-1][0] >= self._pace_ms:
            track.append(row)
        if len(track) >= TRACK_MAX:
            self._track = [row for at, row in enumerate(track) if at % 2 == 0]
            self._pace_ms = 2 * (track[-1][0] - track[0][0]) // len(track)

    def _look_back(self, silent_ms: int) -> None:
        """Time since which more than half of the present drop was missing; other load may have changed before."""
        track = self._track + self._new
        self._after = [da for ms, da in track if ms > silent_ms - MEASURE_MS]
        self.fell_ms = None
        if not self._after or median(self._after) < self._fall_da():
            return
        half_da = median(self._after) // 2
        self._dips = len([n for n in range(1, len(track)) if track[n][1] >= half_da > track[n - 1][1]]) - 1
        for ms, da in reversed(track):
            if da < half_da:
                self.stood_ms = ms
                return
            self.fell_ms = ms

    def fallback_da(self) -> "int | None":
        """What it drew after the fall: by its own reading, else what the meter's fall leaves; None: unknown."""
        if self.device_da is not None:
            return self.device_da
        return max(0, self.base_da - median(self._after)) if self._after else None

    def verdict(self) -> "Verdict | None":
        """What the device reads decides that it did not fall; that it did has to show at the meter, too. By a meter
        alone it has to be clear, or to happen twice, because other load also changes."""
        claims, name = self.claims, self.claims["name"]
        self._figures(self.fallback_da())
        by_meter = None if not self.loaded else self.fell_ms is not None
        by_device = None if self.device_da is None else self.base_da - self.device_da >= self._fall_da()
        if by_meter is None and by_device is None:
            return findings.NOT_DONE, "%s: no meter shows its lines and it has no current measurement; disconnect its bus and observe it" % name
        if by_device is False or (by_device is None and by_meter is False):
            self._no_falls += 1
            if by_device is None and self._no_falls < 2 and self.tries < self.tries_max():
                return None
            self.counts["distrusted"] = True
            return self._failed(findings.watchdog_dead(name, self.claimed_ms, claims["max_da"], claims["holds"]))
        if by_meter is False:
            return self._unclear("the device reports the fallback, the meter does not show it")
        if by_device is None and not self._as_expected():
            return self._unclear("the change at the meter may have been other load")
        if self.fell_ms is not None and self.claimed_ms >= LONG_MS and self.fell_ms < self.claimed_ms // 2:
            text = "%s: its current stopped after %s, expected after %s: car full, or timer shorter; repeat the test with a constant load"
            return findings.NOT_DONE, text % (name, seconds(self.fell_ms), seconds(self.claimed_ms))
        if self.lasts_ms() >= LONG_MS and self._dips > DIPS_MAX:
            return self._unclear("the current of its lines varied before the fall")
        return self._seen_again()

    def _seen_again(self) -> "Verdict | None":
        """Twice to about the same time, or once after a long silence."""
        fell = (self.fell_ms or 0, self.stood_ms, self.fallback_da())
        alike = [row for row in self._falls if abs(row[0] - fell[0]) <= self._spread_ms()] + [fell]
        self._falls.append(fell)
        if self.lasts_ms() < LONG_MS and len(alike) < FALLS:
            return self._unclear("no two falls of its current agree")
        self.current_ended = True
        if self.fell_ms is not None:
            self.fell_ms, self.stood_ms, _ = max(alike)
        return self._fell(max([row[2] for row in alike if row[2] is not None] or [0]))

    def _as_expected(self) -> bool:
        """By the meter alone: did it fall by about what was claimed, or twice to the same?"""
        drop_da = median(self._after) if self._after else 0
        alike = [da for da in self._tried if abs(da - drop_da) <= NEAR_DA]
        self._tried.append(drop_da)
        return drop_da * 10 >= (self.base_da - self.claims["fallback_da"]) * 7 or bool(alike)

    def _unclear(self, why: str) -> "Verdict | None":
        if self.tries < self.tries_max():
            return None
        return findings.NOT_DONE, "%s: %s, %s; repeat the test" % (self.claims["name"], why, "once" if self.tries == 1 else "%d times" % self.tries)

    def again(self) -> None:
        """What was seen in this try is forgotten; the falls of earlier ones stay."""
        CommLoss.again(self)
        self.fell_ms, self.stood_ms, self._track, self._new, self._pace_ms, self._after = None, 0, [], [], 0, []

    def _fell(self, fallback_da: int) -> "Verdict":
        claims, name = self.claims, self.claims["name"]
        self._figures(fallback_da)
        outcome = findings.PASSED
        text = "%s fell to %s" % (name, amps(fallback_da))
        text += " %s after the last frame (declared: %s)" % (seconds(self.fell_ms), seconds(self.claimed_ms)) if self.fell_ms else ""
        if self.fell_ms is not None and self.stood_ms > self.allowed_ms():  # between two readings the time is unknown
            self.counts["watchdog_ms"] = -(-self.fell_ms // 1000) * 1000
            outcome, text = self._failed(findings.watchdog_late(name, self.fell_ms, self.claimed_ms))
        elif self.fell_ms is not None and self.fell_ms < self.claimed_ms // 2:
            self.findings.append(findings.watchdog_early(name, self.fell_ms, self.claimed_ms))
        if fallback_da > claims["fallback_da"] + NEAR_DA:
            self.counts["fallback_da"] = fallback_da
            outcome, text = self._failed(findings.fallback_high(name, fallback_da, claims["fallback_da"]))
        return outcome, text

    def _failed(self, finding: "Finding") -> "Verdict":
        self.findings.append(finding)
        return findings.FAILED, finding["text"]

    def _figures(self, fallback_da: "int | None") -> None:
        figures = self.figures
        figures["claimed_watchdog_ms"], figures["claimed_fallback_da"] = self.claimed_ms, self.claims["fallback_da"]
        figures["tries"] = self.tries
        figures["stood_ms"] = self.stood_ms
        figures["before_da"], figures["fell_ms"], figures["fallback_da"] = self.base_da, self.fell_ms, fallback_da
        figures["device_da"], figures["device_limit_da"], figures["allowed_ms"] = self.device_da, self.device_limit_da, self.allowed_ms()
