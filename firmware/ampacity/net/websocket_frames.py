"""WebSocket frames (RFC 6455, section 5): built masked, as a client must; read unmasked, in bounds, piece by piece."""

import struct

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
CONTROL_MAX = 125
MASK_PIECE = 256  # bytes masked at once: bounds the heap that the big integers take
HEAD_BYTES = 256  # of a message that is too long, so many are kept: enough to say whose it was
PASSED_MAX = 1 << 24  # a frame longer than this is not read to its end

NORMAL, PROTOCOL_ERROR, UNSUPPORTED, NOT_UTF8, TOO_BIG = 1000, 1002, 1003, 1007, 1009


class WebSocketError(Exception):
    """What the peer sent breaks the protocol. code: to close with; kind: a short name for a counter."""

    def __init__(self, code: int, kind: str, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.kind = kind


def mask(data: bytes, key: bytes) -> bytes:
    """data XOR the four bytes of key, repeated. Big integers do it many times faster than a loop over bytes."""
    out = bytearray(len(data))
    _mask_into(out, 0, data, key)
    return bytes(out)


def _mask_into(out: bytearray, start: int, data: bytes, key: bytes) -> None:
    """The same, written to its place in a frame: one piece at a time is on the heap, too."""
    pad = key * (MASK_PIECE // 4)
    number = int.from_bytes(pad, "big")
    for at in range(0, len(data), MASK_PIECE):
        piece = data[at : at + MASK_PIECE]
        size = len(piece)
        if size < MASK_PIECE:
            number = int.from_bytes(pad[:size], "big")
        out[start + at : start + at + size] = (int.from_bytes(piece, "big") ^ number).to_bytes(size, "big")


def encode(opcode: int, payload: bytes, key: bytes, fin: bool = True) -> bytes:
    """A whole frame (RFC 6455, 5.2), masked with key (4 bytes). opcode 0..15; fin: the last one of its message."""
    size = len(payload)
    first = opcode | (0x80 if fin else 0)
    if size < 126:
        head = bytes((first, 0x80 | size))
    elif size < 65536:
        head = struct.pack(">BBH", first, 0xFE, size)
    else:
        head = struct.pack(">BBII", first, 0xFF, 0, size)
    frame = bytearray(len(head) + 4 + size)
    frame[: len(head) + 4] = head + key
    _mask_into(frame, len(head) + 4, payload, key)
    return frame  # type: ignore[return-value]  # for a stream as good as bytes, which would be a second copy


class FrameReader:
    """Bytes of a server in, frames out. Holds at most one bounded payload and the bytes after it.

    payload_max: longest payload in bytes. Of a longer one of a text only the first HEAD_BYTES are kept, the rest is let pass; any other
    is a WebSocketError when its head is seen, before it is stored. `piled`: the frame that was taken last had come behind another before
    that was taken. `bytes`: how long the payload of the frame that was taken last was on the line; a text for which the heap has no block
    counts as longer than payload_max.
    """

    def __init__(self, payload_max: int) -> None:
        self._payload_max = payload_max
        self._data = b""
        self._at = 0  # where the next frame begins
        self.piled = self._next_piled = False
        self.bytes = 0
        self._passing: "tuple[bool, int, bytes] | None" = None  # a frame that is too long: fin, opcode, its first bytes
        self._to_pass = 0  # bytes of it that are still to come

    def receive(self, data: bytes) -> None:
        """Store bytes. MemoryError: there is no room for them, and no unfinished text whose bytes could go."""
        try:
            left = self._data[self._at :] if self._at else self._data
            self._data, self._at = left + data if left else bytes(data), 0
        except MemoryError:
            left = b""
            if not self._let_go():
                raise
            self._data = bytes(data)
        self._next_piled = self._next_piled and bool(left)

    def _let_go(self) -> bool:
        """Does the frame under way become one that is too long, of which only the beginning is kept?"""
        before = self._data, self._at, self.piled, self._next_piled, self.bytes
        allowed, self._payload_max = self._payload_max, HEAD_BYTES
        try:
            whole = self.next_frame() is not None
        finally:
            self._payload_max = allowed
        if whole or self._passing is None:
            self._data, self._at, self.piled, self._next_piled, self.bytes = before
            return False
        self.bytes = max(self.bytes, allowed + 1)
        return True

    @property
    def partial(self) -> bool:
        """Are there bytes that no frame was made of?"""
        return len(self._data) > self._at or self._passing is not None

    def next_frame(self) -> "tuple[bool, int, bytes] | None":
        """(fin, opcode, payload) or None while it is not complete; `bytes` is above payload_max for one of which only the beginning is
        there. WebSocketError: garbage, or a payload that is too long for any use."""
        if self._passing is not None:
            return self._pass()
        data, at = self._data, self._at
        if len(data) < at + 2:
            return None
        first, size = data[at], data[at + 1]
        opcode = first & 15
        self._check_head(first, size, opcode)
        at += 2
        if size >= 126:
            begin, more = at, 2 if size == 126 else 8
            at += more
            if len(data) < at:
                return None
            size = self._long_size(data, begin, more)
        if size > self._payload_max:
            return self._too_long(first, at, size)
        if len(data) < at + size:
            return None
        self._at = at + size
        self.bytes = size
        self.piled, self._next_piled = self._next_piled, True
        return first & 0x80 != 0, opcode, data[at : at + size]

    def _too_long(self, first: int, at: int, size: int) -> "tuple[bool, int, bytes] | None":
        opcode = first & 15
        if size > PASSED_MAX or opcode not in (TEXT, CONTINUATION):
            raise WebSocketError(TOO_BIG, "oversized", "a payload of %d bytes, %d are allowed" % (size, self._payload_max))
        head = min(HEAD_BYTES, size)
        if len(self._data) < at + head:
            return None
        self._passing = (first & 0x80 != 0, opcode, bytes(self._data[at : at + head]))
        self._at = at
        self.bytes = self._to_pass = size
        return self._pass()

    def _pass(self) -> "tuple[bool, int, bytes] | None":
        """Lets go of what is there of a frame that is too long; the frame when its end has come."""
        passed = min(self._to_pass, len(self._data) - self._at)
        self._to_pass -= passed
        self._at += passed
        if self._to_pass:
            self._data, self._at = b"", 0
            return None
        frame, self._passing = self._passing, None
        self.piled, self._next_piled = self._next_piled, True
        return frame

    def _check_head(self, first: int, size: int, opcode: int) -> None:
        if first & 0x70:
            raise WebSocketError(PROTOCOL_ERROR, "garbage", "reserved bits are set")
        if size & 0x80:
            raise WebSocketError(PROTOCOL_ERROR, "garbage", "a server's frame is masked")
        if opcode not in (CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG):
            raise WebSocketError(PROTOCOL_ERROR, "garbage", "unknown opcode %d" % opcode)
        if opcode >= CLOSE and (size > CONTROL_MAX or not first & 0x80):
            raise WebSocketError(PROTOCOL_ERROR, "garbage", "a control frame in pieces or longer than 125 bytes")

    def _long_size(self, data: bytes, at: int, more: int) -> int:
        if more == 2:
            size: int = struct.unpack_from(">H", data, at)[0]
            least = 126
        else:
            high, low = struct.unpack_from(">II", data, at)
            if high >> 31:
                raise WebSocketError(PROTOCOL_ERROR, "garbage", "a length beyond 63 bits")
            size = high << 32 | low
            least = 65536
        if size < least:
            raise WebSocketError(PROTOCOL_ERROR, "garbage", "a length in more bytes than it needs")
        return size
