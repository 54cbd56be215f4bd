"""`replace` at a primary's console: a unit that took an old one's place is accepted, set, proven, recorded in the report, and tested.

The test is the commissioning run of that EVSE alone; it needs a person who watches, so it is started and continued under `commission`.
"""

from ampacity.base import strict_json
from ampacity.base.errors import NotNow, Rejected
from ampacity.commission import report
from ampacity.commission.replace import OVER, Replacement, UnitObservation, serial_fits, summary

if False:  # for the type checker
    from typing import Any

    from ampacity.roles.primary_face import PrimaryFace

KEPT = 20  # replacements in the report
NAMES = {"watchdog_ms": "watchdog", "fallback_da": "fallback", "power_on_da": "power_on"}


class Replacing:
    """primary: with guard, buses, points, keeper and installer."""

    def __init__(self, primary: "PrimaryFace") -> None:
        self.primary = primary
        self.run: "Replacement | None" = None
        self._index: int = None  # type: ignore[assignment]  # until a replacement is begun

    def command(self, words: "list[str]", now_ms: int) -> str:
        """One console line after `replace`."""
        words = list(words)
        if not words or words[0] in ("status", "stop"):
            return self._about(words, now_ms)
        if len(words) > 2 or (len(words) == 2 and not words[1].startswith("serial=")):
            raise Rejected("replace", " ".join(words), "EVSE, then serial=NUMBER to accept what is shown")
        index = self._evse(words[0])
        unit = self._unit(index)
        if len(words) == 1:
            return summary(words[0], unit, self._unfinished(words[0], unit) is not None)
        return self._begin(index, unit, words[1][7:], now_ms)

    def step(self, now_ms: int) -> None:
        """Part of the housekeeping."""
        run = self.run
        if run is None or run.stage == OVER:
            return
        if run.accept:
            run.accept = False
            self.primary.guard.accept_device(self._index, new=True)
        driver = self.primary.buses.drivers[self._index]
        if run.audit and hasattr(driver, "reaudit"):
            driver.reaudit(now_ms)
        run.audit = False
        run.step(self._unit(self._index), now_ms)
        if run.stage == OVER:
            self._finish(now_ms)

    # what was asked for

    def _evse(self, name: str) -> int:
        index = self.primary.evses.index(name)
        names = [evse["name"] for evse in self.primary.site["evses"] if evse["kind"] != "local"]
        if index is None or name not in names:
            raise Rejected("evse", name, ", ".join(names) or "an EVSE on a bus")
        return index

    def _begin(self, index: int, unit: "UnitObservation", serial: str, now_ms: int) -> str:
        name = self.primary.site["evses"][index]["name"]
        if self.run is not None and self.run.stage != OVER:
            raise NotNow("replace", name, "a replacement of %s is in progress; wait, or `replace stop` ends it" % self.run.name)
        if not unit.answers:
            raise NotNow("replace", name, "no reply at its address; switch the new unit on")
        nameless = unit.fingerprint is None or (not unit.numbered and unit.fingerprint == unit.known)
        if not (serial == "none" if nameless else serial_fits(serial, unit.fingerprint)):
            raise Rejected("serial", serial, "none: the unit reports no serial number" if nameless else str(unit.fingerprint))
        before = self._unfinished(name, unit)
        if not nameless and unit.fingerprint == unit.known and before is None:
            raise NotNow("replace", name, "serial number %s is already known: this is not a new unit" % unit.known)
        self._index = index
        self.primary.off_shows().forget(index, now_ms)
        self.run = Replacement(name, unit, now_ms, before)
        self.primary.log.add("warning", "replace %s: serial number %s instead of %s" % (name, self.run.new, self.run.old), now_ms)
        return self.run.text()

    def _about(self, words: "list[str]", now_ms: int) -> str:
        if self.run is None:
            raise NotNow("replace", " ".join(words), "no replacement is in progress; `replace EVSE` starts one")
        if words[:1] == ["stop"]:
            self.run.abort()
            self._finish(now_ms)
            return "ok"
        return strict_json.dumps(self.run.status()) if "--json" in words else self.run.text()

    def _unfinished(self, name: str, unit: "UnitObservation") -> "dict[str, Any] | None":
        """The last replacement there as it is in the report, if it was of this unit and failed; else None."""
        rows = [row for row in (self.primary.documents.get(report.HEAD) or {}).get("replaced", []) if row["evse"] == name]
        failed = rows and rows[-1]["outcome"] == "failed" and rows[-1]["new"] == unit.fingerprint
        return rows[-1] if failed else None

    # what is seen

    def _unit(self, index: int) -> "UnitObservation":
        evidence = self.primary.guard.ledger.evse_states[index].evidence
        driver = self.primary.buses.drivers[index]
        shown = getattr(driver, "settings_shown", None)
        fingerprint = evidence.values.get("fingerprint") if "fingerprint" in evidence.read_ms else None
        unit = UnitObservation(answers=self.primary.guard.online(index), fingerprint=fingerprint, known=evidence.known_fingerprint)
        unit.state = self.primary.guard.state(index)
        unit.numbered = driver.facts.serial is not None
        if shown is not None:
            unit.settings, unit.read_ms, unit.wrong = shown()
        else:
            read = [key for key in evidence.needed if key in evidence.read_ms]
            unit.settings = [self._own(index, key, evidence.values[key]) for key in read]
            unit.read_ms = max([-1] + [evidence.read_ms[key] for key in read])
        return unit

    def _own(self, index: int, key: str, shown: "Any") -> "tuple[str, int, int, bool, str]":
        """A setting of one of our own secondaries: it is written at the unit, and may be lower than the site file counts with."""
        wanted = self.primary.site["evses"][index].get(key, shown)
        return NAMES.get(key, key), wanted, shown, shown <= wanted, NAMES.get(key, "raw")

    # its end

    def _finish(self, now_ms: int) -> None:
        """Records the replacement in the report of the commissioning; then starts the test of this EVSE."""
        run: Replacement = self.run  # type: ignore[assignment]  # it is over
        primary = self.primary
        primary.log.add("info", "replace %s: %s, %s" % (run.name, run.outcome, run.lines[-1][1]), now_ms)
        head = primary.documents.get(report.HEAD) or {"evses": {}}
        row = run.status()
        row["at"] = primary.wallclock.iso(now_ms)
        head["replaced"] = (head.get("replaced", []) + [row])[-KEPT:]
        head["signed"] = None
        primary.persistence.put(report.HEAD, head, now_ms)
        if run.outcome != "passed":
            return
        try:
            primary.console.commands["commission"][1](["start", run.name], now_ms)
            run.lines.append(("ok", "its test has started: `commission status`"))
        except Rejected as refused:
            run.lines.append(("open", "its test could not start: %s" % refused))
