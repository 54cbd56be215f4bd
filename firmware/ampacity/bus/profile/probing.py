"""Contact with a device that is silent or asleep: probes, a reading that shows whether it is there, frames that only wake it.

A probe is an order no larger than the reserve, in a form that one write completes. Some devices take their limits from a frame that all
of a line hear (orders/shared_limits.py) and answer none: a reading shows whether they are there. Others sleep between frames: the first
one only wakes them, and its answer is not required.
"""

from ampacity.bus.client.request import LOWER, ORDER, Request
from ampacity.bus.device_facts import ALL_TRAFFIC
from ampacity.bus.profile.evse_device import SILENT
from ampacity.bus.profile.registers.readings import span_read_pdu, span_reply_length
from ampacity.bus.profile.requests import DENIED_MS

if False:  # for the type checker
    from typing import Any

    from ampacity.bus.profile.evse_device import EvseDevice
    from ampacity.bus.profile.orders.order_writer import OrderWriter
    from ampacity.bus.profile.requests import Requests

WAKE_MS = 120  # whether it answers the frame that wakes it is not waited for any longer
PROBE_MS = 1000  # from one probe of a silent device to the next
PROBE_SLOWER_MAX = 4      # the longer it is silent, the rarer, up to this many more


class Probing:
    """`presence_due`: its probes are not answered, so a reading is next. `woken`: the frame that wakes it has just left."""

    _wake: "Any" = ()  # the span that is read to wake it; () where it does not sleep
    presence_due = False
    woken = False

    def __init__(self, device: "EvseDevice", requests: "Requests", orders: "OrderWriter") -> None:
        self._device = device
        self._requests = requests
        self._orders = orders
        if device.table.get("wake"):
            self._wake = device.table["wake"]

    def must_wake(self) -> bool:
        """Does it sleep, and was it not woken for the next frame?"""
        return bool(self._wake) and not self.woken

    def take_probe(self, now_ms: int) -> "Request | None":
        """An order within the reserve, as one write; None: the guard refused."""
        device, order, recipe = self._device, self._device.order, self._device.recipe
        reserve_da = device.reserve_da()
        target_da = recipe.representable(min(device.want_da, reserve_da))
        if recipe.most_da(target_da) > reserve_da or not recipe.can_probe(target_da):
            target_da = 0
        order_id = device.guard.send(device.index, recipe.most_da(target_da), now_ms)
        device.hold_ms["probe"] = now_ms + (DENIED_MS if order_id is None else PROBE_MS * (1 + min(device.failures, PROBE_SLOWER_MAX)))
        if order_id is None:
            return None
        write = recipe.writes(target_da)[0] if target_da else recipe.stop_write()
        order.written_ms = now_ms
        order.order_id = order_id
        priority = LOWER if order.lowering else ORDER
        order.lowering = False
        if self._orders.shared:
            order.probed(target_da)
            self.presence_due = True
        return self._orders.request(write, target_da, priority, ("probe", write, order_id, target_da), now_ms)

    def take_wake(self, priority: int, now_ms: int) -> "Request | None":
        """It sleeps between frames, and the first one only wakes it: a reading of a length that no other has, or a probe."""
        device, requests, span = self._device, self._requests, self._wake
        request: Request | None
        if device.link != SILENT and (not requests.reads_feed or requests.may_feed("read", now_ms)):
            request = Request(device.unit, span_read_pdu(span), priority, WAKE_MS, span_reply_length(span), 0, ("wake",))
        else:
            request = self.take_probe(now_ms)
            if request is None:
                return None
            request.tag, request.timeout_ms = ("wake",), WAKE_MS
            device.hold_ms["probe"] = now_ms
        request.wakes = True
        return request

    def presence_read(self, heard: bool, now_ms: int) -> None:
        """The reading that shows whether it is there was answered; heard: by an answer that is surely its own."""
        self.presence_due = False
        if heard and self._device.link == SILENT and self._device.traffic == ALL_TRAFFIC:
            self._device.begin_audit(now_ms)
