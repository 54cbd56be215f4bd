"""Two slots of one kind: which one runs, which one is on trial, which one may be written.

Every change is one record, so a power cut leaves the state before or after it. The slot that runs is never written. A slot on trial is
started at most BOOTS_MAX times and runs at most MINUTES_MAX minutes, both counted before they are used; then the confirmed one runs again.
"""

from ampacity.base.errors import NotNow, Rejected
from ampacity.update.cose_sign1 import BUNDLE_TYPE, SignedMessage
from ampacity.update.manifest import Manifest, content_digest
from ampacity.update.p256 import point
from ampacity.update.slot_content import SlotContent
from ampacity.update.slot_state import BAD, EMPTY, GOOD, NONE, READY, RECEIVING, STATES, Slot, SlotState, decoded

if False:  # for the type checker
    from collections.abc import Callable, Generator, Iterator

    from ampacity.update.interfaces import Tree
    from ampacity.update.records import Record
    from ampacity.update.trust import TrustStore

BOOTS_MAX = 3
MINUTES_MAX = 15


class Slots:
    """The slots of one kind. record: where their state is kept; tree: where their files are. `state`: as it is kept."""

    def __init__(self, record: "Record", tree: "Tree") -> None:
        self._record = record
        self.tree = tree
        raw = record.load()
        found = decoded(raw) if raw is not None else None
        self.lost = found is None
        self.state = found or SlotState()

    def boot(self, trust: "TrustStore", flaw: "Callable[[int], str] | None" = None) -> "Boot":
        """Which slot to start: a task for the boot stage, to be stepped before anything of a slot is imported.

        flaw: (number of a slot whose content was found right) → why it still cannot be started, "" if it can.
        """
        return Boot(self, trust, flaw)

    def spare(self) -> int:
        """The slot that an update may be written to. Raises NotNow while one is on trial."""
        if self.state.trial != NONE:
            raise NotNow("update", "", "a slot is on trial: wait until it is confirmed or rolled back")
        return 1 - self.state.active if self.state.active != NONE else 0

    def check_floor(self, sequence: int) -> None:
        """Raises Rejected where a bundle is older than the floor."""
        if sequence < self.state.floor:
            raise Rejected("sequence", sequence, "%d or higher: older bundles are a downgrade" % self.state.floor)

    def begin(self, digest: bytes, manifest: Manifest, kid: bytes) -> int:
        """From now on the spare slot receives this bundle; its number. Raises NotNow, OSError."""
        spare = self.spare()
        self._change(spare, Slot(RECEIVING, digest, manifest.sequence, manifest.version, kid))
        return spare

    def received(self, slot: int) -> None:
        """The slot was read back and is whole. Raises OSError."""
        old = self.state.slots[slot]
        self._change(slot, Slot(READY, old.digest, old.sequence, old.version, old.kid))

    def refused(self, slot: int, reason: str) -> None:
        """What the slot received is of no use; one on trial stays as it is. Raises OSError."""
        if slot != self.state.trial:
            self._change(slot, Slot(EMPTY), reason)

    def activate(self, trust: "TrustStore") -> None:
        """The next boot tries the spare slot. Raises NotNow: nothing is ready there; Rejected: its key was revoked, or it is below the floor."""
        spare = self.spare()
        slot = self.state.slots[spare]
        if slot.state != READY:
            raise NotNow("update", STATES[slot.state], "slot %d is %s: install a bundle first" % (spare, STATES[slot.state]))
        trust.key(slot.kid)
        self.check_floor(slot.sequence)
        self.state.trial, self.state.boots, self.state.minutes, self.state.outcome = spare, BOOTS_MAX, MINUTES_MAX, ""
        self.save()

    def confirm(self, floor: int) -> None:
        """The slot on trial becomes the active one, and its floor is in force. Raises NotNow, OSError."""
        if self.state.trial == NONE:
            raise NotNow("update", "", "no slot is on trial")
        tried = self.state.trial
        slot = self.state.slots[tried]
        slot.state = GOOD
        self.state.active, self.state.trial = tried, NONE
        self.state.floor = max(self.state.floor, floor)
        self.state.outcome = "confirmed: %s" % slot.version
        self.save()

    def charge_minute(self) -> bool:
        """Counts another minute of the trial, before it is used. False: none is left. Raises OSError."""
        if self.state.minutes == 0:
            return False
        self.state.minutes -= 1
        self.save()
        return True

    def roll_back(self, reason: str) -> None:
        """Back to the slot before, from the next boot on. reason: why, for the outcome. Raises NotNow: there is none; OSError."""
        state = self.state
        if state.trial != NONE:
            self.end_trial(reason)
            return
        other = 1 - state.active
        if state.active == NONE or state.slots[other].state != GOOD:
            raise NotNow("update", "", "no other slot was ever confirmed")
        self.check_floor(state.slots[other].sequence)
        state.active = other
        state.outcome = "rolled back: %s" % reason
        self.save()

    def end_trial(self, reason: str) -> None:
        """The slot on trial is of no use; the confirmed one is the active one. Raises OSError."""
        tried = self.state.slots[self.state.trial]
        tried.state = BAD
        self.state.trial = NONE
        self.state.outcome = "rolled back: %s: %s" % (tried.version, reason)
        self.save()

    def _change(self, number: int, slot: Slot, outcome: str = "") -> None:
        self.state.slots[number] = slot
        self.state.outcome = outcome
        self.save()

    def save(self) -> None:
        """Keeps the state. Raises OSError. On an error the medium may hold either state; the one it gives is the one that is followed."""
        try:
            self._record.save(self.state.encoded())
        except OSError:
            raw = self._record.load()
            self.state = (decoded(raw) if raw is not None else None) or self.state
            raise


class Boot:
    """The choice of a slot. After `step()` was True: `slot` is 0, 1 or NONE (no slot can be started), `manifest` what is in it."""

    def __init__(self, slots: Slots, trust: "TrustStore", flaw: "Callable[[int], str] | None") -> None:
        self._slots = slots
        self._trust = trust
        self._flaw = flaw
        self.slot = NONE
        self.manifest: "Manifest | None" = None
        self._work = self._run()

    def step(self) -> bool:
        """One slice; True when the slot is chosen. It raises nothing: a medium that refuses leaves the confirmed slot."""
        return next(self._work)

    def _run(self) -> "Iterator[bool]":
        if self._slots.lost:
            yield from self._found_again()
        for choose in (self._on_trial, self._active, self._other):
            number = choose()
            if number == NONE:
                continue
            found = yield from SlotContent(self._slots.tree, number).verified(self._slots.state.slots[number].digest)
            why = str(found)
            if isinstance(found, Manifest):
                why = self._flaw(number) if self._flaw else ""
                if not why:
                    self.slot, self.manifest = number, found
                    break
            self._spoilt(number, why)
        while True:
            yield True

    def _on_trial(self) -> int:
        """The count goes down before the slot is even read: what hangs or crashes from here on has used up a boot."""
        state = self._slots.state
        if state.trial == NONE:
            return NONE
        try:
            if state.boots == 0 or state.minutes == 0:
                left = "minutes" if state.boots else "boots"
                self._slots.end_trial("not confirmed, no %s left" % left)
                return NONE
            state.boots -= 1
            state.minutes -= 1
            self._slots.save()
            return state.trial
        except OSError:  # a count that cannot be kept is no count
            return NONE

    def _active(self) -> int:
        return self._slots.state.active

    def _other(self) -> int:
        """In place of an active slot that is damaged: the one before, if the floor permits it."""
        state = self._slots.state
        other = 1 - state.active if state.active != NONE else NONE
        return other if other != NONE and state.slots[other].state == GOOD and state.slots[other].sequence >= state.floor else NONE

    def _spoilt(self, number: int, why: str) -> None:
        try:
            if number == self._slots.state.trial:
                self._slots.end_trial(why)
            else:
                self._slots.state.outcome = "slot %d: %s" % (number, why)
                self._slots.save()
        except OSError:
            pass

    def _found_again(self) -> "Iterator[bool]":
        """No record: a new controller, or both halves are gone. Signed, whole slots are taken; of two the newer one is on trial."""
        state = self._slots.state
        for number in (0, 1):
            slot = yield from self._signed(number)
            if slot is not None:
                state.slots[number] = slot
        found = sorted([(state.slots[i].sequence, i) for i in (0, 1) if state.slots[i].state == GOOD])
        if not found:
            return
        state.active = found[0][1]
        if len(found) == 2:
            state.trial, state.boots, state.minutes = found[1][1], BOOTS_MAX, MINUTES_MAX
        state.outcome = "the record was lost; found slot %s" % " and ".join([str(i) for _, i in found])
        try:
            self._slots.save()
        except OSError:
            state.trial = NONE

    def _signed(self, number: int) -> "Generator[bool, None, Slot | None]":
        """The slot, if it is whole and a key of the list has signed it. Its floor is in force then."""
        content = SlotContent(self._slots.tree, number)
        manifest = yield from content.verified(b"")
        try:
            if isinstance(manifest, Manifest):
                raw = content.signed_manifest() or b""
                message = SignedMessage(raw, BUNDLE_TYPE, "bundle")
                if (yield from message.is_signed_by(point(self._trust.key(message.kid).public))):
                    self._slots.state.floor = max(self._slots.state.floor, manifest.floor)
                    return Slot(GOOD, content_digest(raw), manifest.sequence, manifest.version, message.kid)
        except (OSError, Rejected):
            pass
        return None
