"""The secondary's end of a serial line: hears everything, answers what is addressed to it, and never speaks first.

A reply leaves after the standard's silence; if anything else comes on the line before, it is not sent, for then
another device is transmitting. What follows our own reply and repeats it is our echo, not an order.
"""

from ampacity.bus.leases.register_table import VENDOR
from ampacity.bus.modbus.frames import (
    ILLEGAL_ADDRESS,
    ILLEGAL_FUNCTION,
    ILLEGAL_VALUE,
    READ_COUNT_MAX,
    WRITE_COUNT_MAX,
    char_us,
    exception_pdu,
    request_len,
    rtu_frame,
    silence_us,
)
from ampacity.bus.modbus.rtu_receiver import RtuReceiver

if False:  # for the type checker
    from typing import Any

LATE_US = 100000  # a reply that is this late would meet the next request
LOOK_US = 10000000  # nothing to do before bytes come; the transport may look again then


class ModbusServer:
    """Engine of one unit, 1..247. register_map: read, write, broadcast of RegisterMap, and serial, firmware, model.

    `counters`: requests answered, broadcasts taken, exceptions sent, own echoes, frames to it with a wrong checksum.
    """

    def __init__(self, unit: int, register_map: "Any", baud: int = 19200) -> None:
        self.unit = unit
        self.map = register_map
        self._char_us = char_us(baud)
        self._silence_us = silence_us(baud)
        self._receiver = RtuReceiver((0, unit), request_len, self._silence_us, self._char_us)
        self._reply: bytes | None = None
        self._reply_us = 0
        self._echo = b""
        self._echo_until_us = 0
        self.counters = {"requests": 0, "broadcasts": 0, "exceptions": 0, "echoes": 0, "crc_errors": 0}

    def receive(self, data: bytes, now_us: int) -> None:
        """Bytes from the line; the last one came at now_us."""
        if self._echo:
            data = self._strip_echo(data, now_us)
            if not data:
                return
        self._reply = None
        self._receiver.receive(data, now_us)
        self._take(now_us)

    def next(self, now_us: int) -> "tuple[bytes | None, int]":
        """The reply, when its time has come, and when to call again unless bytes come before."""
        if self._reply is None and self._receiver.wake_at() is not None:
            self._take(now_us)
        if self._reply is not None:
            if now_us < self._reply_us:
                return None, self._reply_us
            reply, self._reply = self._reply, None
            if now_us < self._reply_us + LATE_US:
                self._echo = reply
                self._echo_until_us = now_us + (len(reply) + 4) * self._char_us + self._silence_us
                return reply, now_us + LOOK_US
        wake_us = self._receiver.wake_at()
        return None, now_us + LOOK_US if wake_us is None else max(wake_us, now_us + 1)

    def _strip_echo(self, data: bytes, now_us: int) -> bytes:
        size = min(len(data), len(self._echo))
        if now_us > self._echo_until_us or data[:size] != self._echo[:size]:
            self._echo = b""
            return data
        self._echo = self._echo[size:]
        self.counters["echoes"] += not self._echo
        return data[size:]

    def _take(self, now_us: int) -> None:
        while True:
            frame = self._receiver.take(now_us)
            self.counters["crc_errors"] = self._receiver.crc_errors
            if frame is None:
                return
            self._reply = None
            unit, pdu = frame
            if unit:
                self.counters["requests"] += 1
                self._reply = rtu_frame(unit, self.answer(pdu, now_us // 1000))
                self._reply_us = now_us + self._silence_us
            elif pdu[0] == 16 and len(pdu) > 6 and len(pdu) == 6 + pdu[5]:
                taken = self.map.broadcast((pdu[1] << 8) | pdu[2], pdu[6:], self.unit, now_us // 1000)
                self.counters["broadcasts"] += taken

    # what a request asks for, also without a line

    def answer(self, pdu: bytes, now_ms: int) -> bytes:
        """The reply's PDU to a request's PDU, regular or exception."""
        function = pdu[0]
        if function in (3, 4):
            reply = self._read(pdu, now_ms) if len(pdu) == 5 else ILLEGAL_VALUE
        elif function == 6:
            reply = self._write_one(pdu, now_ms) if len(pdu) == 5 else ILLEGAL_VALUE
        elif function == 16:
            reply = self._write(pdu, now_ms) if len(pdu) > 6 else ILLEGAL_VALUE
        elif function == 23:
            reply = self._read_write(pdu, now_ms) if len(pdu) > 10 else ILLEGAL_VALUE
        elif function == 43:
            reply = self._identify(pdu)
        else:
            reply = ILLEGAL_FUNCTION
        if isinstance(reply, int):
            self.counters["exceptions"] += 1
            return exception_pdu(function, reply)
        return reply

    def _read(self, pdu: bytes, now_ms: int) -> "bytes | int":
        count = (pdu[3] << 8) | pdu[4]
        if not 1 <= count <= READ_COUNT_MAX:
            return ILLEGAL_VALUE
        data: bytes | None = self.map.read((pdu[1] << 8) | pdu[2], count, now_ms)
        if data is None:
            return ILLEGAL_ADDRESS
        return bytes((pdu[0], len(data))) + data

    def _write_one(self, pdu: bytes, now_ms: int) -> "bytes | int":
        code: int = self.map.write((pdu[1] << 8) | pdu[2], pdu[3:5], now_ms)
        return code or pdu

    def _write(self, pdu: bytes, now_ms: int) -> "bytes | int":
        count = (pdu[3] << 8) | pdu[4]
        if not 1 <= count <= WRITE_COUNT_MAX or pdu[5] != 2 * count or len(pdu) != 6 + 2 * count:
            return ILLEGAL_VALUE
        code = self.map.write((pdu[1] << 8) | pdu[2], pdu[6:], now_ms)
        return code or pdu[:5]

    def _read_write(self, pdu: bytes, now_ms: int) -> "bytes | int":
        """Read addresses are checked before the write is done: an exception leaves nothing changed."""
        read_count, count = (pdu[3] << 8) | pdu[4], (pdu[7] << 8) | pdu[8]
        if not 1 <= read_count <= READ_COUNT_MAX or not 1 <= count <= WRITE_COUNT_MAX - 2:
            return ILLEGAL_VALUE
        if pdu[9] != 2 * count or len(pdu) != 10 + 2 * count:
            return ILLEGAL_VALUE
        if self.map.read((pdu[1] << 8) | pdu[2], read_count, now_ms) is None:
            return ILLEGAL_ADDRESS
        code: int = self.map.write((pdu[5] << 8) | pdu[6], pdu[10:], now_ms)
        return code or self._read(bytes((23,)) + pdu[1:5], now_ms)

    def _identify(self, pdu: bytes) -> "bytes | int":
        """Function 43, type 14: basic identification, as a stream or one object."""
        if len(pdu) != 4 or pdu[1] != 14:
            return ILLEGAL_FUNCTION
        if not 1 <= pdu[2] <= 4:
            return ILLEGAL_VALUE
        texts = (VENDOR, self.map.model, self.map.firmware)
        if pdu[2] == 4 and pdu[3] >= len(texts):
            return ILLEGAL_ADDRESS
        first = pdu[3] if pdu[3] < len(texts) else 0
        last = first + 1 if pdu[2] == 4 else len(texts)
        out = bytes((43, 14, pdu[2], 0x81, 0, 0, last - first))
        for i in range(first, last):
            text = texts[i].encode()[:60]
            out += bytes((i, len(text))) + text
        return out
