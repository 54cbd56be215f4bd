"""Has a device restarted since it was asked? An unbroken row of answers says no (safety.md, rule 8).

One that restarts answers nothing that it was asked before, and hears nothing for boot_ms. So while each request that it
answered had reached it within boot_ms of its last sign of life, all its answers are of one life, however long each took:
what was read at the beginning of the row still holds at its end. Behind a gateway an answer may be older than it seems;
there an answer is a sign of life only of the moment of its request.
"""

from ampacity.base.quantities import seconds

HEARD_MS = 100  # from our decision until a request has reached the device; and what our own loop may be late by
NEVER_MS = -1
AGAIN_MS = 2000  # after a round without effect, twice as long after each further one, up to
AGAIN_MS_MAX = 30000
DENIED_MS = 1000
HELP = "set boot_s if its restart takes longer, or connect it to a faster bus"


class Liveness:
    """One device. boot_ms: the least time that it needs to restart and listen again; held: its answers may be held on their way."""

    since_ms = NEVER_MS  # asked then, and not restarted since
    seen_ms = NEVER_MS  # last known to be there

    def __init__(self, boot_ms: int, held: bool) -> None:
        self._boot_ms = boot_ms
        self._held = held

    def answered(self, asked_ms: int, now_ms: int) -> None:
        """It has answered, for certain, what it was asked at asked_ms."""
        reached_ms = now_ms if self._held else min(now_ms, asked_ms + HEARD_MS)
        if self.seen_ms < 0 or reached_ms - self.seen_ms > self._boot_ms:
            self.since_ms = asked_ms
        self.seen_ms = asked_ms if self._held else now_ms

    def broken(self) -> None:
        """A request was not answered: it may be restarting."""
        if self.seen_ms >= 0:
            self.since_ms = self.seen_ms = NEVER_MS

    def since(self, now_ms: int) -> int:
        """What was asked for since then holds for a frame that leaves now."""
        age_ms = now_ms - self.seen_ms + (0 if self._held else HEARD_MS)
        if self.seen_ms >= 0 and age_ms <= self._boot_ms:
            return min(self.since_ms, now_ms - self._boot_ms)
        return now_ms - self._boot_ms


class SettingsTiming:
    """Are settings read soon enough for an order to follow? When a whole round of them was not, the next comes ever later."""

    hold_ms = NEVER_MS  # no round before
    _held_ms = NEVER_MS  # since when
    _late_rounds = 0  # rounds in a row after which the order could not leave
    begun = False  # a round was begun for an order that has not left since

    def may_begin(self, now_ms: int, lowering: bool) -> bool:
        """May a round begin now for an order that waits for it? A lower does not wait long."""
        if now_ms < self.hold_ms and not (lowering and now_ms - self._held_ms >= DENIED_MS):
            return False
        if not self.begun:
            self.begun = True
            return True
        self.begun = False
        self._held_ms = now_ms
        self.hold_ms = now_ms + min(AGAIN_MS << min(self._late_rounds, 5), AGAIN_MS_MAX)
        self._late_rounds += 1
        return False

    def denied(self, now_ms: int) -> None:
        """They were in time, and the order still may not leave: they are read again when it has waited for a while."""
        self.begun = False
        self._held_ms = now_ms
        self.hold_ms = max(self.hold_ms, now_ms + DENIED_MS)

    def left(self) -> None:
        """An order has left: the next one is another matter."""
        self.begun = False
        self.hold_ms = NEVER_MS

    def cut(self) -> None:
        """The round was not answered to its end: that shows nothing."""
        self.begun = False

    def done(self) -> None:
        """They were in time."""
        if self._late_rounds:
            self._late_rounds, self.hold_ms = 0, NEVER_MS

    @property
    def late(self) -> bool:
        """Was the last round without effect?"""
        return self._late_rounds > 0


def too_slow(taken_ms: int, boot_ms: int) -> str:
    """What is said of such a device."""
    figures = (seconds(taken_ms + 99), seconds(boot_ms))  # the first rounded up
    return "bus too slow: reading its settings takes %s, a restart may take only %s; " % figures + HELP
