"""Runs a tool that prints its progress as "NN %" or "NN.N%", and returns what it printed. The tool is a program of its own."""

import re
import subprocess
from collections.abc import Callable, Sequence

PERCENT = re.compile(r"(\d{1,3})(?:\.\d+)? ?%")
READ_BYTES = 256


class ToolEnded(Exception):
    """The tool ended with an error. output: all that it printed; str(): the line that says why."""

    def __init__(self, output: str) -> None:
        self.output = output
        lines = [line.strip() for line in re.split(r"[\r\n]+", output) if line.strip()]
        super().__init__(next((line for line in reversed(lines) if "rror" in line), lines[-1] if lines else "it printed nothing"))


def percent_in(printed: str) -> int:
    """The last percentage that was printed; 0 for none."""
    found = PERCENT.findall(printed[-READ_BYTES:])
    return min(int(found[-1]), 100) if found else 0


def run_tool(words: Sequence[str], seen: Callable[[str], None]) -> str:
    """What the tool printed. seen: called with all that it printed so far.

    Raises ToolEnded for another exit code than 0, FileNotFoundError without the program.
    """
    with subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        assert process.stdout is not None
        printed = ""
        while part := process.stdout.read1(READ_BYTES):  # type: ignore[attr-defined]
            printed += part.decode(errors="replace")
            seen(printed)
    if process.returncode:
        raise ToolEnded(printed)
    return printed
