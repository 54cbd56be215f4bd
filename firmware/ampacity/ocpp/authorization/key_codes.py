"""A pause after wrong key codes, which grows (C04.FR.06): a reader takes no key code for a while after each wrong one beyond FREE in a row.

The code of a running transaction is no exception, or it could be guessed without a pause: where one runs the pause is shorter, so that its driver
ends it soon, and what is tried during a pause makes it no longer. Loaded with the first wrong key code. A right one, at the same reader, ends the
count; an hour without a wrong one does, and a restart.
"""

FREE = 3
PAUSE_MS, PAUSE_MS_MAX = 10000, 300000
RUNNING_MS_MAX = 60000  # where charging is authorised
FORGET_MS = 3600000
WRONG = ("Invalid", "Unknown", "Blocked", "ConcurrentTx", "NoEvse")  # the last two: not that of what runs; other refusals say nothing about the code


class KeyCodes:
    """`_wrong`: reader (EVSE id, 0: of the station) → [wrong key codes in a row, no further one before this time in ms, when the last one was]."""

    def __init__(self) -> None:
        self._wrong: "dict[int, list[int]]" = {}

    def waits(self, reader: int, running: bool, now_ms: int) -> bool:
        """Is a key code refused there now, whatever it is? running: it may be that of a running transaction."""
        if reader not in self._wrong:
            return False
        _, until_ms, last_ms = self._wrong[reader]
        return now_ms < (min(until_ms, last_ms + RUNNING_MS_MAX) if running else until_ms)

    def judged(self, reader: int, accepted: bool, status: str, now_ms: int) -> None:
        """What became of a key code. status: AuthorizationStatus, or our own word."""
        if accepted:
            self._wrong.pop(reader, None)
        elif status in WRONG:
            count, _, last_ms = self._wrong.get(reader, [0, 0, now_ms])
            count = 1 if now_ms - last_ms >= FORGET_MS else count + 1
            pause_ms = PAUSE_MS << min(count - FREE, 8) if count >= FREE else 0
            self._wrong[reader] = [count, now_ms + min(pause_ms, PAUSE_MS_MAX), now_ms]
