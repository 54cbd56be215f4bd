"""Updates of a primary (docs/updates.md): its console commands, and a look at the slots; all else is loaded when something is to do.

Something is to do during a trial, while a bundle is ready or on its way, and once a command is used.
"""

from ampacity.base.errors import NotNow
from ampacity.ocpp.errors import refusal
from ampacity.ocpp.firmware.kept_order import is_open, kept_order, shown
from ampacity.roles.optional.part import OptionalPart
from ampacity.roles.updates.found import find_places, has_bundle, inbox_of, root_of
from ampacity.store.disk_files import DiskFiles
from ampacity.update.records import Record
from ampacity.update.slot_state import READY, SlotState, decoded

if False:  # for the type checker
    from ampacity.console.interfaces import Command
    from ampacity.console.transfer import Open
    from ampacity.ocpp.messages import Message
    from ampacity.roles.interfaces import View
    from ampacity.roles.primary_face import PrimaryFace
    from ampacity.roles.updates.primary_updates import PrimaryUpdates
    from ampacity.roles.updates.updater import Updater

LOOK_MS = 10000
STAGING_DOC = "staging"  # of updates/staging.py
HOLD_DOC = "update"  # of updates/primary_updates.py
CONFIGURATION = "configuration"  # record of updates/places.py
UPDATE = "update [activate | roll-back | hold on | hold off]"
SECONDARIES = "secondaries [stage [EVSE…] | activate EVSE… | stop | forget]"


class Updates(OptionalPart):
    """The part of a primary with two slots."""

    about = {
        "update": "Shows what becomes of an update; `show update` has more. `activate`: restart with the bundle that is ready, on trial for\n"
        "up to 15 minutes. `roll-back`: restart with the version before. `hold on`: a bundle that is ready waits for `update activate`.",
        "secondaries": "Shows what becomes of updates of secondaries. `stage`: brings them the bundle that was sent for them, else the version that\n"
        "runs here, over the bus in time that nothing else needs; all, or those that are named.\n"
        "`activate`: restarts one with it, on trial for up to 15 minutes. `forget`: removes the bundle that was sent for them.",
    }

    def __init__(self, primary: "PrimaryFace") -> None:
        self._primary = primary
        self._inbox = inbox_of(primary.platform)
        self._slot = primary.platform.boot.get("slot") or ""
        self._loaded: "PrimaryUpdates | None" = None
        self._due_ms = 0
        self._state = self._kept("application")
        self._configuration = self._kept(CONFIGURATION)
        damaged = self._slot and "ab".find(self._slot) != self._state.active  # the boot stage had to start the other one
        busy = damaged or is_busy(self._state) or is_busy(self._configuration)
        if primary.upstream is not None:
            primary.upstream.station.firmware = self
            busy = busy or is_open(kept_order(primary.upstream.station.documents))
        if busy or primary.documents.get(STAGING_DOC):
            self.load()
        elif self._state.outcome:
            primary.log.add("info", "update: " + self._state.outcome, primary.started_ms)

    def _kept(self, kind: str) -> SlotState:
        raw = Record(DiskFiles((root_of(self._primary.platform) or "") + "/update"), kind).load()
        return (decoded(raw) if raw is not None else None) or SlotState()

    @property
    def updater(self) -> "Updater":
        """What takes and tries bundles, loaded now. Raises NotNow."""
        return self.load().updater

    def load(self) -> "PrimaryUpdates":
        """All of it. Raises NotNow where the slots cannot be used."""
        if self._loaded is None:
            places = find_places(self._primary.platform, self._primary.log)
            if places is None:
                raise NotNow("update", "", "the slots of this controller cannot be used; the log says why")
            from ampacity.roles.updates.primary_updates import PrimaryUpdates
            self._loaded = PrimaryUpdates(self._primary, places, self._inbox)
        return self._loaded

    @property
    def sinks(self) -> "dict[str, Open]":
        """What takes files that come over a console: for this controller, and for its secondaries."""
        return {
            "bundle": lambda size, digest, now_ms: self.updater.open_sink(size, digest, now_ms),
            "secondaries": lambda size, digest, now_ms: self.load().load_staging().open(size, digest, now_ms),
        }

    @property
    def commands(self) -> "dict[str, Command]":
        """For the console."""
        return {
            "update": (
                UPDATE, lambda words, now_ms: self.updater.command(words, now_ms),
                "the controller restarts with it; charging pauses on every EVSE that needs the controller.",
                lambda words: words in (["activate"], ["roll-back"]),
            ),
            "secondaries": (
                SECONDARIES, lambda words, now_ms: self.load().load_staging().command(words, now_ms),
                "the EVSE restarts; what it charges pauses.", lambda words: words[:1] == ["activate"],
            ),
        }  # fmt: skip

    def request(self, request: "Message", key: str, now_ms: int) -> "Message":
        """UpdateFirmware of the CSMS; all that it needs is loaded now. key: of its certificate, "" without one."""
        try:
            return self.load().load_csms().request(request, key, now_ms)
        except NotNow as error:
            return refusal("InternalError", str(error))

    def triggered(self) -> "Message":
        """The FirmwareStatusNotification for a TriggerMessage."""
        return shown(kept_order(self._primary.documents))

    def view(self, now_ms: int) -> "View":
        """For `show update`; a part of it until something is to do."""
        if self._loaded is not None:
            return self._loaded.view(now_ms)
        view = self._state.shown()
        held = self._primary.documents.get(HOLD_DOC) or {}
        view.update({"runs": self._slot or None, "hold": bool(held.get("hold")), "configuration": self._configuration.shown()})
        return view

    def step(self, now_ms: int) -> None:
        """Housekeeping: what was loaded, or each 10 s a look into the folder."""
        if self._loaded is not None:
            self._loaded.step(now_ms)
        elif now_ms >= self._due_ms:
            self._due_ms = now_ms + LOOK_MS
            if has_bundle(self._inbox):
                self.load()


def is_busy(state: SlotState) -> bool:
    """Is a slot on trial, or a bundle ready?"""
    return state.trial >= 0 or READY in [slot.state for slot in state.slots]


def update_parts(primary: "PrimaryFace") -> "list[Updates]":
    """The part, where this controller has slots that can be used."""
    root = root_of(primary.platform) or ""
    try:
        with open(root + "/boot/roots", "rb") as file:
            file.read(1)
        return [Updates(primary)]
    except (OSError, NotNow) as error:
        primary.log.add("error", "update: no slots in %s, no update is possible: %s" % (root or "/", error), primary.started_ms)
        return []
