"""A bundle on its way to a secondary: only in time that the line has left, and against what the secondary says it wants."""

from helper_line import CHAR_US, IDENTITY, FakeGuard, Station, Wire, evse_facts

from ampacity.bus.client.rtu_client import RtuClient
from ampacity.bus.leases import register_table as table
from ampacity.bus.leases import update_window as window
from ampacity.bus.leases.broadcast_driver import BroadcastDriver
from ampacity.bus.leases.grant_numbers import GrantNumbers
from ampacity.bus.leases.lease_driver import POLL_MS, LeaseDriver
from ampacity.bus.leases.staging_driver import EXCHANGE_BYTES, Job, StagingDriver
from ampacity.bus.modbus.frames import ILLEGAL_ADDRESS, ILLEGAL_VALUE

UNITS = 3
SHED_MS_MAX = EXCHANGE_BYTES * CHAR_US // 1000 + 15  # one exchange with its silences


class Bundle:
    """The source."""

    def __init__(self, size):
        self.size = size

    def part(self, offset, size):
        return bytes([(offset + i) & 0xFF for i in range(min(size, self.size - offset))])


class Taker:
    """A secondary's end of the window that takes every byte."""

    def __init__(self):
        self.data = b""
        self.size = 0
        self.state = window.IDLE
        self.field = ""
        self.activated = None

    def facts(self):
        return (self.state, len(self.data), self.size, 1, 2 if self.state == window.READY else 0, 0, self.field)

    def order(self, kind, at, data):
        if kind == window.BEGIN:
            self.size, self.state = at, window.RECEIVING
        elif kind == window.DATA and at == len(self.data):
            self.data += data
            if len(self.data) == self.size:
                self.state = window.READY
        elif kind == window.ACTIVATE:
            if at != 2:
                return False
            self.activated = at
        return True


class Line:
    """A primary with UNITS charging secondaries at 19200 baud; the first one takes bundles."""

    def __init__(self, staged):
        self.stations = [Station(unit) for unit in range(1, UNITS + 1)]
        self.taker = Taker()
        self.stations[0].map.update_window = window.UpdateWindow(self.taker)
        guard = FakeGuard()
        self.drivers = [LeaseDriver(evse_facts(unit), unit - 1, guard) for unit in range(1, UNITS + 1)]
        self.engine = RtuClient({"baud": 19200, "transit_ms": 150}, self.drivers + [BroadcastDriver(self.drivers, GrantNumbers(IDENTITY, 1))])
        self.wire = Wire(self.engine, self.stations)
        self.engine.permit(1 << 41)
        for driver in self.drivers:
            driver.want(160, self.wire.now_us // 1000)
        self.wire.run(5000)
        self.staging = StagingDriver(CHAR_US)
        self.job = Job(1, Bundle(4000), 2)
        if staged:
            self.staging.start(self.job, self.wire.now_us // 1000)
            self.engine.fill(self.staging)

    def shed_ms(self, after_ms, unit):
        """A lower for a unit after so much time, woken as the safety loop does; how long it waits for its first byte."""
        self.wire.run(after_ms)
        asked_us, first = self.wire.now_us, len(self.wire.frames)
        self.drivers[unit].want(60, asked_us // 1000)
        self.wire._primary_us = asked_us  # the wire is woken
        self.wire.run(1000, lambda: [f for f in self.wire.frames[first:] if f[1] == 0 and f[2][0] == 0])
        sent_us = [f for f in self.wire.frames[first:] if f[1] == 0 and f[2][0] == 0][0][0]
        self.drivers[unit].want(160, self.wire.now_us // 1000)
        return (sent_us - asked_us) // 1000


def test_all_bytes_arrive_and_the_secondary_tries_them_only_on_an_order():
    line = Line(True)
    assert line.wire.run(60000, lambda: line.taker.state == window.READY)
    line.wire.run(6000)
    assert line.taker.data == line.job.source.part(0, 4000) and line.job.state == window.READY and line.taker.activated is None
    order = Job(1, line.job.source, 2)
    order.activate = True
    line.staging.start(order, line.wire.now_us // 1000)
    line.wire.run(3000)
    assert line.taker.activated == 2


def test_a_lower_waits_for_at_most_one_exchange_and_the_cycle_stays():
    sheds, cycles, bytes_staged = {}, {}, 0
    for staged in (False, True):
        line = Line(staged)
        sheds[staged] = max([line.shed_ms(137 + 31 * n, n % UNITS) for n in range(60)])
        line.wire.run(3000)
        cycles[staged] = line.engine.counters["cycle_ms"]
        bytes_staged = line.staging.sent
    print("longest wait of a lower without and with staging: %d, %d ms; cycle %d, %d ms; %d bytes"
          % (sheds[False], sheds[True], cycles[False], cycles[True], bytes_staged))  # fmt: skip
    assert bytes_staged > 1000
    assert sheds[True] <= max(sheds[False], SHED_MS_MAX), sheds
    assert cycles[True] <= max(cycles[False], POLL_MS), cycles


def test_no_exchange_of_a_bundle_is_longer_than_a_grant_with_its_status():
    line = Line(True)
    line.wire.run(5000)
    orders = [f[2] for f in line.wire.frames if f[1] == 0 and f[2][0] == 1 and f[2][1] == 23]
    answer = 3 + 2 * window.SHORT_REGISTERS + 2
    assert orders and max([len(each) for each in orders]) + answer == EXCHANGE_BYTES
    grant = 11 + 2 * table.length(table.GRANT) + 2
    assert grant + 3 + 2 * table.length(table.STATUS) + 2 >= EXCHANGE_BYTES


def test_on_a_line_that_is_never_free_nothing_is_sent():
    line = Line(True)
    line.staging.exchange_us = 1 << 40
    line.wire.run(5000)
    assert line.staging.sent == 0 and line.staging.exchanges == 0


def test_a_silent_secondary_is_asked_at_longer_and_longer_intervals_and_continues():
    line = Line(True)
    line.wire.run(2000)
    before = len(line.taker.data)
    assert 0 < before < 4000
    line.stations[0].on = False
    exchanges = line.staging.exchanges
    line.wire.run(60000)
    assert line.staging.exchanges - exchanges < 12
    line.stations[0].on = True
    assert line.wire.run(120000, lambda: line.taker.state == window.READY)
    assert line.taker.data == line.job.source.part(0, 4000)


def test_a_refusal_ends_the_job_with_its_field():
    line = Line(True)
    line.wire.run(1500)
    line.taker.state, line.taker.field = window.REFUSED, "signature"
    line.wire.run(3000)
    assert line.job.over and line.job.trouble == "refused: signature"


def test_a_state_that_is_not_known_ends_the_job():
    for state in (0, window.ON_TRIAL + 1, 99, 65535):
        for after_ms in (0, 1500):
            line = Line(False)
            line.staging.start(line.job, line.wire.now_us // 1000)
            line.engine.fill(line.staging)
            line.wire.run(after_ms)
            line.taker.state = state
            line.wire.run(5000)
            assert line.job.over and line.job.trouble == "state %d is not known: another version of the firmware?" % state


def test_of_the_field_only_what_prints_is_read():
    numbers = bytes(2 * table.length(window.ROWS) - window.FIELD_BYTES)
    for raw, text in ((b"\xff\xfe\xe4a", "a"), (b"\x1b[2J\n> x", "[2J> x"), (b"board\0\0", "board"), (bytes(16), "")):
        assert window.all_facts(numbers + raw)[6] == text


def test_a_unit_without_slots_has_no_window():
    line = Line(False)
    registers = line.stations[1].map
    assert registers.read(table.UPDATE_AT, 1, 0) is None
    assert registers.write(table.UPDATE_ORDER_AT, window.order(window.BEGIN, 9), 0) == ILLEGAL_ADDRESS


def test_the_window_takes_whole_orders_only():
    registers = Line(False).stations[0].map
    assert registers.write(table.UPDATE_ORDER_AT, window.order(window.BEGIN, 100), 0) == 0
    assert registers.write(table.UPDATE_ORDER_AT, window.order(window.DATA, 0, b"abc"), 0) == 0
    assert window.all_facts(registers.read(table.UPDATE_AT, table.length(window.ROWS), 0))[:3] == (window.RECEIVING, 3, 100)
    for data in (
        window.order(9, 0), window.order(window.DATA, 0, b"abc")[:-2], window.order(window.DATA, 0, b"abc") + b"\0\0",
        window.order(window.DATA, 0, bytes(window.DATA_BYTES_MAX + 2)), window.order(window.ACTIVATE, 7),
    ):  # fmt: skip
        assert registers.write(table.UPDATE_ORDER_AT, data, 0) == ILLEGAL_VALUE, data
    assert registers.write(table.UPDATE_ORDER_AT + 1, bytes(8), 0) == ILLEGAL_ADDRESS
    assert registers.write(table.UPDATE_ORDER_AT, bytes(6), 0) == ILLEGAL_ADDRESS
    assert registers.read(table.UPDATE_AT + 17, 2, 0) is None
