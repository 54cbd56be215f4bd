"""Devices that have given no valid answer since the controller started: each is named once in the log, and in `why` while that lasts."""

if False:  # for the type checker
    from collections.abc import Sequence
    from typing import Any

    from ampacity.base.log import Log
    from ampacity.circuit.guard import Guard
    from ampacity.roles.interfaces import SiteFacts

WAIT_MS = 15000  # a whole cycle of a line on which others are silent, too
LINE = "its power, wiring, unit number, baud and parity"
HOST = "its power, network, host and unit number"


class UnansweringDevices:
    """Those on one wire. guard: knows which EVSEs were heard. what: an installer has to check."""

    def __init__(self, name: str, members: "list[tuple[SiteFacts, Any, int | None]]", guard: "Guard", what: str) -> None:
        self._name = name
        self._guard = guard
        self._what = what
        self._waiting = list(members)
        self._since_ms = -1
        self._reported: "Sequence[int]" = ()

    def step(self, log: "Log", now_ms: int) -> None:
        """Logs each device once when its first answer is late, and once when it answers after all."""
        if self._since_ms < 0:
            self._since_ms = now_ms
        if not self._waiting:
            return
        there = [member for member in self._waiting if self._heard(member)]
        for member in there:
            self._waiting.remove(member)
            if self._reported:
                log.add("info", "%s: the first answer came, on bus %s unit %d" % (member[0]["name"], self._name, member[0]["unit"]), now_ms)
        if not self._reported and now_ms - self._since_ms >= WAIT_MS:
            self._reported = [member[0]["unit"] for member in self._waiting]
            for facts, _driver, _evse in self._waiting:
                log.add("warning", "%s: %s" % (facts["name"], self.text(facts["unit"])), now_ms)
        if not self._waiting:
            self._reported = ()

    def text(self, unit: int) -> str:
        """What is to be said of an address; "": it has answered, or it is too early to say."""
        if unit not in self._reported or unit not in [member[0]["unit"] for member in self._waiting]:
            return ""
        return "no valid answer on bus %s unit %d since start: check %s; `ampacity scan` shows which units answer" % (self._name, unit, self._what)

    def _heard(self, member: "tuple[SiteFacts, Any, int | None]") -> bool:
        _facts, driver, evse = member
        if evse is not None:
            return self._guard.heard_ever(evse)
        return driver.facts.online or bool(driver.facts.fault)
