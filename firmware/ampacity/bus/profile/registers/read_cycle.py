"""A group of reads that comes round again: which span is next, and when the round is due; and of two jobs the one to do."""

if False:  # for the type checker
    from typing import Any


class ReadCycle:
    """spans: how many requests a round has; period_ms: from the start of one round to the start of the next; readings: where
    its values go, where a device has several tables of them."""

    readings: "Any" = None
    failed_ms = -1  # when the last round ended without an answer; -1: it did not
    began_ms = before_ms = -1  # when this round of live readings, and the one before, began
    uncertain = False  # an answer of this round may be that to a request of the round before

    def __init__(self, group: str, spans: int, period_ms: int, readings: "Any" = None) -> None:
        if readings is not None:
            self.readings = readings
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
        if self.started_ms < 0 or self.at == 0:
            if self.group == "live":
                self.before_ms, self.began_ms = self.began_ms, now_ms
            self.at, self.started_ms, self.failed_ms = 0, now_ms, -1
            if self.uncertain:
                self.uncertain = False
        return self.at

    def sampled_ms(self) -> int:
        """When what this round shows was sampled at the earliest, as long as no more than one answer is under way."""
        return self.before_ms if self.uncertain else self.started_ms

    def step(self, now_ms: int) -> bool:
        """The span was answered, or given up. True: the round is over. A late answer of a round that was restarted is none of this."""
        if self.started_ms < 0:
            return False
        self.at += 1
        if self.at < self.spans:
            return False
        self.at = 0
        self.done_ms = now_ms
        return True

    def fail(self, now_ms: int) -> None:
        """A request of the round was not answered: the next round is due after the period, or at once if a caller waits for it."""
        self.at, self.failed_ms = 0, now_ms

    def ask(self, since_ms: int) -> bool:
        """A caller waits for what is read at since_ms or later. True: a round is due at once; False: one has read that, or is under way. The round
        after one that failed is due since then, not before everything else: what is not answered keeps no other group waiting."""
        if self.at or self.started_ms >= since_ms and self.failed_ms < 0:
            return False
        if self.failed_ms < 0:
            self.restart()
        else:
            self.started_ms = self.failed_ms - self.period_ms
        return True

    def restart(self) -> None:
        """Begin a round at once."""
        self.at = 0
        self.started_ms = -1
        self.done_ms = -1


def first_due(best: "tuple[Any, ...] | None", other: "tuple[Any, ...]", now_ms: int) -> "tuple[Any, ...]":
    """Of two jobs (class, due, take) the one to do: due ones by class, then the earlier due."""
    if best is None:
        return other
    if (best[1] <= now_ms) != (other[1] <= now_ms):
        return best if best[1] <= now_ms else other
    if best[1] <= now_ms:
        return best if (best[0], best[1]) <= (other[0], other[1]) else other
    return best if best[1] <= other[1] else other
