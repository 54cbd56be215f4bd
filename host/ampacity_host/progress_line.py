"""One progress line: rewritten in place on a terminal, printed at intervals in a log."""

import sys
import time
from typing import TextIO

LINE_S = 10.0
WIDTH = 110


class ProgressLine:
    """out: where people look; standard output stays free for the result."""

    def __init__(self, out: TextIO = sys.stderr) -> None:
        self._out = out
        self._live = out.isatty()
        self._last = ""
        self._next_s = 0.0

    def show(self, text: str) -> None:
        """What it does now."""
        if text == self._last:
            return
        if self._live:
            self._out.write("\r" + text[:WIDTH].ljust(min(len(self._last), WIDTH)))
        elif time.monotonic() < self._next_s:
            return
        else:
            self._next_s = time.monotonic() + LINE_S
            self._out.write(text + "\n")
        self._last = text
        self._out.flush()

    def end(self) -> None:
        """It is over: the line makes room for the result."""
        if self._live and self._last:
            self._out.write("\r" + " " * min(len(self._last), WIDTH) + "\r")
            self._out.flush()
