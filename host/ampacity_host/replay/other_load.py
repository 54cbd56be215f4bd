"""Recorded other load: power or current at any spacing, one or three phases, as currents per supply phase.

It is aligned by the time of day and repeated as needed: a recording of days repeats after whole days; one that
is shorter than a day is played end to end from its own time of day on.
"""

import csv
import math
from bisect import bisect_right

from ampacity_host.replay.sessions import ColumnError, find_columns

DAY_MS = 86_400_000
VALUE_MAX = 1e8  # W, or A or V: more is no house
TIMES = ("time_utc", "time_local", "time", "timestamp")
ROLES = {
    "time": TIMES,
    "current": ("current_a",),
    "power_w": ("active_power_w", "house_power_w", "power_w"),
    "power_kw": ("active_power_kw", "power_kw"),
    "l1": ("l1_a", "current_l1_a", "l1"), "l2": ("l2_a", "current_l2_a", "l2"), "l3": ("l3_a", "current_l3_a", "l3"),
    "l1_w": ("l1_w", "power_l1_w"), "l2_w": ("l2_w", "power_l2_w"), "l3_w": ("l3_w", "power_l3_w"),
    "evse_w": ("evse_power_w",),
    "voltage": ("voltage_v",),
}


class OtherLoadRecording:
    """at(ms since start) -> (da per phase, ms until which that holds). `refused`: rows that made no sense."""

    def __init__(self, path, times, phases, voltage_v, columns=None, one_phase="l1"):
        self._times, self._phases, self._voltage_v, self._one_phase = times, phases, voltage_v, one_phase
        self.refused = 0
        with open(path, newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            self.columns = find_columns(reader.fieldnames or [], ROLES, ("time",), columns)
            self._read_value = self._reader()
            samples = [one for one in (self._row(row) for row in reader) if one]
        if len(samples) < 2:
            raise ColumnError("%s: fewer than two rows that make sense" % path)
        samples.sort(key=lambda one: one[0])
        self._first_s = samples[0][0]
        self._starts_ms = [(at_s - self._first_s) * 1000 for at_s, _ in samples]
        self._values = [value for _, value in samples]
        span_ms = self._starts_ms[-1] + (self._starts_ms[-1] - self._starts_ms[-2])
        self.period_ms = span_ms // DAY_MS * DAY_MS or span_ms
        if not self.period_ms:
            raise ColumnError("%s: every row that makes sense is of the same time" % path)
        self._shift_ms = 0

    def begin(self, start_s):
        """The run starts at that instant (seconds since 1970)."""
        tod = self._times.time_of_day_s
        self._shift_ms = (tod(start_s) - tod(self._first_s)) * 1000

    def at(self, since_start_ms):
        turn_ms = (since_start_ms + self._shift_ms) % self.period_ms
        index = max(0, bisect_right(self._starts_ms, turn_ms) - 1)
        after = self._starts_ms[index + 1] if index + 1 < len(self._starts_ms) else self.period_ms
        return self._values[index], since_start_ms + min(after, self.period_ms) - turn_ms

    def peak_da(self):
        """The most on each phase."""
        return [max(value[phase] for value in self._values) for phase in range(self._phases)]

    def _row(self, row):
        column = self.columns["time"]
        try:
            at_s = self._times.read(row[column], column.endswith("_utc"))
            return at_s, self._read_value(row)
        except (ValueError, TypeError, KeyError, ZeroDivisionError):
            self.refused += 1
            return None

    def _reader(self):
        found = self.columns
        if "l1" in found:
            return self._three_amps
        if "l1_w" in found:
            return self._three_watts
        if "current" in found and "evse_w" not in found:
            return lambda row: self._spread(number(row, found["current"]))
        if "power_w" in found or "power_kw" in found:
            return self._watts
        raise ColumnError("no column of power or current among %s" % ", ".join(found.values()))

    def _three_amps(self, row):
        return self._each(lambda phase: number(row, self.columns["l%d" % (phase + 1)]))

    def _three_watts(self, row):
        return self._each(lambda phase: number(row, self.columns["l%d_w" % (phase + 1)]) / self._voltage_v)

    def _each(self, amps_of):
        return [up_da(amps_of(phase)) if "l%d" % (phase + 1) in self.columns or "l%d_w" % (phase + 1) in self.columns
                else 0 for phase in range(self._phases)]

    def _watts(self, row):
        found = self.columns
        watts = number(row, found["power_w"]) if "power_w" in found else 1000 * number(row, found["power_kw"])
        if "evse_w" in found:
            watts -= number(row, found["evse_w"])
        return self._spread(max(0.0, watts) / (number(row, found["voltage"]) if "voltage" in found else self._voltage_v))

    def _spread(self, amps):
        if self._one_phase == "all":
            return [up_da(amps)] * self._phases
        return [up_da(amps)] + [0] * (self._phases - 1)


def number(row, column):
    value = float(row[column])
    if not 0 <= value <= VALUE_MAX:
        raise ValueError(column)
    return value


def up_da(amps):
    """Deci-amperes, rounded up."""
    return math.ceil(amps * 10 - 1e-6)
