"""Bent answers into a primary on a serial line: a driver is handed what stood on the line, whole and asked for; else nothing."""

from ampacity.bus.client.rtu_client import RtuClient
from ampacity.bus.modbus.frames import rtu_frame
from tests.fuzz.garage import START_MS, Garage
from tests.fuzz.watch import Wrong, has_frame

BAUDS = (9600, 19200, 115200)
LATE_MAX = 4
TRIES_MAX = 12  # looks of the engine without a request; then somebody else speaks


class PrimaryCase:
    """An engine with some drivers of each kind. Requests are bent on their way too, answers may come late, twice or never."""

    name = "primary"

    def __init__(self, rng, bender, tables):
        self.rng, self.bender = rng, bender
        self.baud = BAUDS[rng.below(3)]
        self.char_us = -(-11 * 1000000 // self.baud)
        self.echo = rng.chance(250)
        self.window = b""  # what was heard since the request left
        self.late = []
        self.now_us = START_MS * 1000
        self.replies = 0
        own = rng.below(4)
        self.garage = Garage(rng, tables, own, rng.below(3) if own else 1 + rng.below(2), rng.below(2), self._heard, self.baud)
        facts = {"baud": self.baud, "parity": "E", "stop": 1, "transit_ms": (0, 50, 500)[rng.below(3)]}
        self.engine = RtuClient(facts, self.garage.drivers)
        self.engine.on_foreign = self._foreign
        self.foreign = 0

    def _heard(self, unit, pdu):
        self.replies += 1
        if not has_frame(self.window, unit, pdu):
            raise Wrong("unit %d is handed %r, which was not on the line: %r" % (unit, pdu, self.window))

    def _foreign(self, unit, function, now_ms):
        self.foreign += 1

    def step(self):
        """On to the next request, and what comes back for it."""
        rng = self.rng
        request = self._request()
        if request is None:
            self._say(rng.bytes(4 + rng.below(20)), b"\x01")
            return
        if self.echo:
            self._hear(request)
        if rng.chance(150):  # the devices hear something else
            request = self.bender.serial(request, request)
            request = self.bender.sound[0] if self.bender.sound else b""
        reply = self._reply(request)
        if reply is None or rng.chance(50):
            if self.late or rng.chance(300):
                self._say(self._old() or rng.bytes(8), request or b"\x02")
        elif rng.chance(50) and len(self.late) < LATE_MAX:
            self.late.append(reply)
        else:
            self._say(reply, self._old() or request)

    def _old(self):
        return self.late.pop(self.rng.below(len(self.late))) if self.late else b""

    def _request(self):
        """What the engine sends next; None if it has nothing to say for long."""
        for _ in range(TRIES_MAX):
            self.garage.tick(self.engine, self.now_us // 1000)
            data, wake_us = self.engine.next(self.now_us)
            if data:
                self.window = b""
                self.now_us += len(data) * self.char_us
                return data
            if wake_us <= self.now_us:
                raise Wrong("it wants to be asked again at once, for ever")
            self.now_us = min(wake_us, max(self.now_us + 1, self.garage.tick_ms * 1000))
        return None

    def _reply(self, request):
        """The answer of the device that it reached, as a frame."""
        device = self.garage.devices.get(request[0]) if len(request) >= 8 else None
        if device is None:
            self._broadcast(request)
            return None
        return rtu_frame(request[0], device.answer(request[1:-2], self.now_us // 1000)) if len(request) < 257 else None

    def _broadcast(self, request):
        for device in self.garage.devices.values():
            if request and not request[0] and hasattr(device, "engine"):
                self.now_us += 10000
                device.engine.receive(request, self.now_us)
                del device.map.grants[:]

    def _say(self, frame, other):
        """One bent frame on the line, after the device's time, in pieces."""
        self.now_us += 2000 + self.rng.below(20000)
        self._hear(self.bender.serial(frame, other))

    def _hear(self, data):
        for piece in self.bender.pieces(data):
            self.window += piece
            self.now_us += len(piece) * self.char_us
            if self.rng.chance(20):
                self.now_us += self.rng.below(30000)
            self.engine.receive(piece, self.now_us)
            if self.rng.chance(100):
                self._look()

    def _look(self):
        data, _wake_us = self.engine.next(self.now_us)
        if data:
            self.window = b""

    def counters(self):
        found = dict(self.engine.counters)
        del found["cycle_ms"]
        found.update({"handed": self.replies, "proofs": self.garage.judge.proofs, "strangers": self.foreign})
        return found
