"""CPython's fast JSON under our rules. Importing it fails on MicroPython, and the portable parser does it all there.

What is refused here is not yet wrong: `strict_json` asks the portable parser for the verdict.
"""

from json import JSONDecoder
from json.encoder import encode_basestring

if False:  # for the type checker
    from typing import Any

NUMBER_MAX = 32


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


def quote(text: str) -> str:
    """A JSON string (RFC 8259, 7), with the escapes that MicroPython writes. ValueError: a lone surrogate."""
    quoted = encode_basestring(text)
    if "\\b" in quoted or "\\f" in quoted or "\x7f" in quoted:
        return '"' + "".join([_escape(c) for c in text]) + '"'
    if not text.isascii():
        text.encode("utf-8")  # UnicodeError, a ValueError, for a lone surrogate
    return quoted


def _escape(c: str) -> str:
    if c in "\b\f\x7f":
        return "\\u%04x" % ord(c)
    return encode_basestring(c)[1:-1]
