"""Questions on a terminal, one after another: a default, the unit, the allowed range; `?` explains; a wrong answer is asked again."""

import getpass
import sys
from collections.abc import Callable
from typing import Any

from ampacity_host.configure.new.answers import BadAnswer, allowed, unit_of, value_of

NOTHING = "-"
MARK = "?"


class Ended(Exception):
    """The input ended before the last answer."""


class Person:
    """Asks on standard error and reads standard input, so that standard output is free for --json."""

    def show(self, text: str) -> None:
        print(text, file=sys.stderr, flush=True)

    def line(self, prompt: str) -> str:
        """One line without its end. Raises Ended."""
        print(prompt, end="", file=sys.stderr, flush=True)
        text = sys.stdin.readline()
        if not text:
            raise Ended
        return text.strip()

    def ask(self, text: str, read: Callable[[str], Any], default: "str | None" = None, explain: str = "", hint: str = "") -> Any:
        """The answer as `read` gives it; it raises BadAnswer to be asked again. default: what Enter means; None: an answer is needed."""
        shown = "" if default is None else f" [{default or 'none'}]"
        prompt = f"{text}{f' ({hint})' if hint else ''}{shown}: "
        while True:
            typed = self.line(prompt)
            if typed == MARK:
                self.show(f"  {explain}" + (f" Allowed: {hint}." if hint else ""))
                continue
            if not typed and default is None:
                self.show("  an answer is needed; ? explains")
                continue
            try:
                return read("" if typed == NOTHING and default == "" else typed or str(default))
            except BadAnswer as bad:
                self.show(f"  {bad}")

    def field(self, text: str, kind: str, key: str, default: "object | None" = None, explain: str = "") -> Any:
        """A field of the site file; None for the answer "none", which default "" permits."""
        unit = unit_of(key)
        hint = allowed(kind, key)
        hint = hint if not unit or unit in hint.split() else f"{unit}, {hint}"

        def read(typed: str) -> Any:
            return None if typed == "" else value_of(kind, key, typed)

        return self.ask(text, read, None if default is None else str(default), explain, hint)

    def yes(self, text: str, default: bool, explain: str = "") -> bool:
        def read(typed: str) -> bool:
            if typed.lower() in ("y", "yes", "n", "no"):
                return typed.lower().startswith("y")
            raise BadAnswer("answer y or n")

        return bool(self.ask(text, read, "y" if default else "n", explain, "y or n"))

    def secret(self, text: str) -> str:
        """A line that is not shown. Raises Ended."""
        try:
            return getpass.getpass(text, stream=sys.stderr).strip()
        except EOFError:
            raise Ended from None
