"""Samples of the 1 kHz pilot → the two levels of its wave.

A window holds samples of at least two periods in the order of their time. The level of each half is its second most extreme sample that
counts: one disturbed sample changes nothing. Samples that follow an edge too soon do not count, where the samples are evenly spaced.
"""

if False:  # for the type checker
    from collections.abc import Sequence

    from ampacity.point.interfaces import Facts

EDGE_MV = 2500  # two samples of CP that differ by more lie on both sides of an edge
SAMPLES_MIN = 4
PERIODS = 2  # of a window of evenly spaced samples
SPACING_US = 13  # between them: at 96 % the low half lasts 40 µs, of which 20 µs do not count
PERIODS_OF_READS = 3  # of a window of single reads


def extremes(samples: "Sequence[int]", jump: int, skip: int) -> "tuple[int, int] | None":
    """(second highest, second lowest) of the samples that count; None: fewer than SAMPLES_MIN count.

    jump: difference of two neighbours that is an edge, in the unit of the samples. skip: samples after an edge that do not count; 0 for
    samples without even spacing. A spacing that divides the period would show the same instants in each period: SPACING_US does not.
    """
    high = higher = -1 << 29
    low = lower = 1 << 29
    count = wait = going = 0
    last = samples[0] if len(samples) else 0
    for value in samples:
        if skip:
            edge = 1 if value - last > jump else -1 if last - value > jump else 0
            if edge and edge != going:  # the same direction twice in a row is one edge, caught half-way
                wait = skip
            going, last = edge, value
            if wait:
                wait -= 1
                continue
        count += 1
        if value > high:
            if value > higher:
                high, higher = higher, value
            else:
                high = value
        if value < low:
            if value < lower:
                low, lower = lower, value
            else:
                low = value
    return (high, low) if count >= SAMPLES_MIN else None


def spaced(settle_us: int, spacing_us: int) -> int:
    """Samples to leave out after an edge: those within settle_us. spacing_us: time between two samples; 0: not even."""
    return 0 if spacing_us <= 0 else 1 + (settle_us - 1) // spacing_us


class PilotScale:
    """Raw samples of one converter → millivolts of CP. adc: scaling of the board; full_mv at raw value full_raw."""

    def __init__(self, adc: "Facts", full_mv: int, full_raw: int) -> None:
        self._adc = adc
        self._full_mv = full_mv
        self._full_raw = full_raw
        edge_pin_mv = EDGE_MV * adc["denominator"] // abs(adc["numerator"])
        self.jump = max(1, edge_pin_mv * full_raw // full_mv)

    def cp_mv(self, raw: int) -> int:
        """CP in mV."""
        numerator, denominator = self._adc["numerator"] * self._full_mv, self._adc["denominator"] * self._full_raw
        scaled: int = raw * numerator // denominator + self._adc["offset_mv"]
        return scaled

    def levels(self, samples: "Sequence[int]", skip: int) -> "tuple[int, int] | None":
        """(high_mv, low_mv) of CP in one window; None where too few samples count."""
        found = extremes(samples, self.jump, skip)
        if found is None:
            return None
        first, second = self.cp_mv(found[0]), self.cp_mv(found[1])
        return (first, second) if first > second else (second, first)
