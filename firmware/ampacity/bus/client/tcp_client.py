"""The primary's end of one Modbus TCP connection: several units behind it, one request at a time.

A reply is known by its transaction id, so a late one is discarded permanently. What TCP does not tell is whether
an unanswered request is still on its way; so after some time without any answer the socket is to be aborted
(`wants_reset`), which bounds that to the path's transit. A unit that is silent by itself is no reason: an abort costs
the others behind the same gateway their trust until they are proven again.
"""

from ampacity.base.compat import const
from ampacity.bus.client.engine import Engine
from ampacity.bus.client.request import Request
from ampacity.bus.client.schedule import Slot
from ampacity.bus.modbus.frames import refusal, reply_pdu_len
from ampacity.bus.modbus.mbap import MbapReceiver, mbap_frame

if False:  # for the type checker
    from typing import Any

_TIMEOUTS_MAX = const(3)  # unanswered requests in a row, all units together
_UNHEARD_US = const(3000000)  # so long a unit that is not asked may keep a connection without answers
_SCAN_TIMEOUTS_MAX = const(1 << 20)  # a scan of units that may not be there keeps the connection
_LOST_MS = const(1000)  # interval at which the drivers are notified while there is no connection
_NEVER_US = const(1000000)
READS = (1, 2, 3, 4, 23)  # functions whose answer has a byte count


class TcpClient(Engine):
    """Engine of one connection; the face of RtuClient and connected(), disconnected(), wants_reset.

    A driver may have `disconnected(now_ms)`: called when the connection is lost, and each second until it is back.
    `wake`: set by the transport; call it when an order should leave before the engine's next look.
    """

    def __init__(self, bus_facts: "dict[str, Any]", drivers: "list[Any]", schedule: "Any" = None) -> None:
        Engine.__init__(self, drivers, schedule)
        self._timeouts_max = _TIMEOUTS_MAX if schedule is None else _SCAN_TIMEOUTS_MAX
        for driver in drivers:
            if getattr(driver, "can_broadcast", None):
                driver.can_broadcast = False
        self._receiver = MbapReceiver()
        self._transaction = 0
        self._deadline_us = 0
        self._unanswered = 0
        self._heard_us = 0  # the last answer, or the connection was made
        self._notify_us = 0
        self.up = False
        self.wants_reset = False
        self.wake: Any = None

    def connected(self, now_us: int) -> None:
        """A fresh connection is there: nothing asked on the old one is answered on it."""
        self._receiver = MbapReceiver()
        self.up = True
        self.wants_reset = False
        self._unanswered = 0
        self._heard_us = now_us
        for slot in self._schedule.slots:
            slot.ready_us = slot.lower_ready_us = now_us

    def disconnected(self, now_us: int) -> None:
        """The connection is gone, or could not be made."""
        was_up, self.up = self.up, False
        if self._request is not None:
            self._fail("timeout", now_us)
        if was_up or now_us >= self._notify_us:
            self._notify_disconnected(now_us)

    def next(self, now_us: int) -> "tuple[bytes | None, int]":
        """What to send now, if anything, and when to call again unless bytes come before."""
        if not self.up:
            if now_us >= self._notify_us:
                self._notify_disconnected(now_us)
            return None, self._notify_us
        if self._request is not None:
            if now_us < self._deadline_us:
                return None, self._deadline_us
            self._unanswered += 1
            self._fail("timeout", now_us)
        if self._receiver.broken or (self._unanswered >= self._timeouts_max and self._all_silent(now_us)):
            self.wants_reset = True
            return None, now_us + _NEVER_US
        return self._send_next(now_us)

    def _all_silent(self, now_us: int) -> bool:
        """Was each unit that used to answer asked since the last answer?"""
        heard_us = self._heard_us
        for slot in self._schedule.slots:
            if slot.served_us <= heard_us and not slot.silent() and now_us < heard_us + _UNHEARD_US:
                return False
        return True

    def receive(self, data: bytes, now_us: int) -> None:
        """Bytes from the connection."""
        self._receiver.receive(data)
        while True:
            frame = self._receiver.take()
            if frame is None:
                break
            self._take(frame[0], frame[1], frame[2], now_us)
        if self._receiver.broken:
            self.counters["garbage"] += 1
            self.wants_reset = True

    def _take(self, transaction: int, unit: int, pdu: bytes, now_us: int) -> None:
        request = self._request
        if request is None or transaction != self._transaction:
            self.counters["late"] += 1
            return
        self._unanswered = 0
        self._heard_us = now_us
        size = request.reply_len or reply_pdu_len(request.pdu)
        if unit == request.unit and pdu[0] == request.pdu[0] | 0x80 and len(pdu) == 2:
            self._fail(refusal(pdu), now_us)
        elif unit != request.unit or pdu[0] != request.pdu[0] or (size and len(pdu) != size) or (pdu[0] in READS and pdu[1] != len(pdu) - 2):
            self._fail("unexpected", now_us)
        else:
            self._answered(request, pdu, now_us)

    def _send(self, slot: Slot, request: Request, now_us: int) -> "tuple[bytes, int]":
        self._transaction = (self._transaction + 1) & 0xFFFF
        self._request, self._slot = request, slot
        self._deadline_us = now_us + request.timeout_ms * 1000
        request.certain = request.not_echo = True
        self.counters["frames"] += 1
        self._schedule.started(slot, now_us)
        return mbap_frame(self._transaction, request.unit, request.pdu), self._deadline_us

    def _answered(self, request: Request, pdu: bytes, now_us: int) -> None:
        slot, self._request = self._slot, None
        self.counters["replies"] += 1
        self._schedule.succeeded(slot, now_us, request.gap_ms * 1000, request.follows)
        self.counters["cycle_ms"] = self._schedule.cycle_ms
        slot.driver.reply(request, pdu, now_us // 1000)

    def _fail(self, reason: str, now_us: int) -> None:
        request, slot, self._request = self._request, self._slot, None
        gap_us = request.gap_ms * 1000
        if reason[:9] == "exception":
            self.counters["exceptions"] += 1
            self._schedule.succeeded(slot, now_us, gap_us)
        else:
            self.counters["timeouts" if reason == "timeout" else "unexpected"] += 1
            self._schedule.failed(slot, now_us, gap_us)
        slot.driver.failed(request, reason, now_us // 1000)

    def _notify_disconnected(self, now_us: int) -> None:
        self._notify_us = now_us + _LOST_MS * 1000
        for slot in self._schedule.slots:
            tell = getattr(slot.driver, "disconnected", None)
            if tell is not None:
                tell(now_us // 1000)
