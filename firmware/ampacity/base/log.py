"""The controller's own log: a bounded list of lines and a set of counters. What does not fit is dropped and counted.

Lines are facts with units and hold no secret. Every refusal has a counter: it is the counter that one watches,
the line that one reads.
"""


class Log:
    """The last `capacity` lines, numbered from 1, and named counters.

    `counters`: dict name → int. `dropped`: how many lines were pushed out. `echo`: called with each line's
    (n, now_ms, level, text), or None.
    """

    def __init__(self, capacity=200):
        self._capacity = capacity
        self._lines = []
        self._first = 1
        self.counters = {}
        self.dropped = 0
        self.echo = None

    def add(self, level, text, now_ms):
        """level: "debug", "info", "warning", "error". Returns the line's number."""
        n = self._first + len(self._lines)
        line = (n, now_ms, level, text)
        self._lines.append(line)
        if len(self._lines) > self._capacity:
            self._lines.pop(0)
            self._first += 1
            self.dropped += 1
        if self.echo is not None:
            self.echo(line)
        return n

    def since(self, n):
        """All lines still here with a number above n, oldest first: [(n, now_ms, level, text)]."""
        return self._lines[max(0, n + 1 - self._first):]

    def counter(self, name, step=1):
        """Count `step` more of `name`; step 0 only reads. Returns the new value."""
        value = self.counters.get(name, 0) + step
        if step:
            self.counters[name] = value
        return value
