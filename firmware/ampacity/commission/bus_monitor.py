"""Passive listening: detects other Modbus traffic on the line and decodes it.

A line with another Modbus client is not scanned, because two clients corrupt each other's frames. Traffic at
another speed appears as garbage, so bytes without frames start a search for the speed, without sending.
"""

from ampacity.bus.client.ascii_client import from_ascii
from ampacity.bus.modbus.frames import crc_ok, reply_len, request_len

ECHOED = (5, 6)
KEPT_BYTES = 300
FUNCTIONS = (1, 2, 3, 4, 5, 6, 15, 16, 22, 23, 43)


class BusMonitor:
    """Bytes in. `heard`: how many; `frames`: [(unit, function, is it a request)], the first few."""

    FRAMES_KEPT = 8

    def __init__(self) -> None:
        self.heard = 0
        self.frames: list[tuple[int, int, bool]] = []
        self._data = b""
        self._line = b""

    def receive(self, data: bytes) -> None:
        """What came from the line."""
        self.heard += len(data)
        self._data = (self._data + data)[-KEPT_BYTES:]
        self._spelled(data)
        at = 0
        while len(self._data) - at >= 4:
            size, asks = whole_frame(self._data, at)
            if not size:
                at += 1
                continue
            self._note(self._data[at], self._data[at + 1], asks)
            self._data = self._data[at + size :]
            at = 0

    def _note(self, unit: int, function: int, asks: bool) -> None:
        if len(self.frames) < self.FRAMES_KEPT:
            self.frames.append((unit, function & 0x7F, asks))

    def _spelled(self, data: bytes) -> None:
        """The same in Modbus ASCII: lines from ":" to a line feed."""
        self._line = (self._line + data)[-KEPT_BYTES:]
        while b"\n" in self._line:
            end = self._line.index(b"\n")
            line, self._line = self._line[:end], self._line[end + 1 :]
            frame = from_ascii(line[line.rfind(b":") + 1 :].rstrip(b"\r")) if b":" in line else b""
            size, asks = whole_frame(frame, 0) if len(frame) >= 4 else (0, False)
            if size == len(frame) and size:
                self._note(frame[0], frame[1], asks)

    def text(self) -> str:
        """The decoded traffic as text; "" without a valid frame."""
        if not self.frames:
            return ""
        for unit, function, asks in self.frames:
            if asks:
                text = "another Modbus client reads unit %d with function %d" % (unit, function)
                if function in ECHOED:  # such an answer is its request, and the other one of two takes it for one
                    text += ", or two devices with address %d answer each other" % unit
                return text
        return "unit %d answers another Modbus client" % self.frames[0][0]


def whole_frame(data: bytes, at: int) -> "tuple[int, bool]":
    """(length, is it a request) of the valid frame that starts at `at`; (0, False): none."""
    end = len(data)
    if data[at] > 247 or data[at + 1] & 0x7F not in FUNCTIONS:
        return 0, False
    for asks, size in ((True, request_len(data, at, end)), (False, reply_len(data, at, end))):
        if 4 <= size <= end - at and crc_ok(data[at : at + size]):
            return size, asks
    return 0, False
