"""Local time from a POSIX TZ string: the rules of a place in 30 bytes, instead of a data base of zones.

"CET-1CEST,M3.5.0,M10.5.0/3" is Berlin, "EST5EDT,M3.2.0,M11.1.0" New York, "UTC0" no zone at all, "<+0530>-5:30" India.
POSIX.1-2017, 8.3; rules Mm.w.d, Jn and n; hours up to 167 as RFC 8536 allows.
"""

from ampacity.base.dates import date_from_days, days_from_date, is_leap, month_days, weekday
from ampacity.base.printable import is_digits

if False:  # for the type checker
    Rule = tuple[str, int, int, int, int]  # "M", "J" or "n"; month or day; week; weekday; seconds of the day


class Zone:
    """The rules of one TZ string; ValueError when it is none."""

    def __init__(self, text: str) -> None:
        reader = _Reader(text)
        self.name = reader.name()
        self._standard_s = -reader.time(24)
        self._summer_s: "int | None" = None
        if reader.more():
            self._read_summer(reader)
        if reader.more():
            raise reader.wrong("nothing more")

    def _read_summer(self, reader: "_Reader") -> None:
        reader.name()
        self._summer_s = self._standard_s + 3600
        if reader.more() and reader.peek() != ",":
            self._summer_s = -reader.time(24)
        if reader.more():
            self._start, self._end = reader.rule(), reader.rule()
        else:
            self._start, self._end = ("M", 3, 2, 0, 7200), ("M", 11, 1, 0, 7200)

    def offset_s(self, unix_s: int) -> int:
        """Seconds that local time is ahead of UTC (behind: below 0) at that instant, in seconds since 1970."""
        if self._summer_s is None:
            return self._standard_s
        year = date_from_days((unix_s + self._standard_s) // 86400)[0]
        start_s = _rule_s(self._start, year) - self._standard_s
        end_s = _rule_s(self._end, year) - self._summer_s
        if start_s <= end_s:
            summer = start_s <= unix_s < end_s
        else:
            summer = unix_s >= start_s or unix_s < end_s
        return self._summer_s if summer else self._standard_s

    def local(self, unix_ms: int) -> "tuple[int, int, int, int, int, int, int]":
        """(year, month, day, hour, minute, second, weekday), weekday 0 = Sunday."""
        unix_s = unix_ms // 1000
        local_s = unix_s + self.offset_s(unix_s)
        days, rest = local_s // 86400, local_s % 86400
        year, month, day = date_from_days(days)
        return year, month, day, rest // 3600, rest // 60 % 60, rest % 60, weekday(days)


def _rule_s(rule: "Rule", year: int) -> int:
    """Local seconds since 1970 at which the rule strikes in that year."""
    kind, a, week, day, time_s = rule
    if kind == "M":
        first = days_from_date(year, a, 1)
        date = 1 + (day - weekday(first)) % 7 + (week - 1) * 7
        while date > month_days(year, a):
            date -= 7
        days = first + date - 1
    else:
        days = days_from_date(year, 1, 1) + a
        if kind == "J":  # 1..365, 29 February is never counted
            days += 0 if is_leap(year) and a >= 60 else -1
    return days * 86400 + time_s


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def wrong(self, wanted: str) -> "ValueError":
        return ValueError("tz: %s: %s expected at %d" % (self._text[:40], wanted, self._at))

    def more(self) -> bool:
        return self._at < len(self._text)

    def peek(self) -> str:
        return self._text[self._at] if self.more() else ""

    def take(self, c: str) -> bool:
        if self.peek() != c:
            return False
        self._at += 1
        return True

    def name(self) -> str:
        start = self._at
        quoted = self.take("<")
        while self.peek().isalpha() or quoted and (is_digits(self.peek()) or self.peek() in ("+", "-")):
            self._at += 1
        name = self._text[start + 1 if quoted else start : self._at]
        if len(name) < 3 or quoted and not self.take(">"):
            raise self.wrong("a name of 3 letters or more")
        return name

    def number(self, low: int, high: int) -> int:
        start = self._at
        while is_digits(self.peek()) and self._at - start < 4:
            self._at += 1
        if self._at == start or not low <= int(self._text[start : self._at]) <= high:
            self._at = start
            raise self.wrong("%d..%d" % (low, high))
        return int(self._text[start : self._at])

    def time(self, hours_max: int) -> int:
        sign = -1 if self.take("-") else 1
        if sign == 1:
            self.take("+")
        seconds = self.number(0, hours_max) * 3600
        for unit in (60, 1):
            if not self.take(":"):
                break
            seconds += self.number(0, 59) * unit
        return sign * seconds

    def rule(self) -> "Rule":
        if not self.take(","):
            raise self.wrong("a comma and a rule")
        if self.take("M"):
            rule = ("M", self.number(1, 12), self.dot(1, 5), self.dot(0, 6))
        elif self.take("J"):
            rule = ("J", self.number(1, 365), 0, 0)
        else:
            rule = ("n", self.number(0, 365), 0, 0)
        return rule + (self.time(167) if self.take("/") else 7200,)

    def dot(self, low: int, high: int) -> int:
        if not self.take("."):
            raise self.wrong("a point")
        return self.number(low, high)
