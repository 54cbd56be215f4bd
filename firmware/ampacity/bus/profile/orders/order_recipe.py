"""From a limit in amperes to the writes that order it, and back: what the device may make of them (safety.md, rule 1).

A write is [function code, address, type, what, raw, role, mul, div, shown by field, stored]; what: "raw", "order",
"least", "watchdog", "fallback", "power_on" or "wait"; role: "limit", "enable", "disable" or "".
"""

from ampacity.base.errors import ensure
from ampacity.bus.profile.registers.codec import encode
from ampacity.bus.profile.registers.readings import value_write_pdu

if False:  # for the type checker
    from typing import Any

W_CODE, W_ADDRESS, W_TYPE, W_WHAT, W_RAW, W_ROLE, W_MUL, W_DIV, W_SHOWN, W_STORED = range(10)
LIMIT, ENABLE, DISABLE = "limit", "enable", "disable"


class OrderRecipe:
    """How one device is given a limit. max_da: the most it can ever offer; least_da: the least that it charges with by its documents,
    which a site's `min_a` does not change.
    """

    def __init__(self, order: "dict[str, Any]", min_da: int, max_da: int) -> None:
        self.table = order
        self.least_da = order["min"]
        self.min_da = max(min_da, self.least_da)
        self.max_da = max_da
        self.off_shown = bool(order["pause"]) and order["pause"][-1][W_ROLE] == DISABLE  # by a register of its own, whatever its limit shows then

    def representable(self, limit_da: int) -> int:
        """The greatest limit ≤ limit_da that the device can be given: 0, or a step between its least and most."""
        limit_da = min(limit_da, self.max_da, self.table["max"])
        if limit_da < self.min_da:
            return 0
        if self._is_full(limit_da):
            return limit_da
        mul, div = self.table["step"]
        limit_da = -(-(limit_da * div // mul) * mul // div)  # of a step between two da the next da, which is that step again
        return limit_da if limit_da >= self.min_da else 0

    def most_da(self, limit_da: int) -> int:
        """What the device may make of an order of limit_da: rounded as it rounds, its tolerance added, never above its maximum.

        A pause counts as what the device may still allow where nothing shows that it has stopped.
        """
        if limit_da == 0:
            return self.table["pause_da"]
        mul, div = self.table["step"]
        steps = limit_da * div // mul + self.table["up"]
        return min(self.max_da, max(limit_da, -(-steps * mul // div)) + self.table["tolerance"])

    def _is_full(self, limit_da: int) -> bool:
        """A device that is ordered in watts, and may have all it can: on how many phases it draws does not matter then."""
        return bool(self.table["full"]) and limit_da >= self.max_da

    def writes(self, limit_da: int) -> "list[Any]":
        """The writes that give a limit, in their order."""
        return self.table["charge"] if limit_da else self.table["pause"]

    def stop_write(self) -> "list[Any]":
        """The one write that by itself stops the device or lowers it to nothing: what a silent device is sent."""
        return self.table["pause"][-1]

    def can_probe(self, limit_da: int) -> bool:
        """Is one write enough to give this limit to a device of which nothing is known?"""
        return limit_da == 0 or len(self.table["charge"]) == 1

    def pdu(self, write: "list[Any]", limit_da: int, settings: "dict[str, Any]") -> bytes:
        """The bytes of a write. settings: {"watchdog": ms, "fallback": da}. A forbidden value breaks an invariant."""
        number, by = self._raw(write, limit_da, settings)
        self._check(write, number // by)
        return value_write_pdu(write[W_CODE], write[W_ADDRESS], encode(write[W_TYPE], (number, by)))

    def _check(self, write: "list[Any]", value: int) -> None:
        for address, low, high in self.table["forbidden"]:
            ensure(address != write[W_ADDRESS] or not low <= value <= high, "order: forbidden value")

    def raw(self, write: "list[Any]", limit_da: int) -> int:
        """The number of a limit in one word."""
        number, by = self._raw(write, limit_da, {})
        self._check(write, number // by)
        return number // by

    def _raw(self, write: "list[Any]", limit_da: int, settings: "dict[str, Any]") -> "tuple[int, int]":
        what = write[W_WHAT]
        if what == "raw":
            return write[W_RAW], 1
        if what == "order" and self._is_full(limit_da):
            return limit_da * self.table["full"][0], self.table["full"][1]
        value = {"order": limit_da, "least": self.least_da}.get(what)
        return (settings[what] if value is None else value) * write[W_DIV], write[W_MUL]
