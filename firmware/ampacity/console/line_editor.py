"""Editing of a line that a person types at a terminal without any of its own: bytes in, echo out. Knows no console.

The cursor is always at the end of the line. Needs nothing of the terminal but backspace, so `screen`, `mpremote` and a teletype do.
"""

from ampacity.console.console import LINE_MAX

if False:  # for the type checker
    from collections.abc import Callable

    Complete = Callable[[str, str], "list[str]"]  # the line before the word, the word as far as it is typed → words that begin so

LINES_MAX = 8  # of the history
SHOWN_MAX = 32  # words that a second tab lists
ESCAPES = {0x41: 0x10, 0x42: 0x0E}  # arrows up and down as Ctrl-P and Ctrl-N
BELL = b"\x07"
RUBBED = b"\x08 \x08"
SECRETS = (b"login", b"password")
WORD = b"abcdefghijklmnopqrstuvwxyz0123456789_-."


class LineEditor:
    """prompt: what a line begins with. complete: see Complete. `line`: the bytes typed so far; `out`: echo that is to be sent."""

    def __init__(self, prompt: bytes, complete: "Complete") -> None:
        self.line = b""
        self.out = b""
        self._prompt = prompt
        self._complete = complete
        self._lines: "list[bytes]" = []  # history, the newest last
        self._at = 0  # in the history; its length: the new line
        self._escape = 0  # bytes of an escape sequence so far
        self._tabs = 0

    def take(self, byte: int) -> "bytes | None":
        """One byte; the line, without its end, after CR or LF, else None."""
        if self._escape:
            self._take_escape(byte)
            return None
        self._tabs = self._tabs + 1 if byte == 0x09 else 0
        if byte in (0x0D, 0x0A):
            return self._end()
        if byte >= 0x20 and byte != 0x7F:
            self._add(bytes([byte]))
        else:
            self._key(byte)
        return None

    def _key(self, byte: int) -> None:
        if byte in (0x08, 0x7F):
            self._rub()
        elif byte == 0x09:
            self._tab()
        elif byte == 0x15:  # Ctrl-U
            self._show_instead(b"")
        elif byte == 0x03:  # Ctrl-C
            self.out += b"^C\r\n" + self._prompt
            self.line, self._at = b"", len(self._lines)
        elif byte in (0x10, 0x0E):
            self._recall(-1 if byte == 0x10 else 1)
        elif byte == 0x1B:
            self._escape = 1

    def _take_escape(self, byte: int) -> None:
        """ESC, [ or O, parameters, and a letter; whatever else it is, it ends with the first byte from @ on."""
        self._escape += 1
        if (self._escape == 2 and byte in b"[O") or (0x20 <= byte < 0x40 and self._escape < 8):
            return
        self._escape = 0
        if byte in ESCAPES:
            self._key(ESCAPES[byte])

    def _end(self) -> bytes:
        line, self.line = self.line, b""
        self.out += b"\r\n"
        if not secret(line) and line not in self._lines[-1:] and self._is_command(line):
            self._lines = self._lines[1 - LINES_MAX :] + [line]
        self._at = len(self._lines)
        return line

    def forget(self) -> None:
        """The next person recalls nothing."""
        self._lines, self._at = [], 0

    def _is_command(self, line: bytes) -> bool:
        """What begins otherwise may be a password behind a word that was mistyped."""
        try:
            words = line.decode().split()
        except UnicodeError:
            return False
        return bool(words) and words[0] in self._complete("", words[0])

    def _add(self, data: bytes) -> None:
        if len(self.line) + len(data) > LINE_MAX:
            self.out += BELL
            return
        masked = secret(self.line)
        self.line += data
        self.out += stars(data) if masked else data

    def _rub(self) -> None:
        """The last character: all bytes of its UTF-8."""
        if not self.line:
            return
        at = len(self.line) - 1
        while at and self.line[at] & 0xC0 == 0x80:
            at -= 1
        self.line = self.line[:at]
        self.out += RUBBED

    def _show_instead(self, line: bytes) -> None:
        self.out += RUBBED * len(stars(self.line)) + line
        self.line = line

    def _recall(self, step: int) -> None:
        at = self._at + step
        if not 0 <= at <= len(self._lines):
            self.out += BELL
            return
        self._at = at
        self._show_instead(self._lines[at] if at < len(self._lines) else b"")

    def _tab(self) -> None:
        """As far as all words that are possible begin alike; a second tab lists them."""
        try:
            text = self.line.decode()
        except UnicodeError:
            text = ""
        at = text.rfind(" ") + 1
        found = [] if secret(self.line) else self._complete(text[:at], text[at:])
        more = common(found)[len(text) - at :] if found else ""
        if len(found) == 1:
            more += " "
        if more:
            self._add(more.encode())
        elif found and self._tabs > 1:
            shown = found[:SHOWN_MAX] + (["…"] if len(found) > SHOWN_MAX else [])
            self.out += b"\r\n" + "  ".join(shown).encode() + b"\r\n" + self._prompt + self.line
        else:
            self.out += BELL

    def show(self) -> None:
        """The line again, after something that the terminal did not see or showed in between."""
        self.out += b"\r" + self._prompt + (stars(self.line) if secret(self.line) else self.line)


def secret(line: bytes) -> bool:
    """Is what follows not to be shown, nor kept in the history? A word with `login` or `password` in it, whatever its case, has ended."""
    line = line.lower()
    for word in SECRETS:
        at = line.find(word)
        if at >= 0:
            for byte in line[at + len(word) :]:
                if byte not in WORD and byte < 0xC0:  # behind the first byte of a character
                    return True
    return False


def stars(line: bytes) -> bytes:
    """A star for each character."""
    return b"*" * len([byte for byte in line if byte & 0xC0 != 0x80])


def common(words: "list[str]") -> str:
    """The longest beginning of all words."""
    first, last = min(words), max(words)
    count = 0
    while count < len(first) and count < len(last) and first[count] == last[count]:
        count += 1
    return first[:count]
