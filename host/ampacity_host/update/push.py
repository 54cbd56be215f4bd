"""`ampacity bundle push`: a bundle or a key list to a running controller, over its console, in pieces; continued after a break."""

import json
import re
import time
from base64 import b64encode
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

from ampacity.console.transfer import DATA_BYTES_MAX
from ampacity_host.console.controller_option import ControllerRef, door_of
from ampacity_host.console.link import REFUSED, BlockingLink, Link, LinkLost, needs_login
from ampacity_host.failure import failed
from ampacity_host.progress import Progress

OWN, FOR_SECONDARIES = "bundle", "secondaries"  # what the controller does with it
OK, NOT_TAKEN, USAGE, NO_CONNECTION = 0, 1, 2, 3
WANTS = re.compile(r"offset (\d+)$")
ENDS = re.compile(r".+ is ready in slot [ab]; |keys in force$|\d+ bytes are ready for secondaries: ")  # answers to a finished `transfer end`
LOOK_S = 0.2  # between two questions while the controller works
STILL_S = 120.0  # a controller that wants nothing new for so long has stopped
BREAKS_MAX = 10  # lost connections
BREAKS_FIRST = 2  # before any answer: a wrong place, or a controller that is off


class NotTaken(Exception):
    """The controller refuses; its own words."""


class Push:
    """One file on its way. password: of the installer, for each new connection; sleep: of the computer."""

    def __init__(
        self, link: Link, data: bytes, progress: Progress, sleep: Callable[[float], None] = time.sleep, password: str | None = None,
    ) -> None:  # fmt: skip
        self._link, self._data, self._progress, self._sleep, self._password = link, data, progress, sleep, password
        self.sent = 0
        self._answered = False

    def run(self, name: str) -> str:
        """The controller's last words. Raises NotTaken, LinkLost."""
        begin = f"transfer begin {name} {len(self._data)} {sha256(self._data).hexdigest()}"
        breaks = 0
        while True:
            try:
                return self._through(begin, name)
            except LinkLost as problem:
                breaks += 1
                if breaks >= (BREAKS_MAX if self._answered else BREAKS_FIRST):
                    raise
                self._progress.note(name, "the connection was lost; it continues" if self._answered else f"{problem}; once more")
                self._sleep(1.0)

    def _through(self, begin: str, name: str) -> str:
        answer, moved_s, before = self._ask(begin), time.monotonic(), -1
        while found := WANTS.match(answer):
            at = int(found[1])
            self._progress.part(name, "sent", at, len(self._data))
            if at != before:
                before, moved_s = at, time.monotonic()
            elif time.monotonic() - moved_s > STILL_S:
                raise NotTaken(f"the controller has wanted byte {at} for {STILL_S:.0f} s")
            else:
                self._sleep(LOOK_S)
            if at >= len(self._data):
                answer = self._ask("transfer end")
                if ENDS.match(answer):
                    return answer
            else:
                piece = self._data[at : at + DATA_BYTES_MAX]
                answer = self._ask(f"transfer data {at} {b64encode(piece).decode()}")
                self.sent += len(piece)
        raise NotTaken(f"transfer: the controller gave no answer that is known here, but {answer!r}")

    def _ask(self, line: str) -> str:
        answer = self._link.ask(line)
        self._answered = True
        if self._password is not None and needs_login(answer):
            accepted(self._link.ask(f"login {self._password}"))
            answer = self._link.ask(line)
        if answer.startswith(REFUSED):
            text = answer.removeprefix(REFUSED)
            if text.startswith("the connection was lost"):
                raise LinkLost(text)
            raise NotTaken(text)
        return answer


def push_command(file: Path, controller: ControllerRef, password: str | None, activate: bool, as_json: bool, name: str = OWN) -> int:
    """0 taken, 1 refused, 2 wrong usage, 3 no connection. name: OWN, or FOR_SECONDARIES."""
    try:
        data, door = file.read_bytes(), door_of(controller)
    except OSError as problem:
        return failed(f"{file}: {problem.strerror}", USAGE)
    except ValueError as problem:
        return failed(problem, USAGE)
    link = BlockingLink(door) if password is None else BlockingLink(door, lambda: password)
    began_s = time.monotonic()
    try:
        push = Push(link, data, Progress(as_json), password=password)
        text = push.run(name)
        taken_s = time.monotonic() - began_s
        shown = facts_of(link)
        if activate:
            text = activated(link)
    except NotTaken as problem:
        return refused(str(problem), facts_of(link), as_json)
    except LinkLost as problem:
        return failed(problem, NO_CONNECTION)
    finally:
        link.close()
    facts = {"ok": True, "bytes": len(data), "sent": push.sent, "seconds": round(taken_s, 1), "text": text, "update": shown}
    print(json.dumps(facts) if as_json else f"{text}\n{push.sent} bytes in {taken_s:.1f} s, {push.sent / max(taken_s, 0.001):.0f} bytes/s")
    return OK


def activated(link: Link) -> str:
    """The controller's words; it may restart before they have left. Raises NotTaken."""
    text = link.ask("update activate --yes")
    if text.startswith(f"{REFUSED}the connection was lost"):
        return "restarting"
    if not accepted(text).startswith("restarting"):
        raise NotTaken(f"update activate: the controller gave no answer that is known here, but {text!r}")
    return text


def accepted(text: str) -> str:
    """An answer that is no refusal. Raises NotTaken."""
    if text.startswith(REFUSED):
        raise NotTaken(text.removeprefix(REFUSED))
    return text


def facts_of(link: Link) -> dict[str, Any]:
    """`show update` of the controller; empty where it has none."""
    try:
        found = json.loads(link.ask("show update --json"))
    except (LinkLost, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def refused(text: str, shown: dict[str, Any], as_json: bool) -> int:
    """The refusal, with its field where the controller has told it."""
    field = (shown.get("refused") or {}).get("field") or text.split()[0]
    if as_json:
        print(json.dumps({"ok": False, "field": field, "error": text}))
        return NOT_TAKEN
    return failed(text, NOT_TAKEN)
