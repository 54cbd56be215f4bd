"""How often a secondary is read: at once while something moves, every second or two while nothing does."""

from helper_line import IDENTITY, FakeGuard, Station, Wire, evse_facts

from ampacity.bus.client.rtu_client import RtuClient
from ampacity.bus.leases.broadcast_driver import BroadcastDriver
from ampacity.bus.leases.grant_numbers import GrantNumbers
from ampacity.bus.leases.lease_driver import LeaseDriver

FOREVER_MS = 2**40
SETTLED_MS = 25000


class Line:
    """One secondary that shows no current, 20 s after its order was proven."""

    def __init__(self, want_da, **facts):
        self.guard = FakeGuard()
        self.station = Station(1)
        self.station.map.measured_da = [0, 0, 0]
        self.driver = LeaseDriver(evse_facts(1, **facts), 0, self.guard)
        table = BroadcastDriver([self.driver], GrantNumbers(IDENTITY, 1))
        engine = RtuClient({"baud": 19200, "transit_ms": 100}, [self.driver, table])
        engine.permit(FOREVER_MS)
        self.wire = Wire(engine, [self.station])
        self.driver.want(want_da, self.now_ms())
        self.wire.run(SETTLED_MS)

    def now_ms(self):
        return self.wire.now_us // 1000

    def reads(self, ms):
        """Readings that began in so many ms from now on."""
        before = len(self.wire.frames)
        self.wire.run(ms)
        return len([f for f in self.wire.frames[before:] if f[1] == 0 and f[2][0] == 1 and f[2][1] == 3])


def test_a_paused_unit_is_read_every_two_seconds():
    assert 9 <= Line(0).reads(20000) <= 11


def test_a_unit_that_may_draw_is_read_every_second():
    assert 20 <= Line(100).reads(20000) <= 34


def test_a_unit_with_a_reserve_may_draw_as_well():
    line = Line(0, fallback_da=60, power_on_da=60)
    assert line.reads(20000) >= 20


def test_while_a_current_changes_the_unit_is_read_as_often_as_the_bus_allows():
    line = Line(100)
    for amps_da in (30, 60, 90, 60, 30):
        line.station.map.measured_da = [amps_da] * 3
        line.wire.run(1000)
    assert line.reads(5000) >= 18


def test_an_order_ends_the_idle_polling_at_once():
    line = Line(0)
    line.driver.want(100, line.now_ms())
    line.wire.run(300)
    assert line.driver.order_da == 100 and line.guard.of("proven")[-1][3] == 100


def test_a_refresh_leaves_soon_after_a_reading():
    line = Line(100)
    before = len(line.wire.frames)
    line.wire.run(20000)
    asked = [f for f in line.wire.frames[before:] if f[1] == 0]
    grants = [f for f in asked if f[2][0] == 0]
    assert len(grants) >= 7
    for grant in grants[1:]:
        assert grant[0] - max(f[0] for f in asked if f[2][0] == 1 and f[0] < grant[0]) <= 500000


def test_a_unit_that_stops_answering_is_lost_within_seconds():
    line = Line(0)
    line.wire.stations.remove(line.station)
    line.wire.run(4000)
    assert line.guard.of("lost") and not line.driver.facts.online
