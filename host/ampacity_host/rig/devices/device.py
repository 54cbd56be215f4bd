"""Common parts of all simulated devices: a wire, a power switch, delayed answers, faults by name."""

import random

from pymodbus.constants import ExcCodes
from pymodbus.pdu import ModbusPDU

from ampacity_host.rig.devices.modbus_framing import AsciiFraming, RtuFraming, TcpFraming
from ampacity_host.rig.devices.registers import Registers

SPREAD_PERCENT = 30
WIRES = {"rtu": RtuFraming, "ascii": AsciiFraming, "tcp": TcpFraming}


class Device:
    """One unit on a line or socket. Subclasses name their registers and fill them in `refresh`."""

    holding: "tuple[int, ...] | list[int]" = ()
    inputs: "tuple[int, ...] | list[int]" = ()
    coils: "tuple[int, ...] | list[int]" = ()
    faults: tuple[str, ...] = ()
    listens_to: tuple[int, ...] = ()  # additional units, of frames without a reply
    boot_ms = 2000

    def __init__(self, unit: int, seed: int, framing: str, latency_ms: int, now_ms: int) -> None:
        self.unit = unit
        self.framing = framing
        self.now_ms = now_ms
        self.rng = random.Random(seed)
        self.powered = True
        self.booted_ms = now_ms
        self.active: dict[str, dict] = {}
        self.requests = 0
        self._latency_ms = latency_ms
        self._wire = WIRES[framing](unit)
        self.registers = Registers(unit, self.holding, self.inputs, self.coils, self._check)

    # ---- the line's side

    def receive(self, data: bytes, now_us: int) -> list[tuple[bytes, int]]:
        """Bytes received at now_us; returns answers as [(bytes, time to send them in µs)]."""
        answers = []
        for request in self._wire.requests(data, now_us):
            self.tick(now_us // 1000)
            if not self.listening():
                continue
            if request.dev_id != self.unit:
                self.overheard(request)
                continue
            frame = self._answer(request)
            if frame:
                answers.append((frame, now_us + self._latency_us()))
        return answers

    def readdress(self, unit: int) -> None:
        """Its address was changed."""
        self.unit = self._wire.unit = unit

    def connected(self) -> None:
        """A new connection: half a request of the previous one is discarded."""
        self._wire.drop()

    def _latency_us(self) -> int:
        spread = self._latency_ms * SPREAD_PERCENT // 100
        return (self._latency_ms - spread) * 1000 + self.rng.randrange(spread * 1000 + 1)

    def _answer(self, request: ModbusPDU) -> bytes:
        self.requests += 1
        self.heard(request)
        self.refresh()
        reply = self.registers.answer(request)
        if not reply.isError() and request.function_code in (5, 6, 15, 16):
            values = list(request.registers) or [int(bit) for bit in request.bits]
            self.wrote(request.address, values)
            self.tick(self.now_ms)
        return self._wire.framer.buildFrame(reply)

    def _check(self, is_write: bool, address: int, values: list[int]) -> "ExcCodes | None":
        if is_write:
            return self.allow_write(address, values)
        return self.allow_read(address, len(values))

    # ---- identification of a device

    def listening(self) -> bool:
        """Does it answer at all now?"""
        return self.powered and self.now_ms >= self.booted_ms

    def overheard(self, request: ModbusPDU) -> None:
        """A broadcast has arrived; it has no reply."""

    def heard(self, request: ModbusPDU) -> None:
        """Any valid request to it has arrived."""

    def refresh(self) -> None:
        """Updates the registers from the plant."""

    def allow_read(self, address: int, count: int) -> "ExcCodes | None":
        """Refuse a read with a code, or None."""
        return None

    def allow_write(self, address: int, values: list[int]) -> "ExcCodes | None":
        """Refuse a write with a code, or None."""
        return ExcCodes.ILLEGAL_ADDRESS

    def wrote(self, address: int, values: list[int]) -> None:
        """A write was accepted."""

    def tick(self, now_ms: int) -> None:
        """Time passes."""
        self.now_ms = max(self.now_ms, now_ms)

    def fault(self, kind: str, on: bool = True, **details: object) -> bool:
        """Switches a fault; False: this device has no fault of that name."""
        if kind not in self.faults:
            return False
        if on:
            self.active[kind] = details
        else:
            self.active.pop(kind, None)
        self.fault_changed(kind, on)
        return True

    def fault_changed(self, kind: str, on: bool) -> None:
        """Hook: a fault has begun or ended."""
