"""An input that counts when it held for its time."""


class Debounce:
    """`on`: the state that counts."""

    def __init__(self, debounce_ms: int) -> None:
        self.on = False
        self._debounce_ms = debounce_ms
        self._since_ms: "int | None" = None

    def step(self, on: bool, now_ms: int) -> bool:
        """One reading; True: `on` changed by it."""
        if on == self.on:
            self._since_ms = None
            return False
        if self._since_ms is None:
            self._since_ms = now_ms
        if now_ms - self._since_ms < self._debounce_ms:
            return False
        self.on = on
        self._since_ms = None
        return True
