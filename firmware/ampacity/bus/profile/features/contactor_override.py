"""The harder way to stop a device, where it has a register for that: locked, made unavailable, its contactor told to open.

The safety core asks for it (`hold`) after a pause did not help (safety.md, rule 10), or for a safety load. It is written
before everything else, again until it is shown, and taken back when the core lets go; meanwhile nothing above 0 is ordered.
"""

from ampacity.bus.client.request import LOWER, ORDER, Request
from ampacity.bus.profile.orders.order_recipe import W_ADDRESS, W_DIV, W_MUL, W_RAW, W_SHOWN

if False:  # for the type checker
    from typing import Any

    from ampacity.bus.profile.evse_device import EvseDevice
    from ampacity.bus.profile.requests import Requests

AGAIN_MS = 1000
AGAIN_MS_MAX = 60000
FRESH_MS = 6000


class ContactorOverride:
    """table: [writes that open, writes that release, [field that shows the contactor or -1, its values when open]]."""

    def __init__(self, device: "EvseDevice", requests: "Requests", table: "list[Any]") -> None:
        self._device = device
        self._requests = requests
        self._open, self._release, self._feedback = table
        self._on = False
        self._touched = False  # something was written to open it, and not yet taken back
        self._at = 0
        self._wait_ms = AGAIN_MS
        self._hold_ms = -1
        self._written_ms = -1
        self._link = ""

    @property
    def holding(self) -> bool:
        """No order above 0 while it is to be open, nor before that was taken back."""
        return self._on or self._touched

    def hold(self, on: bool) -> None:
        """Open, or (off) as its order requires."""
        if on != self._on and self._open:
            self._on = on
            self._at = 0
            self._wait_ms, self._hold_ms = AGAIN_MS, -1
            self._touched = self._touched or on
            self._update_left_alone()

    def _update_left_alone(self) -> None:
        """The audit leaves these registers alone while they are to be as they are."""
        self._device.audit.left_alone = [write[W_ADDRESS] for write in self._open] if self.holding else ()

    def due(self, now_ms: int) -> "tuple[Any, ...] | None":
        """(class, due, take) of the next write; an opening one goes before everything."""
        if not self.holding:
            return None
        if self._link != self._device.link:  # it was away: what was written may be forgotten
            self._link = self._device.link
            self._wait_ms, self._hold_ms = AGAIN_MS, -1
        return (LOWER if self._on else ORDER, self._hold_ms if self._at == 0 else now_ms, self._take)

    def _writes(self) -> "list[Any]":
        return self._open if self._on else self._release

    def _is_set(self, write: "list[Any]", now_ms: int) -> bool:
        """Does the device show what this write sets, lately and since the last write?"""
        shown, readings = write[W_SHOWN], self._device.readings
        if shown < 0 or readings.asked_ms[shown] <= max(self._written_ms, now_ms - FRESH_MS):
            return False
        return readings.values[shown] == write[W_RAW] * write[W_MUL] // write[W_DIV]

    def _take(self, now_ms: int) -> "Request | None":
        audit, writes = self._device.audit, self._writes()
        if self._at >= len(writes):
            self._at = 0
        write = writes[self._at]
        if not self._on and not self._requests.may_feed("feature", now_ms):
            self._hold_ms = now_ms + AGAIN_MS
            return None
        self._hold_ms = now_ms + self._wait_ms
        if self._is_set(write, now_ms) or not audit.affordable(write, now_ms):
            self._next(now_ms)
            return None
        audit.spend(write, now_ms)
        self._written_ms = now_ms
        return self._requests.write(write, LOWER if self._on else ORDER, ("feature", self))

    def _next(self, now_ms: int) -> None:
        """This write is done. The writes that open the contactor are repeated at growing intervals: something else may close it."""
        self._at += 1
        if self._at < len(self._writes()):
            return
        self._at = 0
        if not self._on:
            self._touched = False
            self._update_left_alone()
        self._wait_ms = min(2 * self._wait_ms, AGAIN_MS_MAX)
        self._hold_ms = now_ms + self._wait_ms

    def replied(self, request: Request, now_ms: int) -> None:
        """It took the write."""
        if self.holding:
            self._next(now_ms)

    def refused(self, request: Request, now_ms: int) -> None:
        """The device refuses the write: the writes are sent again."""
        self._at = 0

    def read(self, now_ms: int) -> None:
        """Feedback of its contactor, where it shows some."""
        field, values = self._feedback
        if field >= 0 and self._device.readings.values[field] is not None:
            self._device.facts.contactor_closed = self._device.readings.values[field] not in values
