"""Progress of long work for people, on standard error: one line that is written over on a terminal, else a line at each quarter."""

import sys
import threading

QUARTERS = 4


class Progress:
    """Progress of several tasks at once. quiet: nothing is printed, as with --json. Calls may come from several threads."""

    def __init__(self, quiet: bool) -> None:
        self._quiet = quiet
        self._terminal = sys.stderr.isatty()
        self._lock = threading.Lock()
        self._shown: dict[tuple[str, str], int] = {}
        self._open = False  # is there a line that was not ended?

    def part(self, who: str, what: str, done: int, whole: int) -> None:
        """So much of a task is done; the same amount is shown once."""
        share = done * 100 // max(whole, 1)
        step = share if self._terminal else share * QUARTERS // 100
        with self._lock:
            if self._quiet or self._shown.get((who, what)) == step:
                return
            self._shown[who, what] = step
            self._print(f"{who}: {what}: {share} %", done >= whole or not self._terminal)

    def note(self, who: str, text: str) -> None:
        """One line that stays."""
        with self._lock:
            if not self._quiet:
                self._print(f"{who}: {text}", True)

    def _print(self, text: str, ends: bool) -> None:
        start = "\r\x1b[K" if self._terminal and self._open else ""
        print(start + text, end="\n" if ends else "", file=sys.stderr, flush=True)
        self._open = not ends
