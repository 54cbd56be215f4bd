"""The text of a log as it is uploaded: made line by line while it is sent, never as a whole.

    text = LogText(station, "DiagnosticsLog" or "SecurityLog", oldest_ms, latest_ms, now_ms)
    text.available()       is any line in the period?
    while not text.measure(): ...     `size` is known then; a few lines each time
    text.read(most)        the next bytes, b"" behind the last

Times in ms since 1970, None: open. The length is announced before the first byte leaves. Lines that others push out of the log meanwhile are
missing then, and the end is filled with empty lines. No line holds a secret: those of the log hold none, and nothing else is uploaded.
"""

from ampacity.base.wallclock import format_iso
from ampacity.ocpp.security.security_events import security_rows

if False:  # for the type checker
    from collections.abc import Iterator

    from ampacity.ocpp.interfaces import StationFace

LINES_AT_ONCE = 8
DIAGNOSTICS = "DiagnosticsLog"


class LogText:
    """See the module's text."""

    def __init__(self, station: "StationFace", kind: str, oldest_ms: "int | None", latest_ms: "int | None", now_ms: int) -> None:
        self._station = station
        self._kind = kind
        self._oldest_ms = oldest_ms
        self._latest_ms = latest_ms
        unix_ms = station.wallclock.unix_ms(now_ms)
        self._ahead_ms = None if unix_ms is None else unix_ms - now_ms
        self._last = station.log.newest()
        self._head = ["%s of %s, firmware %s" % (kind, station.config.get("identity", ""), station.config.get("firmware", ""))]
        if kind == DIAGNOSTICS:
            self._head += ["counter %s %d" % (name, station.log.counters[name]) for name in sorted(station.log.counters)]
        self._walk = self._lines()
        self._rest = b""
        self._left = 0
        self.size = 0

    def available(self) -> bool:
        """Is there any line in the period?"""
        return next(self._entries(), None) is not None

    def measure(self) -> bool:
        """A few lines more of the length; True: `size` is known, and reading begins at the first byte."""
        for _ in range(LINES_AT_ONCE):
            line = next(self._walk, None)
            if line is None:
                self.rewind()
                return True
            self.size += len(line)
        return False

    def rewind(self) -> None:
        """Read from the first byte again."""
        self._walk, self._rest, self._left = self._lines(), b"", self.size

    def read(self, most: int) -> bytes:
        """The next bytes, at most so many; b"": that was all."""
        while len(self._rest) < min(most, self._left):
            self._rest += next(self._walk, b"\n")
        data = self._rest[: min(most, self._left)]
        self._rest = self._rest[len(data) :]
        self._left -= len(data)
        return data

    def _lines(self) -> "Iterator[bytes]":
        for text in self._head:
            yield text.encode() + b"\n"
        for text in self._entries():
            yield text.encode() + b"\n"

    def _entries(self) -> "Iterator[str]":
        if self._kind != DIAGNOSTICS:
            for when_ms, kind, info in security_rows(self._station):
                if self._is_wanted(when_ms or None):
                    yield "%s %s %s" % (format_iso(when_ms) if when_ms else "-", kind, info)
            return
        number = 0
        while number < self._last:
            lines = self._station.log.since(number, LINES_AT_ONCE)
            if not lines:
                return
            for number, at_ms, level, text in lines:
                unix_ms = None if self._ahead_ms is None else at_ms + self._ahead_ms
                if number <= self._last and self._is_wanted(unix_ms):
                    yield "%s %s %s" % ("+%d ms" % at_ms if unix_ms is None else format_iso(unix_ms), level, text)

    def _is_wanted(self, unix_ms: "int | None") -> bool:
        """Is this time in the period? Yes, where it is not known."""
        if unix_ms is None:
            return True
        return (self._oldest_ms is None or unix_ms >= self._oldest_ms) and (self._latest_ms is None or unix_ms <= self._latest_ms)
