"""Updates of a primary (docs/updates.md): the facts that show that it works, when it may restart, and its console commands."""

from ampacity.roles.optional.part import OptionalPart
from ampacity.roles.updates import updater as core
from ampacity.roles.updates.found import find_places, inbox_of
from ampacity.update.trial import BUS, OCPP, SAFETY_LOOP

if False:  # for the type checker
    from ampacity.console.interfaces import Command
    from ampacity.roles.interfaces import View
    from ampacity.roles.primary_face import PrimaryFace
    from ampacity.roles.updates.places import Places
    from ampacity.roles.updates.staging import Staging

HOLD_DOC = "update"  # {"hold": true} while a bundle that is ready waits for an order
STAGING_DOC = "staging"  # of updates/staging.py
SECONDARIES = "secondaries [stage [EVSE…] | activate EVSE… | stop]"
CHECKED_MS = 1000  # a pass of the safety loop is so recent


class Updates(OptionalPart):
    """primary: whose restart and facts these are; places: its slots; inbox: folder of a stick."""

    about = dict(core.ABOUT)
    about["secondaries"] = (
        "Shows what becomes of updates of secondaries. `stage`: brings the version that runs here to them over the bus, in time that\n"
        "nothing else needs; all of them, or those that are named. `activate`: restarts one with it, on trial for up to 15 minutes."
    )

    def __init__(self, primary: "PrimaryFace", places: "Places", inbox: str) -> None:
        self._primary = primary
        needed = [SAFETY_LOOP]
        if primary.buses.wires:
            needed.append(BUS)
        if primary.upstream is not None:
            needed.append(OCPP)
        known = primary.documents.get(HOLD_DOC) or {}
        self.updater = core.Updater(places, primary.log, primary.clock, tuple(needed), inbox, bool(known.get("hold")))
        self._kept_hold = self.updater.hold
        self._replies = self._all_replies()
        self.staging: "Staging | None" = None  # loaded when it is first asked for, or was under way
        self._places = places
        if primary.documents.get(STAGING_DOC):
            self._load_staging()

    @property
    def commands(self) -> "dict[str, Command]":
        """For the console."""
        found = dict(self.updater.commands)
        found["secondaries"] = (
            SECONDARIES, lambda words, now_ms: self._load_staging().command(words, now_ms),
            "the EVSE restarts; what it charges pauses.", lambda words: words[:1] == ["activate"],
        )  # fmt: skip
        return found

    def view(self, now_ms: int) -> "View":
        """For `show update`."""
        view = self.updater.view(now_ms)
        if self.staging is not None:
            view["secondaries"] = self.staging.view()
        return view

    def _load_staging(self) -> "Staging":
        if self.staging is None:
            from ampacity.roles.updates.staging import Staging
            self.staging = Staging(self._primary, self._places)
        return self.staging

    def step(self, now_ms: int) -> None:
        """Housekeeping: a slice of a delivery, a look at the trial."""
        updater = self.updater
        updater.step(self._facts(now_ms), self._hindrance(), now_ms)
        if self.staging is not None:
            self.staging.step(now_ms)
        if updater.hold != self._kept_hold:
            self._kept_hold = updater.hold
            self._primary.persistence.put(HOLD_DOC, {"hold": updater.hold}, now_ms)
        if updater.wants_restart:
            self._primary.reset(updater.wants_restart, 0, now_ms)
            updater.wants_restart = ""

    def _facts(self, now_ms: int) -> "list[str]":
        """What is true now."""
        primary, facts = self._primary, []
        if now_ms - primary.safety.checked_ms <= CHECKED_MS:
            facts.append(SAFETY_LOOP)
        replies = self._all_replies()
        if replies != self._replies:
            self._replies = replies
            facts.append(BUS)
        if primary.upstream is not None and primary.upstream.station.accepted():
            facts.append(OCPP)
        return facts

    def _all_replies(self) -> int:
        return sum([wire.engine.counters["replies"] for wire in self._primary.buses.wires])

    def _hindrance(self) -> str:
        """What prevents a restart now, "" nothing does."""
        primary = self._primary
        for work, name in ((primary.commissioning, "a commissioning test"), (primary.scanning, "a scan")):
            if work is not None and work.running:
                return name + " runs"
        for index, evse in enumerate(primary.site["evses"]):
            if primary.evses.transaction(index) is not None or primary.evses.facts(index).charging:
                return "evse %s charges" % evse["name"]
        return ""


def update_parts(primary: "PrimaryFace") -> "list[Updates]":
    """The part, where this controller has slots that can be used."""
    places = find_places(primary.platform, primary.log)
    return [] if places is None else [Updates(primary, places, inbox_of(primary.platform))]
