"""DER (X.690), read strictly: indefinite lengths, lengths that are longer than they need be, and tags of several bytes are refused."""

SEQUENCE, SET, INTEGER, BIT_STRING, OCTET_STRING, NULL, OID, BOOLEAN, UTF8_STRING = 0x30, 0x31, 0x02, 0x03, 0x04, 0x05, 0x06, 0x01, 0x0C
PRINTABLE_STRING = 0x13


def take(data: bytes, at: int, end: int) -> "tuple[int, int, int]":
    """(tag, start, end of its content) of the value at `at`, which must lie within `end`. ValueError: it is none."""
    if at + 2 > end:
        raise ValueError("der: cut off")
    tag, size, at = data[at], data[at + 1], at + 2
    if tag & 0x1F == 0x1F:
        raise ValueError("der: a tag of several bytes")
    if size >= 0x80:
        count = size & 0x7F
        if not 1 <= count <= 3 or at + count > end:
            raise ValueError("der: a false length")
        size = int.from_bytes(data[at : at + count], "big")
        at += count
        if size < (0x80 if count == 1 else 1 << 8 * (count - 1)):
            raise ValueError("der: a length that is longer than it need be")
    if at + size > end:
        raise ValueError("der: longer than what holds it")
    return tag, at, at + size


def inside(data: bytes, at: int, end: int, wanted: int) -> "tuple[int, int]":
    """(start, end) of the content of the value at `at`, which must have that tag and fill the space to `end`."""
    tag, start, stop = take(data, at, end)
    if tag != wanted or stop != end:
        raise ValueError("der: tag %02x, expected %02x and nothing behind" % (tag, wanted))
    return start, stop
