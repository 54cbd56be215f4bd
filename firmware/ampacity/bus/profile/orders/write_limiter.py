"""May a device be written now? One answer for orders, settings, feeds and what was refused: write gaps, back-off, a cap a day.

What is new and lowers leaves at once, whatever was written before. The same write once more, to a device that shows no
effect of it, waits ever longer; and a day has no more of those than memory and relays of the device bear, where its
profile says how many, of no kind but lowers.
"""

if False:  # for the type checker
    from typing import Any

FIRST_MS = 5000  # the same write once more
LAST_MS = 600000
LAST_LOWER_MS = 60000  # an order that makes safe is repeated at least this often
REFUSED_MS = 1000
PER_DAY = 4800
DAY_MS = 86400000
VALUE, SENT_MS, WAIT_MS = range(3)


class DayCount:
    """So many writes in any 24 hours, whatever becomes of them: of what wears flash or a contactor."""

    def __init__(self, per_day: int) -> None:
        self._per_day = per_day
        self._sent_ms: list[int] = []

    def has_room(self, now_ms: int) -> bool:
        """May one more leave?"""
        self._sent_ms = [ms for ms in self._sent_ms if now_ms - ms < DAY_MS]
        return len(self._sent_ms) < self._per_day

    def sent(self, now_ms: int) -> None:
        """One leaves now."""
        self._sent_ms.append(now_ms)


class WriteLimiter:
    """per_day: writes that it may be given in any day, half of them in a row, the others one by one; 0: only repeats are counted so."""

    def __init__(self, per_day: int = 0) -> None:
        self._counts_all = per_day > 0
        self._row_max = max(1, (per_day or PER_DAY) // 2)
        self._each_ms = DAY_MS // self._row_max
        self._spent = 0
        self._filled_ms = -1
        self._rows: dict[object, list[Any]] = {}  # purpose: [value, when it was sent, how long the same one waits]

    def ready_ms(self, key: object, value: object, now_ms: int, lowers: bool = False) -> int:
        """When this value may be written for this purpose."""
        row = self._rows.get(key)
        if row is None or row[VALUE] != value:
            return self._room_ms(now_ms) if self._counts_all and not lowers else now_ms
        due_ms = row[SENT_MS] + (min(row[WAIT_MS], LAST_LOWER_MS) if lowers else row[WAIT_MS])
        return due_ms if lowers else max(due_ms, self._room_ms(now_ms))

    def sent(self, key: object, value: object, now_ms: int, first_ms: int = FIRST_MS) -> None:
        """It leaves now."""
        self._fill(now_ms)
        if self._spent < self._row_max:
            self._spent += 1
        row = self._rows.get(key)
        wait_ms = first_ms if row is None or row[VALUE] != value else min(max(2 * row[WAIT_MS], first_ms), LAST_MS)
        self._rows[key] = [value, now_ms, wait_ms]

    def lost(self, key: object) -> None:
        """It was not answered at all: it may be repeated as if for the first time."""
        if key in self._rows:
            self._spent = max(0, self._spent - 1)
            del self._rows[key]

    def worked(self, key: object) -> None:
        """What was written for this purpose is shown."""
        if key in self._rows:
            del self._rows[key]

    def _room_ms(self, now_ms: int) -> int:
        """When the day has room for one more write."""
        self._fill(now_ms)
        return now_ms if self._spent < self._row_max else self._filled_ms + self._each_ms

    def _fill(self, now_ms: int) -> None:
        back = (now_ms - self._filled_ms) // self._each_ms if self._filled_ms >= 0 else self._spent
        if self._filled_ms < 0 or back >= self._spent:
            self._spent, self._filled_ms = 0, now_ms
        elif back > 0:
            self._spent -= back
            self._filled_ms += back * self._each_ms
