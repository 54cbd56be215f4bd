"""What flowed above a rating, as the circuit's own meter saw it, and what its breaker makes of that (section 3.5).

An excursion of one phase begins with the first frame above the circuit's rating and ends when it was below for
CLOSE_MS. Kept of it: duration, peak, charge above the rating (A·s), I²t, and the verdict of the breaker's curve.
Between two frames the current is taken as a straight line. Integers only.

The curve is the fast edge of IEC 60898-1: no trip within an hour at 1.13 In, none within a second at 2.55 In,
at once from 3 In (B), 5 In (C), 10 In (D). Between the points each band counts with the time of its upper end,
so a breaker of which this says that it holds, holds. Heat adds up, and goes in an hour.
"""

from ampacity.circuit.trusted.amperes import tenths
from ampacity.circuit.trusted.site.tree import Site

if False:  # for the type checker
    from typing import Any

KEPT_MAX = 40
CLOSE_MS = 5000
GAP_MS = 10000  # frames further apart than this are not joined by a line
COOL_MS = 3600000
AT_ONCE = {"B": 300, "C": 500, "D": 1000}  # per cent of the rated current
AT_ONCE_MS = 10
MAGNETIC_ONLY_MS = 100
# per cent of the rated current up to which the breaker holds at least so many ms
BANDS = (
    (118, 2328000), (124, 1413000), (130, 878000), (137, 518000), (145, 292000), (155, 149000),
    (165, 79000), (180, 33000), (200, 11500), (225, 3500), (255, 1000),
)  # fmt: skip
NO_TRIP = 113
FULL_PPM = 1000000


def trip_ms(curve: str, da: int, rated_da: int) -> int:
    """The least time after which it may open at this current, in ms; 0: never."""
    percent = -(-da * 100 // rated_da)
    if percent <= NO_TRIP:
        return 0
    if percent >= AT_ONCE[curve]:
        return AT_ONCE_MS
    for upto, ms in BANDS:
        if percent <= upto:
            return ms
    return MAGNETIC_ONLY_MS


def parse_breaker(text: object, rating_da: int) -> "tuple[str, int]":
    """("C", 630) of "C63"; nothing: curve B at the rating."""
    if not isinstance(text, str) or text[:1] not in AT_ONCE:
        return "B", max(1, rating_da)
    whole, _, part = text[1:].partition(".")
    return text[0], max(1, int(whole) * 10 + int((part or "0")[:1]))


class PhaseMonitor:
    """One phase of one metered circuit."""

    def __init__(self, rating_da: int, curve: str, rated_da: int) -> None:
        self.rating_da = rating_da
        self.curve = curve
        self.rated_da = rated_da
        self.da = 0
        self.ms = -1
        self.used_ppm = 0  # of the breaker's patience
        self.clear()

    def clear(self) -> None:
        """No excursion is open from now on. The last sample and the heat of the breaker (`used_ppm`) are kept."""
        self.since_ms = -1
        self.above_ms = -1  # last seen above
        self.peak_da = self.peak_ppm = 0
        self.over = 0  # da·ms above the rating
        self.square = 0  # da²·ms

    def sample(self, da: int, now_ms: int) -> bool:
        """The current now. True: an excursion that ended is to be taken."""
        before_da, before_ms = self.da, self.ms
        self.da, self.ms = da, now_ms
        if before_ms >= 0 and 0 < now_ms - before_ms <= GAP_MS:
            self._heat(max(before_da, da), now_ms - before_ms)
            if self.since_ms >= 0 or da > self.rating_da:
                self._add(before_da, da, now_ms - before_ms)
        if da > self.rating_da:
            if self.since_ms < 0:
                self.since_ms = now_ms
            self.above_ms = now_ms
            self.peak_da = max(self.peak_da, da)
        self.peak_ppm = max(self.peak_ppm, self.used_ppm) if self.since_ms >= 0 else 0
        return self.since_ms >= 0 and now_ms - self.above_ms >= CLOSE_MS

    def _add(self, a: int, b: int, span_ms: int) -> None:
        rating = self.rating_da
        over = (max(0, a - rating) + max(0, b - rating)) * span_ms // 2
        self.over += over
        if over:
            self.square += (a * a + b * b) * span_ms // 2

    def _heat(self, da: int, span_ms: int) -> None:
        ms = trip_ms(self.curve, da, self.rated_da)
        if ms:
            self.used_ppm = min(2 * FULL_PPM, self.used_ppm + span_ms * FULL_PPM // ms)
        elif self.used_ppm:
            self.used_ppm = max(0, self.used_ppm - span_ms * FULL_PPM // COOL_MS)


class Excursions:
    """All metered circuits. `dropped`: records that were not taken in time."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.lines: dict[int, PhaseMonitor] = {}
        self.records: list[dict[str, Any]] = []
        self.dropped = 0
        for c in site.circuits:
            if c.meter >= 0:
                for p in range(site.phases):
                    curve, rated_da = parse_breaker(c.breaker, c.rating_da[p])
                    self.lines[c.index * site.phases + p] = PhaseMonitor(c.rating_da[p], curve, rated_da)

    def reading(self, circuit: int, amps_da: "list[int]", now_ms: int) -> None:
        """A frame of this circuit's meter: signed da per supply phase."""
        for p in range(self.site.phases):
            key = circuit * self.site.phases + p
            line = self.lines[key]
            if line.sample(abs(amps_da[p]), now_ms):
                self._keep(key, line)

    def close(self) -> None:
        """The controller stops: what is open ends here."""
        for key in sorted(self.lines):
            if self.lines[key].since_ms >= 0:
                self._keep(key, self.lines[key])

    def _keep(self, key: int, line: PhaseMonitor) -> None:
        circuit = self.site.circuits[key // self.site.phases]
        if len(self.records) >= KEPT_MAX:
            self.records.pop(0)
            self.dropped += 1
        self.records.append({
            "since_ms": line.since_ms,
            "circuit": circuit.name,
            "phase": "L%d" % (key % self.site.phases + 1),
            "rating_da": line.rating_da,
            "duration_ms": line.above_ms - line.since_ms,
            "peak_da": line.peak_da,
            "over_das": line.over // 1000,
            "i2t_a2s": line.square // 100000,
            "breaker": line.curve + (tenths(line.rated_da) if line.rated_da % 10 else str(line.rated_da // 10)),
            "used_permille": line.peak_ppm // 1000,
            "would_trip": line.peak_ppm >= FULL_PPM,
        })
        line.clear()

    def take(self) -> "list[dict[str, Any]]":
        """The records that were not taken yet, oldest first."""
        records, self.records = self.records, []
        return records


def words(record: "dict[str, Any]") -> str:
    """One record as a line for people."""
    parts = (record["circuit"], record["phase"], tenths(record["peak_da"]), tenths(record["rating_da"]), tenths(record["duration_ms"] // 100))
    text = "%s %s up to %s A (rating %s A) for %s s" % parts
    text += ", %s As above, I2t %d A2s" % (tenths(record["over_das"]), record["i2t_a2s"])
    verdict = "may have tripped" if record["would_trip"] else "does not trip, %s %% of its trip time used" % tenths(record["used_permille"])
    return "%s; %s %s" % (text, record["breaker"], verdict)
