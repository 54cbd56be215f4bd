"""`scan` at a primary's console: one bus is out of service while it is scanned, and returns to service by itself.

During this time no order on it is refreshed: its EVSEs go to their fallback, and the ledger counts them as silent.
The safety loop and the other buses continue. The bus returns when the scan is over, when the console that asked for it is
closed, at `scan stop`, and after its time limit.
"""

from ampacity.base import strict_json
from ampacity.base.errors import NotNow, Rejected
from ampacity.base.printable import is_digits
from ampacity.commission.scan import ANY_UNITS, Scan
from ampacity.commission.scan_text import lines, report, settings_for, settings_of, units_for, units_of
from ampacity.console.error_texts import UnknownName

if False:  # for the type checker
    from collections.abc import Callable

    from ampacity.roles.control.buses import Wire
    from ampacity.roles.interfaces import SiteFacts
    from ampacity.roles.primary_face import PrimaryFace

OPTIONS = ("standing", "units", "baud", "full", "limit")
LIMIT_S, LIMIT_S_MAX = 900, 7200


class Scanning:
    """primary: with buses, guard, site and log."""

    def __init__(self, primary: "PrimaryFace") -> None:
        self.primary = primary
        self.scan: "Scan" = None  # type: ignore[assignment]  # until the first one
        self._wire: "Wire | None" = None
        self._owner: object = None
        self._until_ms = 0
        self.other_lines: "list[str]" = []  # the other lines of the same bus

    @property
    def running(self) -> bool:
        """Does a line stand for a scan?"""
        return self._wire is not None

    def command(self, words: "list[str]", owner: object, now_ms: int) -> str:
        """One console line after `scan`. owner: the console that asks; when it closes the scan ends."""
        if not words or words[0] == "status":
            return self._status("--json" in words, now_ms)
        if words == ["stop"]:
            self._end("stopped by the installer", now_ms)
            return "ok"
        return self._start(words, owner, now_ms)

    def step(self, now_ms: int) -> None:
        """To be called often: gives the line back when it is time."""
        if self._wire is None:
            return
        if self.scan.over:
            self._end("", now_ms)
        elif now_ms >= self._until_ms:
            self._end("its time limit has expired", now_ms)
        elif not getattr(self._owner, "open", True):
            self._end("its console session was closed", now_ms)

    # what was asked for

    def _start(self, words: "list[str]", owner: object, now_ms: int) -> str:
        if self._wire is not None:
            raise NotNow("scan", words[0], "a scan of %s is in progress; wait, or `scan stop` ends it" % self._wire.name)
        test = self.primary.commissioning
        if test is not None and test.running:  # a question would feed the watchdog that is just being tested
            raise NotNow("scan", words[0], "a commissioning run is in progress; wait, or `commission abort` ends it")
        named = 1  # the words of the bus's name: that of a line over TCP has a blank before its host
        while named < len(words) and "=" not in words[named]:
            named += 1
        options = self._options(words[named:])
        bus, wire = self._bus(" ".join(words[:named]).strip('"').split("=", 1)[-1])
        self.other_lines = [each.name for each in self.primary.buses.wires if each is not wire and each.name.split(" ")[0] == bus["name"]]
        full, rtu = options.get("full") == "yes", bus["kind"] == "rtu"
        units = self._units(options.get("units"), wire, full, rtu)
        own = (bus.get("baud", 19200), bus.get("parity", "E"), bus.get("stop", 1))
        settings = [own] if options.get("baud") == "own" else settings_of(options["baud"]) if "baud" in options else settings_for(full, own)
        limit_s = self._limit_s(options.get("limit"))
        wait_ms = 0 if options.get("standing") == "yes" else self._wait_ms(wire)
        from ampacity.profiles.known import KNOWN
        facts = dict(bus)
        facts["transit_ms"] = 1000
        self.scan = Scan(facts, settings, units, KNOWN, now_ms * 1000, wait_ms, self._may_ask(wire, own))
        self._wire, self._owner, self._until_ms = wire, owner, now_ms + limit_s * 1000 + wait_ms
        self.primary.log.add("warning", "scan: %s stopped, its EVSEs go to their fallback" % wire.name, now_ms)
        wire.lend(self.scan, now_ms)
        return self.scan.progress(now_ms * 1000) + self._unseen()

    def _unseen(self) -> str:
        """Of a bus with several hosts one is looked at: which others there are."""
        return "\nnot in this scan: %s; scan each by its name" % ", ".join(self.other_lines) if self.other_lines else ""

    def _options(self, words: "list[str]") -> "dict[str, str]":
        options = {}
        for word in words:
            key, _, value = word.partition("=")
            if key not in OPTIONS or not value:
                raise Rejected("scan", word, ", ".join([key + "=…" for key in OPTIONS]))
            if key in ("standing", "full") and value not in ("yes", "no"):
                raise Rejected(key, value, "yes or no")
            options[key] = value
        return options

    def _units(self, text: "str | None", wire: "Wire", full: bool, rtu: bool) -> "list[int]":
        """Addresses as asked for; none or "own": the likely ones and those of the site file, over TCP these early."""
        if text not in (None, "own"):
            return units_of(text, rtu)
        own = [facts["unit"] for facts, _driver, _evse in wire.members]
        units = units_for(full, rtu)
        units += [unit for unit in own if unit not in units]
        return sorted(units) if rtu else units[: len(ANY_UNITS)] + sorted(units[len(ANY_UNITS) :], key=lambda unit: (unit not in own, unit))

    def _limit_s(self, text: "str | None") -> int:
        if text is None:
            return LIMIT_S
        if not is_digits(text) or not 1 <= int(text) <= LIMIT_S_MAX:
            raise Rejected("limit", text, "1..%d s" % LIMIT_S_MAX)
        return int(text)

    def _bus(self, name: str) -> "tuple[SiteFacts, Wire]":
        """(bus facts, wire) by the bus's name or number, or by HOST:PORT where a bus has several."""
        buses, wires = self.primary.site["buses"], self.primary.buses.wires
        if is_digits(name) and int(name) < len(buses) and name not in [bus["name"] for bus in buses]:
            name = buses[int(name)]["name"]
        for wire in wires:
            if name == wire.name or name in wire.name.split(" "):
                bus = [bus for bus in buses if bus["name"] == wire.name.split(" ")[0]][0]
                return bus, wire
        raise UnknownName("bus", name, [wire.name for wire in wires])

    # who may be asked, and when

    def _wait_ms(self, wire: "Wire") -> int:
        """How long this bus must be silent until the watchdog of each of its EVSEs has run out."""
        longest_ms = 0
        for facts, _driver, evse in wire.members:
            if evse is None:
                continue
            standing = self.primary.guard.ledger.evse_states[evse]
            watchdog_ms = standing.evidence.watchdog_ms()
            if not watchdog_ms:
                raise NotNow("scan", wire.name, "%s has no effective watchdog; standing=yes confirms that this bus may stop" % facts["name"])
            longest_ms = max(longest_ms, standing.evse.lapse_ms(watchdog_ms))
        return longest_ms

    def _may_ask(self, wire: "Wire", own: "tuple[int, str, int]") -> "Callable[[tuple[int, str, int], int, int], str]":
        """A request that could revive the last order of a device in service is not sent (rule 5)."""
        def may_ask(setting: "tuple[int, str, int]", unit: int, now_ms: int) -> str:
            for facts, _driver, evse in wire.members:
                if evse is None or facts["unit"] != unit or (setting[0] and setting != own):
                    continue
                guard = self.primary.guard
                if guard.site.evses[evse].poll_feeds and not guard.may_feed(evse, now_ms) and not self._counted(evse, now_ms):
                    return "%s is in service there, and a request could revive its last order" % facts["name"]
            return ""
        return may_ask

    def _counted(self, evse: int, now_ms: int) -> bool:
        """Does its bound hold all that a question may revive? Then it may go out; its silence runs from here."""
        ledger = self.primary.guard.ledger
        s = ledger.evse_states[evse]
        if ledger.permits.revives_da(s) > s.bound_da:
            return False
        self.primary.guard.fed(evse, now_ms)
        return True

    # its end

    def _end(self, why: str, now_ms: int) -> None:
        if self._wire is None:
            raise NotNow("scan", "stop", "no scan is in progress")
        self.scan.stop(why)
        self._wire.give_back()
        text = "scan: %s is in service again, %d found" % (self._wire.name, len(self.scan.found()))
        self.primary.log.add("info", text + ("; " + self.scan.verdict if self.scan.verdict else ""), now_ms)
        self._wire = self._owner = None

    def _status(self, as_json: bool, now_ms: int) -> str:
        if self.scan is None:
            raise NotNow("scan", "status", "no scan so far; `scan BUS` starts one")
        document = report(self.scan, now_ms * 1000)
        document["beside"] = self.other_lines
        return strict_json.dumps(document) if as_json else "\n".join(lines(document)) + self._unseen()
