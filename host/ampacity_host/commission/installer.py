"""Answers to questions that need observation: from an installer at the keyboard, or none in an unattended run."""

import io
import queue
import sys
import threading
from collections.abc import Iterator
from typing import Protocol

WORDS = {"": "next", "y": "next", "yes": "next", "next": "next", "n": "no", "no": "no", "s": "skip", "skip": "skip", "a": "abort", "abort": "abort"}
CHOICES = "[Enter] yes / continue, [n]o, [s]kip, [a]bort"
LOAD_PATIENCE = 60  # looks at an EVSE without a load, until its test is skipped


class Installer(Protocol):
    """poll: the answer to the present question (next, no, skip, abort), None: no answer yet. asked: a new question is open."""

    def asked(self) -> None: ...

    def poll(self, evse: str, step: str) -> "str | None": ...

    def agrees(self, question: str) -> bool: ...


def typed() -> Iterator[str]:
    """Lines of standard input, read without a buffer: its lock, held by a thread that reads, breaks the end of the interpreter."""
    try:
        number = sys.stdin.fileno()
    except (OSError, ValueError):
        yield from sys.stdin
        return
    for line in io.FileIO(number, closefd=False):
        yield line.decode(errors="replace")


class KeyboardInstaller:
    """Lines of standard input, read during the run. Unknown words are printed with the permitted ones."""

    def __init__(self) -> None:
        self._lines: "queue.Queue[str | None]" = queue.Queue()
        self._over = False
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for line in typed():
            self._lines.put(line.strip().lower())
        self._lines.put(None)

    def asked(self) -> None:
        """What was typed at a terminal before the question is no answer to it."""
        while sys.stdin.isatty() and not self._over and not self._lines.empty():
            self._take()

    def poll(self, evse: str, step: str) -> "str | None":
        line = None if self._lines.empty() else self._take()
        if line is None:
            return None
        if line not in WORDS:
            print(f"  {line!r}? {CHOICES}", file=sys.stderr)
        return WORDS.get(line)

    def _take(self) -> "str | None":
        """The next line, None at the end of them."""
        line = self._lines.get()
        if line is None:
            self._lines.put(None)
            if not self._over:
                print("  standard input is closed: answer with `commission next` (no, skip, abort) at the console", file=sys.stderr)
            self._over = True
        return line

    def agrees(self, question: str) -> bool:
        print(f"? {question} [Enter] yes, [n]o", file=sys.stderr, flush=True)
        line = self._take()
        return line is not None and WORDS.get(line) == "next"


class NoInstaller:
    """Says neither yes nor no to what it cannot see: such steps are left out, and the report says so."""

    def __init__(self, patience: int = LOAD_PATIENCE) -> None:
        self._patience = patience
        self._waited: dict[str, int] = {}

    def asked(self) -> None:
        """No effect: there is no installer."""

    def poll(self, evse: str, step: str) -> "str | None":
        if step == "load":
            self._waited[evse] = self._waited.get(evse, 0) + 1
            return "skip" if self._waited[evse] > self._patience else None
        return "skip"

    def agrees(self, question: str) -> bool:
        return False
