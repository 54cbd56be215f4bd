"""An asyncio loop whose time is virtual: it does not advance while anything is ready, then jumps to the next timer.

The firmware's roles run on it unchanged. No selector, no threads, no sockets: external events arrive through `at_us` (the
timeline's interface, used by plant, lines and devices) or through in-memory streams. Runs repeat exactly: timers of one
instant run in the order in which they were created.

`run_to` may be called from inside a running real loop (the control channel's); it swaps the running loop for the duration of
the call.
"""

import asyncio
import collections
import contextvars
import heapq
from asyncio import events

from ampacity_host.rig.base.timeline import START_US, Timeline

OWNER = contextvars.ContextVar("owner", default=None)


class Soon:
    """A callback in the ready queue: asyncio's Handle without its accounting."""

    __slots__ = ("args", "callback", "context", "number", "off")

    def __init__(self, callback, args, context):
        self.callback, self.args, self.context = callback, args, context
        self.off = False
        self.number = None  # once it was postponed: its place among those

    def cancel(self):
        self.off = True

    def cancelled(self):
        return self.off


class VirtualLoop(Timeline, asyncio.BaseEventLoop):
    """A timeline that is also a loop: coroutines run between its entries."""

    def __init__(self, start_us=START_US):
        asyncio.BaseEventLoop.__init__(self)
        Timeline.__init__(self, start_us)
        self._ready = collections.deque()
        self._still = {}         # owner -> until when its code is blocked, in us
        self._busy = True        # no task may be resumed now: a step runs, or the loop does not
        self.problems = []
        self.set_exception_handler(self._problem)
        self.set_task_factory(_owned_task)

    # ---- the interface of asyncio

    def time(self):
        return self.now_us / 1e6

    def call_soon(self, callback, *args, context=None):
        soon = Soon(callback, args, context or contextvars.copy_context())
        self._ready.append(soon)
        return soon

    call_soon_threadsafe = call_soon

    def call_later(self, delay, callback, *args, context=None):
        return self._timer(self.now_us + int(delay * 1e6 + 0.999), callback, args, context)

    def call_at(self, when, callback, *args, context=None):
        return self._timer(int(when * 1e6 + 0.5), callback, args, context)

    def _timer(self, when_us, callback, args, context):
        soon = Soon(callback, args, context or contextvars.copy_context())
        self._number += 1
        heapq.heappush(self._heap, [max(when_us, self.now_us), self._number, soon, None])
        return soon

    def create_future(self):
        return asyncio.Future(loop=self)

    def resume(self, callback, nap, context):
        """Runs callback(nap) now, or first after the running task."""
        if self._busy or self._still:
            self._ready.append(Soon(callback, (nap,), context))
        else:
            self._busy = True
            try:
                context.run(callback, nap)
            finally:
                self._busy = False

    def run_in_executor(self, executor, func, *args):
        raise RuntimeError("virtual loop: no threads; use a core that works in slices")

    def run_to(self, until_us):
        """Runs everything up to and including `until_us`, then stops there."""
        before = events._get_running_loop()
        events._set_running_loop(None)
        events._set_running_loop(self)
        try:
            self._run(until_us)
        finally:
            self._busy = True
            events._set_running_loop(before)

    def _run(self, until_us):
        """Runs the ready queue until it is empty, then the next timer, and so on."""
        ready, heap, pop = self._ready, self._heap, heapq.heappop
        self._busy = False
        while True:
            while ready:
                self._call(ready.popleft())
            if not heap or heap[0][0] > until_us:
                break
            when_us, _, fn, args = pop(heap)
            if fn is not None:
                self.now_us = when_us
                if args is not None:
                    fn(*args)
                else:
                    self._call(fn)
        self.now_us = max(self.now_us, until_us)

    def _call(self, soon):
        if soon.off or (self._still and self._postponed(soon)):
            return
        self._busy = True
        try:
            soon.context.run(soon.callback, *soon.args)
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException as error:
            self.call_exception_handler({"message": "a callback failed", "exception": error})
        finally:
            self._busy = False

    def next_us(self):
        """When the next timer is due, None without any."""
        return self._heap[0][0] if self._heap else None

    def run_for_ms(self, span_ms):
        self.run_to(self.now_us + span_ms * 1000)

    def hold(self, owner, span_us):
        """Blocks all code of this owner for this time (longer, if already blocked), as a blocking medium does."""
        until_us = max(self._still.get(owner, 0), self.now_us) + span_us
        self._still[owner] = until_us
        self.at_us(until_us, self._release_if_due, owner)

    def now_of(self, owner):
        """The time of a blocked owner is that at which it is free."""
        return self._still.get(owner, self.now_us) if self._still else self.now_us

    def now_of_task(self):
        """As `now_of`, of the owner of the running task."""
        return self.now_of(OWNER.get()) if self._still else self.now_us

    def release(self, owner):
        """Ends the blocking."""
        self._still.pop(owner, None)

    def _release_if_due(self, owner):
        if self._still.get(owner, 0) <= self.now_us:
            self.release(owner)

    def _postponed(self, soon):
        owner = soon.context.get(OWNER)
        until_us = self._still.get(owner)
        if until_us is not None and until_us <= self.now_us:
            self.release(owner)
            return False
        if until_us is not None:
            if soon.number is None:  # keeps its place: whatever else begins meanwhile comes after it
                self._number += 1
                soon.number = self._number
            heapq.heappush(self._heap, [until_us, soon.number, soon, None])
        return until_us is not None

    def _run_once(self):
        raise RuntimeError("virtual loop: use run_to")

    def _problem(self, loop, context):
        error = context.get("exception")
        self.problems.append("%s: %r" % (context.get("message"), error))
        del self.problems[:-100]


def _owned_task(loop, coro, context=None, **options):
    """A task that its owner (rig/virtual/virtual_controller.py) can find when it is killed."""
    task = asyncio.Task(coro, loop=loop, context=context, **options)
    owner = OWNER.get()
    if owner is not None:
        owner.tasks.add(task)
        task.add_done_callback(owner.tasks.discard)
    return task


def spawn(loop, owner, coro):
    """Starts a coroutine whose tasks, and theirs, belong to `owner` (an object with a set `tasks`)."""
    context = contextvars.copy_context()
    context.run(OWNER.set, owner)
    return context.run(loop.create_task, coro)
