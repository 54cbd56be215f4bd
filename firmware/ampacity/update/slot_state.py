"""What a controller remembers of its two slots of one kind: one record, written as a whole at each change."""

from ampacity.base.errors import Rejected
from ampacity.update.cbor import decode, encode
from ampacity.update.fields import UINT32_MAX

EMPTY, RECEIVING, READY, GOOD, BAD = range(5)
STATES = ("empty", "receiving", "ready", "good", "bad")
NONE = -1
TEXT_MAX = 100


class Slot:
    """One slot. state: EMPTY …; digest: of the signed manifest; sequence, version: of its bundle; kid: id of the key that signed it."""

    def __init__(self, state: int = EMPTY, digest: bytes = b"", sequence: int = 0, version: str = "", kid: bytes = b"") -> None:
        self.state = state
        self.digest = digest
        self.sequence = sequence
        self.version = version
        self.kid = kid

    def listed(self) -> "list[object]":
        """The fields in the order of the constructor."""
        return [self.state, self.digest, self.sequence, self.version, self.kid]


class SlotState:
    """active: the confirmed slot, 0 or 1, NONE: none; trial: the slot on trial, or NONE; boots, minutes: what is left of the trial;
    floor: lowest sequence that may be installed; outcome: how the last update ended, for people."""

    def __init__(self) -> None:
        self.active = NONE
        self.trial = NONE
        self.boots = 0
        self.minutes = 0
        self.floor = 0
        self.outcome = ""
        self.slots = [Slot(), Slot()]

    def shown(self) -> "dict[str, object]":
        """Slots, floor and result, for `show update`."""
        slots = {"ab"[i]: (STATES[slot.state] + " " + slot.version).strip() for i, slot in enumerate(self.slots)}
        return {"slots": slots, "floor": self.floor, "result": self.outcome or None}

    def encoded(self) -> bytes:
        """The bytes of the record."""
        slots = [each.listed() for each in self.slots]
        return encode([1, self.active, self.trial, self.boots, self.minutes, self.floor, self.outcome[:TEXT_MAX], slots])


def decoded(raw: bytes) -> "SlotState | None":
    """The state of a record's bytes; None if they are of another version."""
    state = SlotState()
    try:
        version, state.active, state.trial, state.boots, state.minutes, state.floor, state.outcome, slots = decode(raw, "slots")
        state.slots = [Slot(*each) for each in slots]
    except (Rejected, ValueError, TypeError):
        return None
    return state if version == 1 and len(state.slots) == 2 and _possible(state) else None


def _possible(state: SlotState) -> bool:
    """Is each field of its kind and range?"""
    for value, least, most in (
        (state.active, NONE, 1), (state.trial, NONE, 1), (state.boots, 0, 255), (state.minutes, 0, 255), (state.floor, 0, UINT32_MAX),
    ):  # fmt: skip
        if not _whole(value, least, most):
            return False
    for slot in state.slots:
        if not _whole(slot.state, EMPTY, BAD) or not _whole(slot.sequence, 0, UINT32_MAX):
            return False
        if not (isinstance(slot.digest, bytes) and isinstance(slot.kid, bytes) and isinstance(slot.version, str)):
            return False
    return isinstance(state.outcome, str)


def _whole(value: object, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most
