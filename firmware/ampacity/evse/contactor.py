"""The contactor and its feedback: never closed before it was seen open, and counted as open only when seen open."""

FEEDBACK_MS = 1000  # time for coil, arc and mirror contact; products look after as long


class Contactor:
    """`closed`: the command. feedback given to observe(): True closed, False open, None: there is no feedback."""

    def __init__(self, feedback_ms: int = FEEDBACK_MS) -> None:
        self.closed = False
        self._feedback_ms = feedback_ms
        self._since_ms: "int | None" = None

    def command(self, closed: bool, now_ms: int) -> None:
        """Tell the coil; the same again changes nothing."""
        if closed != self.closed:
            self.closed = closed
            self._since_ms = now_ms

    def observe(self, feedback: "bool | None", now_ms: int) -> "str | None":
        """None, "welded" (open, but seen closed) or "contactor" (closed, but seen open), after its time to move."""
        if self._since_ms is None or feedback is None:  # unknown also while the order waits for a test or a lock: its time begins then
            self._since_ms = now_ms
        if feedback is None or feedback == self.closed or now_ms - self._since_ms < self._feedback_ms:
            return None
        return "contactor" if self.closed else "welded"

    def may_close(self, feedback: "bool | None") -> bool:
        """Only what was seen open may be closed."""
        return not feedback

    def settles_at_ms(self, feedback: "bool | None") -> "int | None":
        """When observe() can say more than now, or None."""
        if self._since_ms is None or feedback is None or feedback == self.closed:
            return None
        return self._since_ms + self._feedback_ms
