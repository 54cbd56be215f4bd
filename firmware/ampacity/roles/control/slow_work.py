"""Work that can wait: the passes of the housekeeping and the messages of the CSMS, whose writes a slow medium draws out.

A piece of it ends after 50 ms, and as long as it took is left to the safety loop and the wires before the next piece.
"""

from ampacity.base.compat import const

if False:  # for the type checker
    from ampacity.base.clock import Clock

_SHARE_MS = const(50)
_REST_MS_MAX = const(1000)
_PATIENCE_MS = const(3000)  # what has waited so long does not wait for others that go first


class SlowWork:
    """Of one controller. `began` and `is_long` enclose a piece of work; before it, it waits for `wait_ms`."""

    def __init__(self, clock: "Clock") -> None:
        self._clock = clock
        self._began_ms = self._until_ms = clock.now_ms()

    def began(self) -> None:
        """A piece of work begins."""
        self._began_ms = self._clock.now_ms()

    def is_long(self) -> bool:
        """Has it taken 50 ms? Then it ends, and others have a turn."""
        now_ms = self._clock.now_ms()
        took_ms = now_ms - self._began_ms
        if took_ms >= _SHARE_MS:
            self._until_ms = now_ms + min(took_ms, _REST_MS_MAX)
        return took_ms >= _SHARE_MS

    def wait_ms(self, asked_ms: int) -> int:
        """How long work that waits since asked_ms waits on; 0: it may begin."""
        now_ms = self._clock.now_ms()
        return 0 if now_ms - asked_ms >= _PATIENCE_MS else max(0, self._until_ms - now_ms)
