"""A wait of one task that costs no future: whoever has news, or a timer, resumes the task in that very call.

asyncio's own tasks wait for anything that looks like a future. A nap looks like one as far as they ask, and leaves out
the queue: most of what happens on the virtual loop is somebody who waits for bytes or for a moment.
"""

from asyncio import CancelledError


class Nap:
    """`await nap` until `wake()`; used once, by one task. loop: the VirtualLoop."""

    __slots__ = ("_asyncio_future_blocking", "_cancelled", "_context", "_loop", "_resume", "over")

    def __init__(self, loop):
        self._loop = loop
        self._resume = None
        self._cancelled = self.over = False

    def __await__(self):
        if not self.over:
            self._asyncio_future_blocking = True
            yield self

    def wake(self):
        """The wait is over. At once where no task runs just now, else as soon as that one waits itself."""
        if self.over:
            return
        self.over = True
        resume = self._resume
        if resume is not None:
            self._loop.resume(resume, self, self._context)

    # what a task asks of a future

    def get_loop(self):
        return self._loop

    def add_done_callback(self, resume, *, context=None):
        self._resume, self._context = resume, context

    def result(self):
        if self._cancelled:
            raise CancelledError
        return None

    def cancel(self, msg=None):
        if self.over:
            return False
        self._cancelled = True
        self.wake()
        return True


async def rest(loop, nap, duration_us):
    """Waits until somebody wakes the nap, at most that long."""
    timer = loop.at_us(loop.now_us + duration_us, nap.wake)
    try:
        await nap
    finally:
        timer[2] = None
