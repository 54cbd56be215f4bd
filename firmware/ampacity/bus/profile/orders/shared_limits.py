"""Limits that travel together: one frame with a word for each unit of a line, which all of them hear and none answers.

A driver that has a limit to send sends the whole list. Every word in it is an order to its unit (safety.md, rule 12): each
is asked of the guard before the frame is made, and a unit that may not receive its limit again receives 0. No answer
proves anything here; the reading after it does.
"""

from ampacity.bus.client.request import Request
from ampacity.bus.device_facts import ALL_TRAFFIC
from ampacity.bus.modbus.frames import words
from ampacity.bus.profile.orders.order_recipe import W_ADDRESS

if False:  # for the type checker
    from typing import Any


class SharedLimits:
    """table: [unit that all hear, words in the frame, unit of the first word]; members: what writes the orders of each
    unit of one line (order_writer.py), by unit."""

    def __init__(self, table: "list[int]") -> None:
        self.unit, self.count, self.first = table
        self.members: dict[int, Any] = {}

    def join(self, orders: "Any") -> None:
        """Another unit of the same line and kind: its limits travel in this frame from now on."""
        self.members[orders.unit] = orders
        orders.share(self)

    def quiet(self) -> bool:
        """Is the fail-safe of one of them being tested? Every frame would keep it from falling back."""
        for unit in self.members:
            if self.members[unit].traffic != ALL_TRAFFIC:
                return True
        return False

    def request(
        self, speaker: "Any", write: "list[Any]", raw: int, priority: int, gap_ms: int, tag: "tuple[Any, ...]", now_ms: int
    ) -> Request:
        """The frame in which the speaker receives `raw`, and each other unit the limit that it may receive with it."""
        values = [0] * self.count
        for unit in sorted(self.members):
            if 0 <= unit - self.first < self.count:
                orders = self.members[unit]
                values[unit - self.first] = raw if orders is speaker else orders.shared_frame_limit(now_ms)
        data = words(values)
        pdu = bytes((16, write[W_ADDRESS] >> 8, write[W_ADDRESS] & 0xFF, 0, self.count, len(data))) + data
        request = Request(self.unit, pdu, priority, 0, None, gap_ms, tag)
        request.one_way = True
        return request


def join_shared_limits(drivers: "list[Any]") -> None:
    """Join the drivers of one line whose limits travel in the same frame."""
    found: list[Any] = []
    for driver in drivers:
        shared = getattr(driver, "shared", None)
        if shared is None:
            continue
        for other in found:
            if (other.unit, other.count, other.first) == (shared.unit, shared.count, shared.first):
                driver.join_shared(other)
                break
        else:
            found.append(shared)
