"""Bytes of a line or a socket to Modbus requests and back, by pymodbus' framers and PDU classes.

No code of the firmware is used here: independent code checks the controller's framing.
"""

from collections.abc import Iterator

from pymodbus.framer.ascii import FramerAscii
from pymodbus.framer.rtu import FramerRTU
from pymodbus.framer.socket import FramerSocket
from pymodbus.pdu import DecodePDU, ModbusPDU

FRAME_BYTES_MAX = 300
QUIET_US = 20_000
SHORT_CODES = (1, 2, 3, 4, 5, 6)
LONG_CODES = (15, 16)


class RtuFraming:
    """Finds the requests to one unit among all frames on a multidrop line; `also`: a second address that it receives."""

    def __init__(self, unit: int, also: int = 0) -> None:
        self.unit = unit
        self.also = also
        self.framer = FramerRTU(DecodePDU(is_server=True))
        self._heard = b""
        self._last_us = 0

    def requests(self, data: bytes, now_us: int) -> Iterator[ModbusPDU]:
        """Requests to this unit that these bytes complete."""
        if now_us - self._last_us > QUIET_US:
            self._heard = b""
        self._last_us = now_us
        self._heard = heard = (self._heard + data)[-FRAME_BYTES_MAX:]
        for start in self._starts(heard):
            _, unit, _, pdu = self.framer.decode(heard[start:])
            if pdu and unit in (self.unit, self.also) and start + len(pdu) + 3 == len(heard):
                self._heard = b""
                yield from _decoded(self.framer, pdu, unit, 0)
                return

    def _starts(self, heard: bytes) -> list[int]:
        """Possible starts of a request to this unit that ends here: reads and single writes are 8 bytes long.

        The end of a long write may look like such a request: all are tried, and the checksum decides.
        """
        size = len(heard)
        found = [size - 8] if size >= 8 and heard[-8] == self.unit and heard[-7] in SHORT_CODES else []
        for head in [bytes([unit, code]) for unit in (self.unit, self.also) if unit for code in LONG_CODES]:
            start = heard.find(head)
            while start >= 0:
                if start + 7 <= size and start + 9 + heard[start + 6] == size:
                    found.append(start)
                start = heard.find(head, start + 1)
        return found

    def drop(self) -> None:
        """Discards received bytes."""
        self._heard = b""


class AsciiFraming:
    """Finds the requests to one unit on a line that speaks ASCII."""

    def __init__(self, unit: int) -> None:
        self.unit = unit
        self.framer = FramerAscii(DecodePDU(is_server=True))
        self._heard = b""

    def requests(self, data: bytes, now_us: int) -> Iterator[ModbusPDU]:
        """Requests to this unit that these characters complete."""
        self._heard = (self._heard + data)[-2 * FRAME_BYTES_MAX :]
        while True:
            used, unit, _, pdu = self.framer.decode(self._heard)
            self._heard = self._heard[used:]
            if not pdu:
                return
            if unit == self.unit:
                yield from _decoded(self.framer, pdu, unit, 0)

    def drop(self) -> None:
        """Discards received characters."""
        self._heard = b""


class TcpFraming:
    """Extracts the requests to one unit from a Modbus TCP stream; others are for other devices."""

    def __init__(self, unit: int) -> None:
        self.unit = unit
        self.framer = FramerSocket(DecodePDU(is_server=True))
        self._heard = b""

    def requests(self, data: bytes, now_us: int) -> Iterator[ModbusPDU]:
        """Requests to this unit that these bytes complete."""
        self._heard += data
        while len(self._heard) >= 8:
            size = int.from_bytes(self._heard[4:6], "big") + 6
            if len(self._heard) < size:
                return
            frame, self._heard = self._heard[:size], self._heard[size:]
            if frame[6] == self.unit:
                _, unit, transaction, pdu = self.framer.decode(frame)
                yield from _decoded(self.framer, pdu, unit, transaction)

    def drop(self) -> None:
        """Discards half a request: the connection is new."""
        self._heard = b""


def _decoded(framer: "FramerRTU | FramerAscii | FramerSocket", pdu: bytes, unit: int, transaction: int) -> Iterator[ModbusPDU]:
    request = framer.decoder.decode(pdu) if pdu else None
    if request is not None:
        request.dev_id = unit
        request.transaction_id = transaction
        yield request
