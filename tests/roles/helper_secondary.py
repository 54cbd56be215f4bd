"""A secondary with a car on its charging point, and a primary's frames for it."""

import struct

from ampacity.base.log import Log
from ampacity.bus.leases import register_table as table
from ampacity.bus.modbus.frames import read_pdu, words, write_pdu
from ampacity.bus.server.modbus_server import ModbusServer
from ampacity.ports.evse_hardware import EvseHardware
from ampacity.roles.secondary import TRUSTED, Secondary
from ampacity.store.document_store import DocumentStore
from ampacity.store.memory_files import MemoryFiles

START_MS = 2**30 - 60000
CONFIG = {
    "role": "secondary", "unit": 2, "port": "virtual", "baud": 19200, "parity": "E", "max_da": 160, "fallback_da": 0,
    "lease_max_ms": 10000, "serial": "AMP-S-0002", "terminals": 3,
}  # fmt: skip
HIGH = {"A": 12000, "B": 9000, "C": 6000}


def config(**changes):
    out = dict(CONFIG)
    out.update(changes)
    return out


class PlantPort(EvseHardware):
    """The port with a car behind it; `plant()` is what its sensors read now."""

    car = "A"
    volts = 2300

    def plant(self, now_ms):
        kind, permille = self.pilot
        high_mv = HIGH[self.car]
        self.cp_high_mv = -12000 if kind == "f" else high_mv
        self.cp_low_mv = high_mv if kind == "x1" else -12000
        self.contactor_closed = self.contactor
        draws = self.contactor and kind == "pwm" and self.car == "C"
        self.amps_da = [permille * 6 // 10 if draws else 0] * 3
        self.volts_dv = [self.volts] * 3
        self.updated_ms = now_ms


class Unit:
    """One secondary in memory; `run(ms)` ticks as its safety loop does."""

    def __init__(self, files=None, **changes):
        self.files = files or MemoryFiles()
        self.log = Log()
        self.port = PlantPort("evse-2")
        self.now_ms = START_MS
        self.secondary = Secondary(config(**changes), self.port, DocumentStore(self.files, trusted=TRUSTED), self.log, self.now_ms)
        self.engine = ModbusServer(2, self.secondary.map, 19200)
        self.sequence = 0

    def run(self, duration_ms):
        for _ in range(duration_ms // 100):
            self.now_ms += 100
            self.port.plant(self.now_ms)
            self.secondary.tick(self.now_ms)
        return self

    def grant(self, limit_da, lease_ds=100, flags=0, identity=0x1234, epoch=1):
        """A unicast grant; True if it was taken without an exception."""
        self.sequence += 1
        data = words((limit_da, lease_ds, self.sequence, identity >> 16, identity & 0xFFFF, epoch, flags))
        reply = self.engine.answer(write_pdu(table.GRANT_AT, data), self.now_ms)
        return reply[0] == 16

    def keep_granting(self, duration_ms, limit_da, **how):
        for _ in range(duration_ms // 1000):
            self.grant(limit_da, **how)
            self.run(1000)
        return self

    def status(self):
        """The status block as a dict of its names."""
        reply = self.engine.answer(read_pdu(3, table.STATUS_AT, table.length(table.STATUS)), self.now_ms)
        values = struct.unpack(table.format_of(table.STATUS), reply[2:])
        return {row[0]: values[i] for i, row in enumerate(table.STATUS)}
