"""Recorded charging sessions: a CSV with arrival, departure and energy, under any of the headers below.

A row that makes no sense is counted with its reason and left out; nothing is guessed.
"""

import csv
import math

ROLES = {
    "arrival": ("arrival_utc", "arrival_local", "plug_in_utc", "plug_in_local", "start_utc", "start_local", "arrival",
                "plug_in", "start"),
    "departure": ("departure_utc", "departure_local", "plug_out_utc", "plug_out_local", "end_utc", "end_local",
                  "departure", "plug_out", "end"),
    "energy": ("energy_wh", "energy_kwh", "kwh", "energy"),
    "station": ("station", "evse", "plug", "connector", "garage"),
    "session": ("session", "id", "session_id"),
    "phases": ("phases",),
    "amps": ("max_a", "amps"),
}
NEEDED = ("arrival", "departure", "energy")
STAY_S_MAX = 60 * 86_400
ENERGY_KWH_MAX = 10_000


class ColumnError(Exception):
    """The file has not the columns that are needed; the text says which there are."""


class Session:
    """One stay: times in seconds since 1970 (UTC), energy in Wh, the car's phases and current (None: the default)."""

    __slots__ = ("amps_da", "arrival_s", "departure_s", "energy_wh", "name", "phases", "station")

    def __init__(self, name, arrival_s, departure_s, energy_wh, station=None, phases=None, amps_da=None):
        self.name, self.arrival_s, self.departure_s, self.energy_wh = name, arrival_s, departure_s, energy_wh
        self.station, self.phases, self.amps_da = station, phases, amps_da


class SessionFile:
    """`sessions` in order of arrival; `refused`: reason -> how many rows; `rows` in all."""

    def __init__(self, path, times, columns=None):
        self.path = path
        self.refused = {}
        self.rows = 0
        self._times = times
        with open(path, newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            self.columns = find_columns(reader.fieldnames or [], ROLES, NEEDED, columns)
            self.sessions = [one for one in (self._row(row, number) for number, row in enumerate(reader, 2)) if one]
        self.sessions.sort(key=lambda one: (one.arrival_s, one.departure_s))

    def _row(self, row, number):
        self.rows += 1
        try:
            return self._session(row, number)
        except ValueError as error:
            reason = str(error)
            self.refused[reason] = self.refused.get(reason, 0) + 1
            return None

    def _session(self, row, number):
        arrival_s = self._time(row, "arrival", None)
        departure_s = self._time(row, "departure", arrival_s)
        if departure_s <= arrival_s:
            raise ValueError("it ends before it begins, or at the same moment")
        if departure_s - arrival_s > STAY_S_MAX:
            raise ValueError("it stays for more than %d days" % (STAY_S_MAX // 86_400))
        return Session(self._text(row, "session") or str(number), arrival_s, departure_s, self._energy(row),
                       self._text(row, "station"), self._whole(row, "phases", 1, 3), self._amps(row))

    def _text(self, row, role):
        column = self.columns.get(role)
        return (row.get(column) or "").strip() or None if column else None

    def _time(self, row, role, after_s):
        text = self._text(row, role)
        if not text:
            raise ValueError("no time of %s" % role)
        try:
            return self._times.read(text, self.columns[role].endswith("_utc"), after_s)
        except ValueError as error:
            raise ValueError("a time of %s that is none" % role) from error

    def _energy(self, row):
        number = self._number(row, "energy")
        if number is None or number < 0:
            raise ValueError("no energy, or less than none")
        if number > ENERGY_KWH_MAX * (1000 if self.columns["energy"].endswith("_wh") else 1):
            raise ValueError("more energy than %d kWh" % ENERGY_KWH_MAX)
        return int(number * (1 if self.columns["energy"].endswith("_wh") else 1000) + 0.5)

    def _number(self, row, role):
        text = self._text(row, role)
        if text is None:
            return None
        try:
            number = float(text)
        except ValueError as error:
            raise ValueError("%s is no number" % role) from error
        if not math.isfinite(number):
            raise ValueError("%s is no number" % role)
        return number

    def _whole(self, row, role, least, most):
        number = self._number(row, role)
        if number is not None and not (number == int(number) and least <= number <= most):
            raise ValueError("%s are not %d..%d" % (role, least, most))
        return None if number is None else int(number)

    def _amps(self, row):
        number = self._number(row, "amps")
        if number is not None and not 0 < number <= 1000:
            raise ValueError("a car of no current")
        return None if number is None else int(number * 10 + 1e-6)


def find_columns(header, roles, needed, given=None):
    """role -> column: what was given by hand, else the first known header. ColumnError when one is missing."""
    given = given or {}
    for role, column in given.items():
        if role not in roles:
            raise ColumnError("--columns %s=…: there is no %s; use %s" % (role, role, ", ".join(roles)))
        if column not in header:
            raise ColumnError("--columns %s=%s: the file has %s" % (role, column, ", ".join(header)))
    found = dict(given)
    for role, names in roles.items():
        known = [name for name in names if name in header]
        if role not in found and known:
            found[role] = known[0]
    missing = [role for role in needed if role not in found]
    if missing:
        raise ColumnError("no column for %s among %s; name it with --columns %s=COLUMN"
                          % (", ".join(missing), ", ".join(header), missing[0]))
    return found


def parse_columns(text):
    """"arrival=in,energy=kwh" -> {"arrival": "in", "energy": "kwh"}."""
    columns = {}
    for part in (text or "").split(","):
        if part.strip():
            role, equals, column = part.partition("=")
            if not equals:
                raise ColumnError("--columns %s: use NAME=COLUMN" % part)
            columns[role.strip()] = column.strip()
    return columns
