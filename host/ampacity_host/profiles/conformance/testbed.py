"""One device on a separate line in virtual time: request, reply, tick of the guard, and the limit in force.

Time jumps between events. `broken` collects every instant at which the limit in force exceeded the bound of the guard.
"""

from collections.abc import Callable

from pymodbus.framer.ascii import FramerAscii
from pymodbus.framer.rtu import FramerRTU
from pymodbus.pdu import DecodePDU

START_MS = 2**30 - 60_000
TICK_MS = 100
ASCII = FramerAscii(DecodePDU(is_server=False))


class TimedOut(AssertionError):
    """What was waited for did not come."""


class DeviceWire:
    """driver ↔ device, one request at a time. cut_tx drops what goes to the device, cut_rx what comes from it."""

    def __init__(self, driver: object, device: object, now_ms: int) -> None:
        self.driver, self.device = driver, device
        self.cut_tx = self.cut_rx = False
        self.sent: list[tuple[int, bytes]] = []
        self._flying: "tuple | None" = None
        self._quiet_ms = now_ms
        self._tid = 0

    def due_ms(self, now_ms: int) -> int:
        """When something happens on it next."""
        if self._flying:
            return self._flying[2]
        wish = self.driver.urgency(now_ms)
        return max(self._quiet_ms, wish[1]) if wish else now_ms + TICK_MS

    def move(self, now_ms: int) -> None:
        """Hand over the answer that is due, then send what is due."""
        if self._flying and now_ms >= self._flying[2]:
            self._land(now_ms)
        if not self._flying and now_ms >= self._quiet_ms:
            self._launch(now_ms)

    def _land(self, now_ms: int) -> None:
        request, answer, _ = self._flying
        self._flying = None
        if answer is None:
            self.driver.failed(request, "timeout", now_ms)
            return
        self._quiet_ms = now_ms + request.gap_ms
        if answer[0] & 0x80:
            self.driver.failed(request, f"exception:{answer[1]}", now_ms)
        else:
            self.driver.reply(request, answer, now_ms)

    def _launch(self, now_ms: int) -> None:
        wish = self.driver.urgency(now_ms)
        request = self.driver.take(now_ms) if wish and wish[1] <= now_ms else None
        if request is None:
            self._quiet_ms = max(self._quiet_ms, now_ms + 10)
            return
        request.sent_ms, request.not_echo = now_ms, True  # nothing echoes on this wire
        self.sent.append((now_ms, bytes(request.pdu)))
        answers = [] if self.cut_tx else self.device.receive(self._frame(request), now_ms * 1000)
        if request.one_way:
            self._quiet_ms = now_ms + max(10, request.gap_ms)
        elif answers and not self.cut_rx:
            self._flying = (request, self._unframe(answers[0][0]), answers[0][1] // 1000)
        else:
            self._flying = (request, None, now_ms + request.timeout_ms)

    def _frame(self, request: object) -> bytes:
        if self.device.framing == "ascii":
            return ASCII.encode(bytes(request.pdu), request.unit, 0)
        if self.device.framing == "rtu":
            data = bytes([request.unit]) + request.pdu
            return data + FramerRTU.compute_CRC(data).to_bytes(2, "big")
        self._tid = (self._tid + 1) & 0xFFFF
        return self._tid.to_bytes(2, "big") + b"\0\0" + (len(request.pdu) + 1).to_bytes(2, "big") + bytes([request.unit]) + request.pdu

    def _unframe(self, frame: bytes) -> bytes:
        if self.device.framing == "ascii":
            return ASCII.decode(frame)[3]
        return frame[1:-2] if self.device.framing == "rtu" else frame[7:]


class DeviceTestbed:
    """Time, one wire, and what happens at each tick. `watch` is called after every event."""

    def __init__(self, wire: DeviceWire, tick: "Callable[[int], None]", watch: "Callable[[int], None]") -> None:
        self.wire, self.now_ms = wire, START_MS
        self._tick, self._watch = tick, watch
        self._tick_ms = START_MS

    def run(self, ms: int) -> None:
        """Let so much time pass."""
        self.until(lambda: False, ms, must=False)

    def until(self, true: "Callable[[], bool]", ms: int, what: str = "it", must: bool = True) -> int:
        """Until true() holds; how long it took. TimedOut after ms, unless it need not come."""
        begin_ms = self.now_ms
        while not true():
            if self.now_ms - begin_ms >= ms:
                if must:
                    raise TimedOut(f"{what} did not come within {ms / 1000:g} s")
                return ms
            self._leap(begin_ms + ms)
        return self.now_ms - begin_ms

    def _leap(self, latest_ms: int) -> None:
        next_ms = min(self._tick_ms, self.wire.due_ms(self.now_ms), latest_ms)
        self.now_ms = max(self.now_ms + 1, next_ms)
        self.wire.device.tick(self.now_ms)
        self.wire.move(self.now_ms)
        if self.now_ms >= self._tick_ms:
            self._tick_ms = self.now_ms + TICK_MS
            self._tick(self.now_ms)
        self._watch(self.now_ms)
