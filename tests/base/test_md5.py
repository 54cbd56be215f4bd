"""Our own MD5 against the runtime's and the vectors of RFC 1321."""

import hashlib
from binascii import hexlify

from ampacity.base.md5 import OwnMd5

RFC_1321 = (
    (b"", "d41d8cd98f00b204e9800998ecf8427e"), (b"a", "0cc175b9c0f1b6a831c399e269772661"), (b"abc", "900150983cd24fb0d6963f7d28e17f72"),
    (b"message digest", "f96b697d7cb7938d525a2f31aaf161d0"), (b"1234567890" * 8, "57edf4a22be3c955ac49da2e2107b67a"),
)  # fmt: skip


def of(made, text, piece):
    for at in range(0, len(text), piece):
        made.update(text[at : at + piece])
    return hexlify(made.digest()).decode()


def test_the_vectors_of_the_rfc():
    for text, found in RFC_1321:
        assert of(OwnMd5(), text, 7) == found


def test_every_length_around_a_block_and_every_way_to_cut_it():
    for size in list(range(50, 135)) + [1000]:
        text = bytes([(i * 37 + size) & 255 for i in range(size)])
        expected = hexlify(hashlib.md5(text).digest()).decode()
        for piece in (1, 63, 64, 65, 4096):
            assert of(OwnMd5(), text, piece) == expected, (size, piece)
