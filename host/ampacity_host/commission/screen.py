"""What a person sees while a commissioning runs: finished steps as lines, the running one live, findings in colour."""

import time

from rich.console import Console
from rich.markup import escape

from ampacity.commission.report import without_name
from ampacity_host.commission.installer import CHOICES

MARKS = {"passed": "[green]ok  [/]", "failed": "[red]FAIL[/]", "not done": "[yellow]open[/]", "not needed": "[dim]-   [/]"}
PROGRESS_S = 10.0
COLOURS = {"error": "red", "warning": "yellow"}


class Screen:
    """console: rich; without a terminal the live line is a plain one every PROGRESS_S."""

    def __init__(self, console: "Console | None" = None) -> None:
        self._console = console or Console(stderr=True, highlight=False, soft_wrap=True)
        self._live = self._console.status("") if self._console.is_terminal else None
        self._running = False
        self._due_s = 0.0

    def progress(self, text: str) -> None:
        if self._live is None:
            if time.monotonic() >= self._due_s:
                self._due_s = time.monotonic() + PROGRESS_S
                self.note(text)
            return
        self._live.update(escape(text))
        if not self._running:
            self._live.start()
            self._running = True

    def note(self, text: str) -> None:
        self._console.print(escape(text))

    def done(self, name: str, step: str, outcome: str, text: str) -> None:
        self._console.print(f"{MARKS.get(outcome, outcome)} {escape(name)} {escape(step)}: {escape(without_name(name, text))}")

    def show_finding(self, level: str, text: str, fix: str) -> None:
        colour = COLOURS.get(level, "white")
        self._console.print(f"[{colour}]{level}: {escape(text)}[/]\n    fix: {escape(fix)}")

    def ask(self, text: str) -> None:
        self.close()
        self._console.print(f"[bold]? {escape(text)}[/]\n  {escape(CHOICES)}")

    def close(self) -> None:
        if self._live is not None and self._running:
            self._live.stop()
            self._running = False
