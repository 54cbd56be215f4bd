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
    from collections.abc import Callable, Iterator
    from typing import Any

    Piece = bytes | memoryview
    Record = tuple[int, int, int, int]  # kind, sequence number, where its payload begins and ends

BASE, DATA, DROP = 0, 1, 2
HEAD_BYTES = 11
PAYLOAD_MAX = 65535
PIECE_BYTES = 1024  # a small heap in use has no larger block free


def encode(number: int, kind: int, seq: int, payload: bytes) -> bytes:
    """The bytes of a record in file `number`. kind: BASE, DATA or DROP; payload at most 65535 bytes."""
    head = struct.pack(">HBI", len(payload), kind, seq)
    return head + struct.pack(">I", _crc(number, head, payload)) + payload


def decode(number: int, data: bytes) -> "tuple[list[Record], int]":
    """[(kind, seq, start, end)] of the good records (start, end: of the payload in data), and where they end."""
    records: "list[Record]" = []
    end = 0
    view = memoryview(data)
    for kind, seq, payload in walk(number, lambda at, size: view[at : at + size]):
        start = end + HEAD_BYTES
        end = start + len(payload)
        records.append((kind, seq, start, end))
    return records, end


def walk(number: int, part: "Callable[[int, int], Any]") -> "Iterator[tuple[int, int, Any]]":
    """Yields (kind, seq, payload) of the good records of a file, of which PIECE_BYTES or one record are in memory at once.

    part(at, size): at most so many of its bytes from there on; fewer only at its end.
    """
    piece, at = part(0, PIECE_BYTES), 0  # at: in the piece
    gone = 0  # bytes of the file before the piece
    first = True
    while True:
        if at + HEAD_BYTES > len(piece):
            piece, gone, at = part(gone + at, PIECE_BYTES), gone + at, 0
            if len(piece) < HEAD_BYTES:
                return
        size, kind, seq, crc = struct.unpack_from(">HBII", piece, at)
        if kind > DROP or (kind == BASE) != first:
            return
        if at + HEAD_BYTES + size > len(piece):
            piece, gone, at = part(gone + at, max(PIECE_BYTES, HEAD_BYTES + size)), gone + at, 0
        start = at + HEAD_BYTES
        payload = piece[start : start + size]
        if len(payload) < size or crc != _crc(number, piece[at : at + 7], payload):
            return
        yield kind, seq, payload
        first, at = False, start + size


def number_of(payload: "Piece") -> int:
    """The u32 in the payload of a BASE or a DROP."""
    return struct.unpack(">I", payload)[0]  # type: ignore[no-any-return]


def number_bytes(number: int) -> bytes:
    """The payload of a BASE or a DROP."""
    return struct.pack(">I", number)


def _crc(number: int, head: "Piece", payload: "Piece") -> int:
    return crc32(payload, crc32(head, number & 0xFFFFFFFF))
