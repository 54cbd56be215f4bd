"""Would the breaker have tripped? The time-current band of IEC 60898-1, at its fast edge.

The standard gives points, no curve: a breaker must not trip within an hour at 1.13 In, nor within one second at 2.55 In; from
3 In (B), 5 In (C), 10 In (D) it may trip at once. Between the points the time is interpolated logarithmically on both axes. A
varying current is judged by the sum of the fractions of the trip time that its parts use; below 1.13 In the bimetal cools,
from hot to cold in one hour. That is on the safe side: a breaker that does not trip here does not trip in reality.
"""

import math

NO_TRIP = 1.13
POINTS = ((1.13, 3600.0), (2.55, 1.0))
AT_ONCE = {"B": 3.0, "C": 5.0, "D": 10.0}
AT_ONCE_S = 0.01
THERMAL_S_MIN = 0.1  # below its magnetic band only the bimetal acts
COOL_S = 3600.0


def trip_time_s(curve, multiple):
    """The shortest time in seconds after which a breaker may trip at `multiple` of its rated current; inf: never."""
    if multiple <= NO_TRIP:
        return math.inf
    at_once = AT_ONCE[curve]
    if multiple >= at_once:
        return AT_ONCE_S
    (low, low_s), (high, high_s) = POINTS
    slope = math.log(high_s / low_s) / math.log(high / low)
    return max(THERMAL_S_MIN, low_s * math.exp(slope * math.log(multiple / low)))


class Breaker:
    """One pole. `carry` receives every interval of current; `would_trip` latches."""

    def __init__(self, curve, rated_da):
        self.curve = curve
        self.rated_da = rated_da
        self.used = 0.0
        self.would_trip = False
        self._watch_da = rated_da * NO_TRIP

    def carry(self, amps_da, span_ms):
        if amps_da > self._watch_da:
            self.used += span_ms / 1000 / trip_time_s(self.curve, amps_da / self.rated_da)
            if self.used >= 1.0:
                self.would_trip = True
        elif self.used:
            self.used = max(0.0, self.used - span_ms / 1000 / COOL_S)


def parse_breaker(text, rating_da):
    """("C63", …) -> ("C", 630); without an entry: curve B at the circuit's rating."""
    if not text:
        return "B", rating_da
    return text[0].upper(), int(float(text[1:]) * 10 + 0.5)
