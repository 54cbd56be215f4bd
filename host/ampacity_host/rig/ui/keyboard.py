"""Keys of the terminal without an Enter and without an echo; Ctrl-C stays what it is. Where there is no terminal there are no keys."""

import codecs
import contextlib
import os
import re
import select
import sys
import termios
import tty

HELD_MAX = 64       # queued keys; larger bursts come from a paste
SEQUENCE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|O[ -~])")
BEGUN = re.compile(r"\x1b(?:O|\[[0-?]*[ -/]*)?\Z")
NAMED = {"\x1b[A": "up", "\x1bOA": "up", "\x1b[B": "down", "\x1bOB": "down", "\x1b[C": "right", "\x1bOC": "right", "\x1b[D": "left",
         "\x1bOD": "left", "\r": "enter", "\n": "enter", "\x7f": "back", "\x08": "back", "\t": "tab", "\x15": "clear", "\x1b": "escape"}


class Keys:
    """A context; `typed()` returns the characters since the previous call, "" for none."""

    def __init__(self, stream=None):
        self._stream = sys.stdin if stream is None else stream
        self._before = None
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def __enter__(self):
        with contextlib.suppress(OSError, ValueError, AttributeError, termios.error):
            if self._stream.isatty() and os.tcgetpgrp(self._stream.fileno()) == os.getpgrp():  # else the terminal belongs to another process
                before = termios.tcgetattr(self._stream)
                tty.setcbreak(self._stream)
                only_interrupts(self._stream)
                self._before = before
        return self

    @property
    def there(self):
        return self._before is not None

    def typed(self):
        if not self.there or not select.select([self._stream], [], [], 0)[0]:
            return ""
        with contextlib.suppress(OSError):
            return self._decoder.decode(os.read(self._stream.fileno(), 4096))
        return ""

    def __exit__(self, *_):
        if self.there:
            with contextlib.suppress(OSError, termios.error):
                termios.tcsetattr(self._stream, termios.TCSADRAIN, self._before)
            self._before = None


def only_interrupts(stream):
    """Of the keys that a terminal itself acts upon only Ctrl-C is left: Ctrl-S would stop the drawing, Ctrl-Z and Ctrl-\\ the whole rig."""
    mode = termios.tcgetattr(stream)
    mode[tty.IFLAG] &= ~termios.IXON
    mode[tty.LFLAG] &= ~termios.IEXTEN
    for key in (termios.VQUIT, termios.VSUSP):
        mode[tty.CC][key] = b"\0"
    termios.tcsetattr(stream, termios.TCSADRAIN, mode)


class KeyDecoder:
    """Converts characters of a terminal to keys: "p", "up", "enter", "escape"; other control characters are ignored."""

    def __init__(self):
        self._text = ""

    def keys(self, text):
        """The complete keys. A possible beginning of a sequence waits for the next call; without more characters it is the key Escape."""
        whole = not text
        text = self._text + text
        self._text = ""
        found = []
        while text:
            sequence = SEQUENCE.match(text)
            if sequence is None and not whole and BEGUN.match(text):
                self._text = text
                break
            if sequence is None and BEGUN.match(text):
                return [*found, "escape"]
            piece = sequence[0] if sequence else text[0]
            text = text[len(piece):]
            key = NAMED.get(piece) or (piece if piece.isprintable() else None)
            if key is not None:
                found.append(key)
        return found
