"""MD5 (RFC 1321) for runtimes whose build leaves it out, as that of the RP2350 does. OCPP names and checks a file by it; it protects nothing."""

from binascii import unhexlify

SLICE_BYTES = 256  # at once: each block of 64 bytes takes some ms on a microcontroller
MASK = 0xFFFFFFFF
BLOCK = 64
TURNS = ((7, 12, 17, 22), (5, 9, 14, 20), (4, 11, 16, 23), (6, 10, 15, 21))
WORDS = ((1, 0), (5, 1), (3, 5), (7, 0))  # of step i: the word (factor * i + offset) % 16
SINES = (
    "d76aa478e8c7b756242070dbc1bdceeef57c0faf4787c62aa8304613fd469501698098d88b44f7afffff5bb1895cd7be6b901122fd987193a679438e49b40821"
    "f61e2562c040b340265e5a51e9b6c7aad62f105d02441453d8a1e681e7d3fbc821e1cde6c33707d6f4d50d87455a14eda9e3e905fcefa3f8676f02d98d2a4c8a"
    "fffa39428771f6816d9d6122fde5380ca4beea444bdecfa9f6bb4b60bebfbc70289b7ec6eaa127fad4ef308504881d05d9d4d039e6db99e51fa27cf8c4ac5665"
    "f4292244432aff97ab9423a7fc93a039655b59c38f0ccc92ffeff47d85845dd16fa87e4ffe2ce6e0a30143144e0811a1f7537e82bd3af2352ad7d2bbeb86d391"
)  # of step i: floor(2**32 * abs(sin(i + 1)))


class OwnMd5:
    """update(bytes), in pieces of any length; digest(), once."""

    def __init__(self) -> None:
        self._state = [0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476]
        self._sines = unhexlify(SINES)
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
            whole = a + mixed + int.from_bytes(block[at : at + 4], "little") + int.from_bytes(self._sines[4 * i : 4 * i + 4], "big") & MASK
            count = TURNS[turn][i & 3]
            a, d, c, b = d, c, b, b + (whole << count | whole >> 32 - count) & MASK
        self._state = [old + new & MASK for old, new in zip(self._state, (a, b, c, d))]
