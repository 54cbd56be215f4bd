"""The time of day, and its certainty. Kept apart from the monotonic clock, so that a jump moves no deadline.

Sources by rank: "csms" > "ntp" > "rtc". A lower one does not correct a higher one that was heard within the last day.
Differences within what a source can be wrong by (a CSMS sends whole seconds) are left alone: time must not run back
and forth with each heartbeat. After a jump it is unknown which time was right: the time before it continues in
`others_ms` until a source confirms the new one later, or the old one (docs/decisions/0012).
"""

from ampacity.base.compat import const
from ampacity.base.dates import date_from_days, days_from_date, month_days

if False:  # for the type checker
    from ampacity.base.clock import Clock

RANKS = {"rtc": 1, "ntp": 2, "csms": 3}
SLACK_MS = {"rtc": 1000, "ntp": 100, "csms": 1000}
_RANK_KEEPS_MS = const(86400000)
DAY_MS = 86400000
CONFIRM_MS = 60000  # a time that a source confirms so long after a jump is the true one
_SAME_MS = const(2000)
_OTHERS_MAX = const(3)
# before this firmware was made, or long after the hardware is gone: no source can mean that
EARLIEST_MS = 1735689600000  # 2025-01-01
LATEST_MS = 3313526400000  # 2075-01-01


class WallClock:
    """Unix time in milliseconds over a monotonic clock; None until a source has set it."""

    def __init__(self, clock: "Clock") -> None:
        """clock: of base.clock; asked only where a caller gives no now_ms."""
        self._clock = clock
        self._offset_ms: "int | None" = None
        self._set_ms = 0
        self.jumped_ms: "int | None" = None  # since then the present time has not been confirmed
        self._others: "list[int]" = []  # offsets that may also be right, the most recently confirmed one first
        self.source: "str | None" = None

    def set_unix(self, unix_ms: int, source: str, now_ms: int) -> "tuple[str, int] | None":
        """A source says that it is unix_ms at now_ms. Returns ("jump", delta_ms) if a known time moved, ("refused", unix_ms) for
        an impossible one (outside EARLIEST_MS..LATEST_MS) and changes nothing, else None.

        source: "csms", "ntp" or "rtc"; anything else: ValueError.
        """
        if source not in RANKS:
            raise ValueError("source: csms, ntp or rtc, not %s" % source)
        if not EARLIEST_MS <= unix_ms <= LATEST_MS:
            return ("refused", unix_ms)
        known_ms = self.unix_ms(now_ms)
        if known_ms is None:
            self._take(unix_ms, source, now_ms)
            return None
        delta_ms = unix_ms - known_ms
        same = -SLACK_MS[source] < delta_ms < SLACK_MS[source]
        if same and self.jumped_ms is not None and now_ms - self.jumped_ms >= CONFIRM_MS:
            self.jumped_ms, self._others = None, []
        if RANKS[source] < RANKS[self.source or source] and now_ms - self._set_ms < _RANK_KEEPS_MS:
            return None
        if same:
            self._take(known_ms, source, now_ms)
            return None
        self._jump(unix_ms - now_ms, now_ms)
        self._take(unix_ms, source, now_ms)
        return ("jump", delta_ms)

    def _jump(self, offset_ms: int, now_ms: int) -> None:
        """The times that may also be right; they always include the one that was certain before the jumps."""
        sure = self.jumped_ms is None
        known: "list[int]" = [self._offset_ms] if sure else self._others + [self._offset_ms]  # type: ignore[list-item]
        if abs(known[0] - offset_ms) < _SAME_MS:
            self.jumped_ms, self._others = None, []  # back to it
            return
        others = [each for each in known[1:] if abs(each - offset_ms) >= _SAME_MS]
        self._others = known[:1] + others[-_OTHERS_MAX + 1 :]
        self.jumped_ms = now_ms

    def others_ms(self, now_ms: int) -> "list[int]":
        """What unix_ms would be by the times before jumps that no source has confirmed since."""
        return [offset_ms + now_ms for offset_ms in self._others]

    def _take(self, unix_ms: int, source: str, now_ms: int) -> None:
        self._offset_ms = unix_ms - now_ms
        self._set_ms = now_ms
        self.source = source

    def unix_ms(self, now_ms: "int | None" = None) -> "int | None":
        """Milliseconds since 1970-01-01T00:00:00Z, or None while unknown."""
        if self._offset_ms is None:
            return None
        return self._offset_ms + (self._clock.now_ms() if now_ms is None else now_ms)

    def iso(self, now_ms: "int | None" = None) -> "str | None":
        """"2026-11-20T07:09:28Z", or None while unknown."""
        unix_ms = self.unix_ms(now_ms)
        return None if unix_ms is None else format_iso(unix_ms)


def absurd(what: str, unix_ms: int) -> str:
    """The line of the log for a time that was refused."""
    return "%s: %s refused: the time must be %s..%s" % (what, shown_date(unix_ms), shown_date(EARLIEST_MS), shown_date(LATEST_MS))


def shown_date(unix_ms: int) -> str:
    """Unix milliseconds → "2026-11-20", the day in UTC."""
    return "%04d-%02d-%02d" % date_from_days(unix_ms // DAY_MS)


def format_iso(unix_ms: int, millis: bool = False) -> str:
    """Unix milliseconds → "2026-11-20T07:09:28Z", with millis "2026-11-20T07:09:28.250Z"."""
    days, rest_ms = unix_ms // DAY_MS, unix_ms % DAY_MS
    seconds = rest_ms // 1000
    year, month, day = date_from_days(days)
    fraction = ".%03d" % (rest_ms % 1000) if millis else ""
    time = "%02d:%02d:%02d" % (seconds // 3600, seconds // 60 % 60, seconds % 60)
    return "%04d-%02d-%02dT%s%sZ" % (year, month, day, time, fraction)


_UNIX_S_MIN = const(-62135596800)  # the years 1 to 9999 in UTC
_UNIX_S_MAX = const(253402300799)


def parse_iso(text: str) -> int:
    """RFC 3339 date-time → unix milliseconds, fractions beyond milliseconds cut off.

    Taken: "T" or "t", any number (≥ 1) of fraction digits, "Z", "z" or ±hh:mm, second 60 (read as 59 + 1 s).
    A time without zone is read as UTC, as OCPP peers mean it. ValueError for anything else, and for a time that is before the year 1 or
    after the year 9999 in UTC.
    """
    if len(text) < 19 or text[4] != "-" or text[7] != "-" or text[10] not in "Tt" or text[13] != ":" or text[16] != ":":
        raise ValueError("time: YYYY-MM-DDThh:mm:ssZ, not %s" % text[:40])
    year, month, day = _number(text, 0, 4), _number(text, 5, 2), _number(text, 8, 2)
    hour, minute, second = _number(text, 11, 2), _number(text, 14, 2), _number(text, 17, 2)
    if year < 1 or not 1 <= month <= 12 or not 1 <= day <= month_days(year, month):
        raise ValueError("time: no such day: %s" % text[:40])
    if hour > 23 or minute > 59 or second > 60:
        raise ValueError("time: no such time of day: %s" % text[:40])
    millis, at = _fraction(text, 19)
    seconds = hour * 3600 + minute * 60 + second - _offset_s(text, at)
    unix_s = days_from_date(year, month, day) * 86400 + seconds
    if not _UNIX_S_MIN <= unix_s <= _UNIX_S_MAX:
        raise ValueError("time: no such time in UTC: %s" % text[:40])
    return unix_s * 1000 + millis


def _number(text: str, at: int, width: int) -> int:
    value = 0
    for c in text[at : at + width]:
        if not "0" <= c <= "9":
            raise ValueError("time: a digit is missing in %s" % text[:40])
        value = value * 10 + ord(c) - 48
    if at + width > len(text):
        raise ValueError("time: cut off: %s" % text[:40])
    return value


def _fraction(text: str, at: int) -> "tuple[int, int]":
    if at >= len(text) or text[at] != ".":
        return 0, at
    end = at + 1
    while end < len(text) and "0" <= text[end] <= "9":
        end += 1
    if end == at + 1:
        raise ValueError("time: no digit after the point: %s" % text[:40])
    return int((text[at + 1 : end] + "00")[:3]), end


def _offset_s(text: str, at: int) -> int:
    zone = text[at:]
    if zone == "" or zone == "Z" or zone == "z":
        return 0
    if len(zone) != 6 or zone[0] not in "+-" or zone[3] != ":":
        raise ValueError("time: Z or +hh:mm at the end, not %s" % zone[:10])
    hours, minutes = _number(zone, 1, 2), _number(zone, 4, 2)
    if hours > 23 or minutes > 59:
        raise ValueError("time: no such offset: %s" % zone)
    return (hours * 3600 + minutes * 60) * (1 if zone[0] == "+" else -1)
