"""Where `ampacity` begins. Ctrl-C ends it with 130 and without a traceback from here on: while its modules are read, and while it ends."""

import os
import signal
import sys

CTRL_C = 130


def leave(_number: int, _frame: object) -> None:
    """Nothing has begun yet, or all is done: there is nothing to put away."""
    os._exit(CTRL_C)


def swap(was: object, now: object) -> None:
    """Another answer to Ctrl-C, where it has that one: what ignores it, or handles it in its own way, goes on doing so."""
    if signal.getsignal(signal.SIGINT) is was:
        signal.signal(signal.SIGINT, now)  # type: ignore[arg-type]


def main() -> None:
    """The program."""
    swap(signal.default_int_handler, leave)
    from ampacity_host.cli import main as commands

    try:
        swap(leave, signal.default_int_handler)
        commands()
    except KeyboardInterrupt:  # before the commands themselves look for it
        sys.exit(CTRL_C)
    finally:
        swap(signal.default_int_handler, leave)


if __name__ == "__main__":
    main()
