"""What a controller remembers of its two slots of one kind: one record, written as a whole at each change."""

from ampacity.base.errors import Rejected
from ampacity.update.cbor import decode, encode

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
    return state if version == 1 and len(state.slots) == 2 else None
