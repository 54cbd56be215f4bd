"""JSON from and to a wire: RFC 8259 to the letter, the same verdict on both runtimes, bounded in size and depth.

MicroPython's own parser takes `[1,]`, `[1 2]` and `{"a" 1}`, keeps the last of two equal keys and does not join
surrogates; a peer that we answer must not get another answer on another board. So there is one parser, over bytes
(indexing a str is slow there as soon as it has one umlaut), without recursion. Where CPython's parser is at hand it is
asked first: what it takes under our rules is taken; anything else gets its verdict and its position here.
"""

import json
from collections import OrderedDict
from io import StringIO

from ampacity.base.json_parser import Parser
from ampacity.base.utf8 import is_utf8

if False:  # for the type checker
    from collections.abc import Callable
    from typing import Any

try:
    from ampacity.base.json_native import dumps_native, loads_native
    from ampacity.base.json_native import quote as quote  # others use it, too
except ImportError:
    dumps_native = loads_native = None  # type: ignore[assignment]
    quote = json.dumps  # type: ignore[assignment]

SIZE_MAX = 65536
DEPTH_MAX = 16
PIECE_CHARS = 256


class Written:
    """A value whose JSON text is there already, as `dumps` would write it: it goes into the text as it is."""

    def __init__(self, text: str) -> None:
        self.text = text


def loads(text: "str | bytes | bytearray", size_max: int = SIZE_MAX, depth_max: int = DEPTH_MAX) -> "Any":
    """The value of a JSON text (str or UTF-8 bytes).

    Objects become dict, arrays list, numbers without fraction and exponent int, others finite float.
    ValueError with the position in bytes: too long (size_max bytes), too deep (depth_max containers), not JSON, not
    UTF-8, the same key twice, a lone surrogate, a number of more than 64 characters or beyond a float's range.
    """
    return begin(text, size_max, depth_max).document()


def begin(text: "str | bytes | bytearray", size_max: int = SIZE_MAX, depth_max: int = DEPTH_MAX) -> "Parser | _Read":
    """What reads a long text a piece at a time: advance(values) → True when it is done, and `value` is there.

    ValueError as of loads, here or from advance.
    """
    data = text.encode("utf-8") if isinstance(text, str) else text
    if len(data) > size_max:
        raise ValueError("json: longer than %d bytes" % size_max)
    if loads_native is not None:
        try:
            return _Read(loads_native(text, depth_max))
        except (ValueError, RuntimeError):  # also its RecursionError
            pass
    if not is_utf8(data):
        raise ValueError("json: not UTF-8")
    return Parser(data, depth_max)


class _Read:
    """A text that was read in one go."""

    def __init__(self, value: "Any") -> None:
        self.value = value

    def advance(self, _values: int) -> bool:
        return True

    def document(self) -> "Any":
        return self.value


def dumps(value: "Any") -> str:
    """Compact JSON text of dict, OrderedDict, list, tuple, str, int, float, bool, None and Written.

    An OrderedDict keeps its order, a dict is written with its keys sorted. Other than ASCII is written as it is.
    ValueError: bytes or any other type, a key that is no str, a float that is not finite.
    """
    if dumps_native is not None:
        text = dumps_native(value)
        if text is not None:
            return text
    out = StringIO()  # a list of all words would take a board ten times the text's own room
    _write(value, out.write, 20)
    return out.getvalue()


def dump_pieces(value: "Any") -> "list[bytes]":
    """As dumps, in UTF-8 and in pieces of about PIECE_CHARS: a long document needs no block of the heap of its own size."""
    text = dumps_native(value) if dumps_native is not None else None
    if text is not None:
        return [text[at : at + PIECE_CHARS].encode() for at in range(0, len(text), PIECE_CHARS)]
    pieces = _Pieces()
    _write(value, pieces.write, 20)
    pieces.end()
    return pieces.found


class _Pieces:
    """Collects words into pieces."""

    def __init__(self) -> None:
        self.found: "list[bytes]" = []
        self._out = StringIO()
        self._chars = 0

    def write(self, text: str) -> None:
        self._out.write(text)
        self._chars += len(text)
        if self._chars >= PIECE_CHARS:
            self.end()

    def end(self) -> None:
        """What is collected so far is a piece."""
        self.found.append(self._out.getvalue().encode())
        self._out = StringIO()
        self._chars = 0


def floor_da(amps: "Any") -> int:
    """Amperes (int or finite float) → whole deci-amperes, rounded down; up to 0.005 da short of a step counts as it.

    So that 16.1 A, which binary fractions cannot hold, stays 161 da. ValueError for anything else.
    """
    if isinstance(amps, bool) or not isinstance(amps, (int, float)):
        raise ValueError("amperes: a number, not %s" % type(amps).__name__)
    if isinstance(amps, int):
        return amps * 10
    if not -1e6 <= amps <= 1e6:
        raise ValueError("amperes: within 1e6, not %s" % amps)
    return int((amps * 10 + 0.005) // 1)


def _write(value: "Any", write: "Callable[[str], object]", depth: int) -> None:
    if isinstance(value, str):
        write(quote(value))
    elif value is None:
        write("null")
    elif value is True:
        write("true")
    elif value is False:
        write("false")
    elif isinstance(value, int):
        write(str(value))
    elif isinstance(value, float):
        write(_float_text(value))
    elif depth == 0:
        raise ValueError("json: deeper than 20")
    elif isinstance(value, dict):
        _write_object(value, write, depth - 1)
    elif isinstance(value, (list, tuple)):
        _write_array(value, write, depth - 1)
    elif isinstance(value, Written):
        write(value.text)
    else:
        raise ValueError("json: no way to write a %s" % type(value).__name__)


def _write_object(value: "dict[str, Any]", write: "Callable[[str], object]", depth: int) -> None:
    before = "{"
    for key in value if isinstance(value, OrderedDict) else sorted(value):
        if not isinstance(key, str):
            raise ValueError("json: a key must be a str")
        item = value[key]
        if isinstance(item, str):
            write(before + quote(key) + ":" + quote(item))
        else:
            write(before + quote(key) + ":")
            _write(item, write, depth)
        before = ","
    write("}" if value else "{}")


def _write_array(value: "list[Any] | tuple[Any, ...]", write: "Callable[[str], object]", depth: int) -> None:
    before = "["
    for item in value:
        write(before)
        _write(item, write, depth)
        before = ","
    write("]" if value else "[]")


def _float_text(value: float) -> str:
    if value != value or value - value != 0:
        raise ValueError("json: a float must be finite")
    return repr(value)
