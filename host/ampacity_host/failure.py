"""How a command ends early: one line on standard error, and its exit code."""

import sys


def failed(problem: object, status: int) -> int:
    """Says what is wrong, and gives the exit code that goes with it."""
    print(f"ampacity: {problem}", file=sys.stderr)
    return status
