"""One file of a journal: records one after the other, each with its own CRC.

Record: length (u16), kind (u8), sequence number (u32), CRC-32 (u32), payload; big-endian. The CRC covers all but itself
and starts from the file's number, so that old bytes of another file can never pass for this one's.
The first record is of kind BASE: what comes here starts at its sequence number, and anything from older files with that
number or a higher one is void (it was never acknowledged). Its payload, like that of a DROP, is the number up to which
records are dropped. Whatever follows the first record that is not good is ignored: the torn tail of a power cut.
"""

import struct
from binascii import crc32

if False:  # for the type checker
    Record = tuple[int, int, int, int]  # kind, sequence number, where its payload begins and ends

BASE, DATA, DROP = 0, 1, 2
HEAD_BYTES = 11
PAYLOAD_MAX = 65535


def encode(number: int, kind: int, seq: int, payload: bytes) -> bytes:
    """The bytes of a record in file `number`. kind: BASE, DATA or DROP; payload at most 65535 bytes."""
    head = struct.pack(">HBI", len(payload), kind, seq)
    return head + struct.pack(">I", _crc(number, head, payload)) + payload


def decode(number: int, data: bytes) -> "tuple[list[Record], int]":
    """[(kind, seq, start, end)] of the good records (start, end: of the payload in data), and where they end."""
    records: "list[Record]" = []
    at = 0
    while at + HEAD_BYTES <= len(data):
        size, kind, seq, crc = struct.unpack_from(">HBII", data, at)
        start = at + HEAD_BYTES
        end = start + size
        if end > len(data) or kind > DROP or crc != _crc(number, data[at : at + 7], data[start:end]):
            break
        if (kind == BASE) != (not records):
            break
        records.append((kind, seq, start, end))
        at = end
    return records, at


def number_of(payload: bytes) -> int:
    """The u32 in the payload of a BASE or a DROP."""
    return struct.unpack(">I", payload)[0]  # type: ignore[no-any-return]


def number_bytes(number: int) -> bytes:
    """The payload of a BASE or a DROP."""
    return struct.pack(">I", number)


def _crc(number: int, head: bytes, payload: bytes) -> int:
    return crc32(payload, crc32(head, number & 0xFFFFFFFF))
