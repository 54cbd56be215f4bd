"""Who answers what only eyes can see: a person at the keyboard, or nobody (an unattended run)."""

import queue
import sys
import threading
from typing import Protocol

WORDS = {"": "next", "y": "next", "yes": "next", "next": "next", "n": "no", "no": "no", "s": "skip", "skip": "skip", "a": "abort", "abort": "abort"}
CHOICES = "[Enter] yes / go on, [n]o, [s]kip, [a]bort"
LOAD_PATIENCE = 60  # looks at a place without a load, until nobody is expected any more


class Person(Protocol):
    """poll: the word for what is asked now (next, no, skip, abort), None: nothing was said."""

    def poll(self, evse: str, step: str) -> "str | None": ...

    def agrees(self, question: str) -> bool: ...


class Keyboard:
    """Lines of standard input, read while the run goes on. Other words are told back with those there are."""

    def __init__(self) -> None:
        self._lines: "queue.Queue[str | None]" = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for line in sys.stdin:
            self._lines.put(line.strip().lower())
        self._lines.put(None)

    def poll(self, evse: str, step: str) -> "str | None":
        try:
            line = self._lines.get_nowait()
        except queue.Empty:
            return None
        if line is None:
            return None
        if line not in WORDS:
            print(f"  {line!r}? {CHOICES}", file=sys.stderr)
        return WORDS.get(line)

    def agrees(self, question: str) -> bool:
        print(f"? {question} [Enter] yes, [n]o", file=sys.stderr, flush=True)
        line = self._lines.get()
        return line is not None and WORDS.get(line) == "next"


class Nobody:
    """Says neither yes nor no to what it cannot see: such steps are left out, and the report says so."""

    def __init__(self, patience: int = LOAD_PATIENCE) -> None:
        self._patience = patience
        self._waited: dict[str, int] = {}

    def poll(self, evse: str, step: str) -> "str | None":
        if step == "load":
            self._waited[evse] = self._waited.get(evse, 0) + 1
            return "skip" if self._waited[evse] > self._patience else None
        return "skip"

    def agrees(self, question: str) -> bool:
        return False
