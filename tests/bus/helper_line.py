"""A serial line in virtual time between one primary and its secondaries, and a guard that writes down what it hears."""

from ampacity.bus.leases.lease import Lease
from ampacity.bus.leases.register_map import RegisterMap
from ampacity.bus.server.modbus_server import ModbusServer

START_US = (2**30 - 60000) * 1000
BAUD = 19200
CHAR_US = -(-11 * 1000000 // BAUD)
IDENTITY = 0xA1B2C3D4


def write_one_pdu(function, address, value):
    """Request of function 5 (value 0xFF00 or 0) or 6."""
    return bytes((function, address >> 8, address & 0xFF, value >> 8, value & 0xFF))


class FakeGuard:
    """Says yes unless `verdict(evse, da)` says otherwise. calls: list of (name, …)."""

    def __init__(self):
        self.calls = []
        self.orders = 0
        self.verdict = None
        self.unaudited = ()

    def send(self, evse, most_da, now_ms, held=False):
        if self.verdict is not None and not self.verdict(evse, most_da):
            return None
        self.orders += 1
        self.calls.append(("send", evse, most_da, self.orders, now_ms))
        return self.orders

    def may_feed(self, evse, now_ms):
        return True

    def audit_due(self, evse):
        return evse in self.unaudited

    def of(self, name, evse=None):
        return [c for c in self.calls if c[0] == name and (evse is None or c[1] == evse)]

    def answered(self, *a):
        self.calls.append(("answered",) + a)

    def refused(self, *a):
        self.calls.append(("refused",) + a)

    def proven(self, *a):
        self.calls.append(("proven",) + a)

    def reported(self, *a):
        self.calls.append(("reported",) + a)

    def measured(self, *a):
        self.calls.append(("measured",) + a)

    def heard(self, *a):
        self.calls.append(("heard",) + a)

    def lost(self, *a):
        self.calls.append(("lost",) + a)

    def evidence(self, *a):
        self.calls.append(("evidence",) + a)


def evse_facts(unit, **more):
    facts = {"unit": unit, "fallback_da": 0, "watchdog_ms": 10000, "survives": True, "terminals": [[0], [1], [2]]}
    facts.update(more)
    return facts


class Station:
    """One secondary on the line."""

    def __init__(self, unit, baud=BAUD, fallback_da=0):
        self.unit = unit
        self.lease = Lease(fallback_da, 160, fallback_da)
        self.map = RegisterMap(self.lease, "SN%d" % unit, "0.1.0", unit=unit)
        self.map.measured_da = [0, 0, 0]
        self.map.volts_dv = [2300, 2300, 2300]
        self.map.boot_count = 1
        self.engine = ModbusServer(unit, self.map, baud)
        self.on = True
        self.wake_us = 0

    def restart(self):
        old = self.map
        self.lease = Lease(self.lease.fallback_da, self.lease.max_da, self.lease.power_on_da)
        self.map = RegisterMap(self.lease, old.serial, old.firmware, unit=self.unit)
        self.map.measured_da, self.map.volts_dv = old.measured_da, old.volts_dv
        self.map.boot_count = old.boot_count + 1
        self.engine = ModbusServer(self.unit, self.map)


class Wire:
    """Delivers whole frames, or chunks of `chunk` bytes, to all others when their last bit is over.

    frames: (start_us, sender, bytes); sender 0 is the primary. hook(sender, data) may return other bytes.
    """

    def __init__(self, primary, stations, char_us=CHAR_US, chunk=300):
        self.primary = primary
        self.stations = stations
        self.char_us = char_us
        self.chunk = chunk
        self.now_us = START_US
        self.frames = []
        self.hook = None
        self.echo = False
        self.delay_us = 0
        self.each_ms = None
        self._next_ms = 0
        self._queue = []
        self._primary_us = START_US

    def run(self, ms, until=None):
        end_us = self.now_us + ms * 1000
        while self.now_us < end_us:
            self._step(end_us)
            if until is not None and until():
                return True
        return False

    def _step(self, end_us):
        self._ask(0, self.primary)
        for station in self.stations:
            if station.on and station.wake_us <= self.now_us:
                self._ask(station.unit, station.engine, station)
        times = [end_us, self._primary_us] + [s.wake_us for s in self.stations if s.on] + [q[0] for q in self._queue]
        self.now_us = max(self.now_us, min(times))
        due = [q for q in self._queue if q[0] <= self.now_us]
        self._queue = [q for q in self._queue if q[0] > self.now_us]
        for _at, sender, data in due:
            self._deliver(sender, data)

    def _ask(self, sender, engine, station=None):
        data, wake_us = engine.next(self.now_us)
        if station is None:
            self._primary_us = max(wake_us, self.now_us + 1)
        else:
            station.wake_us = max(wake_us, self.now_us + 1)
        if data:
            self.frames.append((self.now_us, sender, bytes(data)))
            self.send(sender, data)

    def send(self, sender, data):
        data = bytes(data)
        if self.hook is not None:
            data = self.hook(sender, data)
        at_us = self.now_us + (self.delay_us if sender else 0)
        for i in range(0, len(data), self.chunk):
            part = data[i : i + self.chunk]
            self._queue.append((at_us + (i + len(part)) * self.char_us, sender, part))

    def _deliver(self, sender, data):
        if sender != 0 or self.echo:
            self.primary.receive(data, self.now_us)
            self._primary_us = self.now_us
        for station in self.stations:
            if station.on and (station.unit != sender or self.echo):
                station.engine.receive(data, self.now_us)
                station.wake_us = self.now_us
