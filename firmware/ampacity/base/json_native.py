"""CPython's fast JSON under our rules. Importing it fails on MicroPython, and the portable parser does it all there.

What is refused here is not yet wrong: `strict_json` asks the portable parser for the verdict.
"""

from json import JSONDecoder, JSONEncoder
from json.encoder import encode_basestring

if False:  # for the type checker
    from typing import Any

NUMBER_MAX = 64
WRITE_DEPTH_MAX = 20
BOXES, SCALARS = frozenset((dict, list, tuple)), frozenset((str, int, float, bool, type(None)))


def _int(text: str) -> int:
    if len(text) > NUMBER_MAX:
        raise ValueError("number")
    return int(text)


def _float(text: str) -> float:
    value = float(text)
    if len(text) > NUMBER_MAX or value - value != 0:
        raise ValueError("number")
    return value


def _constant(text: str) -> None:
    raise ValueError("not JSON")


def _object(pairs: "list[tuple[str, Any]]") -> "dict[str, Any]":
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("the same key twice")
    return value


_decode = JSONDecoder(object_pairs_hook=_object, parse_int=_int, parse_float=_float, parse_constant=_constant).decode


def loads_native(text: "str | bytes | bytearray", depth_max: int) -> "Any":
    """The value, or ValueError / RecursionError: let the portable parser decide."""
    if not isinstance(text, str):
        text = str(text, "utf-8")
    if "\\u" in text:
        raise ValueError("may hold a lone surrogate")
    value = _decode(text)
    if text.count("{") + text.count("[") > depth_max and _depth(value) > depth_max:
        raise ValueError("too deep")
    return value


def _depth(value: "Any") -> int:
    depth = 0
    level = [value]
    while level:
        level = [v for v in level if isinstance(v, (dict, list))]
        depth += 1 if level else 0
        level = [v for box in level for v in (box.values() if isinstance(box, dict) else box)]
    return depth


_encode = JSONEncoder(ensure_ascii=False, check_circular=False, allow_nan=False, sort_keys=True, separators=(",", ":")).encode


def dumps_native(value: "Any") -> "str | None":
    """The compact text of a value, None: let the portable writer decide, which also keeps the order of an OrderedDict."""
    if type(value) not in BOXES or not _is_plain(value):
        return None
    try:
        text = _encode(value)
    except ValueError:
        return None
    if not text.isascii() or "\\b" in text or "\\f" in text or "\x7f" in text:  # see `quote`
        return None
    return text


def _is_plain(value: "Any") -> bool:
    """Is it of the very types that JSON has, with texts for keys, and not too deep?"""
    level = [value]
    for _ in range(WRITE_DEPTH_MAX):
        inner = []
        for box in level:
            if type(box) is dict:
                for key in box:
                    if type(key) is not str:
                        return False
                box = box.values()
            for item in box:
                kind = type(item)
                if kind in BOXES:
                    inner.append(item)
                elif kind not in SCALARS:
                    return False
        if not inner:
            return True
        level = inner
    return False


def quote(text: str) -> str:
    """A JSON string (RFC 8259, 7), with the escapes that MicroPython writes. ValueError: a lone surrogate."""
    quoted = encode_basestring(text)
    if not text.isascii():
        text.encode("utf-8")  # UnicodeError, a ValueError, for a lone surrogate
    if "\\b" in quoted or "\\f" in quoted or "\x7f" in quoted:
        return '"' + "".join([_escape(c) for c in text]) + '"'
    return quoted


def _escape(c: str) -> str:
    if c in "\b\f\x7f":
        return "\\u%04x" % ord(c)
    return encode_basestring(c)[1:-1]
