"""One phase or three in a device that can switch: paused, then ordered, then seen, and only then counted otherwise.

The planner decides (`want`). The switch is made at a proven 0 and after the device's own wait; the guard is informed
before the write and after the reading that shows it (safety.md, rule 14). Until then no order above 0 leaves. What the
device shows without being asked - more phases than assumed, or current on a phase that should be open - counts at once.
"""

from ampacity.bus.client.request import ORDER, ROUTINE, Request
from ampacity.bus.device_facts import DRAWS_DA
from ampacity.bus.profile.orders.write_limiter import DayCount

if False:  # for the type checker
    from typing import Any

    from ampacity.bus.profile.evse_device import EvseDevice
    from ampacity.bus.profile.proof.liveness import Liveness
    from ampacity.bus.profile.requests import Requests

DENIED_MS = 1000
SHOWN_MS_MAX = 20000
GIVEN_UP_MS = 60000
LOOK_MS = 1000
IDLE_LOOK_MS = 5000
IDLE, SENT = 0, 1


class PhaseSwitching:
    """table: [write for one phase, write for all, field that shows it, its values for one, for all, wait before and after
    in ms, [[field, least, most], …] that say whether it can, writes a day]; count: terminals of the device."""

    def __init__(self, device: "EvseDevice", requests: "Requests", liveness: "Liveness", table: "list[Any]", count: int) -> None:
        self._device = device
        self._requests = requests
        self._liveness = liveness
        self._one, self._all, self._field, self._shows_one, self._shows_all, self._before_ms, self._after_ms, self._able, per_day = table
        self._count = count
        self._wanted = self._believed = count
        self._step = IDLE
        self._empty_ms = self._sent_ms = self._hold_ms = -1
        self._switches = DayCount(per_day)  # contactors and flash wear out; the guard's holds come on top

    def want(self, count: int) -> None:
        """How many phases should be able to close."""
        self._wanted = 1 if count == 1 else self._count

    @property
    def holding(self) -> bool:
        """Must it stay paused? From the write until the reading that shows what came of it."""
        return self._step == SENT

    def due(self, now_ms: int) -> "tuple[Any, ...] | None":
        """(class, due, take): the switch when it is paused and has waited; then the look at what it shows."""
        if self._step == SENT:
            return (ORDER, max(self._sent_ms + self._after_ms, self._hold_ms), self._take_look)
        order = self._device.order
        empty = order.target_da == 0 and order.proven
        if not empty:
            self._empty_ms = -1
        elif self._empty_ms < 0:
            self._empty_ms = now_ms
        if empty and self._wanted != self._believed and self._can():
            return (ORDER, max(self._empty_ms + self._before_ms, self._hold_ms), self._take_switch)
        return (ROUTINE, max(self._asked_ms() + IDLE_LOOK_MS, self._hold_ms), self._take_look)

    def _asked_ms(self) -> int:
        return self._device.readings.asked_ms[self._field]

    def unsure(self, now_ms: int) -> bool:
        """Is it counted with fewer phases than it has, and was not seen so within the time that a restart takes (rule 8)?"""
        return self._believed < self._count and self._asked_ms() < self._liveness.since(now_ms)

    def _can(self) -> bool:
        """Is its hardware there, and switched on, as far as it shows that? What was never read says no."""
        values = self._device.readings.values
        for field, least, most in self._able:
            if values[field] is None or not least <= values[field] <= most:
                return False
        return self._shown() is not None

    def _shown(self) -> "int | None":
        """How many phases it shows; None: it is switching, or it shows nothing of it."""
        value = self._device.readings.values[self._field]
        if value in self._shows_one:
            return 1
        return self._count if value in self._shows_all else None

    def _take_switch(self, now_ms: int) -> "Request | None":
        device = self._device
        self._hold_ms = now_ms + DENIED_MS
        wanted = list(range(self._wanted))
        if not self._switches.has_room(now_ms) or not device.guard.phases_sent(device.index, wanted, now_ms):
            return None
        if not self._requests.may_feed("feature", now_ms):
            return None
        self._switches.sent(now_ms)
        self._step, self._sent_ms = SENT, now_ms
        write = self._one if self._wanted == 1 else self._all
        return self._requests.write(write, ORDER, ("feature", self))

    def _take_look(self, now_ms: int) -> "Request | None":
        self._hold_ms = now_ms + LOOK_MS
        if self._step == SENT and now_ms - self._sent_ms > SHOWN_MS_MAX + self._after_ms:
            self._give_up(now_ms)
            return None
        return self._requests.read("phases", ORDER if self._step == SENT else ROUTINE, now_ms)

    def _give_up(self, now_ms: int) -> None:
        """It does not show the switch: both numbers stay live in the ledger, and it is tried again later."""
        self._step = IDLE
        self._hold_ms = now_ms + GIVEN_UP_MS
        self._believed = self._count

    def replied(self, request: Request, now_ms: int) -> None:
        """The write was acknowledged: that shows nothing."""

    def refused(self, request: Request, now_ms: int) -> None:
        """The device refuses the switch: from here on, what it shows counts."""
        self._give_up(now_ms)

    def read(self, now_ms: int) -> None:
        """Something was read: does it show how many phases can close?"""
        device = self._device
        shown, asked_ms = self._shown(), self._asked_ms()
        if self._drawing_beyond() or (shown is not None and shown > self._believed):
            device.guard.phases_shown(device.index, list(range(self._count)), now_ms)
            self._believed = self._count
        if self._step == SENT and shown == self._wanted and asked_ms >= self._sent_ms + self._after_ms:
            self._prove(shown, now_ms)

    def _prove(self, shown: int, now_ms: int) -> None:
        self._device.guard.phases_proven(self._device.index, list(range(shown)), now_ms)
        self._believed = shown
        self._step = IDLE

    def _drawing_beyond(self) -> bool:
        """Does current flow where only one phase should be closed?"""
        amps_da = self._device.facts.amps_da
        return max(amps_da[1:] or [0]) >= DRAWS_DA if self._believed == 1 and amps_da else False
