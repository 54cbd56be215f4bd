"""Bent requests into a secondary: it takes an order only from a whole frame with a right checksum, and answers no other."""

import struct

from ampacity.bus.leases import register_table as table
from ampacity.bus.leases.lease import Lease
from ampacity.bus.leases.register_map import RegisterMap
from ampacity.bus.modbus.frames import read_pdu, read_write_pdu, rtu_frame, silence_us, words, write_pdu
from ampacity.bus.server.modbus_server import ModbusServer
from tests.fuzz.watch import Wrong, checksum, frames_in, orders_in

START_US = (2**30 - 60000) * 1000
BAUDS = (1200, 9600, 19200, 115200)
WINDOW_BYTES = 600  # more than two frames
IDENTITY = 0xA1B2C3D4


class SecondaryCase:
    """One unit on a line with other units' traffic; it hears its own replies in some lives, and in some it may be set up."""

    name = "secondary"

    def __init__(self, rng, bender, tables):
        self.rng, self.bender = rng, bender
        self.unit = 1 + rng.below(247)
        self.baud = BAUDS[rng.below(4)]
        self.map = RegisterMap(Lease(0, 160, 0), "SN1", "1.0.0", unit=self.unit)
        self.map.unlocked = rng.chance(300)
        self.echo = rng.chance(300)
        self.engine = ModbusServer(self.unit, self.map, self.baud)
        self.char_us = -(-11 * 1000000 // self.baud)
        self.silence_us = silence_us(self.baud)
        self.now_us = START_US
        self.sequence = rng.below(65536)
        self.epoch = 1
        self.window = b""
        self.changes = 0
        self.answers = 0
        self.silent = 0  # frames that led to nothing
        self.before = self._held()
        self.frame = b""

    def step(self):
        """One frame, bent or not."""
        frame, other = self._frame(), self._frame() if self.rng.chance(100) else self.frame or b"\x00"
        self.frame = frame
        data = self.bender.serial(frame, other)
        self._deliver(data)
        self._listen()

    def _frame(self):
        rng = self.rng
        kind = rng.below(10)
        if kind < 4:
            return self._order(kind)
        if kind == 4:
            at = table.SETTINGS_AT + rng.below(5)
            # a write of one register has the form of a read: function, address, number
            return rtu_frame(self.unit, read_pdu(6, at, (0, 60, 100, 160, 800, 65535)[rng.below(6)]))
        if kind == 5:
            return rtu_frame(self.unit, bytes((43, 14, 1 + rng.below(5), rng.below(4))))
        if kind == 6:
            pdu = bytes((3, 50)) + rng.bytes(50)
            return rtu_frame(1 + rng.below(247), pdu)  # a reply of a unit
        return rtu_frame(self.unit, read_pdu(3 + rng.below(2), 40000 + rng.below(140), 1 + rng.below(40)))

    def _order(self, kind):
        """A grant as the primary sends it, newer than the last, in one of its three forms; or to another unit."""
        rng = self.rng
        self.sequence = (self.sequence + 1 + rng.below(3)) & 0xFFFF
        limit_da = (0, 60, 100, 160, 320, 0xFFFF)[rng.below(6)]
        identity = IDENTITY if rng.chance(950) else rng.next32()
        lease_ds = (0, 10, 100, 600, 65535)[rng.below(5)]
        if kind == 0:
            head = struct.pack(">IHHHHH", identity, self.epoch, self.sequence, lease_ds, self.unit - min(2, self.unit), 3)
            return rtu_frame(0, write_pdu(table.BROADCAST, head + words((limit_da, 0xFFFF, limit_da))))
        data = struct.pack(">HHHIHH", limit_da, lease_ds, self.sequence, identity, self.epoch, rng.below(4) if rng.chance(100) else 0)
        unit = self.unit if kind < 3 else 1 + rng.below(247)
        if kind == 1:
            return rtu_frame(unit, read_write_pdu(table.STATUS_AT, 25, table.GRANT_AT, data))
        return rtu_frame(unit, write_pdu(table.GRANT_AT, data))

    def _deliver(self, data):
        self.window = (self.window + data)[-WINDOW_BYTES:]
        for piece in self.bender.pieces(data):
            self.now_us += len(piece) * self.char_us
            if self.rng.chance(30):
                self.now_us += self.rng.below(30000)
            self.engine.receive(piece, self.now_us)
            if self.rng.chance(200):
                self._ask()
        self._changed()

    def _listen(self):
        """Silence, mostly long enough for an answer."""
        end_us = self.now_us + (0, self.silence_us, 20000, 20000, 60000, 200000)[self.rng.below(6)]
        while True:
            wake_us = self._ask()
            if wake_us > end_us:
                break
            self.now_us = wake_us
        self.now_us = end_us
        self._changed()

    def _ask(self):
        data, wake_us = self.engine.next(self.now_us)
        if wake_us <= self.now_us:
            raise Wrong("it wants to be asked again at once, for ever")
        if data:
            self._answered(data)
        return max(wake_us, self.now_us + 1)

    def _answered(self, data):
        """A reply is whole, its own, and to a request that was there."""
        self.answers += 1
        if not 5 <= len(data) <= 256 or data[0] != self.unit or checksum(data):
            raise Wrong("reply %r is no frame of its own" % data)
        function = data[1] & 0x7F
        for frame in self.bender.sound:
            if frame[0] == self.unit and frame[1] & 0x7F == function:
                break
        else:
            if function not in [pdu[0] & 0x7F for _unit, pdu in frames_in(self.window, (self.unit,))]:
                raise Wrong("reply %r to nothing" % data)
        self.now_us += len(data) * self.char_us
        if self.echo:
            self.engine.receive(data, self.now_us)

    # what it holds

    def _held(self):
        lease = self.map.lease
        return (lease.identity, lease.epoch, lease.sequence, lease.fallback_da, lease.max_da, lease.power_on_da, lease.longest_ms,
                self.map.flags, len(self.map.grants))  # fmt: skip

    def _changed(self):
        """Whatever changed was ordered by a whole frame among the last bytes."""
        held = self._held()
        if held == self.before:
            self.silent += 1
            return
        self.changes += 1
        orders = self._orders([(frame[0], frame[1:-2]) for frame in self.bender.sound])
        if not self._explained(held, orders):
            orders = self._orders(frames_in(self.window, (0, self.unit)))
            if not self._explained(held, orders):
                raise Wrong("it holds %r and took %r, but was told %r" % (held, self.map.grants, orders))
        del self.map.grants[:]
        self.before = self._held()

    def _orders(self, frames):
        found = []
        for unit, pdu in frames:
            if unit == 0 or unit == self.unit:
                found += orders_in(unit, pdu, self.unit, table.GRANT_AT, table.BROADCAST, table.SETTINGS_AT)
        return found

    def _explained(self, held, orders):
        """Is each grant that it took, and each setting that is another one, among these orders?"""
        for identity, epoch, sequence, _lease_ms, limit_da, _flags in self.map.grants:
            if ("grant", identity, epoch, sequence, limit_da) not in orders:
                return False
        if held[:3] != self.before[:3] and ("grant",) + held[:3] not in [order[:4] for order in orders]:
            return False
        return held[3:7] == self.before[3:7] or (self.map.unlocked and self._settings_explained(held, orders))

    def _settings_explained(self, held, orders):
        written = {}
        for order in orders:
            if order[0] == "settings":
                for i in range(len(order[2])):
                    written.setdefault(order[1] + i, []).append(order[2][i])
        for i in range(4):
            is_now, was = (held[3 + i], self.before[3 + i]) if i < 3 else (held[6] // 100, self.before[6] // 100)
            if is_now != was and is_now not in written.get(i, ()):
                return False
        return True

    def counters(self):
        found = dict(self.engine.counters)
        found.update({"changes": self.changes, "answers": self.answers})
        receiver = self.engine._receiver
        found.update({"crc_errors": receiver.crc_errors, "skipped_bytes": receiver.skipped})
        return found
