"""The configuration of a controller over its console: in pieces of one line each, base64 of deterministic CBOR, with a digest over the whole.

The commands are `config` and `transfer` (firmware, roles/service/configuring.py, console/transfer.py). A login is made where the controller
asks for one.
"""

import base64
import time
from collections.abc import Callable
from typing import Any

import cbor2

from ampacity.console.transfer import DATA_BYTES_MAX
from ampacity.roles.configuration.site_trial import ARMED, RUNNING
from ampacity.roles.service.configuring import NAME
from ampacity_host.configure.transfer.answers import INFO, JUDGED, OFFSET, SETTINGS, Answer, Garbled
from ampacity_host.configure.transfer.canonical import digest, redacted, to_cbor
from ampacity_host.configure.transfer.interfaces import Active, Refusal, Report, Unreachable
from ampacity_host.console.link import REFUSED, BlockingLink, Door, LinkLost, needs_login

BACK_S = 90.0  # a controller restarts in less
LOOK_S = 0.5
ATTEMPTS = 3
BROKEN = "the connection was lost at"
OTHER = "another configuration was sent"


class OverConsole:
    """door: the way to the console. password: function that gives the installer's, None: there is none to give."""

    def __init__(self, door: Callable[[], Door], password: Callable[[], str | None]) -> None:
        self._door = door
        self._password = password
        way = door()
        self._where = way.name
        self._link = BlockingLink(way, password)

    def ask(self, line: str) -> Answer:
        """The answer. Raises Refusal, Unreachable, of which Garbled is one."""
        try:
            answer = Answer(line, self._where, self._link.ask(line))
        except LinkLost as problem:
            raise Unreachable(str(problem)) from None
        text = answer.text
        if needs_login(text):
            raise Refusal("login: the controller has a password; name its file with --password-file, or set AMPACITY_PASSWORD")
        if text.startswith(REFUSED):
            raise Refusal(text.removeprefix(REFUSED))
        return answer

    def info(self) -> dict[str, Any]:
        """`config info`."""
        return self.ask("config info").object(INFO)

    def active(self, report: Report) -> Active:
        """What is active, its digest compared."""
        info = self.info()
        data = b""
        while len(data) < info["bytes"]:
            piece = self.ask(f"config read {len(data)}").piece()
            if not piece:
                break
            data += piece
            report("received", len(data), info["bytes"])
        if digest(data) != info["sha256"]:
            if self.info()["sha256"] == info["sha256"]:
                raise Garbled("config read", self._where)
            raise Refusal("sha256: the configuration changed while it was read; try again")
        return Active(cbor2.loads(data), info["secrets"], info["sha256"])

    def settings(self) -> dict[str, Any]:
        """`config settings`."""
        return self.ask("config settings").object(SETTINGS)

    def send(self, facts: dict[str, Any], minutes: int, confirm: bool, report: Report) -> dict[str, Any]:
        """Sent, checked there, committed on trial, and confirmed once the controller is back with it."""
        data = to_cbor(facts)
        answer = self._offer(data, report)
        try:
            self.ask(f"commit {minutes} {digest(data)}")
        except Refusal as problem:
            if BROKEN not in str(problem):
                if OTHER not in str(problem):
                    self.ask("rollback")
                raise
        except Garbled:
            pass  # what the controller runs on afterwards tells
        wanted = digest(to_cbor(redacted(facts)[0]))
        self._wait_until_back(wanted)
        if confirm:
            self._confirm()
        return answer | {"sha256": wanted, "confirmed": confirm, "minutes": minutes}

    def _confirm(self) -> None:
        try:
            self.ask("commit confirm")
        except Garbled:
            if self.info()["trial"] is not None:
                raise

    def _offer(self, data: bytes, report: Report) -> dict[str, Any]:
        """Sends it; what the controller found. A broken connection is continued where the controller has it."""
        for left in reversed(range(ATTEMPTS)):
            try:
                at = self._next(f"transfer begin {NAME} {len(data)} {digest(data)}")
                while at < len(data):
                    at = self._next(f"transfer data {at} {base64.b64encode(data[at : at + DATA_BYTES_MAX]).decode()}")
                    report("sent", at, len(data))
                answer = self.ask("transfer end")
                while answer.text == f"{OFFSET}{len(data)}":  # it judges, a slice at a time
                    answer = self.ask("transfer end")
                return answer.object(JUDGED)
            except (Refusal, Unreachable) as problem:
                if left == 0 or (isinstance(problem, Refusal) and BROKEN not in str(problem)):
                    raise
                time.sleep(LOOK_S)
        raise AssertionError

    def _next(self, line: str) -> int:
        """The byte that the controller wants next."""
        return self.ask(line).offset()

    def _wait_until_back(self, wanted: str) -> None:
        """Until the controller runs on what was sent. Refusal: it runs on the previous one again; Unreachable: it does not come back."""
        deadline_s = time.monotonic() + BACK_S
        while True:
            self.close()
            time.sleep(LOOK_S)
            try:
                self._link = BlockingLink(self._door(), self._password)
                info = self.info()
            except (Refusal, Unreachable, ValueError) as problem:  # Refusal: the old life ended while it looked at the password
                if isinstance(problem, Refusal) and BROKEN not in str(problem):
                    raise
                if time.monotonic() > deadline_s:
                    raise Unreachable(f"{problem}; the previous configuration returns by itself") from None
                continue
            if info["trial"] == RUNNING and info["sha256"] == wanted:
                return
            if info["trial"] == RUNNING:
                raise Refusal("configuration: another one is on trial, sent by another session; `show changes` shows it")
            if info["trial"] != ARMED:
                raise Refusal("configuration: refused at the start of the controller, which runs on the previous one; `log` has the reason")
            if time.monotonic() > deadline_s:
                raise Unreachable("the controller did not restart; `rollback` discards the configuration")

    def set_settings(self, settings: dict[str, str]) -> list[str]:
        """Staged, committed together and confirmed: this connection does not depend on them."""
        if not settings:
            return []
        lines = [f"set {key} {settings[key]}" for key in sorted(settings)]
        for line in lines + ["commit 0"]:
            try:
                answer = self.ask(line)
            except (Refusal, Garbled) as problem:
                if isinstance(problem, Refusal) or line in lines:  # after a commit a second `rollback` would undo what is on trial
                    self.ask("rollback")
                raise
        return answer.text.splitlines()

    def close(self) -> None:
        """Ends the connection."""
        self._link.close()
