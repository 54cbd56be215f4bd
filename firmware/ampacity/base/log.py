"""The controller's own log: a bounded list of lines and a set of counters. What does not fit is dropped and counted.

Lines are facts with units and hold no secret, and nothing that a terminal would obey, for some of them quote the wire. Every
refusal has a counter: it is the counter that one watches, the line that one reads.

A line that a person needs (`keep`: a lock-out, an alarm) outlives any number of others: the last NEEDED_MAX of these are kept apart, too.

Lines live as long as others push them out, so they are packed one after another into a ring of bytes: as objects each
would take three times its text of a board's heap, in pieces strewn all over it.
"""

from ampacity.base.printable import printable

if False:  # for the type checker
    from collections.abc import Callable

    Line = tuple[int, int, str, str]  # number, milliseconds of the clock, level, text

LEVELS = ("debug", "info", "warning", "error")
LINE_BYTES = 64  # average length of a line; a longer one leaves less space for others
NEEDED_MAX = 16
NEEDED_CHARS = 400  # of each
_HEAD = 9  # length (2), level (1), time (6)
_TEXT_MAX = 2000


def _cut(data: bytes) -> bytes:
    """UTF-8 of at most _TEXT_MAX bytes, whole characters."""
    size = min(len(data), _TEXT_MAX)
    while size < len(data) and data[size] & 0xC0 == 0x80:
        size -= 1
    return data[:size]


class Log:
    """The last `capacity` lines, as far as they fit into LINE_BYTES each; numbered from 1; and named counters.

    `counters`: dict name → int. `dropped`: how many lines were pushed out. `echo`: called with each line's
    (n, now_ms, level, text), or None.
    """

    def __init__(self, capacity: int = 200) -> None:
        self._capacity = capacity
        self._ring = bytearray(max(capacity * LINE_BYTES, _HEAD + _TEXT_MAX + 2))
        self._first = 1
        self._count = 0
        self._oldest = 0  # where the oldest line begins
        self._end = 0  # where the next one may
        self.counters: "dict[str, int]" = {}
        self.dropped = 0
        self._needed: "list[Line]" = []
        self.echo: "Callable[[Line], object] | None" = None

    def add(self, level: str, text: str, now_ms: int) -> int:
        """level: "debug", "info", "warning", "error"; text: its first 2,000 bytes are kept. Returns the line's number, from 1."""
        n, text = self._first + self._count, printable(text)
        self._put(LEVELS.index(level) if level in LEVELS else 1, _cut(text.encode()), now_ms)
        if self.echo is not None:
            self.echo((n, now_ms, level, text))
        return n

    def keep(self, level: str, text: str, now_ms: int) -> int:
        """As add, for a line that must not be pushed out by others; the same text again takes the place of the one before."""
        n = self.add(level, text, now_ms)
        self.need(n, level, text, now_ms)
        return n

    def need(self, n: int, level: str, text: str, now_ms: int) -> None:
        """Keep a line apart from others. n: its number; 0: it is not among them, and follows the last one."""
        text = printable(text)[:NEEDED_CHARS]
        known = [line for line in self._needed if line[3] != text]
        self._needed = known[1 - NEEDED_MAX :] + [(n or self._first + self._count - 1, now_ms, level, text)]

    def needed(self) -> "list[Line]":
        """Lines of `keep` that others have pushed out, oldest first."""
        return [line for line in self._needed if line[0] < self._first]

    def newest(self) -> int:
        """The number of the last line, 0: there is none yet."""
        return self._first + self._count - 1

    def since(self, n: int, most: int = 0) -> "list[Line]":
        """All lines still here with a number above n, oldest first: [(n, now_ms, level, text)]. most: so many of them at most, 0: all."""
        lines, at = [line for line in self.needed() if line[0] > n], self._oldest
        for number in range(self._first, self._first + self._count):
            if most and len(lines) >= most:
                break
            at = self._begin(at)
            size = self._size(at)
            if number > n:
                lines.append(self._line(number, at, size))
            at += size
        return lines[:most] if most else lines

    def counter(self, name: str, step: int = 1) -> int:
        """Count `step` more of `name`; step 0 only reads. Returns the new value."""
        value = self.counters.get(name, 0) + step
        if step:
            self.counters[name] = value
        return value

    def _size(self, at: int) -> int:
        """Of the line that begins there, its head included; 0: none does, the next one is at the front."""
        return (self._ring[at] << 8) | self._ring[at + 1]

    def _begin(self, at: int) -> int:
        return at if at + 2 <= len(self._ring) and self._size(at) else 0

    def _line(self, number: int, at: int, size: int) -> "Line":
        ring = self._ring
        now_ms = int.from_bytes(bytes(ring[at + 3 : at + _HEAD]), "big")
        return number, now_ms, LEVELS[ring[at + 2]], bytes(ring[at + _HEAD : at + size]).decode()

    def _put(self, level: int, data: bytes, now_ms: int) -> None:
        size, ring = _HEAD + len(data), self._ring
        while self._count >= self._capacity:
            self._drop()
        if self._end + size > len(ring):  # not in what is left behind: at the front
            while self._count and self._oldest >= self._end:
                self._drop()
            if self._end + 2 <= len(ring):
                ring[self._end] = ring[self._end + 1] = 0
            self._end = 0
        at = self._end
        while self._count and at <= self._oldest < at + size:
            self._drop()
        ring[at : at + _HEAD] = bytes((size >> 8, size & 255, level)) + now_ms.to_bytes(6, "big")
        ring[at + _HEAD : at + size] = data
        if not self._count:
            self._oldest = at
        self._count += 1
        self._end = at + size

    def _drop(self) -> None:
        after = self._oldest + self._size(self._oldest)
        self._first += 1
        self._count -= 1
        self.dropped += 1
        if self._count:
            self._oldest = self._begin(after)
