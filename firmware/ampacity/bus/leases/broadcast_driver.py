"""Grants to all our secondaries of one bus: one broadcast carries every order, and is refreshed at a quarter of the lease.

A broadcast is an order to each unit that it names: the guard is asked for each before a byte leaves, and a unit for
which it says no is passed over (nothing is renewed there). It covers only the range of units that need something,
so a shed of a few is a short frame.
"""

from ampacity.bus.client.request import LOWER, ORDER, Request
from ampacity.bus.leases import register_table as table
from ampacity.bus.leases.grant_numbers import GrantNumbers
from ampacity.bus.modbus.frames import words, write_pdu

if False:  # for the type checker
    from typing import Any

NOT_DUE = 9


class BroadcastDriver:
    """Driver of unit 0. drivers: the LeaseDrivers of one bus; numbers: of all grants of this primary. Add it to the drivers
    of the same engine. `can_broadcast` is False where the path has none.
    """

    unit = 0
    poll_feeds = True
    on_foreign: "Any" = None  # function(index, now_ms): a grant that was not ours is in force at that EVSE
    facts = None

    def __init__(self, drivers: "list[Any]", numbers: GrantNumbers) -> None:
        self.drivers = drivers
        self.broadcast_members = drivers  # who is granted by broadcast: all but those whose grants carry flags
        self.numbers = numbers
        self.lease_ms = min([d.watchdog_ms for d in drivers])
        self.can_broadcast = True
        self.dirty = True
        self._due_ms = 0
        self._permit_until_ms = -1
        for driver in drivers:
            driver.join(self)

    def interned(self, text: str) -> str:
        """The same text as another unit has shown, where one has: firmware versions are alike."""
        for driver in self.drivers:
            if driver.facts.firmware == text:
                return driver.facts.firmware  # type: ignore[no-any-return]
        return text

    def permit(self, until_ms: int) -> None:
        """The invariant was checked: orders and refreshes may leave until then (rule 11)."""
        self._permit_until_ms = until_ms

    def permitted(self, now_ms: int) -> bool:
        """Was the invariant checked lately? If not, only lowers leave (rule 11)."""
        return now_ms < self._permit_until_ms

    def update_members(self) -> None:
        """The flags of a driver changed."""
        self.broadcast_members = [driver for driver in self.drivers if not driver.flags]
        self.dirty = True

    def unicast(self, number: int, value_da: int, flags: int = 0) -> bytes:
        """The grant block's registers."""
        identity = self.numbers.identity
        return words((value_da, self.lease_ms // 100, number & 0xFFFF, identity >> 16, identity & 0xFFFF, number >> 16, flags))

    # driver of the contract

    def want(self, limit_da: int, now_ms: int) -> None:
        """Nothing: the LeaseDrivers know what is wanted."""

    def urgency(self, now_ms: int) -> "tuple[int, int] | None":
        """(class, due in ms) of the next broadcast; None where this path carries none."""
        if not self.can_broadcast:
            return None
        if not self.dirty and now_ms < self._due_ms:
            return ORDER, self._due_ms
        most = NOT_DUE
        for driver in self.broadcast_members:
            most = min(most, driver.grant_due(now_ms))
        if most != NOT_DUE:
            return most, now_ms
        due_ms = now_ms + self.lease_ms
        for driver in self.broadcast_members:
            due_ms = min(due_ms, driver.grant_due_ms(now_ms))
        self.dirty = False
        self._due_ms = due_ms
        return ORDER, due_ms

    def take(self, now_ms: int) -> "Request | None":
        """Takes all grants that are due, as one broadcast for the bus to send now; None when the guard refuses all of them."""
        number = self.numbers.next()
        orders, lower = self._orders(number, now_ms)
        if not orders:
            self.numbers.take_back()
            self.dirty = True
            return None
        first = min([unit for unit, _ in orders])
        limits = [table.NO_ORDER] * (max([unit for unit, _ in orders]) - first + 1)
        for unit, value_da in orders:
            limits[unit - first] = value_da
        identity = self.numbers.identity
        head = [identity >> 16, identity & 0xFFFF, number >> 16, number & 0xFFFF, self.lease_ms // 100, first, len(limits)]
        return Request(0, write_pdu(table.BROADCAST, words(head + limits)), LOWER if lower else ORDER)

    def _orders(self, number: int, now_ms: int) -> "tuple[list[tuple[int, int]], bool]":
        """[(unit, da)] that may go now, lowers asked first; without a permit only those."""
        orders, lower = [], False
        first = self._first(now_ms)
        for wanted in (LOWER, ORDER):
            if wanted == ORDER and not self.permitted(now_ms):
                break
            for driver in self.broadcast_members:
                reached = first <= driver.unit < first + table.BROADCAST_UNITS_MAX
                if reached and driver.grant_due(now_ms) == wanted:
                    value_da = driver.order(number, now_ms)
                    if value_da is not None:
                        orders.append((driver.unit, value_da))
                        lower = lower or wanted == LOWER
        return orders, lower

    def _first(self, now_ms: int) -> int:
        """Where the range of this broadcast starts: the lowest address among those whose need is greatest."""
        most, first = NOT_DUE, 0
        for driver in self.broadcast_members:
            priority = driver.grant_due(now_ms)
            if priority < most or (priority == most and driver.unit < first):
                most, first = priority, driver.unit
        return first

    def reply(self, request: Request, pdu: bytes, now_ms: int) -> None:
        """No device answers a broadcast."""

    def failed(self, request: Request, reason: str, now_ms: int) -> None:
        """An answer that is not expected cannot be missing."""
