"""A bundle or a key list on its way into a running controller: from one source at a time, in slices, with its result kept.

A source is a console, a folder, the CSMS or a primary on the bus. It calls `begin`, then `write` from `offset` on, as often as `offset` moves.
The owner calls `step` in between. What is ready waits in its slot: when to try it is the owner's decision.
"""

from ampacity.base.errors import NotNow, Rejected
from ampacity.update.install import Install
from ampacity.update.manifest import APPLICATION, CONFIGURATION, KINDS
from ampacity.update.slot_state import BAD, NONE
from ampacity.update.slot_state import READY as SLOT_READY
from ampacity.update.trust import LIST_BYTES_MAX

if False:  # for the type checker
    from ampacity.update.install import Judge
    from ampacity.update.manifest import Device, Manifest
    from ampacity.update.slots import Slots
    from ampacity.update.trust import KeyListOffer, TrustStore

IDLE, RECEIVING, CHECKING, READY, KEYS, REFUSED, FAILED = "idle", "receiving", "checking", "ready", "keys in force", "refused", "failed"
ENDED = (IDLE, READY, KEYS, REFUSED, FAILED)
COSE_FIRST = 0xD2  # a key list begins so, a bundle does not


class Offered:
    """What a bundle has to fit, with the rules of its source. newer_only: refuse what is not newer than the slot in force, or older than
    one that is ready, or was rolled back. keeps: refuse a configuration while another one is ready."""

    def __init__(self, device: "Device", slots: "dict[int, Slots]", newer_only: bool, keeps: bool) -> None:
        self._device = device
        self._slots = slots
        self._newer_only = newer_only
        self._keeps = keeps

    def check(self, manifest: "Manifest") -> None:
        """As Device.check. Raises Rejected, NotNow."""
        self._device.check(manifest)
        if manifest.kind not in self._slots:
            raise Rejected("kind", KINDS[manifest.kind], KINDS[APPLICATION])
        state = self._slots[manifest.kind].state
        if self._keeps and manifest.kind == CONFIGURATION:
            for slot in state.slots:
                if slot.state == SLOT_READY and slot.sequence != manifest.sequence:
                    raise NotNow("sequence", manifest.sequence, "%s is ready, and not from this source" % slot.version)
        if not self._newer_only:
            return
        if state.active != NONE and manifest.sequence <= state.slots[state.active].sequence:
            raise NotNow("sequence", manifest.sequence, "%s is not newer than what runs" % manifest.version)
        for slot in state.slots:
            if slot.state == SLOT_READY and slot.sequence > manifest.sequence:
                raise NotNow("sequence", manifest.sequence, "%s is ready, and newer" % slot.version)
            if slot.state == BAD and slot.sequence == manifest.sequence:
                raise NotNow("sequence", manifest.sequence, "%s was rolled back before; the tool can send it again" % slot.version)


class KeyListIntake:
    """Takes a key list of `size` bytes, with the face of Install."""

    manifest = None

    def __init__(self, trust: "TrustStore", size: int) -> None:
        if size > LIST_BYTES_MAX:
            raise Rejected("key list", size, "at most %d bytes" % LIST_BYTES_MAX)
        self._trust = trust
        self._data = bytearray()
        self._offer: "KeyListOffer | None" = None
        self.size: "int | None" = size
        self.ready = False

    @property
    def offset(self) -> int:
        """The next byte wanted."""
        return len(self._data)

    def write(self, offset: int, data: bytes) -> int:
        """Takes all of it."""
        self._data.extend(data[len(self._data) - offset :])
        return len(data)

    def step(self) -> bool:
        """As Install.step. Raises Rejected, NotNow, OSError."""
        if len(self._data) < self.size:  # type: ignore[operator]
            return True
        if self._offer is None:
            self._offer = self._trust.offer(bytes(self._data))
        self.ready = self._offer.step()
        return self.ready


class Delivery:
    """The deliveries of one controller. slots: of its application; trust: whose signature counts; device: what a bundle has to fit.

    configuration, judge: slots of its configuration and what judges one; None: it takes no such bundle.
    `state`: IDLE …; `source`: who delivers, or did last; `kind`: of the last bundle; `error`: the last refusal, None after a success;
    `events`: states that were reached, oldest first, for reports; the owner empties it.
    """

    def __init__(
        self, slots: "Slots", trust: "TrustStore", device: "Device", configuration: "Slots | None" = None, judge: "Judge | None" = None
    ) -> None:
        self._kinds = {APPLICATION: slots}
        if configuration is not None:
            self._kinds[CONFIGURATION] = configuration
        self._judge = judge
        self.kind = APPLICATION
        self.trust = trust
        self.device = device
        self.state = IDLE
        self.source = ""
        self.size = 0
        self.error: "Rejected | OSError | None" = None
        self.events: "list[str]" = []
        self._newer_only = self._keeps = False
        self._intake: "Install | KeyListIntake | None" = None

    @property
    def offset(self) -> int:
        """The next byte that is wanted of the source."""
        return 0 if self._intake is None else self._intake.offset

    @property
    def manifest(self) -> "Manifest | None":
        """Of the bundle, once its signature was checked."""
        return None if self._intake is None else self._intake.manifest

    def busy(self) -> bool:
        """Is a delivery under way?"""
        return self.state not in ENDED

    def begin(self, source: str, size: int, newer_only: bool = False, keeps: bool = False) -> None:
        """A bundle or key list of `size` bytes comes. newer_only, keeps: as of Offered. Raises NotNow: a slot is on trial, or another source
        delivers; Rejected: nothing comes."""
        if self.busy():
            raise NotNow("update", "", "%s delivers a bundle now" % self.source)
        for slots in self._kinds.values():
            slots.spare()
        if size < 1:
            raise Rejected("size", size, "1 byte or more")
        self.source, self.size, self.error, self._newer_only, self._intake = source, size, None, newer_only, None
        self._keeps = keeps
        self._enter(RECEIVING)

    def write(self, offset: int, data: bytes) -> int:
        """Bytes from `offset` on, at most what `offset` wants next; how many were taken. Raises Rejected: the delivery is over."""
        if not self.busy() or not data:
            return 0
        try:
            if self._intake is None:
                self._intake = self._made(data[0])
            return self._intake.write(offset, data)
        except (Rejected, OSError) as error:
            self._end(error)
            raise

    def step(self) -> bool:
        """One slice. True: nothing to do until more is written, or it is over. Raises nothing: `state` and `error` tell."""
        if self._intake is None or not self.busy():
            return True
        try:
            waits = self._intake.step()
            self._check_size(waits)
        except (Rejected, OSError) as error:
            self._end(error)
            return True
        if self._intake.ready:
            manifest = self._intake.manifest
            self.kind = APPLICATION if manifest is None else manifest.kind
            self._enter(READY if manifest is not None else KEYS)
            self._intake = None
        elif self.state == RECEIVING and self._intake.offset >= self.size:
            self._enter(CHECKING)
        elif self.state == CHECKING and self._intake.offset < self.size:  # what the medium holds of a file was damaged
            self._enter(RECEIVING)
        return waits

    def abort(self) -> None:
        """The source has gone; what it brought stays and can be continued by the same bundle."""
        if self.busy():
            self._intake = None
            self._enter(IDLE)

    def _made(self, first: int) -> "Install | KeyListIntake":
        if first == COSE_FIRST:
            return KeyListIntake(self.trust, self.size)
        offered = Offered(self.device, self._kinds, self._newer_only, self._keeps)
        return Install(self._kinds, self.trust, offered, self._judge)  # type: ignore[arg-type]  # it has the face of a Device

    def _check_size(self, waits: bool) -> None:
        intake = self._intake
        if intake is None or intake.ready:
            return
        if intake.size is not None and intake.size != self.size:
            raise Rejected("size", self.size, "the %d bytes of the manifest" % intake.size)
        if waits and intake.offset >= self.size:
            raise Rejected("bundle", "%d bytes" % self.size, "a file with all its content")

    def _end(self, error: "Rejected | OSError") -> None:
        self.error = error
        self._intake = None
        self._enter(REFUSED if isinstance(error, Rejected) else FAILED)

    def _enter(self, state: str) -> None:
        self.state = state
        self.events.append(state)
