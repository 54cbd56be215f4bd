"""What the installer's console works on in a secondary: its limits without a primary, and the key to its registers."""

import os

from ampacity import __version__
from ampacity.base.errors import NotNow, Rejected
from ampacity.base.quantities import amps, tenths
from ampacity.console.access import Access
from ampacity.console.changes import Changes
from ampacity.console.settings import Setting, SettingTable, is_number
from ampacity.roles.service.presence import presence_input

if False:  # for the type checker
    from collections.abc import Callable
    from typing import Any

    from ampacity.base.clock import Clock
    from ampacity.console.interfaces import Command
    from ampacity.console.transfer import Open, Transfer
    from ampacity.roles.interfaces import RolePlatform, SecondaryFace, SiteFacts, View
    from ampacity.roles.service.configuring import Configuring

NOTHING = (0, 0, 0, 0)  # would return
UNLOCK_S_MAX = 3600
ANSWER_MS = 500
SITE_TRIAL = "site_trial"  # the document of configuration/site_trial.py
CONFIG = "config info | read OFFSET | settings"
EIO = 5
TRANSFER = "transfer begin NAME SIZE SHA256 | data OFFSET BASE64 | end | status | abort"


class WrittenSettings:
    """The documents of settings that the secondary itself keeps: the register map has taken the values already."""

    def __init__(self, secondary: "SecondaryFace", clock: "Clock") -> None:
        self._secondary = secondary
        self._clock = clock

    def get(self, name: str) -> None:
        """None: nothing is kept here."""
        return None

    def put(self, name: str, value: object) -> None:
        """What the register map has taken is stored now. Raises OSError: it is not yet."""
        self._secondary.housekeep(self._clock.now_ms())
        if self._secondary.map.settings_changed:
            raise OSError(EIO, "the settings are in force, but not stored")

    def remove(self, name: str) -> None:
        """Nothing is kept here."""
        pass


class TrialRecord:
    """The document of the settings before a trial. While it is there a restart may bring them back, so the registers show no setting that
    is less. rows: of the settings, in the order of the map's."""

    def __init__(self, secondary: "SecondaryFace", rows: "list[Setting]") -> None:
        self._secondary = secondary
        self._rows = rows

    @property
    def damaged(self) -> "list[str]":
        """The names of damaged documents."""
        return self._secondary.documents.damaged

    def get(self, name: str) -> "Any":
        """The record, None: nothing is on trial."""
        before = self._secondary.documents.get(name)
        if before:
            self._show(before)
        return before

    def put(self, name: str, before: "Any") -> None:
        """From now on these may return. Raises OSError."""
        self._secondary.documents.put(name, before)
        self._show(before)

    def remove(self, name: str) -> None:
        """Nothing returns any more. Raises OSError: it may."""
        self._secondary.documents.remove(name)
        self._show({})

    def _show(self, before: "dict[str, Any]") -> None:
        values = [before.get(row.key, 0) for row in self._rows]
        self._secondary.may_return(tuple([value if row.fits(value) else 0 for row, value in zip(self._rows, values)]))


class SecondaryConsole:
    """secondary: the role's Secondary. platform, check: for a new configuration; check(config) raises Rejected.

    Settings act on the register map, which checks them against one another."""

    version = __version__
    asked_by: object = None  # the console whose line is being answered
    restarts = False  # its role has to end now
    _restart_at_ms: "int | None" = None
    _transfers: "Transfer | None" = None  # loaded when it is first asked for
    _site_on_trial = False  # its registers show what the previous configuration would bring back

    def __init__(
        self, secondary: "SecondaryFace", clock: "Clock", platform: "RolePlatform | None" = None,
        check: "Callable[[SiteFacts], object]" = lambda config: None,
    ) -> None:
        self.secondary = secondary
        self.clock = clock
        self.platform = platform
        self._check = check
        self.log = secondary.log
        self.access = Access(secondary.documents, os.urandom)
        now_ms = 0 if platform is None else clock.now_ms()
        present = no_input if platform is None else presence_input(platform, self.log, now_ms)
        self.changes = Changes(secondary.documents, self.log, lambda now_ms: "", present, self._returned)
        self.commands: "dict[str, Command]" = {
            "unlock": ("unlock SECONDS: settings may be written over the bus", self.unlock),
            "clear": ("clear: faults that are no longer there", self.clear),
            "config": (CONFIG, self.config),
            "transfer": (TRANSFER, self.transfer),
        }
        if secondary.updates is not None:
            self.commands.update(secondary.updates.commands)
            self.about = secondary.updates.about.get
        lease = secondary.lease
        rows = [
            self._row("fallback_a", "da", lease.fallback_da, "fallback_da", 0, 800, "fallback"),
            self._row("max_a", "da", lease.max_da, "max_da", 60, 800, "hardware_max"),
            self._row("power_on_a", "da", lease.power_on_da, "power_on_da", 0, 800, "power_on"),
            self._row("watchdog_s", "s", lease.longest_ms, "longest_ms", 1000, 3600000, "longest_lease_ms"),
        ]
        self.settings = SettingTable(rows, WrittenSettings(secondary, clock), TrialRecord(secondary, rows))
        self.settings.load()
        if self.settings.undone:
            self.changes.undone(self.settings.what, now_ms)
        for text in self.settings.refused:
            self.log.add("warning", "settings: " + text, now_ms)
        if platform is not None and secondary.documents.get(SITE_TRIAL) is not None:
            self.configuring().begin_trial(now_ms)
            self._site_on_trial = self.changes.confirmation.what() is not None
            if self._site_on_trial:
                secondary.show_previous(platform)

    def step(self, now_ms: int) -> None:
        """Housekeeping: what was not confirmed in time is undone; a restart, once the answer that announces it has left."""
        self.changes.step(now_ms)
        if self._site_on_trial and self.changes.confirmation.what() is None and self._restart_at_ms is None:
            self._site_on_trial = False  # confirmed
            self.secondary.may_return(NOTHING)
        self.restarts = self._restart_at_ms is not None and now_ms >= self._restart_at_ms

    def noted(self, words: "list[str]") -> str:
        """What the journal of changes has of a command; "": it changes nothing."""
        return "" if words[0] in ("config", "transfer") or words == ["update"] else " ".join(words)

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

    def _row(self, key: str, kind: str, value: int, name: str, least: int, most: int, former: str) -> "Setting":
        """Each of them is a part of the reserve of this EVSE, so a change touches safety."""
        return Setting(key, kind, value, self.setter(key, name), least, most, former=former, safety=True)

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

    def config(self, words: "list[str]", now_ms: int) -> str:
        """Its configuration as a whole; its part of the firmware is loaded when it is first asked for."""
        return self.configuring().command(words, now_ms)

    def transfer(self, words: "list[str]", now_ms: int) -> str:
        """A file in pieces: a new configuration, or a bundle where there are two slots."""
        if self._transfers is None:
            from ampacity.console.transfer import Transfer

            sinks: "dict[str, Open]" = {"configuration": lambda size, wanted, now_ms: self.configuring().open_sink(size, wanted, now_ms)}
            if self.secondary.updates is not None:
                sinks.update(self.secondary.updates.sinks)
            self._transfers = Transfer(sinks)
        return self._transfers.command(words, now_ms, self.asked_by)  # type: ignore[arg-type]  # a console

    def configuring(self) -> "Configuring":
        """What reads and takes a configuration; loaded when it is first asked for. Raises NotNow where there is no data folder."""
        platform = self.platform
        if platform is None:
            raise NotNow("config", "", "this controller has no data folder")
        if self.changes.sent is None:
            from ampacity.roles.service.configuring import Configuring

            self.changes.sent = Configuring(platform, self.secondary.documents, self, "secondary", self._check, self._restart)
        return self.changes.sent  # type: ignore[return-value]

    def _restart(self, text: str, now_ms: int) -> None:
        self._restart_at_ms = now_ms + ANSWER_MS
        self.log.add("warning", "%s: the controller restarts" % text, now_ms)

    def _returned(self, what: str, now_ms: int) -> None:
        if what == "configuration":
            self._restart(what, now_ms)


def no_input() -> bool:
    """Without a platform there is no presence input."""
    return False
