"""Bytes → text, judged the same way on both runtimes: MicroPython's decoder lets some false sequences pass.

Refused: overlong forms, surrogates (U+D800..DFFF), above U+10FFFF, cut-off sequences. RFC 3629, section 4.
"""

try:
    str(b"\xed\xa0\x80", "utf-8")
    STRICT = False
except ValueError:
    STRICT = True  # the runtime's own decoder refuses all that

SECOND = ((0xE0, 0xA0, 0xBF), (0xED, 0x80, 0x9F), (0xF0, 0x90, 0xBF), (0xF4, 0x80, 0x8F))  # a lead, and what may follow it


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
    """Of bytes that the decoder let pass. No call and no object for each character: on a small heap each would bring the next
    collection closer, and 64 KiB of umlauts would stop everything for seconds."""
    for lead in b"\xc0\xc1\xf5\xf6\xf7":
        if bytes((lead,)) in data:
            return False
    for lead, low, high in SECOND:
        key = bytes((lead,))
        at = data.find(key)
        while at >= 0:
            if not low <= data[at + 1] <= high:
                return False
            at = data.find(key, at + 2)
    return True
