"""A group of reads that comes round again: which span is next, and when the round is due."""


class Cycle:
    """spans: how many requests a round has; period_ms: from the start of one round to the start of the next."""

    def __init__(self, group: str, spans: int, period_ms: int) -> None:
        self.group = group
        self.spans = spans
        self.period_ms = period_ms
        self.at = 0
        self.started_ms = -1
        self.done_ms = -1

    def due_ms(self) -> int:
        """When the next request of the round is due: at once inside a round."""
        if self.at or self.started_ms < 0:
            return self.started_ms
        return self.started_ms + self.period_ms

    def begin(self, now_ms: int) -> int:
        """The span to ask for now."""
        if self.at == 0:
            self.started_ms = now_ms
        return self.at

    def step(self, now_ms: int) -> bool:
        """The span was answered, or given up. True: the round is over."""
        self.at += 1
        if self.at < self.spans:
            return False
        self.at = 0
        self.done_ms = now_ms
        return True

    def restart(self) -> None:
        """Begin a round at once."""
        self.at = 0
        self.started_ms = -1
        self.done_ms = -1
