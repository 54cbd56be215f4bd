"""The contactor and its feedback: closed never before it was seen open, and believed open only when seen open."""

FEEDBACK_MS = 1000  # time for coil, arc and mirror contact; products look after as long


class Contactor:
    """`closed`: the command. feedback given to observe(): True closed, False open, None: there is no feedback."""

    def __init__(self, feedback_ms=FEEDBACK_MS):
        self.closed = False
        self._feedback_ms = feedback_ms
        self._since_ms = None

    def command(self, closed, now_ms):
        """Tell the coil; the same again changes nothing."""
        if closed != self.closed:
            self.closed = closed
            self._since_ms = now_ms

    def observe(self, feedback, now_ms):
        """None, "welded" (open, but seen closed) or "contactor" (closed, but seen open), after its time to move."""
        if self._since_ms is None:
            self._since_ms = now_ms
        if feedback is None or feedback == self.closed or now_ms - self._since_ms < self._feedback_ms:
            return None
        return "contactor" if self.closed else "welded"

    def may_close(self, feedback):
        """Only what was seen open may be closed."""
        return not feedback

    def settles_at_ms(self, feedback):
        """When observe() can say more than now, or None."""
        if self._since_ms is None or feedback is None or feedback == self.closed:
            return None
        return self._since_ms + self._feedback_ms
