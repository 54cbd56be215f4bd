"""One round over the units of a line at one setting: call each, and examine those that are there. A driver of its engine.

A unit is called with a read that any device answers, if only with a refusal; a second, other one follows, for some sleep
through the first. A unit that answers is identified (identify.py). Corrupted and second replies are noted: two
devices with one address are a finding, too.
"""

from ampacity.bus.client.request import ROUTINE, Request
from ampacity.bus.modbus.frames import read_pdu
from ampacity.commission.identify import Identifier

if False:  # for the type checker
    from collections.abc import Callable
    from typing import Any

    from ampacity.commission.identify import KnownDevice

CALLS = ((3, 0), (4, 0))
GATEWAY = "gateway"  # a gateway without a reply from its unit
GARBLED_CALLS = 4
CALL_MS = 250
EXAMINE_MS = 600
GAP_MS = 20
PATIENT_GAP_MS = 150  # some want that much between two requests
DUPLICATE_TEXT = "two devices answer at this address"
GARBLED_TEXT = "its replies are corrupted: two devices with this address, or a faulty connection"


class AddressSweep:
    """units: addresses in the order in which they are called. known: for Identifier. may_ask(unit, now_ms) → "" or why not.

    `found`: one dict a unit: unit, answers, note, and what Identifier.found() gives. `skipped`: [(unit, why)].
    `over`: every unit was called.
    """

    unit = 0
    poll_feeds = False

    def __init__(
        self,
        units: "list[int]",
        known: "list[KnownDevice]",
        may_ask: "Callable[[int, int], str]",
        call_ms: int = CALL_MS,
        begin_ms: int = 0,
        first_ms: int = 0,
    ) -> None:
        self.units = units
        self.found: list[dict[str, Any]] = []
        self.skipped: list[tuple[int, str]] = []
        self.over = not units
        self.examining = False
        self._known = known
        self._may_ask = may_ask
        self._call_ms = call_ms
        self._first_ms = first_ms or call_ms  # a device that the first call wakes may soon sleep again
        self._due_ms = begin_ms
        self._at = 0
        self._call = 0
        self._garbled = 0
        self._doubled = False
        self._again = False
        self._exam: Identifier | None = None
        self._answers = ""

    def at(self) -> int:
        """How many units are done."""
        return self._at

    def unit_now(self) -> int:
        """The unit that is called or examined; the last one when it is over."""
        return self.units[min(self._at, len(self.units) - 1)]

    def urgency(self, now_ms: int) -> "tuple[int, int] | None":
        """(its class, since when it is due in ms) for the schedule; None: every unit was called."""
        return None if self.over else (ROUTINE, self._due_ms)

    def take(self, now_ms: int) -> "Request | None":
        """The next request, or None: look again."""
        unit = self.units[self._at]
        if self._exam is None:
            if self._call == 0 and self._garbled == 0:
                reason = self._may_ask(unit, now_ms)
                if reason:
                    self.skipped.append((unit, reason))
                    self._next_unit()
                    return None
            code, at = CALLS[self._call]
            wait_ms = self._call_ms if self._call else self._first_ms
            return Request(unit, read_pdu(code, at, 1), ROUTINE, wait_ms, None, GAP_MS)
        pdu = self._exam.ask()
        if pdu is None:
            self._note_found()
            return None
        return Request(unit, pdu, ROUTINE, EXAMINE_MS, None, PATIENT_GAP_MS if self._again else GAP_MS)

    def reply(self, request: Request, pdu: bytes, now_ms: int) -> None:
        """The unit has answered."""
        self._again = False
        if self._exam is None:
            self._present("function %d at %d" % CALLS[self._call])
        else:
            self._exam.reply(pdu)

    def failed(self, request: Request, reason: str, now_ms: int) -> None:
        """No reply, a refusal, or a corrupted reply."""
        if reason in ("crc", "duplicate", "alone"):
            self._not_read(reason)
        elif self._exam is not None:
            self._exam_failed(reason, now_ms)
        elif reason in ("timeout", "unexpected", GATEWAY):
            self._call += 1
            if self._call == len(CALLS):
                self._next_unit()
        else:
            self._present("refusal %s of function %d" % (reason[10:], CALLS[self._call][0]))

    def duplicate_addresses(self, unit: int) -> bool:
        """A second answer of this unit was heard. False: it did not answer here at all."""
        if not self.over and unit == self.units[self._at]:
            self._doubled = True
            return True
        for entry in self.found:
            if entry["unit"] == unit:
                entry["note"] = DUPLICATE_TEXT
                return True
        return False

    # one unit

    def _not_read(self, reason: str) -> None:
        self._garbled += 1
        self._doubled = self._doubled or reason in ("duplicate", "alone")
        if self._garbled < GARBLED_CALLS:
            return
        self._answers = self._answers or "garbled"
        self._exam = None
        self._note_found()

    def _exam_failed(self, reason: str, now_ms: int) -> None:
        if reason[:9] != "exception" and not self._again:
            self._again = True
            self._due_ms = now_ms + PATIENT_GAP_MS
            return
        self._again = False
        if self._exam is not None:
            self._exam.failed(reason)

    def _present(self, how: str) -> None:
        self._answers = how
        self._exam = Identifier(self._known)
        self.examining = True

    def _note_found(self) -> None:
        entry: dict[str, Any] = {"device": None, "sure": False, "fits": [], "names": {}, "values": {}, "places": [], "refused": []}
        if self._exam is not None:
            entry = self._exam.found()
        entry["unit"] = self.units[self._at]
        entry["answers"] = self._answers
        entry["note"] = DUPLICATE_TEXT if self._doubled else GARBLED_TEXT if self._garbled >= GARBLED_CALLS else ""
        self.found.append(entry)
        self._next_unit()

    def _next_unit(self) -> None:
        self._at += 1
        self._call = self._garbled = 0
        self._doubled = self._again = self.examining = False
        self._exam = None
        self._answers = ""
        self.over = self._at >= len(self.units)
        if self.over:
            self._known = []
