"""A driver that asks one register again and again, and writes down what became of it."""

from ampacity.bus.client.request import ROUTINE, Request
from ampacity.bus.modbus.frames import read_pdu, rtu_frame


class Asker:
    """Wants to be served always. orders: list of (klass, pdu) that go before its readings."""

    poll_feeds = False
    facts = None

    def __init__(self, unit, address=0, count=2, timeout_ms=50, priority=ROUTINE):
        self.unit = unit
        self.pdu = read_pdu(3, address, count)
        self.timeout_ms = timeout_ms
        self.priority = priority
        self.asked_ms = -1
        self.orders = []
        self.replies = []
        self.failures = []
        self.certain = []
        self.own = []
        self.willing = True

    def urgency(self, now_ms):
        if self.orders:
            return self.orders[0][0], now_ms
        return self.priority, self.asked_ms + 1

    def take(self, now_ms):
        if not self.willing:
            return None
        if self.orders:
            priority, pdu = self.orders.pop(0)
            return Request(self.unit, pdu, priority, self.timeout_ms)
        self.asked_ms = now_ms
        return Request(self.unit, self.pdu, self.priority, self.timeout_ms)

    def reply(self, request, pdu, now_ms):
        self.replies.append(pdu)
        self.certain.append(request.certain)
        self.own.append(request.not_echo)

    def failed(self, request, reason, now_ms):
        self.failures.append(reason)


class Bench:
    """A RtuClient alone, with a hand on its line and its clock."""

    def __init__(self, engine, now_us):
        self.engine = engine
        self.now_us = now_us
        self.sent = []

    def step(self, us_max=10**7):
        """On to the next frame that it sends; its bytes, or None when us_max pass before."""
        end_us = self.now_us + us_max
        while self.now_us < end_us:
            data, wake_us = self.engine.next(self.now_us)
            if data:
                self.sent.append((self.now_us, data))
                self.wake_us = wake_us
                self.now_us += len(data) * 573
                return data
            self.now_us = min(max(wake_us, self.now_us + 1), end_us)
        return None

    def wait(self, us):
        self.now_us += us

    def hear(self, data, after_us=3000, chunk=300):
        """Bytes from the line, in chunks that each take their time."""
        self.now_us += after_us
        for i in range(0, len(data), chunk):
            part = data[i : i + chunk]
            self.now_us += len(part) * 573
            self.engine.receive(part, self.now_us)


def reply_to(frame, values=b"\x00\x01\x00\x02"):
    """The regular reply to a read request."""
    return rtu_frame(frame[0], bytes((frame[1], len(values))) + values)
