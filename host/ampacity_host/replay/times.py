"""Times of recordings on one line that neither jumps nor repeats: seconds since 1970, UTC.

A column ending in `_utc` is used unchanged; any other is the site's local time without an offset, and the
site's own zone (its POSIX TZ string) says what it means. An hour that the clock skipped does not exist; one
that it passed twice is taken the first time, unless that would make a session end before it began.
"""

from datetime import UTC, datetime

from ampacity.base.tz import Zone
from ampacity.base.wallclock import EARLIEST_MS, LATEST_MS

DAY_S = 86_400
YEAR_MIN, YEAR_MAX = 1990, 2099
CYCLE_S = 10_227 * DAY_S  # after 28 years the calendar comes again
YEAR_S = 366 * DAY_S


def in_accepted_years(unix_s):
    """The same weekday, date and clock in a year that a controller accepts: 28 years later or earlier, or a multiple. unix_s: seconds."""
    while unix_s * 1000 < EARLIEST_MS:
        unix_s += CYCLE_S
    while unix_s * 1000 > LATEST_MS - YEAR_S * 1000:
        unix_s -= CYCLE_S
    return unix_s


class TimeReader:
    """zone: the site's POSIX TZ string, None or "UTC0" for none."""

    def __init__(self, zone=None):
        self.zone = Zone(zone or "UTC0")

    def read(self, text, is_utc, after_s=None):
        """Seconds since 1970 of an ISO 8601 text; ValueError when there is no such time.

        after_s: of the two meanings of an hour that happened twice, the first that is not before it.
        """
        moment = datetime.fromisoformat(text.strip())
        if not YEAR_MIN <= moment.year <= YEAR_MAX:
            raise ValueError("%s: a year of %d..%d" % (text, YEAR_MIN, YEAR_MAX))
        if moment.tzinfo is not None:
            return int(moment.timestamp())
        naive_s = int(moment.replace(tzinfo=UTC).timestamp())
        if is_utc:
            return naive_s
        meanings = self._meanings(naive_s)
        if not meanings:
            raise ValueError("%s does not exist: the clock skips it" % text)
        for meaning_s in meanings:
            if after_s is None or meaning_s >= after_s:
                return meaning_s
        return meanings[-1]

    def _meanings(self, naive_s):
        """The instants at which a local clock shows `naive_s`, in order."""
        zone = self.zone
        offsets = {zone.offset_s(naive_s - DAY_S), zone.offset_s(naive_s + DAY_S), zone.offset_s(naive_s)}
        found = {naive_s - offset for offset in offsets if zone.offset_s(naive_s - offset) == offset}
        return sorted(found)

    def local_day_start(self, unix_s):
        """The instant of the last local midnight not after `unix_s`."""
        local_s = unix_s + self.zone.offset_s(unix_s)
        return self.read(datetime.fromtimestamp(local_s // DAY_S * DAY_S, UTC).strftime("%Y-%m-%dT00:00:00"), False)

    def time_of_day_s(self, unix_s):
        """Seconds since local midnight, as a clock on the wall shows them."""
        return (unix_s + self.zone.offset_s(unix_s)) % DAY_S

    def words(self, unix_s):
        """Local date and time, to the minute."""
        return datetime.fromtimestamp(unix_s + self.zone.offset_s(unix_s), UTC).strftime("%Y-%m-%d %H:%M")
