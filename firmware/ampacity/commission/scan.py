"""Scan of a line: listens first, then calls units setting by setting and identifies those that answer. Never writes.

An engine like the primary's own (receive, next), which also says what it wants of the line: `facts`, the bus facts to
open it with. Stages: wait (until the watchdogs of EVSEs in service have expired), listen, ask; over. Other
traffic ends it: two clients on one line corrupt each other's frames.
"""

from ampacity.bus.client.rtu_client import RtuClient
from ampacity.bus.client.single_driver import SingleDriverSchedule
from ampacity.commission.address_sweep import CALL_MS, CALLS, AddressSweep
from ampacity.commission.bus_monitor import BusMonitor
from ampacity.commission.identify import known_for

if False:  # for the type checker
    from typing import Any

WAIT, LISTEN, SEARCH, ASK, OVER = "wait", "listen", "search", "ask", "over"
LISTEN_MS = 3000  # for a primary that asks once in a while
SETTLE_MS = 300  # after each change of the setting
SEARCH_MS = 1500  # per setting, in the search for that of other traffic
FOREIGN_MAX = 1  # foreign frames while asking; more are another client
WAKE_US = 50000
WAKE_MS = 120
LENT_US = 1000000  # frames in transit when the scan took over are ignored
TRANSIT_MS = 0  # a late answer is only waited for as long as the call itself
QUICK_UNITS, LAST_UNIT = 32, 247
ANY_UNITS = (1, 255, 231)  # over TCP: a device with equal replies at all of them ignores the address
ANY_TEXT = "answers at any address"

SETTINGS = (  # likely ones first
    (19200, "E", 1), (9600, "N", 1), (9600, "E", 1), (19200, "N", 1), (38400, "N", 1), (57600, "N", 1), (115200, "N", 1),
    (38400, "E", 1), (57600, "E", 1), (115200, "E", 1), (4800, "N", 1), (4800, "E", 1), (2400, "N", 1), (2400, "E", 1),
    (9600, "O", 1), (19200, "O", 1),
)  # fmt: skip
QUICK_SETTINGS = 7


class Scan:
    """bus_facts: kind, and of a serial line what stays as it is (port, framing "ascii" …). settings: [(baud, parity, stop)]; units: addresses.

    lines: profiles/known.py. wait_ms: how long the line must have been silent before anything is asked. may_ask(setting,
    unit, now_ms) → "" or why a unit is not asked. `verdict`: "" or why it ended early.
    """

    def __init__(
        self, bus_facts: "dict[str, Any]", settings: "list[tuple[int, str, int]]", units: "list[int]", lines: "tuple[str, ...]",
        now_us: int, wait_ms: int = 0, may_ask: "Any" = None, call_ms: int = CALL_MS,
    ) -> None:  # fmt: skip
        self._bus = bus_facts
        self._rtu = bus_facts.get("kind", "rtu") == "rtu"
        self._medium = "t" if not self._rtu else "a" if bus_facts.get("framing") == "ascii" else "r"
        self._settings = settings if self._rtu else [(0, "", 0)]
        self._units = units
        self._lines = lines
        self._may_ask = may_ask or (lambda setting, unit, now_ms: "")
        self._call_ms = call_ms
        self._at = 0
        self._rounds: list[tuple[tuple[int, str, int], AddressSweep]] = []
        self._engine: Any = None
        self._ear = BusMonitor()
        self._foreign = 0
        self._started_us = now_us
        self._first = True
        self._up = False
        self.verdict = ""
        self.wake: Any = None
        self.stage = WAIT
        self._until_us = now_us + wait_ms * 1000
        self.facts = self._facts_now()
        if not wait_ms:
            self._listen(now_us)

    # the engine's face

    def receive(self, data: bytes, now_us: int) -> None:
        """Bytes from the line."""
        if self.stage == ASK:
            self._engine.receive(data, now_us)
        elif self._rtu and now_us - self._started_us >= LENT_US:
            self._ear.receive(data)

    def next(self, now_us: int) -> "tuple[bytes | None, int]":
        """What to send, and when to call again. May change `facts`: then the line has to be reopened."""
        if self.stage == ASK:
            out, wake_us = self._engine.next(now_us)
            self._look_after(now_us)
            return out, min(wake_us, now_us + WAKE_US)
        if self.stage != OVER and (now_us >= self._until_us or self._ear.frames):
            self._silence_over(now_us)
        return None, now_us + WAKE_US

    @property
    def over(self) -> bool:
        """Is it over, for whatever reason?"""
        return self.stage == OVER

    def stop(self, why: str) -> None:
        """End it now; what was found stays."""
        if self.stage != OVER:
            self.verdict = why
            self.stage = OVER

    # a connection instead of a line

    def connected(self, now_us: int) -> None:
        """The connection is there."""
        self._up = True
        if self._engine is not None:
            self._engine.connected(now_us)

    def disconnected(self, now_us: int) -> None:
        """It is gone, or could not be made."""
        self._up = False
        if self._engine is not None:
            self._engine.disconnected(now_us)

    @property
    def counters(self) -> "dict[str, int]":
        """The engine's; before it is there, `replies` alone."""
        return self._engine.counters if self._engine is not None else {"replies": 0}

    @property
    def wants_reset(self) -> bool:
        """Is the connection no longer of use?"""
        return self.over or bool(self._engine is not None and self._engine.wants_reset)

    # stages

    def _facts_now(self) -> "dict[str, Any]":
        facts = dict(self._bus)
        if self._rtu:
            facts["baud"], facts["parity"], facts["stop"] = self._settings[self._at]
        facts["transit_ms"] = TRANSIT_MS
        return facts

    def _listen(self, now_us: int) -> None:
        if not self._rtu:
            self._ask(now_us)
            return
        self.stage = LISTEN
        self._until_us = now_us + (LISTEN_MS if self._first else SETTLE_MS) * 1000

    def _silence_over(self, now_us: int) -> None:
        if self.stage == WAIT and not self._ear.heard:
            self._listen(now_us)
        elif self._ear.frames:
            self.stop("%s at %s; no request was sent" % (self._ear.text(), setting_text(self._settings[self._at])))
        elif self._ear.heard or self.stage == SEARCH:
            self._search(now_us)
        else:
            self._ask(now_us)

    def _search(self, now_us: int) -> None:
        """Traffic without a valid frame: searches for its setting."""
        if self.stage == SEARCH:
            self._at += 1
            if self._at == len(self._settings):
                self._at = 0
                self.stop("traffic on this line at an unknown setting; no request was sent")
                return
        else:
            self._at = 0
        self.stage = SEARCH
        self._ear = BusMonitor()
        self.facts = self._facts_now()
        self._until_us = now_us + SEARCH_MS * 1000

    def _ask(self, now_us: int) -> None:
        self.stage = ASK
        self._first = False
        setting = self._settings[self._at]
        known = known_for(self._lines, self._medium, setting_text(setting))
        first_ms = WAKE_MS if self._medium == "a" else 0
        sweep = AddressSweep(self._units, known, lambda unit, now_ms: self._may_ask(setting, unit, now_ms), self._call_ms, now_us // 1000, first_ms)
        self._rounds.append((setting, sweep))
        if self._rtu:
            self._engine = self._line_engine(sweep)
            self._engine.on_foreign = self._heard_foreign
        else:
            from ampacity.bus.client.tcp_client import TcpClient

            self._engine = TcpClient(self.facts, [sweep], SingleDriverSchedule(sweep))
            if self._up:
                self._engine.connected(now_us)

    def _line_engine(self, sweep: AddressSweep) -> "Any":
        kind: Any = RtuClient
        if self._medium == "a":
            from ampacity.bus.client.ascii_client import AsciiClient

            kind = AsciiClient
        return kind(self.facts, [sweep], SingleDriverSchedule(sweep))

    def _look_after(self, now_us: int) -> None:
        sweep = self._rounds[-1][1]
        if self._rtu and self._engine.duplicate_addresses.suspects:
            for unit in sorted(self._engine.duplicate_addresses.suspects):
                sweep.duplicate_addresses(unit)
        if self._foreign > FOREIGN_MAX:
            self.stop("another Modbus client uses this line at %s" % setting_text(self._settings[self._at]))
        elif sweep.over or (not self._rtu and self._any_address(sweep)):
            self._next_setting(now_us)

    def _any_address(self, sweep: AddressSweep) -> bool:
        """True if the same device answers at unusual addresses; it is then listed once."""
        if len(sweep.found) != len(ANY_UNITS) or tuple([row["unit"] for row in sweep.found]) != ANY_UNITS:
            return False
        first = sweep.found[0]
        for row in sweep.found[1:]:
            for key in ("device", "names", "values"):
                if row[key] != first[key]:
                    return False
        del sweep.found[1:]
        first["note"] = ANY_TEXT
        return True

    def _next_setting(self, now_us: int) -> None:
        self._at += 1
        if self._at == len(self._settings):
            self._at -= 1
            self.stage = OVER
            return
        self.facts = self._facts_now()
        self._ear = BusMonitor()
        self._listen(now_us)

    def _heard_foreign(self, unit: int, function: int, now_ms: int) -> None:
        """An unrequested frame: from a unit that has answered it is a second reply."""
        if not self._rounds[-1][1].duplicate_addresses(unit):
            self._foreign += 1

    # what to say

    def found(self) -> "list[dict[str, Any]]":
        """All that answered, with the setting at which they did ("" on TCP); `also`: where the very same one answered, too."""
        rows: list[dict[str, Any]] = []
        for setting, sweep in self._rounds:
            for entry in sweep.found:
                row = dict(entry)
                row["setting"] = setting_text(setting)
                row["also"] = []
                for at in range(len(rows)):
                    if alike(rows[at], row):
                        rows[at] = merged(rows[at], row)
                        break
                else:
                    rows.append(row)
        for row in rows:
            del row["places"], row["refused"]
        return rows

    def skipped(self) -> "list[tuple[int, str]]":
        """[(unit, why it was not asked)], each once."""
        rows: list[tuple[int, str]] = []
        for _setting, sweep in self._rounds:
            rows += [row for row in sweep.skipped if row not in rows]
        return rows

    def left_s(self) -> int:
        """About how many seconds are left, if nothing more is found."""
        calls = self._call_ms * len(CALLS) + 30
        settings = len(self._settings) - self._at
        units = settings * len(self._units)
        if self.stage == ASK:
            units -= self._rounds[-1][1].at()
        return (units * calls + (settings - 1) * SETTLE_MS) // 1000

    def progress(self, now_us: int) -> str:
        """One line: where it is, what was found, how long it takes."""
        setting = setting_text(self._settings[self._at])
        if self.stage == WAIT:
            return "scan: silent for %d s more, until the watchdogs of the EVSEs in service have expired" % self._wait_s(now_us)
        if self.stage == LISTEN:
            return "scan: listening at %s" % setting
        if self.stage == SEARCH:
            return "scan: traffic heard; listening at %s" % setting
        if self.stage == OVER:
            return "scan: finished, %d found" % len(self.found())
        sweep = self._rounds[-1][1]
        unit = sweep.unit_now()
        doing = " being identified" if sweep.examining else ""
        return "scan: %sunit %d/%d%s, %d found, about %d s left" % (
            setting + " " if setting else "", unit, max(sweep.units), doing, len(self.found()), self.left_s(),
        )  # fmt: skip

    def _wait_s(self, now_us: int) -> int:
        return max(0, (self._until_us - now_us + 999999) // 1000000)


def alike(one: "dict[str, Any]", other: "dict[str, Any]") -> bool:
    """Was it the same device at the same speed? An adapter or a line may not look at parity.

    A reply that was lost, or a value out of its range for a moment, may leave one of the examinations with less than the other: it
    is the same device unless it shows something else, or refuses a register that the other one was recognised by.
    """
    for key in ("unit", "note"):
        if one[key] != other[key]:
            return False
    if one["setting"][:-2] != other["setting"][:-2]:
        return False
    return part_of(other, one) or part_of(one, other)


def part_of(less: "dict[str, Any]", more: "dict[str, Any]") -> bool:
    """Does one examination show nothing that the other one does not show, and no sign of another device?"""
    if less["device"] not in (None, more["device"]) and less["device"] not in more["fits"]:
        return False
    for key in ("names", "values"):
        for name in less[key]:
            if more[key].get(name) != less[key][name]:
                return False
    for place in more["places"]:
        if place in less["refused"]:
            return False
    return True


def merged(one: "dict[str, Any]", other: "dict[str, Any]") -> "dict[str, Any]":
    """The row that shows more, the earlier one of equals; `also` names the settings of both rows but its own."""
    if part_of(other, one):
        one["also"] += [other["setting"]]
        return one
    other["also"] = [one["setting"]] + one["also"]
    return other


def setting_text(setting: "tuple[int, str, int]") -> str:
    """"19200E1", "" where there is none."""
    return "%d%s%d" % setting if setting[0] else ""
