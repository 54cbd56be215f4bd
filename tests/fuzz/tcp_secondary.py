"""Bent requests into a secondary over TCP: an order is taken only from a whole frame, with the right to give it."""

from ampacity.bus.leases import register_table as table
from ampacity.bus.leases.lease import Lease
from ampacity.bus.leases.register_map import RegisterMap
from ampacity.bus.modbus.mbap import mbap_frame
from ampacity.bus.server.modbus_server import ModbusServer
from ampacity.bus.server.tcp_session import TcpSession
from tests.fuzz.secondary import START_US, SecondaryCase
from tests.fuzz.watch import Wrong, orders_in, word

WINDOW_BYTES = 1200


class TcpSecondaryCase(SecondaryCase):
    """Each connection is a new session of the same unit; in some lives a client has no rights but to read."""

    name = "tcp-secondary"

    def __init__(self, rng, bender, tables):
        self.rng, self.bender = rng, bender
        self.unit = 1 + rng.below(247)
        self.map = RegisterMap(Lease(0, 160, 0), "SN1", "1.0.0", unit=self.unit)
        self.map.unlocked = rng.chance(300)
        self.engine = ModbusServer(self.unit, self.map)
        self.readonly = rng.chance(300)
        self.now_us = START_US
        self.sequence, self.epoch = rng.below(65536), 1
        self.changes = self.answers = self.silent = self.sessions = 0
        self.before = self._held()
        self._connect()

    def _connect(self):
        self.sessions += 1
        self.session = TcpSession(self.engine, ("read",) if self.readonly else None)
        self.window = b""

    def step(self):
        rng = self.rng
        frame = mbap_frame(rng.below(65536), (0, 255, self.unit)[rng.below(3)], self._frame()[1:-2])
        data = self.bender.stream(frame, frame)
        self.window = (self.window + data)[-WINDOW_BYTES:]
        for piece in self.bender.pieces(data):
            self.now_us += rng.below(20000)
            self.session.receive(piece)
            self._answers()
        if self.session.broken or rng.chance(3):
            self._connect()

    def _answers(self):
        while True:
            data = self.session.next(self.now_us // 1000)
            if data is None:
                return
            self.answers += 1
            if len(data) > 260 or word(data, 2) or word(data, 4) != len(data) - 6 or self.window.find(data[:2]) < 0:
                raise Wrong("answer %r to nothing" % data)
            self._changed()

    def _changed(self):
        held = self._held()
        if held == self.before:
            return
        self.changes += 1
        orders = self._whole_frames()
        if self.readonly or not self._explained(held, orders):
            raise Wrong("it holds %r and took %r, but was told %r" % (held, self.map.grants, orders))
        del self.map.grants[:]
        self.before = self._held()

    def _whole_frames(self):
        """What every stretch of the stream that could be a frame to this unit says."""
        window, found = self.window, []
        for at in range(len(window) - 8):
            size = word(window, at + 4)
            if not word(window, at + 2) and 2 <= size <= 254 and at + 6 + size <= len(window) and window[at + 6] in (0, 255, self.unit):
                pdu = window[at + 7 : at + 6 + size]
                found += orders_in(self.unit, pdu, self.unit, table.GRANT_AT, table.BROADCAST, table.SETTINGS_AT)
        return found

    def counters(self):
        found = dict(self.engine.counters)
        found.update({"changes": self.changes, "answers": self.answers, "sessions": self.sessions})
        return found
