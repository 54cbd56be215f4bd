"""Log lines that a stranger or a device could cause as often as it likes: some of them, and how many were left out."""

from ampacity.base.log import Log

if False:  # for the type checker
    from typing import Any

EACH_MS = 10000


class RateLimitedLog:
    """log: of base/log. name: what each line begins with, "console"."""

    def __init__(self, log: "Log", name: str) -> None:
        self._log = log
        self._name = name
        self._told_ms: "int | None" = None
        self._left_out = 0

    def add(self, text: str, now_ms: int) -> None:
        """A warning, unless another one was logged within the interval."""
        if self._told_ms is not None and now_ms - self._told_ms < EACH_MS:
            self._left_out += 1
            return
        more = " (%d similar lines suppressed)" % self._left_out if self._left_out else ""
        self._told_ms, self._left_out = now_ms, 0
        self._log.add("warning", "%s: %s%s" % (self._name, text, more), now_ms)


BURST = 20  # lines of one device at once: those of several sessions
NEXT_MS = 300000  # then one each five minutes
LOOK_MS = 10000
NAMES_MAX = 600  # devices with a count of their own
_ROOM, _FROM_MS, _LEFT_OUT, _LEVEL, _TEXT = 0, 1, 2, 3, 4


class DeviceLog(Log):
    """The same log, for lines about devices: one that comes and goes each second must not push out what others had to say.

    Each device has BURST lines, and one more each NEXT_MS. What is left out is counted (`log_lines_suppressed`); the last of it, which says
    how things are now, is logged with the number. Memory: one row for each device with fewer than BURST
    lines left, at most NAMES_MAX.
    """

    def __init__(self, log: Log) -> None:
        self._log = log
        self.counters = log.counters
        self._rows: "dict[str, list[Any]]" = {}
        self._due_ms = 0

    def add(self, level: str, text: str, now_ms: int, name: "str | None" = None) -> int:
        """name: of the device; without, the text before the first colon. Returns the line's number, 0: it was left out."""
        row = self._row(about(text) if name is None else name, now_ms)
        if row[_ROOM] > 0:
            return self._tell(row, level, text, " (%d similar lines suppressed)", now_ms)
        row[_LEFT_OUT] += 1
        row[_LEVEL], row[_TEXT] = level, text
        self.counter("log_lines_suppressed")
        return 0

    def keep(self, level: str, text: str, now_ms: int) -> int:
        """As add; and the last line of this text is never pushed out by others, whether it was left out or not."""
        n = self.add(level, text, now_ms)
        self._log.need(n, level, text, now_ms)
        return n

    def since(self, n: int) -> "list[Any]":
        """Of the log itself."""
        return self._log.since(n)

    def step(self, now_ms: int) -> None:
        """Housekeeping: the last line of a device that has room again, and forget those that were quiet."""
        if now_ms < self._due_ms:
            return
        self._due_ms = now_ms + LOOK_MS
        for name in sorted(self._rows):
            row = self._row(name, now_ms)
            if row[_LEFT_OUT] and row[_ROOM] > 0:
                self._tell(row, row[_LEVEL], row[_TEXT], " (the last of %d suppressed lines)", now_ms)
            elif row[_ROOM] >= BURST:
                del self._rows[name]

    def _row(self, name: str, now_ms: int) -> "list[Any]":
        row = self._rows.get(name)
        if row is None:
            name = name if len(self._rows) < NAMES_MAX else ""
            row = self._rows.get(name)
        if row is None:
            row = self._rows[name] = [BURST, now_ms, 0, "", ""]
        earned = (now_ms - row[_FROM_MS]) // NEXT_MS
        if earned > 0:
            row[_ROOM] = min(BURST, row[_ROOM] + earned)
            row[_FROM_MS] += earned * NEXT_MS
        return row

    def _tell(self, row: "list[Any]", level: str, text: str, more: str, now_ms: int) -> int:
        row[_ROOM] -= 1
        left_out, row[_LEFT_OUT], row[_TEXT] = row[_LEFT_OUT], 0, ""
        return self._log.add(level, text + (more % left_out if left_out else ""), now_ms)


def about(text: str) -> str:
    """The name of the device that a line is about: "evse bay-1: started" is about bay-1."""
    name = text.split(":", 1)[0]
    return name[5:] if name.startswith("evse ") else name
