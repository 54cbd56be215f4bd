"""Events of the safety core for people: (when, kind, text), oldest first, a bounded number."""

EVENTS_MAX = 200


class Events:
    """`kept`: events not yet taken; `dropped`: number of events lost because they were not taken in time."""

    def __init__(self) -> None:
        self.kept: "list[tuple[int, str, str]]" = []
        self.dropped = 0

    def add(self, now_ms: int, kind: str, text: str) -> None:
        """Keeps an event. Beyond EVENTS_MAX the oldest is dropped, and counted in `dropped`."""
        if len(self.kept) >= EVENTS_MAX:
            self.kept.pop(0)
            self.dropped += 1
        self.kept.append((now_ms, kind, text))
