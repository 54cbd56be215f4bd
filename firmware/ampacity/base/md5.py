"""MD5 (RFC 1321) for runtimes whose build leaves it out, as that of the RP2350 does. OCPP names and checks a file by it; it protects nothing."""

from binascii import a2b_base64

SLICE_BYTES = 256  # at once: each block of 64 bytes takes some ms on a microcontroller
MASK = 0xFFFFFFFF
BLOCK = 64
TURNS = ((7, 12, 17, 22), (5, 9, 14, 20), (4, 11, 16, 23), (6, 10, 15, 21))
WORDS = ((1, 0), (5, 1), (3, 5), (7, 0))  # of step i: the word (factor * i + offset) % 16
SINES = a2b_base64(
    "12qkeOjHt1YkIHDbwb3O7vV8D69Hh8YqqDBGE/1GlQFpgJjYi0T3r///W7GJXNe+a5ARIv2YcZOmeUOOSbQIIfYeJWLAQLNAJl5aUem2x6rWLxBdAkQUU9ih5oHn0/vI"
    "IeHN5sM3B9b01Q2HRVoU7anj6QX876P4Z28C2Y0qTIr/+jlCh3H2gW2dYSL95TgMpL7qREvez6n2u0tgvr+8cCibfsbqoSf61O8whQSIHQXZ1NA55tuZ5R+ifPjErFZl"
    "9CkiREMq/5erlCOn/JOgOWVbWcOPDMyS/+/0fYWEXdFvqH5P/izm4KMBQxROCBGh91N+gr068jUq19K764bTkQ=="
)  # of step i: floor(2**32 * abs(sin(i + 1)))


class OwnMd5:
    """update(bytes), in pieces of any length; digest(), once."""

    def __init__(self) -> None:
        self._state = [0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476]
        self._rest = b""
        self._size = 0

    def update(self, data: bytes) -> None:
        """More of the text."""
        self._size += len(data)
        data = self._rest + data
        for at in range(0, len(data) - BLOCK + 1, BLOCK):
            self._add(data[at : at + BLOCK])
        self._rest = data[len(data) // BLOCK * BLOCK :]

    def digest(self) -> bytes:
        """The 16 bytes."""
        size = self._size * 8 & 0xFFFFFFFFFFFFFFFF
        self.update(b"\x80" + bytes((55 - self._size) % BLOCK) + size.to_bytes(8, "little"))
        return b"".join([word.to_bytes(4, "little") for word in self._state])

    def _add(self, block: bytes) -> None:
        a, b, c, d = self._state
        for i in range(BLOCK):
            turn = i >> 4
            if turn == 0:
                mixed = b & c | ~b & d
            elif turn == 1:
                mixed = d & b | ~d & c
            elif turn == 2:
                mixed = b ^ c ^ d
            else:
                mixed = c ^ (b | ~d & MASK)
            at = (WORDS[turn][0] * i + WORDS[turn][1]) % 16 * 4
            whole = a + mixed + int.from_bytes(block[at : at + 4], "little") + int.from_bytes(SINES[4 * i : 4 * i + 4], "big") & MASK
            count = TURNS[turn][i & 3]
            a, d, c, b = d, c, b, b + (whole << count | whole >> 32 - count) & MASK
        self._state = [old + new & MASK for old, new in zip(self._state, (a, b, c, d))]
