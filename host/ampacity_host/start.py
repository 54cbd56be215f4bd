"""Where `ampacity` begins. Ctrl-C ends it with 130 and without a traceback from here on: while its modules are read, and while it ends."""

import os
import signal
import sys

CTRL_C = 130


def end_at_once(_number: int, _frame: object) -> None:
    """Ctrl-C before the work or after it: nothing has to be closed."""
    os._exit(CTRL_C)


def replace_handler(was: object, now: object) -> None:
    """Replaces the handler of Ctrl-C if it is `was`: a process that ignores Ctrl-C, or has its own handler, keeps it."""
    if signal.getsignal(signal.SIGINT) is was:
        signal.signal(signal.SIGINT, now)  # type: ignore[arg-type]


def main() -> None:
    """The program."""
    replace_handler(signal.default_int_handler, end_at_once)
    from ampacity_host.cli import main as commands

    try:
        replace_handler(end_at_once, signal.default_int_handler)
        commands()
    except KeyboardInterrupt:  # before the commands themselves look for it
        sys.exit(CTRL_C)
    finally:
        replace_handler(signal.default_int_handler, end_at_once)


if __name__ == "__main__":
    main()
