"""Frames and PDUs of Modbus: building them, and how long one that is only partly here will be.

Application protocol V1.1b3; serial line V1.02. Registers and addresses are big-endian; addresses count from 0.
"""

from ampacity.base.errors import Rejected
from ampacity.bus.modbus.crc import crc16

FRAME_BYTES_MAX = 256  # RTU: unit + PDU of 253 + CRC
FRAME_BYTES_MIN = 4
READ_COUNT_MAX = 125
WRITE_COUNT_MAX = 123
WRITES = (5, 6, 15, 16, 22, 23)

ILLEGAL_FUNCTION, ILLEGAL_ADDRESS, ILLEGAL_VALUE = 1, 2, 3
NOT_REACHED = (10, 11)  # sent by a gateway: the device itself has not answered


def char_us(baud: int, bits: int = 11) -> int:
    """Duration of one character in µs, rounded up: 11 bits with parity or two stop bits."""
    return -(-bits * 1000000 // baud)


def silence_us(baud: int) -> int:
    """Shortest gap that ends an RTU frame (t3.5), in µs, rounded up; fixed above 19200 (serial line V1.02, 2.5.1.1).

    baud: 1200..115200 bit/s, else Rejected.
    """
    if not 1200 <= baud <= 115200:
        raise Rejected("baud", baud, "1200..115200")
    if baud > 19200:
        return 1750
    return -(-7 * 11 * 1000000 // (2 * baud))


def rtu_frame(unit: int, pdu: "bytes | bytearray") -> bytes:
    """unit and PDU with their checksum, ready for the line."""
    body = bytes((unit,)) + pdu
    crc = crc16(body)
    return body + bytes((crc & 0xFF, crc >> 8))


def crc_ok(frame: "bytes | bytearray | memoryview") -> bool:
    """Is this a whole frame with its right checksum? Fewer than four bytes are none."""
    return FRAME_BYTES_MIN <= len(frame) <= FRAME_BYTES_MAX and crc16(frame) == 0


def read_pdu(function: int, address: int, count: int) -> bytes:
    """Request of functions 1..4. count: registers 1..125, bits 1..2000."""
    return bytes((function, address >> 8, address & 0xFF, count >> 8, count & 0xFF))


def words(values: "list[int] | tuple[int, ...]") -> bytes:
    """Registers 0..65535 as bytes."""
    out = bytearray(2 * len(values))
    at = 0
    for value in values:
        out[at] = value >> 8
        out[at + 1] = value & 0xFF
        at += 2
    return bytes(out)


def write_pdu(address: int, data: bytes) -> bytes:
    """Request of function 16; data: 2..246 bytes, two a register."""
    count = len(data) // 2
    return bytes((16, address >> 8, address & 0xFF, 0, count, 2 * count)) + data


def read_write_pdu(read_address: int, read_count: int, address: int, data: bytes) -> bytes:
    """Request of function 23: the write is done before the read."""
    count = len(data) // 2
    head = (23, read_address >> 8, read_address & 0xFF, 0, read_count, address >> 8, address & 0xFF, 0, count, 2 * count)
    return bytes(head) + data


def reply_pdu_len(pdu: bytes) -> int:
    """Length of the regular reply's PDU to this request; 0 where only the reply itself tells."""
    function = pdu[0]
    if function in (3, 4) or function == 23:
        return 2 + 2 * ((pdu[3] << 8) | pdu[4])
    if function in (1, 2):
        return 2 + ((((pdu[3] << 8) | pdu[4]) + 7) >> 3)
    return 5 if function in (5, 6, 15, 16) else 0


def _identification_len(data: "bytes | bytearray", at: int, end: int) -> int:
    """Length of the reply of function 43/14 that starts at `at`; 0: more bytes needed."""
    if end - at < 8:
        return 0
    here = at + 8
    for _ in range(data[at + 7]):
        if end - here < 2:
            return 0
        here += 2 + data[here + 1]
    return here - at + 2


def reply_len(data: "bytes | bytearray", at: int, end: int) -> int:
    """Length of the reply frame that starts at `at` of data[:end]; 0: more bytes needed, -1: unknown function."""
    if end - at < 3:
        return 0
    function = data[at + 1]
    if function & 0x80:
        return 5
    if function in (3, 4, 1, 2, 23):
        return 5 + data[at + 2]
    if function in (5, 6, 15, 16):
        return 8
    if function == 43:
        return _identification_len(data, at, end)
    return -1


def request_len(data: "bytes | bytearray", at: int, end: int) -> int:
    """Length of the request frame that starts at `at` of data[:end]; 0: more bytes needed, -1: unknown function."""
    if end - at < 2:
        return 0
    function = data[at + 1]
    if 1 <= function <= 6:
        return 8
    if function in (15, 16):
        return 9 + data[at + 6] if end - at > 6 else 0
    if function == 23:
        return 13 + data[at + 10] if end - at > 10 else 0
    return 7 if function == 43 else -1


def refusal(pdu: bytes) -> str:
    """Why a request failed, from the PDU of an exception: "exception:N", or "gateway", which is a device's silence."""
    return "gateway" if pdu[1] in NOT_REACHED else "exception:" + str(pdu[1])


def exception_pdu(function: int, code: int) -> bytes:
    """The reply that refuses a request of this function, with an exception code (Modbus application protocol V1.1b3, 7)."""
    return bytes((function | 0x80, code))
