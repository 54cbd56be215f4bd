"""What the consoles of one controller have in common: the journal of changes, what is on trial, and the configuration that was sent."""

from ampacity.console.confirmation import Confirmation
from ampacity.console.journal import CONTROLLER, Journal

if False:  # for the type checker
    from collections.abc import Callable
    from typing import Any, Protocol

    from ampacity.base.log import Log
    from ampacity.console.settings import Documents

    class Session(Protocol):
        """Who commits, or sent what is staged. open: its connection has not ended."""

        open: bool

        def who(self) -> str: ...

        def present(self) -> bool: ...

    class SentConfiguration(Protocol):
        """A configuration on its way into the controller."""

        def staged(self) -> "dict[str, Any] | None": ...

        def sender(self) -> "Session | None": ...

        def commit(self, console: Session, minutes: int, now_ms: int) -> str: ...

        def discard(self) -> None: ...


class Changes:
    """documents: of the store. when: function(now_ms) → the time as text, or "". presence: function() → is a person at the controller?"""

    def __init__(
        self, documents: "Documents", log: "Log", when: "Callable[[int], str]", presence: "Callable[[], bool]",
        reverted: "Callable[[str, int], object]",
    ) -> None:
        self.journal = Journal(documents, log, when)
        self.confirmation = Confirmation(log, reverted)
        self.present = presence
        self.sent: "SentConfiguration | None" = None

    def staged(self) -> "dict[str, Any] | None":
        """What is known of the configuration that was sent and checked; None: there is none."""
        return None if self.sent is None else self.sent.staged()

    def sender(self) -> "Session | None":
        """The session that sent it."""
        return None if self.sent is None else self.sent.sender()

    def commit_configuration(self, console: "Session", minutes: int, now_ms: int) -> str:
        """The configuration that was sent becomes active; the answer to the line. Raises Rejected, OSError."""
        return self.sent.commit(console, minutes, now_ms)  # type: ignore[union-attr]  # there is one staged

    def discard(self) -> None:
        """The configuration that was sent is forgotten."""
        if self.sent is not None:
            self.sent.discard()

    def undone(self, what: str, now_ms: int, when: str = "before a restart") -> None:
        """A start has undone what was on trial."""
        self.journal.add(CONTROLLER, ["%s not confirmed %s: as before the commit" % (what, when)], now_ms)

    def step(self, now_ms: int) -> None:
        """Housekeeping: what was not confirmed in time is undone."""
        what = self.confirmation.step(now_ms)
        if what:
            self.undone(what, now_ms, "in time")
