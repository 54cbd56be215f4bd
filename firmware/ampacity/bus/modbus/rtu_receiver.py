"""RTU framing: bytes with their arrival times in, frames out. Owns no UART and no clock.

The standard ends a frame by 3.5 characters of silence. A program sees bytes in chunks, late, and sometimes
two frames in one chunk, so silence alone cannot be trusted; a length alone cannot either, for one lost byte
would shift all that follows. Here the function code tells the length, the checksum decides, and what does
not fit is skipped byte by byte until something does. Silence only discards a frame that remains incomplete.
"""

from ampacity.bus.modbus.crc import crc16
from ampacity.bus.modbus.frames import FRAME_BYTES_MAX

if False:  # for the type checker
    from typing import Any

STALL_US = 20000  # a frame whose bytes stop for longer is given up


class RtuReceiver:
    """Frames addressed to one of `units`, whose length `length_of(data, at, end)` knows.

    `skipped`: bytes thrown away; `crc_errors`: complete frames with a wrong checksum; `too_long`: times
    that more came than a frame can hold.
    """

    def __init__(self, units: "tuple[int, ...]", length_of: "Any", silence_us: int, char_us: int) -> None:
        self.units = units
        self._length_of = length_of
        self._silence_us = silence_us
        self._char_us = char_us
        self._data = bytearray(FRAME_BYTES_MAX)
        self._size = 0
        self._quiet_us = 0  # when the last byte came
        self._fresh = False  # bytes came since the last look
        self.skipped = 0
        self.crc_errors = 0
        self.too_long = 0
        self.on_skipped: Any = None  # called with the bytes thrown away; None: not reported

    def receive(self, data: bytes, now_us: int) -> None:
        """Bytes whose last one came at now_us. Take the frames out before more are given."""
        count = len(data)
        if self._size:
            gap_us = now_us - count * self._char_us - self._quiet_us
            if gap_us >= STALL_US or (gap_us >= self._silence_us and self._foreign_whole()):
                self._drop(self._size)
        self._quiet_us = now_us
        room = FRAME_BYTES_MAX - self._size
        if count > room:
            self.too_long += 1
            self._drop(self._size)
            self.skipped += max(0, count - FRAME_BYTES_MAX)
            data = data[-FRAME_BYTES_MAX:]
            count = len(data)
        self._data[self._size : self._size + count] = data
        self._size += count
        self._fresh = True

    def take(self, now_us: int) -> "tuple[int, bytes] | None":
        """The next (unit, PDU) with a right checksum, or None."""
        if not self._fresh or self._waits(now_us):
            return None
        silent = now_us - self._quiet_us >= self._silence_us
        at = 0
        while at < self._size:
            length = self._length_at(at)
            if length > 0:
                frame = bytes(self._data[at : at + length])
                if not crc16(frame):
                    self._drop(at + length, at)
                    return frame[0], frame[1:-2]
                self.crc_errors += at == 0 and silent
            at += 1
        self._fresh = not silent
        return None

    def wake_at(self) -> "int | None":
        """When to call take() again although no byte came; None: only bytes can help."""
        return self._quiet_us + self._silence_us if self._fresh else None

    def spoilt(self, size: int, now_us: int) -> bool:
        """Came at least `size` bytes, then silence, and no frame was in them?"""
        if self._fresh or self._size < size or now_us - self._quiet_us < self._silence_us:
            return False
        return size > 3 and not self._foreign_whole()

    def empty(self) -> bool:
        """Was nothing heard since the last frame that was taken?"""
        return not self._size

    def flush(self) -> None:
        """Throw away what is here."""
        if self._size:
            self._drop(self._size)

    def _waits(self, now_us: int) -> bool:
        """Until the line is silent only a frame that starts the buffer and is whole is worth a look."""
        if now_us - self._quiet_us >= self._silence_us:
            return False
        if self._data[0] in self.units:
            length: int = self._length_of(self._data, 0, self._size)
            return length <= 0 or length > self._size
        if self._foreign_whole():
            self._fresh = False
        return True

    def _length_at(self, at: int) -> int:
        """Length of a candidate that is wholly here, else 0."""
        if self._data[at] not in self.units:
            return 0
        length = self._length_of(self._data, at, self._size)
        if length < 0 and at == 0:
            length = self._size  # unknown function: what silence has delimited
        return length if 4 <= length <= self._size - at else 0

    def _foreign_whole(self) -> bool:
        """Does the buffer look like exactly one frame between others? Cheap, for most traffic is that."""
        size = self._size
        return self._data[0] not in self.units and (size == 8 or (size > 4 and size == 5 + self._data[2]))

    def _drop(self, count: int, skipped: "int | None" = None) -> None:
        lost = count if skipped is None else skipped
        self.skipped += lost
        if lost and self.on_skipped is not None:
            self.on_skipped(bytes(self._data[0:lost]))
        left = self._size - count
        if left:
            self._data[0:left] = self._data[count : count + left]
        self._size = left
        self._fresh = left > 0
