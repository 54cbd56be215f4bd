"""Log lines that a stranger or a device could cause as often as it likes: some of them, and how many were left out."""

from binascii import crc32

from ampacity.base.log import Log

if False:  # for the type checker
    from typing import Any

EACH_MS = 10000


class RateLimitedLog:
    """log: of base/log. name: what each line begins with, "console"."""

    def __init__(self, log: "Log", name: str) -> None:
        self._log = log
        self._name = name
        self._logged_ms: "int | None" = None
        self._left_out = 0

    def add(self, text: str, now_ms: int) -> None:
        """A warning, unless another one was logged within the interval."""
        if self._logged_ms is not None and now_ms - self._logged_ms < EACH_MS:
            self._left_out += 1
            return
        more = " (%d similar lines suppressed)" % self._left_out if self._left_out else ""
        self._logged_ms, self._left_out = now_ms, 0
        self._log.add("warning", "%s: %s%s" % (self._name, text, more), now_ms)


BURST = 20  # lines of one device at once: those of several sessions
NEXT_MS = 300000  # then one each five minutes
LOOK_MS = 10000
NAMES_MAX = 600  # devices with a count of their own


class DeviceLog(Log):
    """The same log, for lines about devices: one that comes and goes each second must not push out the lines of others.

    Each device has BURST lines, and one more each NEXT_MS. What is left out is counted (`log_lines_suppressed`); the last of it, which has
    the present state, is logged with the number. Memory: an integer for each device with fewer than BURST lines left, at most NAMES_MAX,
    and the last line of those that chatter.
    """

    def __init__(self, log: Log) -> None:
        self._log = log
        self.counters = log.counters
        self._room: "dict[int, int]" = {}  # by a checksum of the name: lines left
        self._left_out: "dict[int, tuple[int, str, str]]" = {}  # number, level and text of the last one
        self._from_ms = self._due_ms = -1

    def add(self, level: str, text: str, now_ms: int, name: "str | None" = None) -> int:
        """name: of the device; without, the text before the first colon. Returns the line's number, 0: it was left out."""
        self._refill(now_ms)
        key = crc32((about(text) if name is None else name).encode()) & 0x3FFFFFFF
        if key not in self._room and len(self._room) >= NAMES_MAX:
            key = -1
        if self._room.get(key, BURST) > 0:
            return self._write(key, level, text, " (%d similar lines suppressed)", now_ms)
        self._left_out[key] = (self._left_out[key][0] + 1 if key in self._left_out else 1, level, text)
        self.counter("log_lines_suppressed")
        return 0

    def keep(self, level: str, text: str, now_ms: int) -> int:
        """As add; and the last line of this text is never pushed out by others, whether it was left out or not."""
        n = self.add(level, text, now_ms)
        self._log.need(n, level, text, now_ms)
        return n

    def since(self, n: int, most: int = 0) -> "list[Any]":
        """Of the log itself."""
        return self._log.since(n, most)

    def step(self, now_ms: int) -> None:
        """Housekeeping: the last line of each device that has room again."""
        if now_ms < self._due_ms:
            return
        self._due_ms = now_ms + LOOK_MS
        self._refill(now_ms)
        for key in sorted(self._left_out):
            if self._room.get(key, BURST) > 0:
                _, level, text = self._left_out[key]
                self._write(key, level, text, " (the last of %d suppressed lines)", now_ms)

    def _refill(self, now_ms: int) -> None:
        if self._from_ms < 0:
            self._from_ms = now_ms
        earned = (now_ms - self._from_ms) // NEXT_MS
        if earned > 0:
            self._from_ms += earned * NEXT_MS
            room = {key: self._room[key] + earned for key in self._room}
            self._room = {key: room[key] for key in room if room[key] < BURST}

    def _write(self, key: int, level: str, text: str, more: str, now_ms: int) -> int:
        self._room[key] = self._room.get(key, BURST) - 1
        left_out = self._left_out.pop(key, None)
        return self._log.add(level, text + (more % left_out[0] if left_out else ""), now_ms)


def about(text: str) -> str:
    """The name of the device that a line is about: "evse bay-1: session started" is about bay-1."""
    name = text.split(":", 1)[0]
    return name[5:] if name.startswith("evse ") else name
