"""Closed, full or unread standard streams: they cause no traceback in any command, and never end `ampacity run`."""

import errno
import os
import sys
from collections.abc import Callable
from typing import Any

UNWRITABLE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EPIPE)
NAMES = ("stdin", "stdout", "stderr")


def open_missing() -> None:
    """Opens /dev/null for closed standard streams: otherwise the next opened file, such as a serial line, gets their number."""
    for number, name in enumerate(NAMES):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # the lowest number that is free is this one
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, "w" if number else "r", closefd=False))  # noqa: SIM115  for as long as the process lives


class Forgiving:
    """A text stream that ignores errors: text that cannot be written is lost."""

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
    """Run it to its exit; 1 with one line if standard output fails, without a line if its reader is gone."""
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
