"""A pause after wrong key codes, which grows (C04.FR.06): an EVSE takes no key code for a while after each wrong one beyond FREE in a row.

Loaded with the first wrong key code. A right one, at the same EVSE, ends the count; an hour without a wrong one does, and a restart.
"""

FREE = 3
PAUSE_MS, PAUSE_MS_MAX = 10000, 300000
FORGET_MS = 3600000
WRONG = ("Invalid", "Unknown", "Blocked")  # other refusals say nothing about the code


class KeyCodes:
    """`_wrong`: EVSE id → [wrong key codes in a row, no further one before this time in ms, when the last one was]."""

    def __init__(self) -> None:
        self._wrong: "dict[int, list[int]]" = {}

    def waits(self, evse_id: int, now_ms: int) -> bool:
        """Is a key code refused there now, whatever it is?"""
        return evse_id in self._wrong and now_ms < self._wrong[evse_id][1]

    def judged(self, evse_id: int, accepted: bool, status: str, now_ms: int) -> None:
        """What became of a key code. status: AuthorizationStatus, or our own word."""
        if accepted:
            self._wrong.pop(evse_id, None)
        elif status in WRONG:
            count, _, last_ms = self._wrong.get(evse_id, [0, 0, now_ms])
            count = 1 if now_ms - last_ms >= FORGET_MS else count + 1
            pause_ms = PAUSE_MS << min(count - FREE, 8) if count >= FREE else 0
            self._wrong[evse_id] = [count, now_ms + min(pause_ms, PAUSE_MS_MAX), now_ms]
