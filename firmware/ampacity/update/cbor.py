"""CBOR as bundles, key lists and records use it: deterministic encoding only (RFC 8949, section 4.2.1).

Integers of 64 bits, byte strings, texts, arrays, and maps with integers or texts as keys; a configuration also has false, true and null.
Whatever has a second form, or is none of these (tags, floats, other simple values, indefinite lengths), is refused with the byte
where it begins. Nothing is allocated before its length is known to be there.
"""

from ampacity.base.errors import Rejected
from ampacity.base.utf8 import text

if False:  # for the type checker
    from typing import Any

    Buffer = bytes | bytearray
    Limits = tuple[int, int, bool]

UINT, NINT, BYTES, TEXT, ARRAY, MAP, TAG = range(7)
DEPTH_MAX = 4
ITEMS_MAX = 1024
WORD_BYTES = {24: 1, 25: 2, 26: 4, 27: 8}
SIMPLE = {0xF4: False, 0xF5: True, 0xF6: None}
BUNDLE = (DEPTH_MAX, ITEMS_MAX, False)
CONFIGURATION = (12, 65536, True)  # as deep as the profiles of a site; each site of 256 KiB has fewer values


def decode(data: "Buffer", name: str, start: int = 0, limits: "Limits" = BUNDLE) -> "Any":
    """The one value of `data` from byte `start`: int, bytes, str, list or dict. name: what it is, for errors. Raises Rejected.

    limits: greatest depth, most values, and whether false, true and null are values.
    """
    reader = _Reader(data, name, start, limits)
    value = reader.item(0)
    if reader.at != len(data):
        raise reader.wrong(reader.at, "%d bytes after the end" % (len(data) - reader.at), "no trailing bytes")
    return value


def encode(value: "Any", simple: bool = False) -> bytes:
    """Deterministic bytes of an int of at most 64 bits, bytes, str, list, tuple or dict with int or str keys; simple: bool and None, too.

    ValueError for anything else.
    """
    if isinstance(value, bool) or value is None:
        if not simple:
            raise ValueError("no form for %r" % (value,))
        return b"\xf6" if value is None else b"\xf5" if value else b"\xf4"
    if isinstance(value, int):
        return head(UINT, value) if value >= 0 else head(NINT, -1 - value)
    if isinstance(value, (bytes, bytearray)):
        return head(BYTES, len(value)) + bytes(value)
    if isinstance(value, str):
        raw = value.encode()
        return head(TEXT, len(raw)) + raw
    if isinstance(value, (list, tuple)):
        return head(ARRAY, len(value)) + b"".join([encode(each, simple) for each in value])
    if isinstance(value, dict):
        pairs = sorted([(encode(key), encode(value[key], simple)) for key in value])
        return head(MAP, len(pairs)) + b"".join([key + content for key, content in pairs])
    raise ValueError("no form for %r" % (value,))


def head(major: int, number: int) -> bytes:
    """The first bytes of an item: its major type (0 to 7) and its number or length (0 to 2^64 - 1)."""
    if number < 24:
        return bytes([major << 5 | number])
    for info, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if number < 1 << 8 * size:
            return bytes([major << 5 | info]) + number.to_bytes(size, "big")
    raise ValueError("more than 64 bits")


class _Reader:
    def __init__(self, data: "Buffer", name: str, start: int, limits: "Limits") -> None:
        self.data = data
        self.name = name
        self.at = start
        self.depth_max, self.items_max, self.simple = limits
        self.items = 0

    def wrong(self, at: int, value: object, allowed: str) -> Rejected:
        return Rejected("%s, byte %d" % (self.name, at), value, allowed)

    def item(self, depth: int) -> "Any":
        start = self.at
        self.items += 1
        if self.items > self.items_max:
            raise self.wrong(start, "another item", "at most %d items" % self.items_max)
        if self.simple and self.at < len(self.data) and self.data[self.at] in SIMPLE:
            self.at += 1
            return SIMPLE[self.data[start]]
        major, number = self._head()
        if major == UINT:
            return number
        if major == NINT:
            return -1 - number
        if major == BYTES:
            return bytes(self._take(number, start))
        if major == TEXT:
            return self._text(number, start)
        if depth == self.depth_max:
            raise self.wrong(start, "an array or map", "at most %d levels" % self.depth_max)
        if major == ARRAY:
            self._there(number, start)
            return [self.item(depth + 1) for _ in range(number)]
        return self._map(number, start, depth)

    def _head(self) -> "tuple[int, int]":
        start = self.at
        first = self._take(1, start)[0]
        major, info = first >> 5, first & 0x1F
        if major >= TAG:
            raise self.wrong(start, "0x%02x" % first, "integers, byte strings, texts, arrays and maps")
        if info < 24:
            return major, info
        if info not in WORD_BYTES:
            raise self.wrong(start, "0x%02x" % first, "definite lengths")
        size = WORD_BYTES[info]
        number = int.from_bytes(self._take(size, start), "big")
        if number < (24 if size == 1 else 1 << 4 * size):
            raise self.wrong(start, number, "the shortest form of a number")
        return major, number

    def _take(self, size: int, start: int) -> "Buffer":
        self._there(size, start)
        self.at += size
        return self.data[self.at - size : self.at]

    def _there(self, size: int, start: int) -> None:
        """Every byte and every item takes at least one byte."""
        if size > len(self.data) - self.at:
            raise self.wrong(start, size, "at most the %d bytes that follow" % (len(self.data) - self.at))

    def _text(self, size: int, start: int) -> str:
        raw = self._take(size, start)
        try:
            return text(raw)
        except ValueError:
            raise self.wrong(start, bytes(raw[:32]), "UTF-8")

    def _map(self, size: int, start: int, depth: int) -> "dict[Any, Any]":
        self._there(2 * size, start)
        found: "dict[Any, Any]" = {}
        before = b""
        for _ in range(size):
            key_at = self.at
            key = self.item(depth + 1)
            if isinstance(key, bool) or not isinstance(key, (int, str)):
                raise self.wrong(key_at, "a key of another kind", "integers or texts as keys")
            raw = bytes(self.data[key_at : self.at])
            if raw <= before:
                raise self.wrong(key_at, key, "each key once" if raw == before else "keys in the order of their bytes")
            before = raw
            found[key] = self.item(depth + 1)
        return found
