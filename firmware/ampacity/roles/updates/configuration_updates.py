"""Signed configurations of a running primary: taken and judged like a pushed one, active on trial, confirmed by what shows that it works.

A bundle of kind configuration has one file, the CBOR of `ampacity configure push`. Its slots keep what came and the floor; the trial of site.json
(configuration/site_trial.py) decides what runs. The order of the writes, each of which a power cut may prevent:

    try      slots: on trial; site.json on trial, restart
    confirm  site.json stays; slots: confirmed
    return   slots: rolled back; the previous site.json, restart

So slots on trial without a site.json on trial are settled by a look: is what the slot has in force, or not?
"""

from hashlib import sha256

from ampacity.base.errors import NotNow, Rejected
from ampacity.update.cose_sign1 import BUNDLE_TYPE, SignedMessage
from ampacity.update.manifest import Manifest, content_digest
from ampacity.update.slot_content import BLOCK_BYTES, SlotContent
from ampacity.update.slot_state import NONE, READY
from ampacity.update.trial import OCPP, Trial

if False:  # for the type checker
    from collections.abc import Callable, Generator, Iterator
    from typing import Any

    from ampacity.base.log import Log
    from ampacity.console.changes import Changes
    from ampacity.roles.interfaces import View
    from ampacity.roles.service.configuring import Configuring
    from ampacity.update.slot_state import SlotState
    from ampacity.update.slots import Slots
    from ampacity.update.trust import TrustStore

    Judged = tuple[bytes, dict[str, Any]]

FILE = "configuration.cbor"
BYTES_MAX = 262144  # as for one that is pushed
MINUTES = 20  # longer than the trial of the slots, which names what was missing
WHAT = "configuration"
PERSON = "a person has set the configuration in force: `update activate` at the serial console, or with the presence input closed"
TRIES_MAX = 3  # of one that cannot be tried now, as for want of memory: then it is given up, and what waits for it continues


class SignedTrial:
    """What a Trial changes: the slots, and the trial of site.json in the order above. `now_ms` is set before each step."""

    def __init__(self, slots: "Slots", changes: "Changes") -> None:
        self._slots = slots
        self._changes = changes
        self.now_ms = 0

    @property
    def state(self) -> "SlotState":
        """As of slots."""
        return self._slots.state

    def charge_minute(self) -> bool:
        """As of slots."""
        return self._slots.charge_minute()

    def confirm(self, floor: int) -> None:
        """It stays. Raises OSError: try again."""
        if self._changes.confirmation.what() == WHAT:
            self._changes.confirmation.confirm()
        self._slots.confirm(floor)

    def roll_back(self, reason: str) -> None:
        """The previous one returns with a restart. Raises OSError: try again."""
        if self._slots.state.trial != NONE:
            self._slots.end_trial(reason)
        if self._changes.confirmation.what() == WHAT:
            self._changes.confirmation.revert(self.now_ms)


class ConfigurationUpdates:
    """slots: of the configuration; trust: whose signature counts; needed: facts that show that one works.

    configuring: function() → what judges and arms a configuration, with the `changes` of its console; asked for at the first use.
    `by_person`: a person at a console brought or activated the one that is ready. Without that a site that had a CSMS has to see it again.
    """

    def __init__(
        self, slots: "Slots", trust: "TrustStore", needed: "tuple[str, ...]", log: "Log",
        configuring: "Callable[[], tuple[Configuring, Changes]]",
    ) -> None:  # fmt: skip
        self.slots = slots
        self._trust = trust
        self._needed = needed
        self._log = log
        self._configuring = configuring
        self._face: "SignedTrial | None" = None
        self._trial: "Trial | None" = None
        self._task: "Iterator[None] | None" = None
        self._looked = False  # at what the former life left
        self._now_ms = 0
        self.by_person = False
        self._by_hand: "bool | None" = None  # None: to be looked at
        self._tries = 0  # of the one that is ready, since it was

    # for the delivery

    def judge(self, content: SlotContent, manifest: Manifest) -> "Iterator[None]":
        """None after each slice. Raises Rejected where a start with it would be refused."""
        if len(manifest.files) != 1 or manifest.files[0][0] != FILE or manifest.files[0][1] > BYTES_MAX:
            raise Rejected("files", [each[0] for each in manifest.files][:4], "only %s, at most %d bytes" % (FILE, BYTES_MAX))
        yield from self._judged(content, manifest)

    def _judged(self, content: SlotContent, manifest: Manifest) -> "Generator[None, None, Judged]":
        """Of the bytes that the manifest names, as they are read now. Raises Rejected where the slot has others."""
        _, size, digest = manifest.files[0]
        data = bytearray()
        try:
            while len(data) < size:
                data.extend(content.tree.part(content.name(FILE), len(data), BLOCK_BYTES))
                yield None
            if sha256(data).digest() != digest:
                raise Rejected(FILE, "damaged", "the bytes that were signed")
            return (yield from self._configuring()[0].judged(bytes(data)))
        except MemoryError:
            raise NotNow(WHAT, "", "too little memory is free: send it at the MicroPython prompt of the board")

    # for the updater

    def ready_slot(self) -> int:
        """The slot whose configuration is ready, NONE where there is none."""
        state = self.slots.state
        if state.trial != NONE:
            return NONE
        spare = self.slots.spare()
        return spare if state.slots[spare].state == READY else NONE

    def on_trial(self) -> bool:
        """Is one on trial, or on its way to it?"""
        return self.slots.state.trial != NONE or self._task is not None

    def awaits_person(self) -> str:
        """Why what is ready waits for a person, "" where it does not: no bundle brought the configuration in force."""
        try:
            if self._by_hand is None:
                self._by_hand = self._configuring()[0].is_by_person()
        except OSError as error:
            return str(error)
        return PERSON if self._by_hand else ""

    def activate(self, by_person: bool = False) -> str:
        """The one that is ready is tried after a restart; the answer for people. by_person: on the word of who is asking.

        Raises NotNow: none is ready, or the configuration in force is that of a person, and none is there.
        """
        slot = self.ready_slot()
        if slot == NONE:
            raise NotNow("update", "", "nothing is ready")
        self._by_hand = None  # site.json may have been written meanwhile
        configuring, changes = self._configuring()
        changes.confirmation.need_none()
        if self.awaits_person() and not (by_person and configuring.asked_in_presence()):
            raise NotNow("update", "", PERSON)
        self.by_person = self.by_person or by_person
        if self._task is None:
            self._task = self._armed(slot)
        return "restarting: %s is on trial for up to 15 minutes" % self._name(slot)

    def view(self, now_ms: int) -> "View":
        """For `show update`."""
        state = self.slots.state
        view: "View" = state.shown()
        if self._trial is not None:
            view["trial"] = {"minutes_left": state.minutes + 1, "missing": self._trial.missing(now_ms)}
        return view

    def step(self, facts: "list[str]", now_ms: int) -> None:
        """One pass of the housekeeping."""
        self._now_ms = now_ms
        if not self._looked:
            self._look(now_ms)
        if self._trial is not None:
            self._try(self._trial, facts, now_ms)
        elif self._task is not None:
            self._work(self._task, now_ms)

    # the trial

    def _look(self, now_ms: int) -> None:
        """Once in each life: a trial continues, or what became of it is found out."""
        self._looked = True
        if self.slots.state.trial == NONE:
            return
        configuring, changes = self._configuring()
        if configuring.trial is not None and configuring.trial.is_running():
            self._face = face = SignedTrial(self.slots, changes)
            face.now_ms = now_ms
            try:
                self.slots.charge_minute()  # the first one; a boot stage counts that of an application
                floor = self._manifest(self.slots.state.trial).floor
            except OSError:
                self._looked = False
                return
            except Rejected as error:
                face.roll_back(str(error))
                return
            needed = self._needed
            if configuring.trial.record().get("ocpp") and OCPP not in needed:
                needed += (OCPP,)
            self._trial = Trial(face, needed, floor, now_ms)  # type: ignore[arg-type]  # what it needs of slots
            state = self.slots.state
            self._log.add("warning", "update: %s is on trial: %d min left" % (self._name(state.trial), state.minutes + 1), now_ms)
        else:
            self._task = self._settled()

    def _try(self, trial: Trial, facts: "list[str]", now_ms: int) -> None:
        self._face.now_ms = now_ms  # type: ignore[union-attr]  # a trial has one
        for fact in facts:
            trial.saw(fact, now_ms)
        configuring, changes = self._configuring()
        if changes.confirmation.what() != WHAT:  # `commit confirm` or `rollback` at the console
            self._trial, self._task = None, self._undone() if configuring.trial.undone else self._settled()  # type: ignore[union-attr]  # tried
            self._work(self._task, now_ms)  # the restart may be near
        elif trial.step(now_ms) is not None:
            self._trial = None
            self._log.add("info", "update: configuration " + self.slots.state.outcome, now_ms)

    def _work(self, task: "Iterator[None]", now_ms: int) -> None:
        """The next slice of what is under way."""
        try:
            next(task)
            return
        except StopIteration:
            pass
        except (Rejected, OSError) as error:
            self._refused(error, now_ms)
        self._task = None

    def _refused(self, error: "Rejected | OSError", now_ms: int) -> None:
        self._log.add("warning", "update: configuration: %s" % error, now_ms)
        try:
            if self.slots.state.trial != NONE:
                self.slots.end_trial(str(error))
            elif isinstance(error, Rejected) and not self._is_tried_again(error):
                self.slots.refused(self.slots.spare(), "refused: %s" % error)
        except OSError:
            self._looked = False

    def _is_tried_again(self, error: "Rejected") -> bool:
        self._tries = self._tries + 1 if isinstance(error, NotNow) else TRIES_MAX
        if self._tries < TRIES_MAX:
            return True
        self._tries = 0
        return False

    def _armed(self, slot: int) -> "Iterator[None]":
        content = SlotContent(self.slots.tree, slot)
        configuring, changes = self._configuring()
        data, facts = yield from self._judged(content, self._manifest(slot))
        changes.confirmation.need_none()
        self.slots.activate(self._trust)
        ocpp = OCPP in self._needed and not self.by_person
        configuring.commit_signed(data, facts, "bundle " + self.slots.state.slots[slot].version, MINUTES, self._now_ms, ocpp)

    def _undone(self) -> "Iterator[None]":
        self.slots.end_trial("undone at the console")
        yield None

    def _settled(self) -> "Iterator[None]":
        """Slots on trial, and no site.json is: it was confirmed if nothing differs."""
        slot = self.slots.state.trial
        content = SlotContent(self.slots.tree, slot)
        manifest = self._manifest(slot)
        _, facts = yield from self._judged(content, manifest)
        if facts["count"]:
            self.slots.end_trial("not confirmed before a restart")
        else:
            self.slots.confirm(manifest.floor)

    def _manifest(self, slot: int) -> Manifest:
        """The one whose signature was verified when it came. Raises Rejected where the slot has another one."""
        raw = SlotContent(self.slots.tree, slot).signed_manifest()
        if raw is None or content_digest(raw) != self.slots.state.slots[slot].digest:
            raise Rejected("manifest", "missing or damaged", "the one that was signed")
        return Manifest(SignedMessage(raw, BUNDLE_TYPE, "bundle").payload)

    def _name(self, slot: int) -> str:
        return "%s %s" % (WHAT, self.slots.state.slots[slot].version)
