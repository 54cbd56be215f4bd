"""Who answers, and how it is set: fingerprint, maximum, watchdog and fallback of one device, read back (rule 8).

The recipe writes what is not as it should be, and only that: some of these registers are flash.
"""

from ampacity.bus.profile.orders.order_recipe import W_ADDRESS, W_DIV, W_MUL, W_RAW, W_SHOWN, W_STORED, W_WHAT
from ampacity.bus.profile.orders.write_limiter import DayCount
from ampacity.bus.profile.proof.conditions import near_ms
from ampacity.bus.profile.proof.mismatch import register_text, words_of
from ampacity.bus.profile.registers.codec import ADDRESS, NAME

if False:  # for the type checker
    from collections.abc import Sequence
    from typing import Any

    from ampacity.bus.profile.orders.write_limiter import WriteLimiter
    from ampacity.bus.profile.registers.readings import Readings

TRIES_MAX = 3
COUNTED = ("watchdog", "fallback")  # what the ledger counts as the device shows it, whatever was written
STORED_PER_DAY = 12
LIKELY_DA_MAX = 2500  # no charging point with alternating current offers more: another register's value, or a fault
LONGER_MS_MAX = 1000  # a watchdog that is shown longer than written by more than a rounding counts as none


class SettingsAudit:
    """readings: of the device; targets: {"watchdog": ms, "fallback": da} as the site wants them; write_limiter: of its writes."""

    def __init__(
        self, compiled: "dict[str, Any]", readings: "Readings", targets: "dict[str, int]", write_limiter: "WriteLimiter | None" = None
    ) -> None:
        self.write_limiter = write_limiter
        self._write_acks: dict[int, int] = {}  # address: how often its write was acknowledged, and nothing came of it
        self._accepted: dict[int, Any] = {}  # address: what it shows instead, once that was accepted
        self.identity = compiled["identity"]
        self.watchdog = compiled["watchdog"]
        self.recipe = compiled["settings"]
        self.power_on = compiled["power_on"]
        self.readings = readings
        self.targets = targets
        self.left_alone: Sequence[int] = ()  # addresses that a feature of the driver holds for now
        self._stored = DayCount(STORED_PER_DAY)
        self.restart()

    def restart(self, anew: bool = True) -> None:
        """Begin again. `anew`: nothing about the device is known; otherwise: try again what did not hold."""
        if anew:
            self._blind_written: list[Any] = []
        self._at = 0
        self._wrote = False
        self.tries = 0

    def wanted(self, write: "list[Any]") -> int:
        """What the shown field must hold after this write, in its own unit."""
        if write[W_WHAT] == "raw":
            return write[W_RAW] * write[W_MUL] // write[W_DIV]
        return self.targets[write[W_WHAT]]

    def is_set(self, write: "list[Any]") -> bool:
        """Does the device show what this write would set?"""
        if write[W_WHAT] == "wait" or write[W_ADDRESS] in self.left_alone:
            return True
        if write[W_SHOWN] < 0:
            return write in self._blind_written
        value, wanted = self.readings.values[write[W_SHOWN]], self.wanted(write)
        if value is not None and value == self._accepted.get(write[W_ADDRESS]):
            return True
        return value == wanted

    def missing(self) -> "str | None":
        """The first setting that is not right, with what it shows."""
        for write in self.recipe:
            if not self.is_set(write):
                return self._text(write)
        return None

    def _text(self, write: "list[Any]") -> str:
        """A setting that is not as it was written."""
        what, index, fields = write[W_WHAT], write[W_SHOWN], self.readings.fields
        wanted = words_of(what, self.wanted(write))
        if index < 0:
            return "register %d was not written, expected %s" % (write[W_ADDRESS], wanted)
        if index in self.readings.denied:
            return "register %s (%d) could not be read and is not written, expected %s" % (fields[index][NAME], fields[index][ADDRESS], wanted)
        return register_text(fields[index], words_of(what, self.readings.values[index]), "written " + wanted)

    def accepted_text(self) -> "str | None":
        """A setting that is counted as the device shows it, for it holds no other."""
        for write in self.recipe:
            if write[W_ADDRESS] in self._accepted and not self._rounded(write):
                return self._text(write) + "; the value shown counts"
        return None

    def forget(self) -> None:
        """The device was lost: what it took or did not take may be otherwise now."""
        self._write_acks, self._accepted = {}, {}
        self.targets.pop("watchdog_taken", None)

    def _rounded(self, write: "list[Any]") -> bool:
        """Does it show the time that was written as it rounds it?"""
        value = self.readings.values[write[W_SHOWN]]
        return write[W_WHAT] == "watchdog" and value is not None and near_ms(value, self.wanted(write))

    def _accept(self) -> None:
        """What the device shows instead of what was written to it so often is its setting: the ledger counts it so, whatever that costs."""
        for write in self.recipe:
            address = write[W_ADDRESS]
            wrong_acks = self._write_acks.get(address, 0)
            if wrong_acks and write[W_WHAT] in COUNTED and not self.is_set(write) and (wrong_acks >= TRIES_MAX or self._rounded(write)):
                self._accepted[address] = self.readings.values[write[W_SHOWN]]
                if write[W_WHAT] == "watchdog":
                    self.targets["watchdog_taken"] = self._accepted[address]

    def settled(self) -> bool:
        """Are all settings as they should be?"""
        for write in self.recipe:
            if not self.is_set(write):
                return False
        return True

    def shown(self) -> "list[Any]":
        """[(name, wanted, shown or None, is it right, what it is), …] of every setting that the recipe writes.

        What it is: "watchdog" (ms), "fallback" or "power_on" (da), else "raw".
        """
        rows = []
        for write in self.recipe:
            if write[W_WHAT] != "wait":
                index = write[W_SHOWN]
                name = self.readings.fields[index][0] if index >= 0 else "register %d" % write[1]
                rows.append((name, self.wanted(write), self.readings.values[index] if index >= 0 else None, self.is_set(write), write[W_WHAT]))
        return rows

    def next_write(self, now_ms: int) -> "list[Any] | None":
        """The next write that the recipe needs in this pass, or None when the pass is over."""
        if not self._at:
            self._accept()
        while self._at < len(self.recipe):
            write = self.recipe[self._at]
            if write[W_WHAT] == "wait":
                if self._wrote:
                    return write
            elif not self.is_set(write) and self.affordable(write, now_ms) and self._ready(write, now_ms):
                return write
            self._at += 1
        return None

    def _ready(self, write: "list[Any]", now_ms: int) -> bool:
        """May it be written now? What could not be read is not written: what that would change is unknown."""
        if write[W_SHOWN] in self.readings.denied:
            return False
        return self.write_limiter is None or self.write_limiter.ready_ms(("set", write[W_ADDRESS]), self.wanted(write), now_ms) <= now_ms

    def affordable(self, write: "list[Any]", now_ms: int) -> bool:
        """Flash wears out: a register that is stored is written so often a day, whatever becomes of it."""
        return not write[W_STORED] or self._stored.has_room(now_ms)

    def spend(self, write: "list[Any]", now_ms: int) -> None:
        """The write is about to leave: a stored one is worn by it, answered or not."""
        if write[W_STORED]:
            self._stored.sent(now_ms)
        if self.write_limiter is not None and write[W_WHAT] != "wait":
            self.write_limiter.sent(("set", write[W_ADDRESS]), self.wanted(write), now_ms)

    def written(self, write: "list[Any]") -> None:
        """The write was acknowledged."""
        if write[W_SHOWN] < 0:
            self._blind_written.append(write)
        else:
            self._write_acks[write[W_ADDRESS]] = self._write_acks.get(write[W_ADDRESS], 0) + 1
        self._wrote = True
        self._at += 1

    def skip(self) -> None:
        """The write was refused; continue with the next one."""
        self._wrote = True
        self._at += 1

    def pass_over(self) -> bool:
        """End this pass. True: something was written, so the settings must be read again."""
        again = self._wrote
        for write in self.recipe:
            if self.is_set(write):
                self._write_acks.pop(write[W_ADDRESS], None)
                if self.write_limiter is not None:
                    self.write_limiter.worked(("set", write[W_ADDRESS]))
        self._at = 0
        self._wrote = False
        self.tries += 1
        return again

    def wrong(self) -> "str | None":
        """What keeps the device from being regulated, for a person to read."""
        values = self.readings.values
        for index, least, most, why in self.identity["require"]:
            if values[index] is None or not least <= values[index] <= most:
                return why
        for write in self.recipe:
            if not self.is_set(write):
                return "setting not retained: " + self._text(write)
        if self.power_on >= 0 and (values[self.power_on] is None or values[self.power_on] > self.targets["power_on"]):
            return "it allows more after a restart than the site file declares"
        return None

    def fingerprint(self) -> "str | None":
        """Who it is: serial number, or what distinguishes it from another; None while unread."""
        found = [self.readings.values[index] for index in self.identity["fingerprint"]]
        return None if not found or None in found else "-".join([str(value) for value in found])

    def _counted(self, index: int) -> int:
        """What a field shows; of a setting that it shows otherwise than it was written the worse of both. 0: a watchdog that is off."""
        value = self.readings.values[index]
        for write in self.recipe:
            if write[W_SHOWN] == index and write[W_ADDRESS] in self._accepted and (value or write[W_WHAT] == "fallback"):
                if write[W_WHAT] == "watchdog" and value > self.wanted(write) + LONGER_MS_MAX:
                    return 0  # the site's sums hold for the time of the site file only
                return max(value, self.wanted(write))
        return value

    def evidence(self, fields: "list[Any]") -> "list[Any]":
        """[(key, value), …] of what these fields, just read, show of the device's settings."""
        values = self.readings.values
        found = []
        rows = [("watchdog_ms", self.watchdog["time"]), ("fallback_da", self.watchdog["fallback"])]
        rows += [("max_da", self.identity["max"]), ("power_on_da", self.power_on)]
        for key, index in rows:
            if index in fields and values[index] is not None and not (key == "max_da" and values[index] > LIKELY_DA_MAX):
                found.append((key, self._counted(index)))
        if self.watchdog["fallback_fixed"] >= 0 and self.watchdog["time"] in fields:
            found.append(("fallback_da", self.watchdog["fallback_fixed"]))
        return found
