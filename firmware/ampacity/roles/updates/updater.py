"""What a controller with two slots does with bundles: takes them in small slices, tries them when nothing charges, keeps or rolls back.

Both roles have one. The role says which facts show that it works and what prevents a restart; it carries out the restart.
"""

from ampacity.base.errors import NotNow, Rejected
from ampacity.console.error_texts import UsageError
from ampacity.roles.updates.inbox import Inbox
from ampacity.update.delivery import FAILED, IDLE, KEYS, READY, RECEIVING, REFUSED, Delivery
from ampacity.update.manifest import APPLICATION
from ampacity.update.slot_content import FOLDERS, SlotContent
from ampacity.update.slot_state import NONE, STATES
from ampacity.update.slot_state import READY as SLOT_READY
from ampacity.update.slot_state import RECEIVING as SLOT_RECEIVING
from ampacity.update.trial import CONFIRMED, Trial

if False:  # for the type checker
    from collections.abc import Callable

    from ampacity.base.clock import Clock
    from ampacity.base.log import Log
    from ampacity.roles.interfaces import View
    from ampacity.roles.updates.configuration_updates import ConfigurationUpdates
    from ampacity.roles.updates.places import Places
    from ampacity.update.delivery import Delivery as Taking
    from ampacity.update.slots import Slots

SLICE_MS = 10  # of work in one pass of the housekeeping, each 200 ms; one step may last longer
STALLED_MS = 60000  # a source that brings nothing for so long has gone
QUIET_MS = 60000  # nothing charges for so long before a bundle is tried without an order
CONSOLE = "console"  # as the source of a delivery
UPDATE = "update [activate | roll-back | hold on | hold off]"
SIGNATURES = {"signature": "InvalidFirmwareSignature", "key": "InvalidFirmwareSigningCertificate"}  # security events by refused field


class BundleSink:
    """The sink of a console's transfer (console/transfer.py)."""

    def __init__(self, updater: "Updater", source: str) -> None:
        self._updater = updater
        self._source = source

    @property
    def offset(self) -> int:
        """The next byte wanted; all of them where the delivery has ended."""
        delivery = self._updater.delivery
        return delivery.offset if delivery.busy() else delivery.size

    def write(self, offset: int, data: bytes) -> int:
        """Takes what it can, with at most one slice of work. Raises Rejected, OSError."""
        delivery = self._updater.delivery
        self._check_open()
        taken = 0
        for _ in range(2):
            at = offset + taken
            if taken < len(data) and at <= delivery.offset:
                taken += delivery.write(at, data[taken:])
            if taken < len(data):
                self._updater.work_once()
        self._updater.taken_to = offset + taken
        return taken

    def end(self) -> "str | None":
        """None while it is checked, then what became of it. Raises Rejected: it is refused."""
        delivery = self._updater.delivery
        self._check_open()
        if delivery.busy():
            return None
        if delivery.error is not None:
            raise delivery.error
        return self._updater.ready_text() if delivery.state == READY else delivery.state

    def _check_open(self) -> None:
        if self._updater.delivery.state == IDLE:
            raise Rejected("transfer", "a pause of more than %d s" % (STALLED_MS // 1000), "`transfer begin` again: it continues where it was")

    def abort(self) -> None:
        """What came stays; the same bundle continues there."""
        if self._updater.delivery.source == self._source:
            self._updater.delivery.abort()


class Updater:
    """places: slots, keys and identity. needed: the facts that this site can show. boot: facts of boot.json.

    `wants_restart`: why the role has to restart the controller, "" it has not; the role clears it. `reports`: [(security event of OCPP, text)],
    oldest first; the role empties it.
    """

    def __init__(
        self, places: "Places", log: "Log", clock: "Clock", needed: "tuple[str, ...]", folder: str, hold: bool,
        configuration: "ConfigurationUpdates | None" = None,
    ) -> None:  # fmt: skip
        self.places = places
        self.slots = places.slots
        self.log = log
        self.clock = clock
        self.hold = hold
        self.keep_hold: "Callable[[bool], None] | None" = None  # stores a changed `hold`; raises OSError
        self.wants_restart = ""
        self.reports: "list[tuple[str, str]]" = []
        self.reserved: "tuple[int, ...]" = ()  # numbers of `ready_number`: an order of the CSMS decides when these are tried
        self._restarting = False
        self.longest_us = 0  # of one step
        self.configuration = configuration
        if configuration is None:
            self.delivery: "Taking" = Delivery(places.slots, places.trust, places.device)
        else:
            self.delivery = Delivery(places.slots, places.trust, places.device, configuration.slots, configuration.judge)
        self.inbox = Inbox(folder, self.delivery, log)
        self.trial: "Trial | None" = None
        self._quiet_since_ms: "int | None" = None
        self._hindrance = ""
        self.taken_to = 0  # of what a sink took last, also of what the slot has already
        self._moved = ((0, 0), 0)  # offset of the delivery and that, since when
        now_ms = clock.now_ms()
        if places.slot != NONE and self.slots.state.trial == places.slot:
            self.trial = Trial(self.slots, needed, self._floor(), now_ms)
            log.add("warning", "update: %s is on trial: %d min left" % (self._version(places.slot), self.slots.state.minutes + 1), now_ms)
            return
        self._leave_damaged_slot(now_ms)
        if self.slots.state.outcome:
            log.add("info", "update: " + self.slots.state.outcome, now_ms)

    def _leave_damaged_slot(self, now_ms: int) -> None:
        """The boot stage has started the other slot, because the active one is damaged: the one that runs is never written."""
        state, slot = self.slots.state, self.places.slot
        if slot == NONE or state.active in (slot, NONE) or state.trial != NONE:
            return
        try:
            self.slots.roll_back("slot %s is damaged" % FOLDERS[state.active])
        except (Rejected, OSError) as error:
            self._restarting = True  # nothing is taken then
            self.log.add("error", "update: %s" % error, now_ms)

    def step(self, facts: "list[str]", hindrance: str, now_ms: int) -> None:
        """One pass of the housekeeping. facts: those that are true now; hindrance: what prevents a restart, "" nothing."""
        self._hindrance = hindrance
        if self.trial is not None:
            self._try(self.trial, facts, now_ms)
            return
        if self._restarting:
            return
        if self.configuration is not None:
            self.configuration.step(facts, now_ms)
            if self.configuration.on_trial():
                return
        self.inbox.look(now_ms)
        self._work(now_ms)
        self._give_up_stalled(now_ms)
        self._tell(now_ms)
        self._activate_when_quiet(now_ms)

    def work_once(self) -> bool:
        """One slice of the delivery, measured. True: nothing to do until more is written."""
        began_us = self.clock.now_us()
        waits = self.delivery.step()
        self.longest_us = max(self.longest_us, self.clock.now_us() - began_us)
        return waits

    def command(self, words: "list[str]", now_ms: int) -> str:
        """`update …` of the console. Raises Rejected, OSError."""
        if words == ["activate"]:
            return self.activate(self.ready_number(), now_ms, True)
        if words == ["roll-back"]:
            self.slots.roll_back("by the installer")
            return self._restart("update: rolled back by the installer", now_ms)
        if words in (["hold", "on"], ["hold", "off"]):
            if self.keep_hold is not None:  # what the medium refuses is not in force either
                self.keep_hold(words[1] == "on")
            self.hold = words[1] == "on"
            return "a bundle that is ready waits for `update activate`" if self.hold else "a bundle that is ready is tried when nothing charges"
        if words:
            raise UsageError(UPDATE, words)
        if self.configuration is not None and self.delivery.kind != APPLICATION:
            return self.ready_text() or self.configuration.slots.state.outcome or "no update"
        return self.ready_text() or self.slots.state.outcome or "no update"

    def ready_text(self) -> str:
        """What becomes of the bundle that is ready, "" where there is none."""
        number = self.ready_number()
        if number == NONE:
            return ""
        slots, slot = self.numbered(number)
        what = "" if slots is self.slots else "configuration "
        when = "`update activate`" if self.held(number) else "no EVSE has charged for a minute, or `update activate`"
        return "%s%s is ready in slot %s; it is tried after %s" % (what, slots.state.slots[slot].version, FOLDERS[slot], when)

    def ready_number(self, without: "tuple[int, ...]" = ()) -> int:
        """The bundle that is ready: 0 or 1, a slot of the application; 2 or 3, one of the configuration; NONE: there is none.

        Of two the one that came last. without: numbers that do not count.
        """
        found = [self.ready_slot()]
        if self.configuration is not None and self.configuration.ready_slot() != NONE:
            found.insert(0 if self.delivery.kind != APPLICATION else 1, 2 + self.configuration.ready_slot())
        found = [number for number in found if number != NONE and number not in without]
        return found[0] if found else NONE

    def numbered(self, number: int) -> "tuple[Slots, int]":
        """(slots, slot) of a number of `ready_number`."""
        if number < 2 or self.configuration is None:
            return self.slots, number & 1
        return self.configuration.slots, number - 2

    def on_trial(self) -> bool:
        """Is an application or a configuration on trial?"""
        return self.slots.state.trial != NONE or self.configuration is not None and self.configuration.on_trial()

    def ready_sequence(self) -> int:
        """Sequence of the bundle that is ready, 0 where there is none."""
        number = self.ready_number()
        if number == NONE:
            return 0
        slots, slot = self.numbered(number)
        return slots.state.slots[slot].sequence

    def view(self, now_ms: int) -> "View":
        """For `show update`."""
        state, delivery = self.slots.state, self.delivery
        came = delivery.size if delivery.state in (READY, KEYS) else delivery.offset
        slots: "View" = {}
        for i, slot in enumerate(state.slots):
            slots[FOLDERS[i]] = (STATES[slot.state] + " " + slot.version).strip()
        view: "View" = {
            "runs": FOLDERS[self.places.slot] if self.places.slot != NONE else None, "slots": slots, "floor": state.floor,
            "keys": self.places.trust.counter, "result": state.outcome or None, "hold": self.hold,
            "delivery": {"state": delivery.state, "source": delivery.source or None, "bytes": came, "of": delivery.size},
            "longest_step_ms": self.longest_us // 1000,
        }  # fmt: skip
        if delivery.error is not None:
            view["refused"] = {"field": getattr(delivery.error, "field", "storage"), "text": str(delivery.error)}
        if self.trial is not None:
            view["trial"] = {"minutes_left": state.minutes + 1, "missing": self.trial.missing(now_ms)}
        if self.configuration is not None:
            view["configuration"] = self.configuration.view(now_ms)
        if self.ready_number() != NONE and not self.on_trial():
            ordered = self.ready_number(self.reserved) == NONE
            first = self.ready_number(self.without_person())
            held = self.held(first if first != NONE else self.ready_number())
            view["waits"] = self._hindrance or held or ("the order of the CSMS" if ordered else "a minute without charging")
        return view

    # deliveries

    def open_sink(self, size: int, digest: bytes, now_ms: int) -> BundleSink:
        """What takes a bundle or a key list that comes over a console. Raises NotNow, Rejected."""
        self.begin(CONSOLE, size)
        self.log.add("info", "update: %d bytes from a console" % size, now_ms)
        return BundleSink(self, CONSOLE)

    def begin(self, source: str, size: int) -> None:
        """A source begins to deliver. Raises NotNow, Rejected."""
        if self._restarting:
            raise NotNow("update", "", "this controller restarts, or its slots cannot be written")
        self.places.measure()
        self.delivery.begin(source, size, keeps=source != CONSOLE)

    def sink(self, source: str) -> BundleSink:
        """What takes the bytes of a source."""
        return BundleSink(self, source)

    def forget_unfinished(self) -> None:
        """What came into the spare slots before, of either kind, is not continued. Raises NotNow where a bundle is ready that waits for no
        person: it is tried first; OSError."""
        if self.ready_number(self.without_person()) != NONE:
            raise NotNow("update", "", "another bundle is ready: it is tried first")
        for slots in [self.slots] if self.configuration is None else [self.slots, self.configuration.slots]:
            if slots.state.slots[slots.spare()].state == SLOT_RECEIVING:
                slots.refused(slots.spare(), "")

    def _work(self, now_ms: int) -> None:
        until_ms = now_ms + SLICE_MS
        while self.delivery.busy():
            waits = self.work_once()
            if waits and not self.inbox.delivers():
                return
            if waits:
                self.inbox.feed(now_ms)
            if self.clock.now_ms() >= until_ms:
                return

    def _give_up_stalled(self, now_ms: int) -> None:
        delivery = self.delivery
        at = (delivery.offset, self.taken_to)
        if delivery.state != RECEIVING or at != self._moved[0]:
            self._moved = (at, now_ms)
        elif now_ms - self._moved[1] >= STALLED_MS:
            self.log.add("warning", "update: %s brought nothing for %d s; what came is kept" % (delivery.source, STALLED_MS // 1000), now_ms)
            delivery.abort()

    def _tell(self, now_ms: int) -> None:
        delivery = self.delivery
        while delivery.events:
            event = delivery.events.pop(0)
            if event in (REFUSED, FAILED) and delivery.error is not None:
                self.log.counter("update_refused")
                self.log.add("warning", "update: %s: %s" % (event, delivery.error), now_ms)
                if getattr(delivery.error, "field", "") in SIGNATURES:
                    self.reports.append((SIGNATURES[delivery.error.field], str(delivery.error)))  # type: ignore[union-attr]
            elif event == READY:
                if self.configuration is not None and delivery.kind != APPLICATION:
                    self.configuration.by_person = delivery.source == CONSOLE
                self.log.add("info", "update: " + self.ready_text(), now_ms)
            elif event != IDLE:
                self.log.add("info", "update: %s" % event, now_ms)

    # the trial

    def _activate_when_quiet(self, now_ms: int) -> None:
        number = self.ready_number(self.reserved + self.without_person())
        if self._hindrance or self.hold or self.delivery.busy() or number == NONE:
            self._quiet_since_ms = None
        elif self._quiet_since_ms is None:
            self._quiet_since_ms = now_ms
        elif now_ms - self._quiet_since_ms >= QUIET_MS:
            self._quiet_since_ms = None  # what cannot be tried now is tried again after another minute
            try:
                self.activate(number, now_ms)
            except (Rejected, OSError) as error:
                self.log.add("warning", "update: %s" % error, now_ms)

    def held(self, number: int) -> str:
        """Why the bundle of this number waits for a word, "" where it does not."""
        return "hold" if self.hold else self.configuration.awaits_person() if number in self.without_person() else ""  # type: ignore[union-attr]

    def without_person(self) -> "tuple[int, ...]":
        """Numbers of `ready_number` that are tried on the word of a person only."""
        configuration = self.configuration
        if configuration is None or configuration.ready_slot() == NONE or not configuration.awaits_person():
            return ()
        return (2, 3)

    def activate(self, number: int, now_ms: int, by_person: bool = False) -> str:
        """The bundle of this number of `ready_number` is tried after a restart; the answer for people. Raises Rejected, OSError."""
        if self.configuration is not None and number >= 2:
            return self.configuration.activate(by_person)
        try:
            self.slots.activate(self.places.trust)
        except NotNow:
            raise
        except Rejected as error:  # its key was revoked meanwhile
            self.slots.refused(number, "refused: %s" % error)
            raise
        version = self._version(self.slots.state.trial)
        self._restart("update: restart with %s on trial" % version, now_ms)
        return "restarting: %s is on trial for up to 15 minutes" % version

    def _restart(self, text: str, now_ms: int) -> str:
        self.log.add("warning", text, now_ms)
        self.wants_restart, self._restarting = "update", True
        return "restarting"

    def _try(self, trial: "Trial", facts: "list[str]", now_ms: int) -> None:
        for fact in facts:
            trial.saw(fact, now_ms)
        outcome = trial.step(now_ms)
        if outcome is None:
            return
        self.trial = None
        if outcome == CONFIRMED:
            self.reports.append(("FirmwareUpdated", self.slots.state.outcome))
            self.log.add("info", "update: " + self.slots.state.outcome, now_ms)
        else:
            self._restart("update: " + (self.slots.state.outcome or "rolled back"), now_ms)

    def ready_slot(self) -> int:
        """The slot whose bundle is ready, NONE where there is none."""
        state = self.slots.state
        if state.trial != NONE:
            return NONE
        spare = self.slots.spare()
        return spare if state.slots[spare].state == SLOT_READY else NONE

    def _version(self, slot: int) -> str:
        return self.slots.state.slots[slot].version

    def _floor(self) -> int:
        """Of the manifest in the slot on trial; the boot stage has compared it with the slot's record."""
        from ampacity.update.cose_sign1 import BUNDLE_TYPE, SignedMessage
        from ampacity.update.manifest import Manifest

        raw = SlotContent(self.places.tree, self.places.slot).signed_manifest() or b""
        return Manifest(SignedMessage(raw, BUNDLE_TYPE, "bundle").payload).floor
