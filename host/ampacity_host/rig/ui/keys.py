"""Keys of the terminal without an Enter and without an echo; Ctrl-C stays what it is. Where there is no terminal there are no keys."""

import contextlib
import os
import select
import sys
import termios
import tty


class Keys:
    """A context; `typed()` gives the characters since the last call, "" for none."""

    def __init__(self, stream=None):
        self._stream = sys.stdin if stream is None else stream
        self._before = None

    def __enter__(self):
        with contextlib.suppress(OSError, ValueError, AttributeError, termios.error):
            if self._stream.isatty() and os.tcgetpgrp(self._stream.fileno()) == os.getpgrp():  # in the background it is somebody else's
                before = termios.tcgetattr(self._stream)
                tty.setcbreak(self._stream)
                self._before = before
        return self

    @property
    def there(self):
        return self._before is not None

    def typed(self):
        if not self.there or not select.select([self._stream], [], [], 0)[0]:
            return ""
        with contextlib.suppress(OSError):
            return os.read(self._stream.fileno(), 64).decode("utf-8", "replace")
        return ""

    def __exit__(self, *_):
        if self.there:
            with contextlib.suppress(OSError, termios.error):
                termios.tcsetattr(self._stream, termios.TCSADRAIN, self._before)
            self._before = None
