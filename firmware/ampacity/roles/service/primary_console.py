"""What the installer's console works on at a primary: settings, limits, declarations. Loaded on demand."""

from ampacity import __version__
from ampacity.base.compat import forget
from ampacity.base.errors import NotNow
from ampacity.base.quantities import amps
from ampacity.base.tz import Zone
from ampacity.console.changes import Changes
from ampacity.console.error_texts import UnknownName, UsageError
from ampacity.console.settings import Setting, SettingTable, parse_da
from ampacity.roles.service.ocpp_commands import OcppCommands
from ampacity.roles.service.presence import presence_input
from ampacity.roles.service.status_view import left_text

if False:  # for the type checker
    from collections.abc import Callable

    from ampacity.console.interfaces import Command
    from ampacity.console.transfer import Open, Transfer
    from ampacity.roles.interfaces import SiteFacts, View
    from ampacity.roles.primary_face import PrimaryFace
    from ampacity.roles.service.configuring import Configuring
    from ampacity.roles.storage.persistence import Persistence

SOURCE = "console"
ANSWER_MS = 500
SITE_TRIAL = "site_trial"  # the document of configuration/site_trial.py
# commands and their first words that change nothing, and those whose other words are private
QUERIES = ("gaps", "time", "scan status", "commission status", "commission lines", "commission report", "replace status", "config", "transfer")
DISCREET = ("variable", "token")
TEST = "the test starts and stops cars and lets EVSEs go to their fail-safe. Continue?"
PLAN_SETTINGS = (
    # key, as [settings] of the site file has it; attribute of the plan or the demands; kind, least, most
    ("deadband_a", "plan", "deadband_da", "da", 0, 60),
    ("raise_hold_s", "plan", "raise_hold_ms", "s", 0, 600000),
    ("restart_hold_s", "demands", "restart_hold_ms", "s", 0, 3600000),
    ("idle_s", "demands", "idle_ms", "s", 10000, 86400000),
    ("wake_s", "demands", "wake_ms", "s", 60000, 86400000),
    ("slot_s", "demands", "slot_ms", "s", 60000, 86400000),
)


class PrimaryConsole:
    """The console's target (see console/console.py) of a primary."""

    version = __version__
    viewable = ("commission status", "commission report")  # for the viewer, too
    asked_by: object = None  # the console whose line is being answered

    def __init__(self, primary: "PrimaryFace") -> None:
        self.primary = primary
        self.log = primary.log
        self.access = primary.access
        self._restart: "tuple[str, int] | None" = None  # why, and when
        self._transfers: "Transfer | None" = None  # loaded when it is first asked for
        self.changes = Changes(
            primary.documents, self.log, lambda now_ms: primary.wallclock.iso(now_ms) or "",
            presence_input(primary.platform, self.log, primary.started_ms), self._returned,
        )  # fmt: skip
        self.settings = SettingTable(self._rows(), primary.documents)
        self.settings.load()
        if self.settings.undone:
            self.changes.undone(self.settings.what, primary.started_ms)
        for text in self.settings.refused:
            self.log.add("warning", "stored setting refused: " + text, primary.started_ms)
        self.commands: "dict[str, Command]" = {  # with a question: the command asks first, always or where the last function is True
            "isolate": (
                "isolate EVSE on | off", self._isolate,
                "it will count as 0 A. Is its feeder open and locked?", self._isolates,
            ),
            "accept": (
                "accept EVSE", self._accept,
                "the device that now answers there will receive current. Is it the right one, on the right feeder?",
                lambda words: self._one_evse("accept", words) >= 0,
            ),
            "gone": (
                "gone [NAME]", self._gone,
                "it will no longer count. Was it inspected, and is it disconnected from the site?", bool,
            ),
            "unlock": (
                "unlock EVSE", self._unlock,
                "it may charge again. Was the cause of the lock-out inspected?", lambda words: self._one_evse("unlock", words) >= 0,
            ),
            "confirm": (
                "confirm CIRCUIT", self._confirm,
                "`assumed_other_a` of the site file will count again. Is it certain that the other load never exceeds it?",
                lambda words: self._one_circuit("confirm", words) >= 0,
            ),
            "trust": (
                "trust CIRCUIT", self._trust,
                "the sums will use this meter again. Were the meter and its CTs inspected?",
                lambda words: self._one_circuit("trust", words) >= 0,
            ),
            "solar": ("solar EVSE on | off", self._solar),
            "needs": ("needs EVSE KWH HOURS | off", self._needs),
            "start": ("start EVSE", self._start),
            "gaps": ("gaps", self._gaps),
            "variable": ("variable COMPONENT.VARIABLE [VALUE]", self._variable),
            "restart": (
                "restart", lambda words, now_ms: self._restart_with("installer", now_ms),
                "charging pauses on every EVSE that needs the controller. Lock-outs stay.",
            ),
            "relearn": (
                "relearn", self._relearn,
                "lock-outs and distrust are forgotten. Was every EVSE inspected?", lambda words: self._relearned(words).lost,
            ),
            "commission": (
                "commission start [EVSE…] | status [--json] | next | no | skip | abort | lines [EVSE…] | report [EVSE] [--json] | sign NAME",
                self._commission, TEST, self._starts_test,
            ),
            "test": (
                "test [EVSE…]", lambda words, now_ms: self._commission(["start"] + words, now_ms),
                TEST, lambda words: self._starts_test(["start"] + words),
            ),
            "scan": (
                "scan BUS [standing=yes] [units=1-32] [baud=19200E1,…] [full=yes] [limit=SECONDS] | status [--json] | stop", self._scan,
            ),
            "replace": ("replace EVSE [serial=NUMBER] | status [--json] | stop", self._replace),
            "time": ("time", self._time),
            "config": ("config info | read OFFSET | settings", self._config),
            "transfer": ("transfer begin NAME SIZE SHA256 | data OFFSET BASE64 | end | status | abort", self._transfer),
        }
        self.commands.update(OcppCommands(primary).commands)
        for part in primary.parts:
            self.commands.update(getattr(part, "commands", {}))
        if primary.documents.get(SITE_TRIAL) is not None:
            self.configuring().begin_trial(primary.started_ms)

    def view(self) -> "View":
        """The primary's view of the site, see status_view.py."""
        return self.primary.view()

    def why(self, name: str) -> str:
        """The reasons of an EVSE's present target, as one line. Raises UnknownName."""
        return self.primary.why(self._evse(name))

    def step(self, now_ms: int) -> None:
        """Housekeeping: what was not confirmed in time is undone; a restart, once the answer that announces it has left."""
        self.changes.step(now_ms)
        if self._restart is not None and now_ms >= self._restart[1]:
            self.primary.resetting, self._restart = self._restart[0], None

    def noted(self, words: "list[str]") -> str:
        """What the journal of changes has of a command; "": it changes nothing."""
        line = " ".join(words)
        if line in ("gone", "update", "secondaries") or any([(line + " ").startswith(each + " ") for each in QUERIES]):
            return ""
        if words[0] in DISCREET:
            return "" if words[0] == "variable" and len(words) < 3 else " ".join(words[:2]) + " ..."
        return line

    def about(self, word: str) -> "str | None":
        """What `help COMMAND` says, None: no such command here."""
        from ampacity.roles.service.primary_help import ABOUT
        for part in self.primary.parts:
            if word in getattr(part, "about", ()):
                return part.about[word]  # type: ignore[attr-defined, no-any-return]
        return ABOUT.get(word)

    def limit(self, name: str, limit_da: "int | None", watts: "int | None", ttl_ms: "int | None", now_ms: int) -> None:
        """A limit by hand on an EVSE, a circuit (all that flows there) or `site` (the sum of our EVSEs)."""
        kept = self.primary.manual_limits()
        until_ms = None if ttl_ms is None else now_ms + ttl_ms
        value, unit = (limit_da, "da") if watts is None else (watts, "w")
        text = "withdrawn" if value is None else "%d W" % value if unit == "w" else amps(value)
        target = None if value is None and kept.forget(name, now_ms) else self._target(name)
        self.log.add("info", "limit by console: %s %s" % (name, text), now_ms)
        if target is not None:
            kept.put(SOURCE, target, value, until_ms, "release", now_ms, unit)

    # names

    def _target(self, name: str) -> "tuple[str, int]":
        site = self.primary.site
        if name == "site":
            return ("chargers", self.primary.root)
        for i, circuit in enumerate(site["circuits"]):
            if circuit["name"] == name:
                return ("circuit", i)
        index = self.primary.evses.index(name)
        if index is None:
            raise UnknownName("target", name, ["site"] + [item["name"] for item in site["circuits"] + site["evses"]])
        return ("evse", index)

    def _evse(self, name: str) -> int:
        index = self.primary.evses.index(name)
        if index is None:
            raise UnknownName("EVSE", name, [item["name"] for item in self.primary.site["evses"]])
        return index

    # settings

    def _rows(self) -> "list[Setting]":
        guard = self.primary.guard
        rows = []
        for key, part, attribute, kind, least, most in PLAN_SETTINGS:
            owner = getattr(guard, part)
            former = "sharing." + (attribute if kind == "s" else key)
            rows.append(Setting(key, kind, getattr(owner, attribute), _setter(owner, attribute), least, most, former=former))
        for i, evse in enumerate(self.primary.site["evses"]):
            rows.append(Setting(evse["name"] + ".limit_a", "da", evse["limit_da"], self._wish(i), 0, evse["max_da"]))
        return rows

    def _wish(self, index: int) -> "Callable[[int], None]":
        return lambda value_da: self.primary.guard.limit("installer", ("evse", index), value_da, None, "hold")

    # commands

    def _isolates(self, words: "list[str]") -> bool:
        return words[1:] == ["on"] and self._evse(words[0]) >= 0

    def _isolate(self, words: "list[str]", now_ms: int) -> str:
        if len(words) != 2 or words[1] not in ("on", "off"):
            raise UsageError("isolate EVSE on | off; on: its feeder is open and locked", words)
        index, guard = self._evse(words[0]), self.primary.guard
        draws_da = guard.draws_da(index, now_ms) if words[1] == "on" else 0
        if draws_da:
            raise NotNow("isolate", words[0], "it draws %s; open and lock its feeder first" % amps(draws_da))
        guard.isolate(index, words[1] == "on", now_ms)
        self.log.add("warning", "declared isolated: %s %s" % (words[0], words[1]), now_ms)
        return "ok"

    def _gone(self, words: "list[str]", now_ms: int) -> str:
        """What left the site file and still counts; with a name: a person has checked that it is no longer connected to the site."""
        guard = self.primary.guard
        if not words:
            return "\n".join([left_text(row) for row in guard.removed_evses()]) or "nothing that left the site file still counts"
        if len(words) != 1:
            raise UsageError("gone [NAME]; one name, as `gone` lists them", words)
        guard.confirm_removed(words[0], now_ms)
        self.log.add("warning", "declared gone: " + words[0], now_ms)
        return "ok"

    def _one_evse(self, word: str, words: "list[str]") -> int:
        if len(words) != 1:
            raise UsageError(word + " EVSE", words)
        return self._evse(words[0])

    def _accept(self, words: "list[str]", now_ms: int) -> str:
        index, guard = self._one_evse("accept", words), self.primary.guard
        evidence = guard.ledger.evse_states[index].evidence
        if evidence.known_fingerprint is not None and not evidence.same_device():
            self.primary.off_shows().forget(index, now_ms)
        guard.accept_device(index)
        self.log.add("warning", "device accepted: " + words[0], now_ms)
        return "accepted; it stays locked out for its disobedience: `unlock %s`" % words[0] if guard.locked_out(index) else "ok"

    def _unlock(self, words: "list[str]", now_ms: int) -> str:
        index = self._one_evse("unlock", words)
        self.primary.guard.unlock(index)
        driver = self.primary.buses.drivers[index]
        if hasattr(driver, "reset_faults"):
            driver.reset_faults()
        self.log.add("warning", "unlocked: " + words[0], now_ms)
        return "ok"

    def _solar(self, words: "list[str]", now_ms: int) -> str:
        """Charge by surplus only, or by all there is."""
        if len(words) != 2 or words[1] not in ("on", "off"):
            raise UsageError("solar EVSE on | off", words)
        self.primary.guard.optional.solar(self._evse(words[0]), words[1] == "on")
        self.log.add("info", "solar: %s %s" % (words[0], words[1]), now_ms)
        return "ok"

    def _needs(self, words: "list[str]", now_ms: int) -> str:
        """What the car still needs and in how many hours it leaves."""
        if len(words) == 2 and words[1] == "off":
            self.primary.evses.needs(self._evse(words[0]), None, None, now_ms)
            return "ok"
        kwh, hours = [parse_da(word) for word in words[1:3]] if len(words) == 3 else (None, None)
        if kwh is None or hours is None:
            raise UsageError("needs EVSE KWH HOURS | off; kWh and hours with at most one decimal", words)
        self.primary.evses.needs(self._evse(words[0]), kwh * 100, now_ms + hours * 360000, now_ms)
        return "ok"

    def _start(self, words: "list[str]", now_ms: int) -> str:
        """Pass over the random wait after a power failure."""
        self.primary.guard.optional.start_now(self._one_evse("start", words))
        return "ok"

    def _confirm(self, words: "list[str]", now_ms: int) -> str:
        self.primary.guard.confirm_assumed(self._one_circuit("confirm", words))
        self.log.add("warning", "assumed other load confirmed: " + words[0], now_ms)
        return "ok"

    def _trust(self, words: "list[str]", now_ms: int) -> str:
        """The meter of this circuit and its CTs were looked at."""
        self.primary.guard.trust_meter(self._one_circuit("trust", words))
        self.log.add("warning", "meter trusted again: " + words[0], now_ms)
        return "ok"

    def _one_circuit(self, word: str, words: "list[str]") -> int:
        names = [circuit["name"] for circuit in self.primary.site["circuits"]]
        if len(words) != 1:
            raise UsageError(word + " CIRCUIT", words)
        if words[0] not in names:
            raise UnknownName("circuit", words[0], names)
        return names.index(words[0])

    def _gaps(self, words: "list[str]", now_ms: int) -> str:
        lines = []
        for i, evse in enumerate(self.primary.site["evses"]):
            for text in self.primary.guard.gaps(i):
                lines.append(evse["name"] + ": " + text)
            trouble = getattr(self.primary.evses.facts(i), "trouble", None)
            if trouble:
                lines.append(evse["name"] + ": " + trouble)
        return "\n".join(lines) or "no evidence is missing"

    def _variable(self, words: "list[str]", now_ms: int) -> str:
        """An OCPP variable by hand: shown, or set as the CSMS would."""
        if self.primary.upstream is None:
            raise NotNow("variable", "", "this site has no [ocpp] section")
        if not words or "." not in words[0]:
            raise UsageError("variable COMPONENT.VARIABLE [VALUE]", words)
        component, variable = words[0].split(".", 1)
        return self.primary.upstream.variable(component, variable, " ".join(words[1:]) if len(words) > 1 else None, now_ms)

    def _time(self, words: "list[str]", now_ms: int) -> str:
        """The time of day, its source, and the local time by the zone of the site."""
        wallclock = self.primary.wallclock
        unix_ms = wallclock.unix_ms(now_ms)
        if unix_ms is None:
            return "not known yet"
        zone = (self.primary.site.get("time") or {}).get("tz") or "UTC0"
        local = Zone(zone).local(unix_ms)
        return "%s by %s; here %04d-%02d-%02d %02d:%02d:%02d (%s)" % ((wallclock.iso(now_ms), wallclock.source) + local[:6] + (zone,))

    def _starts_test(self, words: "list[str]") -> bool:
        """Does `commission` start a run? A wrong name is refused before the question."""
        return words[:1] == ["start"] and min([self._evse(name) for name in words[1:]] or [0]) >= 0

    def _commission(self, words: "list[str]", now_ms: int) -> str:
        """The guided test of every EVSE; its part of the firmware is loaded when it is first asked for."""
        if self.primary.commissioning is None:
            from ampacity.roles.service.commissioning import Commissioning
            self.primary.commissioning = Commissioning(self.primary)
        return self.primary.commissioning.command(words, now_ms)

    def _scan(self, words: "list[str]", now_ms: int) -> str:
        """What is on a bus; loaded when it is first asked for."""
        if self.primary.scanning is None:
            from ampacity.roles.service.scanning import Scanning
            self.primary.scanning = Scanning(self.primary)
        return self.primary.scanning.command(words, self.asked_by, now_ms)

    def _replace(self, words: "list[str]", now_ms: int) -> str:
        """A new unit at an old place; loaded when it is first asked for."""
        if self.primary.replacing is None:
            from ampacity.roles.service.replacing import Replacing
            self.primary.replacing = Replacing(self.primary)
        return self.primary.replacing.command(words, now_ms)

    def _config(self, words: "list[str]", now_ms: int) -> str:
        """The site as a whole; its part of the firmware is loaded when it is first asked for."""
        return self.configuring().command(words, now_ms)

    def _transfer(self, words: "list[str]", now_ms: int) -> str:
        """A file in pieces: a new configuration, or what a part of this primary takes."""
        if self._transfers is None:
            from ampacity.console.transfer import Transfer
            sinks: "dict[str, Open]" = {"configuration": lambda size, wanted, now_ms: self.configuring().open_sink(size, wanted, now_ms)}
            for part in self.primary.parts:
                sinks.update(getattr(part, "sinks", {}))
            self._transfers = Transfer(sinks)
        return self._transfers.command(words, now_ms, self.asked_by)  # type: ignore[arg-type]  # a console

    def configuring(self) -> "Configuring":
        """What reads and takes a configuration; loaded when it is first asked for."""
        if self.changes.sent is None:
            from ampacity.roles.service.configuring import Configuring
            self.changes.sent = Configuring(self.primary.platform, self.primary.documents, self, "primary", self._judge, self._restart_with)
        return self.changes.sent  # type: ignore[return-value]

    def _judge(self, site: "SiteFacts") -> None:
        """Raises Rejected where a start with it would be refused, by its own code; and where a connection lacks its certificates."""
        from ampacity.roles.configuration.compiled_site import checked
        from ampacity.roles.configuration.rehearsal import rehearse
        from ampacity.roles.configuration.tls_fields import refuse_tls
        checked(site, self.primary.guard.evidence_dump())
        refuse_tls(site, self.primary.platform)
        rehearse(self.primary.make, site, self.primary.platform)
        forget("ampacity.roles.configuration.rehearsal")
        forget("ampacity.roles.configuration.compiled_site")

    def _restart_with(self, text: str, now_ms: int) -> str:
        """Once the answer has left. Lock-outs stay: not `Primary.reset`."""
        self._restart = (text, now_ms + ANSWER_MS)
        self.log.add("warning", "%s: the controller restarts" % text, now_ms)
        return "restarting"

    def _returned(self, what: str, now_ms: int) -> None:
        if what == "configuration":
            self._restart_with(what, now_ms)

    def _relearned(self, words: "list[str]") -> "Persistence":
        persistence = self.primary.persistence
        if words or not persistence.lost:
            raise NotNow("relearn", " ".join(words), "it takes no words, and the evidence must be damaged")
        return persistence

    def _relearn(self, words: "list[str]", now_ms: int) -> str:
        """The evidence was damaged, and a person has checked every EVSE."""
        persistence = self._relearned(words)
        self.log.add("warning", "the damaged evidence was given up: what was locked out or distrusted is forgotten", now_ms)
        persistence.relearn(self.primary.guard)
        return "restarting"


def _setter(owner: object, attribute: str) -> "Callable[[int], None]":
    return lambda value: setattr(owner, attribute, value)
