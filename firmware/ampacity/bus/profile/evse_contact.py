"""Devices that answer no probe, or not the first frame: a part of their driver.

Some take their limits from a frame that all of a line hear (orders/shared_limits.py): a reading shows whether they are there.
Others sleep between frames: the first one only wakes them, and nobody waits for its answer.
"""

from ampacity.bus.client.request import ROUTINE, Request
from ampacity.bus.profile.evse_answers import ONLINE, SILENT, EvseAnswers
from ampacity.bus.profile.registers.readings import span_read_pdu, span_reply_length

WAKE_MS = 120  # whether it answers the frame that wakes it is not waited for any longer


class EvseContact(EvseAnswers):
    """What EvseDriver needs for them."""

    def _take_wake(self, priority: int, now_ms: int) -> "Request | None":
        """It sleeps between frames, and the first one only wakes it: a reading of a length that no other has, or a probe."""
        if self.link != SILENT and (not self._reads_feed or self._may_feed("read", now_ms)):
            request = Request(self.unit, span_read_pdu(self._wake), priority, WAKE_MS, span_reply_length(self._wake), 0, ("wake",))
        else:
            request = self._take_probe(now_ms)
            if request is None:
                return None
            request.tag, request.timeout_ms = ("wake",), WAKE_MS
            self._hold_ms["probe"] = now_ms
        request.wakes = True
        return request

    def _take_presence(self, now_ms: int) -> "Request | None":
        """Nobody answers the probe of this device, and its readings feed nothing: one shows whether it is there."""
        return self._take_read("live", ROUTINE, now_ms)

    def _presence_read(self, heard: bool, now_ms: int) -> None:
        self._presence_due = False
        if heard and self.link == SILENT and not self.muted:
            self._begin_audit(now_ms)

    def _order_request(self, write: list, target_da: int, priority: int, tag: tuple, now_ms: int) -> Request:
        if self.shared is None:
            return self._request(self._recipe.pdu(write, target_da, self._targets), priority, tag)
        raw = self._recipe.raw(write, target_da)
        return self.shared.request(self, write, raw, priority, self._table["gap_ms"], tag, now_ms)

    def shared_frame_limit(self, now_ms: int) -> int:
        """The raw limit for this device in another one's frame: its own again, as far as the guard lets it, else 0."""
        order = self._order
        target_da = max(0, min(order.target_da, self._recipe.representable(self._want_da)))
        if self.link != ONLINE and not self._within_reserve(target_da):
            target_da = 0
        order_id = self._guard.send(self._index, self._recipe.most_da(target_da), now_ms)
        if order_id is None and target_da:
            target_da = 0
            order_id = self._guard.send(self._index, self._recipe.most_da(0), now_ms)
        if self.link == SILENT or order_id is None:
            return self._recipe.raw(self._recipe.writes(target_da)[0], target_da)
        if target_da == order.target_da:
            order.repeat()
        else:
            order.start(target_da)
        order.sent(order.writes[0], order_id, now_ms)
        order.heard(order.writes[0], False)
        order.acknowledged()
        self._fed_ms = now_ms
        return self._recipe.raw(order.writes[0], target_da)
