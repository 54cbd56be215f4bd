"""A change that was committed on trial: it returns by itself unless it is confirmed in time.

What is on trial has `what` (text), `confirm()` and `revert()`; both raise OSError where the medium refuses, and are tried again.
"""

from ampacity.base.errors import NotNow, Rejected
from ampacity.base.printable import is_digits

if False:  # for the type checker
    from collections.abc import Callable
    from typing import Protocol

    from ampacity.base.log import Log

    class OnTrial(Protocol):
        """A change that can still be undone."""

        what: str

        def confirm(self) -> None: ...

        def revert(self) -> None: ...

MINUTES, MINUTES_MAX = 10, 120
MINUTE_MS = 60000
AGAIN_MS = 2000  # after a medium refused
NONE = "nothing is on trial"


class Confirmation:
    """At most one change. log: of the role. reverted: function(what, now_ms), called when the state before one is back."""

    def __init__(self, log: "Log", reverted: "Callable[[str, int], object]") -> None:
        self._log = log
        self._reverted = reverted
        self._change: "OnTrial | None" = None
        self._until_ms = 0

    def begin(self, change: "OnTrial", minutes: int, now_ms: int) -> None:
        """From now on this change is on trial."""
        self._change = change
        self._until_ms = now_ms + minutes * MINUTE_MS

    def what(self) -> "str | None":
        """What is on trial; None: nothing."""
        return None if self._change is None else self._change.what

    def left_s(self, now_ms: int) -> int:
        """Seconds until it returns, at least 0."""
        return max(0, self._until_ms - now_ms + 999) // 1000

    def need_none(self, but: "str | None" = None) -> None:
        """Raises NotNow while a change is on trial: a second one would have nothing to return to. but: what may be."""
        if self._change is not None and self._change.what != but:
            raise NotNow("commit", "", "%s: on trial already; `commit confirm` keeps, `rollback` undoes what was committed" % self._change.what)

    def confirm(self) -> str:
        """It stays; what stays. Raises NotNow: nothing is on trial; OSError: it still is."""
        if self._change is None:
            raise NotNow("commit", "confirm", NONE)
        self._change.confirm()
        what, self._change = self._change.what, None
        return what

    def revert(self, now_ms: int) -> str:
        """It returns now; what returned. Raises NotNow: nothing is on trial; OSError: it still is."""
        if self._change is None:
            raise NotNow("rollback", "", NONE)
        self._change.revert()
        what, self._change = self._change.what, None
        self._reverted(what, now_ms)
        return what

    def step(self, now_ms: int) -> "str | None":
        """Called at least every few seconds: what was not confirmed in time is undone, and named once."""
        if self._change is None or now_ms < self._until_ms:
            return None
        self._until_ms = now_ms + AGAIN_MS
        try:
            what = self.revert(now_ms)
            self._log.add("warning", "%s: not confirmed in time: as before the commit" % what, now_ms)
            return what
        except (OSError, MemoryError) as e:
            self._log.counter("storage_errors")
            self._log.add("error", "%s: not confirmed in time, and cannot be undone: %s" % (self.what(), e), now_ms)
        return None


def parse_minutes(words: "list[str] | tuple[str, ...]") -> int:
    """The confirm time of `commit [MINUTES]`, 0 to 120. Raises Rejected."""
    if not words:
        return MINUTES
    if len(words) > 1 or not is_digits(words[0]) or int(words[0]) > MINUTES_MAX:
        raise Rejected("commit", " ".join(words), "confirm, or 0..%d minutes; 0 commits without a confirm time" % MINUTES_MAX)
    return int(words[0])
