"""A wait of one task that costs no future: an event or a timer resumes the task directly.

asyncio's tasks can wait for any object with the interface of a future. This timer has the parts of it that they use, and
bypasses the queue: most events on the virtual loop are tasks that wait for bytes or for a time.
"""

from asyncio import CancelledError


class AwaitableTimer:
    """`await nap` until `wake()`, or at most most_us; used once, by one task. loop: the VirtualLoop."""

    __slots__ = ("_asyncio_future_blocking", "_cancelled", "_context", "_loop", "_most_us", "_resume", "over")

    def __init__(self, loop, most_us=None):
        self._loop = loop
        self._most_us = most_us
        self._resume = None
        self._cancelled = self.over = False

    def __await__(self):
        if self.over:
            return
        self._asyncio_future_blocking = True
        if self._most_us is None:
            yield self
            return
        loop = self._loop
        timer = loop.at_us(loop.now_of_task() + self._most_us, self.wake)
        try:
            yield self
        finally:
            timer[2] = None

    def wake(self):
        """Ends the wait: at once if no task is running, else as soon as the running task waits."""
        if self.over:
            return
        self.over = True
        resume = self._resume
        if resume is not None:
            self._loop.resume(resume, self, self._context)

    # a task's interface to a future; it finds its loop in `_loop`

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
