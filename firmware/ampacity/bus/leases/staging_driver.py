"""Brings a bundle to one of our secondaries after the other, in the time that nothing else on the line needs.

A driver that the schedule asks last of all, and only when no other will be due before its exchange is over (`Schedule.filler`). It keeps
no part of the bundle; the secondary says which byte it wants. What does not answer is asked again, at longer and longer intervals.
"""

from ampacity.bus.client.request import ROUTINE, Request
from ampacity.bus.client.schedule import Slot
from ampacity.bus.leases import register_table as table
from ampacity.bus.leases import update_window as window
from ampacity.bus.modbus.frames import read_pdu, read_write_pdu

if False:  # for the type checker
    from typing import Protocol

    from ampacity.bus.client.schedule import Schedule

    class Source(Protocol):
        """A bundle. `size`: its bytes."""

        size: int

        def part(self, offset: int, size: int) -> bytes: ...


TIMEOUT_MS = 200
EXCHANGE_BYTES = 80  # the longest: an order with data, and its answer
TURN_US = 20000  # both silences and the secondary's own time
WAIT_MS = 300  # it works: nothing is wanted yet
LOOK_MS = 5000  # at one that is on trial
RETRY_MS, RETRY_MS_MAX = 1000, 60000
STATE, FACTS = 1, 2  # tags: what is read


class Job:
    """One secondary. `state`: of update_window, 0 unknown; `facts`: all its registers as read last; `trouble`: why it cannot be, "" nothing."""

    def __init__(self, unit: int, source: "Source", sequence: int) -> None:
        self.unit = unit
        self.source = source
        self.sequence = sequence
        self.state = 0
        self.next = 0
        self.facts: "window.Facts | None" = None
        self.trouble = ""
        self.silent = 0  # exchanges without an answer since the last one
        self.begun = self.activate = self.activated = self.over = False


class StagingDriver:
    """char_us: of one character on the line. `job`: the one under way, None: none. `sent`: bytes of bundles, `exchanges`: their number."""

    unit = 0
    poll_feeds = False

    def __init__(self, char_us: int) -> None:
        self.exchange_us = EXCHANGE_BYTES * char_us + TURN_US
        self.job: "Job | None" = None
        self.sent = 0
        self.exchanges = 0
        self._due_ms = 0
        self._retry_ms = RETRY_MS
        self._slot = Slot(self)

    def start(self, job: Job, now_ms: int) -> None:
        """From now on this one."""
        self.job, self._due_ms, self._retry_ms = job, now_ms, RETRY_MS

    def fill(self, schedule: "Schedule", now_us: int) -> "Slot | None":
        """Its slot, if it has something to send and the line is free for as long as that takes; else when to look again."""
        wish, slot = self.urgency(now_us // 1000), self._slot
        if wish is None:
            return None
        at_us = max(wish[1] * 1000, slot.ready_us)
        if at_us > now_us:
            schedule.wake_us = min(schedule.wake_us, at_us)
            return None
        return slot if schedule.wake_us - now_us >= self.exchange_us else None

    # driver of the contract

    def want(self, limit_da: int, now_ms: int) -> None:
        """Nothing: it gives no orders of current."""

    def urgency(self, now_ms: int) -> "tuple[int, int] | None":
        """When the next exchange may be."""
        return None if self.job is None or self.job.over else (ROUTINE, self._due_ms)

    def take(self, now_ms: int) -> "Request | None":
        """The next order or look; None where the medium does not give the bundle."""
        job = self.job
        if job is None or job.over:
            return None
        self.exchanges += 1
        if job.facts is None or (job.state not in (window.IDLE, window.RECEIVING, window.REFUSED) and not job.activate):
            return Request(job.unit, read_pdu(3, table.UPDATE_AT, table.length(window.ROWS)), ROUTINE, TIMEOUT_MS, tag=FACTS)
        return self._order(job, self._next_order(job))

    def _next_order(self, job: Job) -> bytes:
        if job.activate:
            return window.order(window.ACTIVATE, job.sequence)
        if not job.begun:
            return window.order(window.BEGIN, job.source.size)
        try:
            data = job.source.part(job.next, window.DATA_BYTES_MAX)
        except OSError as error:
            job.trouble, data = str(error), b""
        self.sent += len(data)
        return window.order(window.DATA, job.next, data)

    def _order(self, job: Job, data: bytes) -> Request:
        pdu = read_write_pdu(table.UPDATE_AT, window.SHORT_REGISTERS, table.UPDATE_ORDER_AT, data)
        return Request(job.unit, pdu, ROUTINE, TIMEOUT_MS, tag=STATE)

    def reply(self, request: Request, pdu: bytes, now_ms: int) -> None:
        """What the secondary says of itself."""
        job = self.job
        if job is None or job.unit != request.unit or not request.certain:
            return
        self._retry_ms = RETRY_MS
        job.silent = 0
        before, ordered = job.next, request.tag == STATE
        if ordered:
            job.state, job.next = window.state_and_next(pdu[2:])
            job.activated = job.activated or job.activate
            job.activate = False
            job.begun = True
            if job.state not in (window.RECEIVING, window.CHECKING):
                job.facts = None  # something has ended there: look at all of it
        else:
            job.facts = window.all_facts(pdu[2:])
            job.state, job.next = job.facts[0], job.facts[1]
            self._judge(job)
        moved = ordered and job.next != before
        self._due_ms = now_ms + (0 if moved or job.activate else LOOK_MS if job.state in (window.ON_TRIAL, window.READY) else WAIT_MS)

    def _judge(self, job: Job) -> None:
        """By all its registers: is there something to bring, is it ready, was it refused?"""
        _, _, size, running, ready, _, field = job.facts  # type: ignore[misc]
        if job.activate and job.state == window.ON_TRIAL:
            job.activate, job.activated = False, True  # the order arrived, its answer did not
        if job.state == window.READY and ready != job.sequence:
            job.state = window.IDLE  # another bundle is ready there
        if not window.IDLE <= job.state <= window.ON_TRIAL:
            job.trouble, job.over = "state %d is not known: another version of the firmware?" % job.state, True
        elif job.state == window.REFUSED and job.begun:
            job.trouble, job.over = "refused: " + field, True
        elif job.state == window.IDLE and running == job.sequence:
            job.over = True
        elif job.activated and job.state == window.IDLE:
            job.trouble, job.over = "rolled back", True
        elif job.state == window.RECEIVING and size == job.source.size:
            job.begun = True
        elif job.state in (window.IDLE, window.REFUSED):
            job.begun, job.next = False, 0

    def failed(self, request: Request, reason: str, now_ms: int) -> None:
        """Silent: asked again. Exception 2: it has no slots. Exception 3: it is busy with another bundle, or cannot do that now."""
        job = self.job
        if job is None:
            return
        if reason == "exception:2":
            job.trouble, job.over = "it takes no bundles over the bus", True
        elif reason == "exception:3" and job.activate:
            job.trouble, job.over, job.activate = "it does not restart now: its car charges, or its bundle was refused", True, False
        job.silent += 1
        job.facts = None  # it may have restarted: look before anything else
        job.begun = False
        self._due_ms = now_ms + self._retry_ms
        self._retry_ms = min(2 * self._retry_ms, RETRY_MS_MAX)
