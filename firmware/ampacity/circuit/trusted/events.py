"""What the safety core has to tell people: (when, kind, text), oldest first, a bounded number."""

EVENTS_MAX = 200


class Events:
    """`kept`: those that nobody took yet; `dropped`: how many were lost because nobody came."""

    def __init__(self) -> None:
        self.kept: "list[tuple[int, str, str]]" = []
        self.dropped = 0

    def add(self, now_ms: int, kind: str, text: str) -> None:
        if len(self.kept) >= EVENTS_MAX:
            self.kept.pop(0)
            self.dropped += 1
        self.kept.append((now_ms, kind, text))
