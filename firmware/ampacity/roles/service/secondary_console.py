"""What the installer's console works on in a secondary: its limits without a primary, and the key to its registers."""

import os

from ampacity import __version__
from ampacity.base.errors import NotNow, Rejected
from ampacity.base.quantities import amps, tenths
from ampacity.console.access import Access
from ampacity.console.settings import Setting, SettingTable, is_number

if False:  # for the type checker
    from collections.abc import Callable

    from ampacity.base.clock import Clock
    from ampacity.console.interfaces import Command
    from ampacity.roles.interfaces import SecondaryFace, View

UNLOCK_S_MAX = 3600


class NoDocuments:
    """The documents of settings that their owner keeps itself."""

    def get(self, name: str) -> None:
        """None: nothing is kept here."""
        return None

    def put(self, name: str, value: object) -> None:
        """The register map has taken the value already."""
        pass


class SecondaryConsole:
    """secondary: the role's Secondary. Settings act on the register map, which checks them against one another."""

    version = __version__
    asked_by: object = None  # the console whose line is being answered

    def __init__(self, secondary: "SecondaryFace", clock: "Clock") -> None:
        self.secondary = secondary
        self.clock = clock
        self.log = secondary.log
        self.access = Access(secondary.documents, os.urandom)
        self.commands: "dict[str, Command]" = {
            "unlock": ("unlock SECONDS: settings may be written over the bus", self.unlock),
            "clear": ("clear: faults that are no longer there", self.clear),
        }
        if secondary.updates is not None:
            self.commands.update(secondary.updates.commands)
            self.about = secondary.updates.about.get
        lease = secondary.lease
        self.settings = SettingTable(
            [
                Setting("fallback_a", "da", lease.fallback_da, self.setter("fallback_a", "fallback_da"), 0, 800, former="fallback"),
                Setting("max_a", "da", lease.max_da, self.setter("max_a", "max_da"), 60, 800, former="hardware_max"),
                Setting("power_on_a", "da", lease.power_on_da, self.setter("power_on_a", "power_on_da"), 0, 800, former="power_on"),
                Setting("watchdog_s", "s", lease.longest_ms, self.setter("watchdog_s", "longest_ms"), 1000, 3600000, former="longest_lease_ms"),
            ],
            NoDocuments(),
        )

    def view(self) -> "View":
        """The facts of this secondary, see Secondary.view."""
        return self.secondary.view(self.clock.now_ms())

    def why(self, name: str) -> str:
        """The limit in force, and which part of the lease it comes from; the name does not matter."""
        now_ms = self.clock.now_ms()
        lease = self.secondary.lease
        return "%s: %s, max_a %s" % (amps(lease.limit_da(now_ms)), lease.state(now_ms), amps(lease.max_da))

    def limit(self, target: str, limit_da: "int | None", watts: "int | None", ttl_ms: "int | None", now_ms: int) -> None:
        """Raises NotNow: limits are set at the primary."""
        raise NotNow("limit", target, "a secondary obeys its lease; set the limit at the console of the primary")

    def setter(self, key: str, name: str) -> "Callable[[int], None]":
        """Function that puts one of the four values in force; the others stay."""

        def apply(value: int) -> None:
            lease = self.secondary.lease
            values = {"fallback_da": lease.fallback_da, "max_da": lease.max_da, "power_on_da": lease.power_on_da}
            values["longest_ms"] = lease.longest_ms
            values[name] = value
            done = self.secondary.map.set_settings(
                values["fallback_da"], values["max_da"], values["power_on_da"], values["longest_ms"]
            )
            if not done:
                raise Rejected(key, tenths(value), "0, or 6.0 A up to max_a, together with the other settings")
            self.secondary.map.settings_changed = True

        return apply

    def unlock(self, words: "list[str]", now_ms: int) -> str:
        """Open the settings block of the register map for a while."""
        if len(words) != 1 or not is_number(words[0]) or not 0 <= int(words[0]) <= UNLOCK_S_MAX:
            raise Rejected("unlock", " ".join(words), "0..%d seconds" % UNLOCK_S_MAX)
        self.secondary.unlock_until(now_ms + 1000 * int(words[0]))
        self.log.add("info", "settings over the bus: unlocked for %s s" % words[0], now_ms)
        return "ok"

    def clear(self, words: "list[str]", now_ms: int) -> str:
        """End the faults that are no longer present."""
        self.secondary.evse.reset_faults()
        return "ok"
