"""A device's registers in pymodbus' datastore, and the few number formats that devices use."""

import struct
from collections.abc import Callable, Coroutine, Iterable

from pymodbus.constants import ExcCodes
from pymodbus.pdu import ModbusPDU
from pymodbus.pdu.exceptionresponse import ExceptionResponse
from pymodbus.simulator import DataType, SimData, SimDevice
from pymodbus.simulator.simcore import SimCore

BLOCKS = ("c", "d", "h", "i")
FORMATS = {"u16": ">H", "i16": ">h", "u32": ">I", "i32": ">i", "f32": ">f", "u64": ">Q", "i64": ">q", "f64": ">d"}
WORDS = {2: ">H", 4: ">HH", 8: ">HHHH"}
REALS = ("f32", "f64")


def to_words(kind: str, value: float) -> list[int]:
    """A value as big-endian registers, high word first."""
    data = struct.pack(FORMATS[kind], value if kind in REALS else int(value))
    return list(struct.unpack(WORDS[len(data)], data))


class Registers:
    """holding, inputs: existing addresses. check(is_write, address, values) may refuse a request with a code."""

    def __init__(self, unit: int, holding: Iterable[int], inputs: Iterable[int], coils: Iterable[int], check: "Callable") -> None:
        async def action(code, _start, address, count, _now, values):  # type: ignore[no-untyped-def]
            return check(values is not None, address, list(values) if values is not None else [0] * count)

        data = (_bits(coils), _bits([]), _words(holding), _words(inputs))
        self._unit = unit
        self._core = SimCore(SimDevice(unit, simdata=data, action=action))
        self._blocks = self._core.devices[unit].block

    def put(self, space: str, address: int, words: list[int]) -> None:
        """Sets registers of a space, "h" holding or "i" input, without any check."""
        start, _, registers, _ = self._blocks[space]
        registers[address - start : address - start + len(words)] = words

    def put_bit(self, space: str, address: int, on: bool) -> None:
        """Sets a coil ("c") or a discrete input ("d"); sixteen of them share a word."""
        start, _, registers, _ = self._blocks[space]
        at, bit = address // 16 - start, 1 << address % 16
        registers[at] = registers[at] | bit if on else registers[at] & ~bit

    def get(self, space: str, address: int) -> int:
        """One register of a space."""
        start, _, registers, _ = self._blocks[space]
        return int(registers[address - start])

    def answer(self, request: ModbusPDU) -> ModbusPDU:
        """The device's reply to a decoded request, an exception reply included."""
        try:
            reply = _run(request.datastore_update(self._core, self._unit))
        except (AttributeError, NotImplementedError):
            reply = ExceptionResponse(request.function_code, ExcCodes.ILLEGAL_FUNCTION)
        reply.dev_id = request.dev_id
        reply.transaction_id = request.transaction_id
        return reply


def _words(addresses: Iterable[int]) -> list[SimData]:
    listed = sorted(set(addresses)) or [65535]
    return [SimData(address, values=0, datatype=DataType.REGISTERS) for address in listed]


def _bits(addresses: Iterable[int]) -> list[SimData]:
    listed = sorted(set(addresses)) or [65520]
    first = listed[0] // 16 * 16
    return [SimData(first, values=[False] * (listed[-1] - first + 1 + 15 & ~15), datatype=DataType.BITS)]


def _run(coroutine: "Coroutine[None, None, ModbusPDU]") -> ModbusPDU:
    """Runs a coroutine that never waits, to its end."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        return done.value
    raise RuntimeError("the datastore waited for something")
