"""Bytes of a line or a socket to Modbus requests and back, by pymodbus' framers and PDU classes.

Nothing of the firmware is used here: what the controller believes about frames is judged by somebody else's code.
"""

from collections.abc import Iterator

from pymodbus.exceptions import ModbusException
from pymodbus.framer.rtu import FramerRTU
from pymodbus.framer.socket import FramerSocket
from pymodbus.pdu import DecodePDU, ModbusPDU

FRAME_BYTES_MAX = 300
QUIET_US = 20_000


class RtuWire:
    """Finds the requests to one unit among all that is heard on a multidrop line."""

    def __init__(self, unit: int) -> None:
        self.unit = unit
        self.framer = FramerRTU(DecodePDU(is_server=True))
        self._heard = b""
        self._last_us = 0

    def requests(self, data: bytes, now_us: int) -> Iterator[ModbusPDU]:
        """Requests to this unit that are complete with these bytes."""
        if now_us - self._last_us > QUIET_US:
            self._heard = b""
        self._last_us = now_us
        self._heard = (self._heard + data)[-FRAME_BYTES_MAX:]
        for start in range(len(self._heard) - 3):
            if self._heard[start] == self.unit and self._complete(self._heard[start:]):
                frame = self._heard[start:]
                self._heard = b""
                yield from _decoded(self.framer, frame)
                return

    def _complete(self, frame: bytes) -> bool:
        _, unit, _, pdu = self.framer.decode(frame)
        return bool(pdu) and unit == self.unit and len(pdu) + 3 == len(frame)

    def drop(self) -> None:
        """Forget what was heard."""
        self._heard = b""


class TcpWire:
    """Takes the requests to one unit out of a Modbus TCP stream; others are for the devices beside it."""

    def __init__(self, unit: int) -> None:
        self.unit = unit
        self.framer = FramerSocket(DecodePDU(is_server=True))
        self._heard = b""

    def requests(self, data: bytes, now_us: int) -> Iterator[ModbusPDU]:
        """Requests to this unit that are complete with these bytes."""
        self._heard += data
        while len(self._heard) >= 8:
            size = int.from_bytes(self._heard[4:6], "big") + 6
            if len(self._heard) < size:
                return
            frame, self._heard = self._heard[:size], self._heard[size:]
            if frame[6] == self.unit:
                yield from _decoded(self.framer, frame)

    def drop(self) -> None:
        """Forget half a request: the connection is a new one."""
        self._heard = b""


def _decoded(framer: "FramerRTU | FramerSocket", frame: bytes) -> Iterator[ModbusPDU]:
    try:
        _, request = framer.handleFrame(frame, 0, 0)
    except ModbusException:
        return
    if request is not None:
        yield request
