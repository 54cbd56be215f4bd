"""Requests of a device that needs our permission before it continues: it shows that it asks, and a write answers it.

Some units start no charge by themselves: they show a state that means "may I?". The answer releases whatever limit they
hold, so it is sent only while an order above 0 is proven in force, and as a frame that may feed (safety.md, rule 5).
"""

from ampacity.bus.client.request import ORDER, Request
from ampacity.bus.modbus.frames import words, write_pdu

if False:  # for the type checker
    from typing import Any

    from ampacity.bus.profile.evse_device import EvseDevice
    from ampacity.bus.profile.requests import Requests

AGAIN_MS = 1000


class StartPermission:
    """rows: [[field, value that it shows when it asks, address, [words of the answer]], …]."""

    holding = False

    def __init__(self, device: "EvseDevice", requests: "Requests", rows: "list[Any]") -> None:
        self._device = device
        self._requests = requests
        self._rows = rows
        self._hold_ms = -1

    def due(self, now_ms: int) -> "tuple[Any, ...] | None":
        """(class, due, take) while it asks for something that it may have."""
        order = self._device.order
        if self._asked() is None:
            if self._device.readings.values[self._rows[0][0]] is not None:  # read since, and it asks no more
                self._device.write_limiter.worked("answer")
                self._hold_ms = -1
            return None
        if order.target_da <= 0 or not order.proven:
            return None
        return (ORDER, max(now_ms, self._hold_ms), self._take)

    def _asked(self) -> "list[Any] | None":
        values = self._device.readings.values
        for row in self._rows:
            if values[row[0]] == row[1]:
                return row
        return None

    def _take(self, now_ms: int) -> "Request | None":
        self._hold_ms = now_ms + AGAIN_MS
        row = self._asked()
        if row is None or not self._requests.may_feed("feature", now_ms):
            return None
        write_limiter, answer = self._device.write_limiter, (row[2], tuple(row[3]))
        write_limiter.sent("answer", answer, now_ms, AGAIN_MS)
        self._hold_ms = write_limiter.ready_ms("answer", answer, now_ms, True)  # it asks still: once a minute at the least
        return self._requests.pdu(write_pdu(row[2], words(row[3])), ORDER, ("feature", self))

    def replied(self, request: Request, now_ms: int) -> None:
        """It took the answer; the next reading shows what it makes of it."""
        self._device.readings.forget(self._rows[0][0])

    def refused(self, request: Request, now_ms: int) -> None:
        """It is asked again in a while."""

    def read(self, now_ms: int) -> None:
        """Something was read."""
