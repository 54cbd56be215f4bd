"""History and completion for the console of a controller, if Python has readline."""

import atexit
import contextlib
import json
import os
from pathlib import Path

from ampacity_host.console.link import Link, LinkLost

SECRET = ("login", "password")  # lines that begin so, or name one, are kept nowhere
LINES_MAX = 500


def enable_line_editing(link: Link) -> None:
    """Switches both on for `input()`. Without readline there is neither, and nothing else is different."""
    try:
        import readline
    except ImportError:
        return
    completer = Completer(link)
    readline.set_completer_delims(" ")
    readline.set_completer(lambda text, state: completer(readline.get_line_buffer()[: readline.get_begidx()], text, state))
    readline.parse_and_bind("tab: complete")
    file = history_file()
    with contextlib.suppress(OSError):
        readline.read_history_file(file)
    atexit.register(keep, readline, file)


def history_file() -> Path:
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "ampacity" / "console-history"


def keep(readline: object, file: Path) -> None:
    """Writes what was typed, without secrets, readable by its owner only."""
    count = readline.get_current_history_length()  # type: ignore[attr-defined]
    lines = [readline.get_history_item(i + 1) or "" for i in range(count)]  # type: ignore[attr-defined]
    with contextlib.suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out:
            out.write("".join(line + "\n" for line in lines[-LINES_MAX:] if not secret(line)))


def secret(line: str) -> bool:
    words = line.lower().split()
    return bool(words) and (words[0] in SECRET or "password" in line.lower())


class Completer:
    """What may come next: the controller's own commands, the words of their usage, and the names of its site. Asked once."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._usages: dict[str, str] | None = None
        self._names: list[str] = []

    def __call__(self, before: str, begun: str, state: int) -> str | None:
        found = [word for word in self.words(before) if word.startswith(begun)]
        return found[state] + " " if state < len(found) else None

    def words(self, before: str) -> list[str]:
        """before: the beginning of the line."""
        if self._usages is None:
            self._load()
        assert self._usages is not None
        typed = before.split()
        if not typed or typed == ["help"]:
            return sorted(self._usages)
        usage = self._usages.get(typed[0], "")
        plain = [word.strip("[]|…") for word in usage.replace("|", " ").split()[1:]]
        return sorted({word for word in plain if word and word == word.lower()} | set(self._names))

    def _load(self) -> None:
        self._usages = {}
        with contextlib.suppress(LinkLost, ValueError):
            lines = self._link.ask("help").splitlines()
            self._usages = {line.split()[0]: line for line in lines if line.strip()}
            view = json.loads(self._link.ask("show --json"))
            self._names = sorted({*view.get("evses", {}), *view.get("circuits", {}), *view.get("buses", {})})
