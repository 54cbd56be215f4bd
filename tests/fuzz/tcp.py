"""Bent answers into a primary on a TCP connection: only what has the id, unit and function of what was asked is handed over."""

from ampacity.bus.client.tcp_client import TcpClient
from ampacity.bus.modbus.mbap import mbap_frame
from tests.fuzz.garage import Garage
from tests.fuzz.primary import PrimaryCase
from tests.fuzz.watch import Wrong

WINDOW_BYTES = 2000


class TcpCase(PrimaryCase):
    """The connection breaks when the engine wants it to, and now and then by itself."""

    name = "tcp"

    def __init__(self, rng, bender, tables):
        self.rng, self.bender = rng, bender
        self.char_us = 1
        self.echo = False
        self.window = b""  # of this connection
        self.late = []
        self.now_us = 2**40
        self.replies = self.resets = self.foreign = 0
        own = rng.below(3)
        self.garage = Garage(rng, tables, own, rng.below(3) if own else 1, rng.below(2), self._heard)
        self.engine = TcpClient({}, self.garage.drivers)
        self.engine.connected(self.now_us)
        self.asked = b""

    def _heard(self, unit, pdu):
        self.replies += 1
        if self.asked[6] != unit or self.window.find(self.asked[:4] + mbap_frame(0, unit, pdu)[4:]) < 0:
            raise Wrong("unit %d is handed %r, which did not come: %r" % (unit, pdu, self.window))

    def step(self):
        if self.engine.wants_reset or self.rng.chance(5):
            self.resets += 1
            self.window = b""
            self.late = []
            self.engine.disconnected(self.now_us)
            for _ in range(self.rng.below(3)):
                self.now_us += 500000
                self.engine.next(self.now_us)
            self.engine.connected(self.now_us)
        PrimaryCase.step(self)

    def _request(self):
        window = self.window
        data = PrimaryCase._request(self)
        self.window = window[-WINDOW_BYTES:]
        if data:
            self.asked = data
        return None if self.engine.wants_reset else data

    def _reply(self, request):
        if len(request) < 12:
            return None
        device = self.garage.devices.get(request[6])
        if device is None:
            return None
        return request[:4] + mbap_frame(0, request[6], device.answer(request[7:], self.now_us // 1000))[4:]

    def _say(self, frame, other):
        self.now_us += 1000 + self.rng.below(30000)
        self._hear(self.bender.stream(frame if len(frame) > 8 else frame + bytes(9), other))

    def _look(self):
        """A stream has no pauses that matter."""

    def counters(self):
        found = PrimaryCase.counters(self)
        found["resets"] = self.resets
        return found
