"""`ampacity console`: lines to a running controller's console and its answers, one command or a conversation.

What is asked before something dangerous is asked by the controller itself, so every way to its console is equally safe. Here only
the person's side of it is: at a terminal the question of a single command waits for `yes`; without one it is exit code 1.
"""

import json
import sys

from ampacity.console.console import ASK
from ampacity_host.console.controller_option import ControllerRef, door_of
from ampacity_host.console.link import REFUSED, BlockingLink, Door, Link, LinkLost
from ampacity_host.failure import failed

LEAVE = ("exit", "quit")
INTERRUPTED = 130
JSON = "--json"
WITH_JSON = {"show": None, "state": None, "scan": ("status",), "commission": ("status", "report"), "replace": ("status",)}  # None: all of it


def console_command(line: str, controller: ControllerRef, as_json: bool = False) -> int:
    """0 answered, 1 refused by the controller, 2 wrong usage, 3 no connection, 130 Ctrl-C."""
    if as_json and not line:
        return failed("--json goes with one command: ampacity console --json show", 2)
    try:
        door = door_of(controller)
    except ValueError as problem:
        return failed(problem, 2)
    link = BlockingLink(door)
    try:
        return one(link, line, as_json) if line else conversation(link, door)
    except LinkLost as problem:
        return failed(problem, 3)
    except KeyboardInterrupt:
        print(file=sys.stderr)
        return INTERRUPTED
    finally:
        link.close()


def one(link: Link, line: str, as_json: bool = False) -> int:
    """One command; where it asks, the person at the terminal answers."""
    text = link.ask(f"{line} {JSON}" if as_json and has_json(line.split()) else line)
    status = answered(in_json(text) if as_json else text, text)
    if not text.startswith(ASK):
        return status
    if not sys.stdin.isatty():
        return failed("nothing was done; add --yes to do it", 1)
    if (read_line("> ") or "").strip() == "yes":
        text = link.ask("yes")
        return answered(in_json(text) if as_json else text, text)
    print("not done", file=sys.stderr if as_json else None)
    return 1


def has_json(words: list[str]) -> bool:
    """Does this command know the word? To any other it would be one too many, or a part of a value."""
    some = WITH_JSON.get(words[0], ())
    return some is None or (words[1] if len(words) > 1 else "status") in some


def in_json(text: str) -> str:
    """An object, also of an answer that has none."""
    try:
        json.loads(text)
        return text
    except ValueError:
        refused = text.startswith(REFUSED)
        return json.dumps({"error": text.removeprefix(REFUSED)} if refused else {"text": text})


def conversation(link: Link, door: Door) -> int:
    """Every line until the end or `exit`. A person gets history and completion; of a pipe any refusal makes the exit code 1."""
    link.ask("")  # detects a missing connection before the first input
    person = sys.stdin.isatty()
    if person:
        from ampacity_host.console.line_editing import enable_line_editing

        enable_line_editing(link)
        print(f"connected to {door.name}; `help` lists the commands, `help COMMAND` explains one, Ctrl-D ends the session", file=sys.stderr)
    status = 0
    while True:
        typed = read_line("> " if person else "")
        if typed is None or typed.strip() in LEAVE:
            if person and typed is None:
                print()
            return 0 if person else status
        if typed.strip():
            status = max(status, answered(link.ask(typed.strip())))


def read_line(prompt: str) -> str | None:
    """A line from the person or the pipe; None at its end."""
    try:
        return input(prompt)
    except EOFError:
        return None


def answered(shown: str, text: str | None = None) -> int:
    """Print it; 1 where it is a refusal. text: what was said, where it is shown as something else."""
    print(shown, flush=True)
    return 1 if (text or shown).startswith(REFUSED) else 0
