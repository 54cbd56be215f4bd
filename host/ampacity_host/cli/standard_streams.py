"""Standard streams that are closed, full or read by nobody: no command ends in a traceback for them, and `ampacity run` not at all."""

import errno
import os
import sys
from collections.abc import Callable
from typing import Any

UNWRITABLE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EPIPE)
NAMES = ("stdin", "stdout", "stderr")


def open_missing() -> None:
    """What was closed by who started us leads to /dev/null: else the next file that anybody opens, a serial line for one, has its number."""
    for number, name in enumerate(NAMES):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # the lowest number that is free is this one
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, "w" if number else "r", closefd=False))  # noqa: SIM115  for as long as the process lives


class Forgiving:
    """A text stream whose errors are nobody's: what it does not take is lost."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        try:
            self._stream.write(text)
        except OSError:
            pass
        return len(text)

    def flush(self) -> None:
        try:
            self._stream.flush()
        except OSError:
            pass


def forgive() -> None:
    """From now on nothing that this process says can end it."""
    for name in NAMES[1:]:
        setattr(sys, name, Forgiving(getattr(sys, name)))


def guarded(command: Callable[[], None]) -> None:
    """Run it to its exit; 1 with one line where standard output does not take what it says, without one where nobody reads it."""
    try:
        try:
            command()
        finally:
            sys.stdout.flush()
    except OSError as problem:
        if problem.errno not in UNWRITABLE:
            raise
        forgive()
        if problem.errno != errno.EPIPE:
            print(f"ampacity: standard output: {problem.strerror}", file=sys.stderr, flush=True)
        sys.exit(1)
