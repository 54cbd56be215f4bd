"""Goes through a commissioning with a person: scans the buses, starts the controller's run, shows it, asks, fetches the report.

The run itself is in the controller: when this program goes away nothing is lost, and the console's words do the same.
"""

import time
from collections.abc import Callable, Sequence
from typing import Any

from ampacity_host.commission.installer import Installer
from ampacity_host.commission.report import DUPLICATE_FIX, duplicate_addresses
from ampacity_host.commission.screen import Screen
from ampacity_host.console.link import REFUSED, Link, Refused, as_json

POLL_S = 1.0
OWN = "units=own baud=own"
JOINS = "a run is in progress"  # in the refusal of a second run


class Guide:
    """sleep: of the clock that the controller lives on (a bench's virtual one in tests)."""

    def __init__(self, link: Link, person: Installer, screen: Screen, sleep: Callable[[float], None] = time.sleep) -> None:
        self.link, self.person, self.screen, self._sleep = link, person, screen, sleep
        self.scans: list[dict[str, Any]] = []
        self.begun = False  # the run; from then on it is the controller's

    # what is on the buses

    def scan(self, names: Sequence[str] = ()) -> None:
        """Each bus (with names those of these EVSEs) until no address is used twice, or the installer continues as it is. Raises Refused."""
        for bus in self._buses(names):
            while True:
                document = self._scan(bus)
                if document is None:
                    break
                self.scans.append(document)
                double = duplicate_addresses(document)
                for text in double:
                    self.screen.show_finding("error", text, DUPLICATE_FIX)
                if not double or not self.person.agrees("corrected? Then the bus is scanned again; no: continue as it is."):
                    break
                document["put_right"] = True

    def _buses(self, names: Sequence[str]) -> list[str]:
        """Unknown names are refused here, before any bus is out of service."""
        if names:
            return list(as_json(self.link, " ".join(["commission", "lines", *names])))
        return sorted(as_json(self.link, "show site --json").get("buses") or {})

    def _scan(self, bus: str) -> "dict[str, Any] | None":
        """The finished scan, None: it was not made."""
        answer = self.link.ask(f"scan {bus} {OWN}")
        if answer.startswith("error") and "standing=yes" in answer:
            self.screen.note(answer.removeprefix(REFUSED))
            if not self.person.agrees(f"stop {bus} for about a minute? Its EVSEs go to their fallback; preferably no car is plugged in."):
                return None
            answer = self.link.ask(f"scan {bus} standing=yes {OWN}")
        if answer.startswith("error"):
            self.screen.note(f"no scan of {bus}: {answer}")
            return None
        while True:
            document: dict[str, Any] = as_json(self.link, "scan status --json")
            self.screen.progress(document["progress"])
            if document["stage"] == "over":
                break
            self._sleep(POLL_S)
        document["bus"] = bus
        for row in document["found"]:
            self.screen.note(f"{bus} unit {row['unit']}: {row['note'] or row['device'] or 'unknown'}")
        if document["verdict"] and not duplicate_addresses(document):
            self.screen.note(f"{bus}: {document['verdict']}")
        return document

    # the run

    def run(self, names: list[str]) -> dict[str, Any]:
        """Starts it, or joins the one in progress; the last status. Refused, LinkLost."""
        self.begun = True
        answer = self.link.ask(" ".join(["commission", "start", *names, "--yes"]))
        if answer.startswith("error") and JOINS not in answer:
            raise Refused(answer.removeprefix(REFUSED))
        self.screen.note(answer if not answer.startswith("error") else "a run is already in progress: joining it")
        return self.follow()

    def follow(self) -> dict[str, Any]:
        """Follows the run in progress to its end; its last status."""
        shown, asked, shown_findings = 0, None, 0
        while True:
            status: dict[str, Any] = as_json(self.link, f"commission status {shown} --json")
            shown = self._show_done(status, shown)
            shown_findings = self._show_findings(status, shown_findings)
            if not status["running"]:
                return status
            if status["ask"] and status["ask"] != asked:
                self.person.asked()
                self.screen.ask(status["ask"])
            asked = status["ask"]
            self._answer(status)
            elapsed = status["progress"] or f"{status['seconds']} s elapsed"
            self.screen.progress(f"{status['evse']} {status['step']}: {elapsed}; next: {', '.join(status['left']) or 'the report'}")
            self._sleep(POLL_S)

    def _answer(self, status: dict[str, Any]) -> None:
        word = self.person.poll(status["evse"], status["step"]) if status["ask"] else None
        if word is not None:
            answer = self.link.ask("commission " + word)
            if answer.startswith("error"):
                self.screen.note(answer)

    def _show_done(self, status: dict[str, Any], shown: int) -> int:
        """status: with the rows from `shown` on."""
        for name, step, outcome, text in status["done"]:
            self.screen.done(name, step, outcome, text)
        return shown + len(status["done"])

    def _show_findings(self, status: dict[str, Any], shown_findings: int) -> int:
        for row in status["findings"][shown_findings:]:
            self.screen.show_finding(row["level"], row["text"], row["fix"])
        return len(status["findings"])
