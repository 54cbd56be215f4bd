"""Modbus ASCII on a serial line: `:`, two hexadecimal digits a byte, a checksum of its own, CR LF.

Only the spelling differs from RTU. So the engine of an RTU line does the work: what it sends is spelled out, and what
is heard is read back into the frame that the same answer would be there. Frames have a beginning and an end here, so
nothing is guessed from silence. Serial line V1.02, 2.5.2.
"""

from ampacity.bus.client.rtu_client import RtuClient
from ampacity.bus.modbus.frames import rtu_frame

if False:  # for the type checker
    from typing import Any

START, END = 0x3A, 0x0A
DIGITS = b"0123456789ABCDEF"
CHARACTERS_MAX = 513


def lrc(data: "bytes | bytearray") -> int:
    """LRC: the two's complement of the sum of all bytes, 8 bits."""
    return -sum(data) & 0xFF


def to_ascii(frame: bytes) -> bytes:
    """An RTU frame as it is written in ASCII."""
    data = frame[:-2]
    out = bytearray(2 * len(data) + 5)
    out[0] = START
    at = 1
    for byte in data + bytes((lrc(data),)):
        out[at], out[at + 1] = DIGITS[byte >> 4], DIGITS[byte & 15]
        at += 2
    out[at], out[at + 1] = 0x0D, END
    return bytes(out)


def hex_value(character: int) -> int:
    """The value of a hexadecimal digit, -1 for anything else."""
    if 48 <= character <= 57:
        return character - 48
    character &= 0xDF  # small letters, too
    return character - 55 if 65 <= character <= 70 else -1


def from_ascii(line: "bytes | bytearray") -> bytes:
    """The RTU frame of one line between `:` and CR LF, both left out; b"" if it is none or its checksum is wrong."""
    if len(line) < 6 or len(line) % 2:
        return b""
    data = bytearray(len(line) // 2)
    for at in range(len(data)):
        high, low = hex_value(line[2 * at]), hex_value(line[2 * at + 1])
        if high < 0 or low < 0:
            return b""
        data[at] = high << 4 | low
    if sum(data) & 0xFF:
        return b""
    return rtu_frame(data[0], bytes(data[1:-1]))


class AsciiSpelling:
    """How frames are written and read on an ASCII line. `inside`: a line has begun and not ended."""

    inside = False
    _stray = 0  # characters since the request that are of no line

    def __init__(self) -> None:
        self._heard = bytearray()

    def byte_us(self, char_us: int) -> int:
        """What a byte of a frame takes, in us; char_us: a character of the line. A byte is two characters."""
        return 2 * char_us + 1

    def write(self, frame: bytes) -> bytes:
        """The characters of an RTU frame."""
        self._stray = 0
        return to_ascii(frame)

    def read(self, data: bytes) -> "list[tuple[bytes, int]]":
        """Characters from the line: (the RTU frame of each line that ended, b"" for one that is none; characters of no frame up to there)."""
        frames = []
        for byte in data:
            if byte == START:
                self._stray += len(self._heard) if self.inside else 0
                self._heard, self.inside = bytearray(), True
            elif self.inside and byte == END:
                self.inside = False
                line = self._heard
                frame = from_ascii(line[:-1]) if line[-1:] == b"\r" else b""
                frames.append((frame, self._stray if frame else self._stray + len(line)))
                self._stray = 0
            elif self.inside:
                self._heard.append(byte)
                self.inside = len(self._heard) <= CHARACTERS_MAX
                self._stray += 0 if self.inside else CHARACTERS_MAX
            else:
                self._stray += 1
        return frames


class AsciiClient(RtuClient):
    """RtuClient with the spelling of ASCII; its face, facts and counters. `crc_errors` counts lines that are none."""

    def __init__(self, bus_facts: "dict[str, Any]", drivers: "list[Any]", schedule: "Any" = None) -> None:
        RtuClient.__init__(self, bus_facts, drivers, schedule, AsciiSpelling())
