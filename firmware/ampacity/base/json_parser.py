"""The portable JSON parser: bytes in, value out, a stack instead of recursion. See strict_json for why."""

if False:  # for the type checker
    from typing import Any

    Box = dict[str, Any] | list[Any]

NUMBER_MAX = 64
ESCAPES_AT_ONCE = 256  # of a string; then it is gone on with in the next piece

_QUOTE, _BACKSLASH, _COMMA, _COLON, _MINUS, _DOT = 0x22, 0x5C, 0x2C, 0x3A, 0x2D, 0x2E
_OPEN_BRACE, _CLOSE_BRACE, _OPEN_BRACKET, _CLOSE_BRACKET = 0x7B, 0x7D, 0x5B, 0x5D
_ESCAPES = {0x22: '"', 0x5C: "\\", 0x2F: "/", 0x62: "\b", 0x66: "\f", 0x6E: "\n", 0x72: "\r", 0x74: "\t"}
_LITERALS = {0x74: (b"true", True), 0x66: (b"false", False), 0x6E: (b"null", None)}
_MORE = object()  # in the place of a value: a string that is not read to its end


class Parser:
    """One document, read in one go or a piece at a time. `data` is valid UTF-8; errors are ValueError with the position in bytes."""

    def __init__(self, data: "bytes | bytearray", depth_max: int) -> None:
        self._data = bytes(data) + b"\x00"  # a NUL is nowhere allowed: no bounds checks below
        self._at = 0
        self._end = len(data)
        self._depth_max = depth_max
        self._stack: "list[tuple[Box | None, str | None]]" = []  # (box, key) of the containers around the present one
        self._box: "Any" = None
        self._key: "str | None" = None
        self._parts: "list[str]" = None  # type: ignore[assignment]  # of a string with escapes, else None
        self._in_key = False  # that string is a key
        self._begun = False
        self.value: "Any" = None

    def document(self) -> "Any":
        """The value of the whole text. ValueError: what is wrong, and at which byte."""
        while not self.advance(self._end + 2):
            pass
        return self.value

    def advance(self, values: int) -> bool:
        """Read so many values more, at most. True: that was the whole text, and `value` is its value. ValueError as of document."""
        value = self._resumed()
        while self._box is not None or value is _MORE:
            values -= 1
            if values < 0 or value is _MORE:
                self.value = value
                return False
            if isinstance(self._box, dict):
                self._box[self._key] = value
                more = self._comma(_CLOSE_BRACE)
            else:
                self._box.append(value)
                more = self._comma(_CLOSE_BRACKET)
            if not more:
                value = self._pop()
            elif isinstance(self._box, dict) and not self._read_key():
                value = _MORE
            else:
                value = self._open()
        self._skip()
        if self._at != self._end:
            raise self._wrong("something after the end")
        self.value = value
        return True

    def _resumed(self) -> "Any":
        """The value that the last piece ended before, or the text's first one."""
        if not self._begun:
            self._begun = True
            return self._open()
        if self.value is not _MORE:
            return self.value
        text = self._escaped()
        if text is _MORE or not self._in_key:
            return text
        self._in_key = False
        self._take_key(text)
        return self._open()

    def _wrong(self, what: str) -> "ValueError":
        return ValueError("json: %s at %d" % (what, self._at))

    def _skip(self) -> int:
        """Past white space; the byte there."""
        data = self._data
        at = self._at
        while data[at] in b" \t\n\r":
            at += 1
        self._at = at
        return data[at]

    def _open(self) -> "Any":
        """The next value that is complete: a scalar or an empty container. Containers on the way are entered."""
        while True:
            lead = self._skip()
            if lead == _OPEN_BRACE:
                self._push({})
                if self._skip() != _CLOSE_BRACE:
                    if not self._read_key():
                        return _MORE
                    continue
            elif lead == _OPEN_BRACKET:
                self._push([])
                if self._skip() != _CLOSE_BRACKET:
                    continue
            else:
                return self._scalar(lead)
            self._at += 1
            return self._pop()

    def _push(self, box: "Box") -> None:
        if len(self._stack) >= self._depth_max:
            raise self._wrong("deeper than %d" % self._depth_max)
        self._stack.append((self._box, self._key))
        self._box = box
        self._at += 1

    def _pop(self) -> "Any":
        box = self._box
        self._box, self._key = self._stack.pop()
        return box

    def _comma(self, closer: int) -> bool:
        """True after a comma, False after the closer."""
        c = self._skip()
        if c != _COMMA and c != closer:
            raise self._wrong("no comma or end of the container")
        self._at += 1
        return c == _COMMA

    def _read_key(self) -> bool:
        """False: it is not read to its end."""
        if self._skip() != _QUOTE:
            raise self._wrong("no key")
        self._start = self._at
        key = self._string()
        if key is _MORE:
            self._in_key = True
            return False
        self._take_key(key)
        return True

    def _take_key(self, key: str) -> None:
        if key in self._box:
            self._at = self._start
            raise self._wrong("the same key twice")
        if self._skip() != _COLON:
            raise self._wrong("no colon")
        self._at += 1
        self._key = key

    def _scalar(self, lead: int) -> "Any":
        if lead == _QUOTE:
            return self._string()
        if lead == _MINUS or 0x30 <= lead <= 0x39:
            return self._number()
        if lead in _LITERALS:
            word, value = _LITERALS[lead]
            if self._data[self._at : self._at + len(word)] == word:
                self._at += len(word)
                return value
        raise self._wrong("no value")

    def _digits(self, at: int) -> int:
        """Past one digit or more."""
        data = self._data
        start = at
        while 0x30 <= data[at] <= 0x39:
            at += 1
        if at == start:
            self._at = at
            raise self._wrong("no digit")
        return at

    def _number(self) -> "int | float":
        data = self._data
        start = self._at
        at = start + 1 if data[start] == _MINUS else start
        at = at + 1 if data[at] == 0x30 else self._digits(at)
        whole = at
        if data[at] == _DOT:
            at = self._digits(at + 1)
        if data[at] in b"eE":
            at += 1
            at = self._digits(at + 1 if data[at] in b"+-" else at)
        if at - start > NUMBER_MAX:
            raise self._wrong("a number of more than %d characters" % NUMBER_MAX)
        text = str(data[start:at], "ascii")
        value = int(text) if at == whole else float(text)
        if value - value != 0:
            raise self._wrong("a number beyond the range of a float")
        self._at = at
        return value

    def _string(self) -> "Any":
        start = self._at + 1
        data = self._data
        end = data.find(b'"', start)
        if end < 0:
            raise self._wrong("a string without end")
        raw = data[start:end]
        if b"\\" in raw:
            self._at, self._parts = start, []
            return self._escaped()
        if raw and min(raw) < 0x20:
            raise self._wrong("a control character in a string")
        self._at = end + 1
        return str(raw, "utf-8")

    def _escaped(self) -> "Any":
        """The string, or _MORE: the pieces read so far are kept."""
        data, parts = self._data, self._parts
        at = start = self._at
        left = ESCAPES_AT_ONCE
        while True:
            c = data[at]
            if c == _QUOTE or c == _BACKSLASH:
                parts.append(str(data[start:at], "utf-8"))
                self._at = at
                if c == _QUOTE:
                    self._at, self._parts = at + 1, None  # type: ignore[assignment]
                    return "".join(parts)
                if left == 0:
                    self._parts = ["".join(parts)]
                    return _MORE
                left -= 1
                parts.append(self._escape())
                at = start = self._at
            elif c < 0x20:
                self._at = at
                raise self._wrong("a control character in a string")
            else:
                at += 1

    def _escape(self) -> str:
        c = self._data[self._at + 1]
        if c in _ESCAPES:
            self._at += 2
            return _ESCAPES[c]
        code = self._unit()
        if 0xD800 <= code < 0xDC00:
            self._at += 6
            low = self._unit()
            if not 0xDC00 <= low < 0xE000:
                raise self._wrong("a lone surrogate")
            code = 0x10000 + ((code - 0xD800) << 10) + low - 0xDC00
        elif 0xDC00 <= code < 0xE000:
            raise self._wrong("a lone surrogate")
        self._at += 6
        return chr(code)

    def _unit(self) -> int:
        r"""The value of the \uXXXX here."""
        data = self._data
        at = self._at
        if data[at] != _BACKSLASH or data[at + 1] != 0x75:
            raise self._wrong("a false escape")
        value = 0
        for k in range(at + 2, at + 6):
            digit = b"0123456789abcdef".find(bytes([data[k] | 0x20 if data[k] > 0x39 else data[k]])) if data[k] else -1
            if digit < 0:
                raise self._wrong("a false escape")
            value = value * 16 + digit
        return value
