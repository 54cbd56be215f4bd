"""The registers by which a primary brings a bundle to one of our secondaries: outside the chain of models, and only where there are two slots.

A unit without slots, or of an earlier version, answers exception 2. The primary writes an order and reads the state in one exchange of
function 23. The order `data` carries so few bytes that its exchange is no longer than that of a grant with its status.
"""

import struct

from ampacity.bus.leases import register_table as table
from ampacity.bus.modbus.frames import ILLEGAL_ADDRESS, ILLEGAL_VALUE

if False:  # for the type checker
    from typing import Protocol

    Facts = tuple[int, int, int, int, int, int, str]  # ROWS

    class UpdateTarget(Protocol):
        """What a role does with the orders."""

        def facts(self) -> Facts: ...

        def order(self, kind: int, at: int, data: bytes) -> bool: ...


ROWS = (
    ("update_state", "u16", "", "1 idle, 2 receiving, 3 checking, 4 ready, 5 refused, 6 on trial"),
    ("update_next", "u32", "bytes", "next byte wanted of the bundle that comes"),
    ("update_size", "u32", "bytes", "bytes of that bundle, as `begin` said; 0 none"),
    ("update_running", "u32", "", "sequence of the application that runs; 0 unknown"),
    ("update_ready", "u32", "", "sequence of the application that is ready to be tried; 0 none"),
    ("update_minutes", "u16", "min", "what is left of a trial"),
    ("update_refused", "s8", "", "field for which the last bundle was refused"),
)
ORDER_ROWS = (
    ("order", "u16", "", "1 begin, 2 data, 3 activate, 4 abort"),
    ("order_at", "u32", "", "begin: bytes of the bundle; data: offset of the first byte; activate: sequence of what is ready"),
    ("order_bytes", "u16", "bytes", "bytes that follow: 0 to 48"),
    ("order_data", "s24", "", "data; only the registers that hold some are written"),
)

BEGIN, DATA, ACTIVATE, ABORT = 1, 2, 3, 4
IDLE, RECEIVING, CHECKING, READY, REFUSED, ON_TRIAL = 1, 2, 3, 4, 5, 6
STATES = ("", "idle", "receiving", "checking", "ready", "refused", "on trial")
DATA_BYTES_MAX = 2 * table.size_of(ORDER_ROWS[-1][1])
HEAD_BYTES = 8  # kind, at, bytes
FIELD_BYTES = 2 * table.size_of(ROWS[-1][1])
_LENGTH = table.length(ROWS)
_SHORT = ">HI"
SHORT_REGISTERS = 3


class UpdateWindow:
    """Reads and writes of the window; target: the role's end of it."""

    def __init__(self, target: "UpdateTarget") -> None:
        self._target = target

    def read(self, address: int, count: int) -> "bytes | None":
        """count registers as bytes, None where one of them does not exist."""
        first = address - table.UPDATE_AT
        if first < 0 or first + count > _LENGTH:
            return None
        *numbers, field = self._target.facts()
        text = field.encode()[:FIELD_BYTES]
        raw = struct.pack(">HIIIIH", *numbers) + text + bytes(FIELD_BYTES - len(text))
        return raw[2 * first : 2 * (first + count)]

    def write(self, address: int, data: bytes) -> int:
        """An order, whole; 0 or the exception code."""
        if address != table.UPDATE_ORDER_AT or len(data) < HEAD_BYTES:
            return ILLEGAL_ADDRESS
        kind, at, size = struct.unpack(">HIH", data[:HEAD_BYTES])
        if not BEGIN <= kind <= ABORT or size > DATA_BYTES_MAX or len(data) != HEAD_BYTES + size + (size & 1):
            return ILLEGAL_VALUE
        return 0 if self._target.order(kind, at, bytes(data[HEAD_BYTES : HEAD_BYTES + size])) else ILLEGAL_VALUE


def order(kind: int, at: int, data: bytes = b"") -> bytes:
    """The registers of an order."""
    return struct.pack(">HIH", kind, at, len(data)) + data + bytes(len(data) & 1)


def state_and_next(raw: bytes) -> "tuple[int, int]":
    """(state, next byte wanted) of the first SHORT_REGISTERS registers."""
    return struct.unpack(_SHORT, raw)


def all_facts(raw: bytes) -> "Facts":
    """All of ROWS; of the field what can be printed, for whatever is on the line may have written it."""
    numbers = struct.unpack(">HIIIIH", raw[: 2 * _LENGTH - FIELD_BYTES])
    field = "".join([chr(each) for each in raw[2 * _LENGTH - FIELD_BYTES :] if 0x20 <= each < 0x7F])
    return numbers + (field,)
