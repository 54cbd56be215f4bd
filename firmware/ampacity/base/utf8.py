"""Bytes → text, judged the same way on both runtimes: MicroPython's decoder lets some false sequences pass.

Refused: overlong forms, surrogates (U+D800..DFFF), above U+10FFFF, cut-off sequences. RFC 3629, section 4.
"""

try:
    str(b"\xed\xa0\x80", "utf-8")
    STRICT = False
except ValueError:
    STRICT = True  # the runtime's own decoder refuses all that


def text(data: "bytes | bytearray") -> str:
    """The str of UTF-8 bytes (or bytearray); ValueError if it is none."""
    decoded = str(data, "utf-8")
    if not STRICT and len(decoded) != len(data) and not _is_strict(data):
        raise ValueError("not UTF-8")
    return decoded


def is_utf8(data: "bytes | bytearray") -> bool:
    """Is it UTF-8 by RFC 3629, section 4?"""
    try:
        text(data)
        return True
    except ValueError:
        return False


def _is_strict(data: "bytes | bytearray") -> bool:
    i = 0
    end = len(data)
    while i < end:
        size = _sequence(data, i, end)
        if size == 0:
            return False
        i += size
    return True


def _sequence(data: "bytes | bytearray", i: int, end: int) -> int:
    """Length of the good sequence at i, or 0."""
    lead = data[i]
    if lead < 0x80:
        return 1
    size = 2 if 0xC2 <= lead < 0xE0 else 3 if 0xE0 <= lead < 0xF0 else 4 if 0xF0 <= lead < 0xF5 else 0
    if size == 0 or i + size > end:
        return 0
    low, high = 0x80, 0xBF
    if lead == 0xE0:
        low = 0xA0
    elif lead == 0xED:
        high = 0x9F
    elif lead == 0xF0:
        low = 0x90
    elif lead == 0xF4:
        high = 0x8F
    if not low <= data[i + 1] <= high:
        return 0
    for k in range(i + 2, i + size):
        if data[k] & 0xC0 != 0x80:
            return 0
    return size
