"""A new unit at an old place: its serial number is accepted, its settings are written and read back, an order is proven.

The driver writes and reads, as it does after any silence; the guard decides when the unit is trusted. This looks at both
and says how far it is, or what is wrong. The test of the unit itself is the commissioning run, for this one alone.
"""

from ampacity.base.quantities import amps, seconds

if False:  # for the type checker
    from typing import Any

    from ampacity.commission.interfaces import Document

READ_MS = 60000  # for identity, settings and their reading back
AGAIN_MS = 3000  # what was on its way when the reading began is no answer to it: read once more
PROOF_MS = 120000  # for an order that is proven and settled

IDENTITY, SETTINGS, ORDER, OVER = "identity", "settings", "order", "over"


class UnitObservation:
    """What is seen of the unit now.

    answers: does it? fingerprint: what it shows of itself, known: what is accepted at this place (None: nothing).
    numbered: is a serial number in it, or could two units show the same? settings: [(name, wanted, shown or None, is it
    right, "watchdog" (ms), "fallback" (da) … or "raw")], read since `read_ms`. wrong: what the driver holds against it, or
    None. state: the guard's word, "ok" once an order is proven.
    """

    def __init__(self, **facts: "Any") -> None:
        self.answers = False
        self.fingerprint: "str | None" = None
        self.known: "str | None" = None
        self.numbered = True
        self.settings: "list[Any]" = []
        self.read_ms = -1
        self.wrong: "str | None" = None
        self.state = "silent"
        for name in facts:
            setattr(self, name, facts[name])


def serial_fits(asked: str, fingerprint: "str | None") -> bool:
    """True if the entered serial number is that of the unit, alone or as part of its fingerprint."""
    return fingerprint is not None and (asked == fingerprint or asked in fingerprint.split("-"))


def value_text(value: "int | None", what: str) -> str:
    """A setting for people."""
    if value is None:
        return "nothing"
    if what == "watchdog":
        return seconds(value)
    return "%d" % value if what == "raw" else amps(value)


def summary(name: str, unit: "UnitObservation", unfinished: bool = False) -> str:
    """What a person is shown before anything is done: old and new. unfinished: its replacement was begun and failed."""
    if not unit.answers:
        return "%s: nothing answers at its address" % name
    if unit.fingerprint is None or (not unit.numbered and unit.fingerprint == unit.known):
        return "%s: the unit reports no serial number; replace %s serial=none configures and tests it" % (name, name)
    if unit.fingerprint == unit.known and unfinished:
        return "%s: serial number %s was accepted, the rest was not done; replace %s serial=%s starts again" % (name, unit.known, name, unit.known)
    if unit.fingerprint == unit.known:
        return "%s: serial number %s is already known: nothing was replaced" % (name, unit.known)
    new = unit.fingerprint
    return "%s: old serial number %s, new %s; replace %s serial=%s accepts it" % (name, unit.known or "unknown", new, name, new)


def setting_text(row: "Any") -> str:
    """"watchdog 10.0 s, read back"; what cannot be read was written at least."""
    if row[2] is None:
        return "%s %s, written; not readable" % (row[0], value_text(row[1], row[4]))
    return "%s %s, read back" % (row[0], value_text(row[2], row[4]))


class Replacement:
    """One replacement. `accept`: the new unit is to be accepted, once; `audit`: it is to be read again, once; the role does both.

    `stage`; `lines`: [(mark, text)] of what is done; `outcome`: "passed" or "failed" at the end.
    """

    def __init__(self, name: str, unit: "UnitObservation", now_ms: int, before: "Document | None" = None) -> None:
        """before: the report row of a failed attempt with the same unit."""
        self.name = name
        self.old, self.new = before["old"] if before else unit.known, unit.fingerprint
        self.stage = SETTINGS
        self.accept = self.audit = True
        self.lines = [("ok", "serial number %s accepted in place of %s" % (self.new or "none", self.old or "none"))]
        self.settings: "list[Any]" = []
        self.outcome: "str | None" = None
        self._began_ms = self._asked_ms = now_ms

    def step(self, unit: "UnitObservation", now_ms: int) -> None:
        """To be called a few times a second."""
        if self.stage == OVER:
            return
        if unit.fingerprint is not None and unit.fingerprint != self.new and unit.answers:
            self._end("failed", "another unit now answers: serial number %s" % unit.fingerprint)
        elif self.stage == SETTINGS:
            self._settings(unit, now_ms)
        elif unit.state == "ok":
            self.lines.append(("ok", "an order was sent, read back and has settled"))
            self._end("passed", "it is in service")
        elif now_ms - self._began_ms > PROOF_MS:
            self._end("failed", "no order was proven within %d s: state %s; see `why %s`" % (PROOF_MS // 1000, unit.state, self.name))

    def abort(self) -> None:
        """A person ends it; its outcome is failed. After its end nothing happens."""
        if self.stage != OVER:
            self._end("failed", "stopped by the installer; completed steps stay in force")

    def _settings(self, unit: "UnitObservation", now_ms: int) -> None:
        wrong = [row for row in unit.settings if not row[3]]
        if unit.answers and unit.read_ms >= self._began_ms and not wrong and unit.wrong is None:
            self.settings = unit.settings
            self.lines += [("ok", setting_text(row)) for row in unit.settings]
            self.stage = ORDER
            self._began_ms = now_ms
        elif now_ms - self._asked_ms > AGAIN_MS and 0 <= unit.read_ms < self._began_ms:
            self.audit = True
            self._asked_ms = now_ms
        elif now_ms - self._began_ms > READ_MS:
            self.settings = unit.settings
            self.lines += [("FAIL", "%s should be %s, shows %s" % (row[0], value_text(row[1], row[4]), value_text(row[2], row[4]))) for row in wrong]
            self._end("failed", unit.wrong or ("nothing answers" if not unit.answers else "its settings could not be read"))

    def _end(self, outcome: str, text: str) -> None:
        self.stage = OVER
        self.outcome = outcome
        self.lines.append(("ok" if outcome == "passed" else "FAIL", text))

    def status(self) -> "Document":
        """As one document."""
        return {
            "format": 1, "evse": self.name, "stage": self.stage, "outcome": self.outcome, "old": self.old, "new": self.new,
            "lines": [list(line) for line in self.lines], "settings": [list(row) for row in self.settings],
        }  # fmt: skip

    def text(self) -> str:
        """For people."""
        shown = ["%-4s %s: %s" % (mark, self.name, text) for mark, text in self.lines]
        if self.stage != OVER:
            doing = "writing its settings and reading them back" if self.stage == SETTINGS else "waiting for a proven order"
            shown.append("%s: %s" % (self.name, doing))
        return "\n".join(shown)
