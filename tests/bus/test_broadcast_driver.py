"""Orders to our own secondaries: recorded before they leave, proven by the sequence number, refreshed in time."""

import struct

from helper_line import IDENTITY, FakeGuard, Station, Wire, evse_facts

from ampacity.bus.client.rtu_client import RtuClient
from ampacity.bus.leases import register_table as table
from ampacity.bus.leases.broadcast_driver import BroadcastDriver
from ampacity.bus.leases.grant_numbers import GrantNumbers
from ampacity.bus.leases.lease_driver import LeaseDriver

FOREVER_MS = 2**40


class Site:
    """Some secondaries on a line, their drivers and the judge."""

    def __init__(self, units, fallback_da=0, permit_ms=FOREVER_MS, **facts):
        self.guard = FakeGuard()
        self.stations = [Station(u, fallback_da=fallback_da) for u in units]
        merged = [evse_facts(u, fallback_da=fallback_da, **facts) for u in units]
        self.drivers = [LeaseDriver(f, i, self.guard) for i, f in enumerate(merged)]
        self.table = BroadcastDriver(self.drivers, GrantNumbers(IDENTITY, 1))
        self.engine = RtuClient({"baud": 19200, "transit_ms": 100}, self.drivers + [self.table])
        self.engine.permit(permit_ms)
        self.wire = Wire(self.engine, self.stations)

    def now_ms(self):
        return self.wire.now_us // 1000

    def want(self, *values):
        for i, value in enumerate(values):
            self.drivers[i].want(value, self.now_ms())

    def limits(self):
        return [s.lease.limit_da(self.now_ms()) for s in self.stations]

    def frames(self, unit, since=0):
        return [f for f in self.wire.frames[since:] if f[1] == 0 and f[2][0] == unit]


def test_settings_and_serial_number_are_read_before_anything_is_proven():
    site = Site([1, 2])
    site.wire.run(1000)
    for evse in (0, 1):
        keys = [(c[2], c[3]) for c in site.guard.of("evidence", evse)]
        assert keys == [
            ("fingerprint", "SN%d" % (evse + 1)),
            ("watchdog_ms", 10000),
            ("fallback_da", 0),
            ("power_on_da", 0),
            ("max_da", 160),
            ("mode_ok", True),
        ]
        names = [c[0] for c in site.guard.calls if c[1] == evse]
        assert names.index("evidence") < names.index("proven")
        assert site.drivers[evse].facts.online
        assert site.drivers[evse].facts.serial == "SN%d" % (evse + 1)


def test_one_broadcast_carries_all_orders_and_each_is_recorded_before_transmission():
    site = Site([1, 2, 3])
    site.wire.run(1000)
    since = len(site.wire.frames)
    orders = []
    site.guard.verdict = lambda evse, da: orders.append((evse, da, len(site.wire.frames))) or True
    site.want(100, 120, 80)
    site.wire.run(300)
    can_broadcast = site.frames(0, since)
    assert len(can_broadcast) == 1
    at = site.wire.frames.index(can_broadcast[0])
    assert orders == [(0, 100, at), (1, 120, at), (2, 80, at)]
    assert site.limits() == [100, 120, 80]


def test_the_next_status_read_proves_the_order():
    site = Site([1, 2])
    site.wire.run(1000)
    site.want(100, 120)
    site.wire.run(400)
    for evse, value in ((0, 100), (1, 120)):
        send, proven = site.guard.of("send", evse)[-1], site.guard.of("proven", evse)[-1]
        assert send[2] == value
        assert proven[2:4] == (send[3], value) and proven[4] > send[4]


def test_a_status_with_an_older_sequence_proves_nothing_and_the_order_is_sent_again():
    site = Site([1, 2])
    site.wire.run(1000)
    site.wire.hook = lambda sender, data: b"\xff" + data[1:] if sender == 0 and data[0] == 0 else data
    site.want(100, 120)
    proven = len(site.guard.of("proven"))
    site.wire.run(1000)
    assert site.limits() == [0, 0] and len(site.guard.of("proven")) == proven
    site.wire.hook = None
    site.wire.run(1000)
    assert site.limits() == [100, 120] and len(site.guard.of("proven")) == proven + 2


def test_the_lease_is_refreshed_at_a_quarter_and_only_by_grants():
    site = Site([1, 2])
    site.wire.run(1000)
    site.want(100, 100)
    site.wire.run(300)
    since, start_ms = len(site.wire.frames), site.now_ms()
    site.wire.run(20000)
    times = [f[0] // 1000 - start_ms for f in site.frames(0, since)]
    assert 7 <= len(times) <= 9
    assert max([times[i + 1] - times[i] for i in range(len(times) - 1)]) <= 2700
    assert site.limits() == [100, 100]


def test_without_a_permit_only_lowers_are_sent():
    site = Site([1, 2])
    site.wire.run(1000)
    site.want(100, 120)
    site.wire.run(500)
    site.engine.permit(site.now_ms())
    since = len(site.wire.frames)
    site.want(60, 160)
    site.wire.run(500)
    assert site.limits() == [60, 120]
    assert len(site.frames(0, since)) == 1
    site.wire.run(12000)
    assert site.limits() == [0, 0]
    assert len(site.frames(1, since)) > 10  # reads go on and renew nothing


def test_a_shed_is_sent_directly_after_the_exchange_in_progress():
    site = Site(list(range(1, 17)))
    site.wire.run(5000)
    site.want(*([120] * 16))
    site.wire.run(2000)
    since = len(site.wire.frames)
    site.wire.run(1000, lambda: site.wire.frames[-1][1] == 0 and len(site.wire.frames) > since)
    since = len(site.wire.frames)
    site.want(*([60] * 16))
    site.wire.run(1000)
    after = site.wire.frames[since:]
    assert after[0][1] != 0 and after[1][1] == 0 and after[1][2][0] == 0
    assert len(after[1][2]) == 9 + 2 * (7 + 16)


def test_a_broadcast_covers_only_the_units_that_need_something():
    site = Site([3, 7, 9, 40])
    site.wire.run(2000)
    since = len(site.wire.frames)
    site.want(0, 100, 120, 0)
    site.wire.run(400)
    frame = site.frames(0, since)[0][2]
    assert struct.unpack(">HH", frame[17:21]) == (7, 3)
    assert struct.unpack(">HHH", frame[21:27]) == (100, 0xFFFF, 120)


def test_units_too_far_apart_for_one_broadcast_get_two():
    site = Site([1, 247])
    site.wire.run(2000)
    since = len(site.wire.frames)
    site.want(100, 120)
    site.wire.run(1000)
    assert site.limits() == [100, 120]
    assert len(site.frames(0, since)) == 2


def test_a_unit_whose_order_is_refused_is_passed_over():
    site = Site([1, 2])
    site.wire.run(1000)
    site.guard.verdict = lambda evse, da: evse == 1 or da == 0
    site.want(100, 120)
    site.wire.run(1000)
    assert site.limits() == [0, 120]
    site.guard.verdict = None
    site.wire.run(400)
    assert site.limits() == [100, 120]


def test_a_raise_that_must_wait_does_not_stop_the_refresh():
    site = Site([1])
    site.wire.run(1000)
    site.want(100)
    site.wire.run(500)
    site.guard.verdict = lambda evse, da: da <= 100
    site.want(160)
    site.wire.run(30000)
    assert site.limits() == [100]


def test_an_order_that_needs_fresh_evidence_goes_right_after_a_status_read():
    site = Site([1, 2], survives=False)
    site.wire.run(1000)
    age = lambda evse: site.now_ms() - site.guard.of("evidence", evse)[-1][4]  # noqa: E731
    site.guard.verdict = lambda evse, da: da == 0 or age(evse) < 20
    site.want(100, 120)
    site.wire.run(1500)
    assert site.limits() == [100, 120]
    site.wire.run(20000)
    assert site.limits() == [100, 120]


def test_a_silent_unit_is_reported_lost_and_audited_again_when_it_returns():
    site = Site([1, 2])
    site.wire.run(1000)
    site.want(100, 100)
    site.wire.run(1000)
    site.stations[1].on = False
    site.wire.run(4000)
    assert [c[1] for c in site.guard.of("lost")] == [1]
    assert not site.drivers[1].facts.online and site.drivers[0].facts.online
    evidence = len(site.guard.of("evidence", 1))
    site.stations[1].restart()
    site.stations[1].on = True
    site.wire.run(4000)
    assert site.drivers[1].facts.online
    assert len(site.guard.of("evidence", 1)) == evidence + 6
    assert site.limits() == [100, 100]


def test_an_unnoticed_restart_is_detected_by_the_boot_counter():
    site = Site([1, 2])
    site.wire.run(1000)
    site.want(100, 100)
    site.wire.run(1000)
    evidence, proven = len(site.guard.of("evidence", 1)), len(site.guard.of("proven", 1))
    site.stations[1].restart()
    site.wire.run(3000)
    assert len(site.guard.of("evidence", 1)) == evidence + 6
    assert len(site.guard.of("proven", 1)) > proven
    assert site.limits() == [100, 100]


def test_a_setting_that_changed_is_read_back():
    site = Site([1])
    site.wire.run(1000)
    site.stations[0].map.set_settings(60, 160, 60, 8000)
    site.wire.run(1500)
    assert ("fallback_da", 60) in [(c[2], c[3]) for c in site.guard.of("evidence")]
    assert ("watchdog_ms", 8000) in [(c[2], c[3]) for c in site.guard.of("evidence")]


def test_a_grant_of_zero_is_sent_where_no_current_may_be_ordered():
    site = Site([1])
    site.guard.verdict = lambda evse, da: da == 0
    site.wire.run(1000)
    assert site.guard.of("send")[0][2] == 0
    assert site.guard.of("proven")


def test_without_broadcasts_a_grant_and_its_proof_are_one_exchange():
    site = Site([1, 2])
    site.table.can_broadcast = False
    site.wire.run(2000)
    since = len(site.wire.frames)
    site.want(100, 120)
    site.wire.run(400)
    assert site.limits() == [100, 120] and site.frames(0) == []
    assert [f[2][1] for f in site.frames(1, since)].count(23) == 1
    assert site.guard.of("proven", 0)[-1][3] == 100


def test_an_answered_grant_is_reported_so_that_it_no_longer_counts_as_in_transit():
    site = Site([1])
    site.table.can_broadcast = False
    site.wire.run(2000)
    site.want(100)
    site.wire.run(400)
    answered = [call[2] for call in site.guard.of("answered")]
    assert answered == [call[3] for call in site.guard.of("send")]
    site.stations[0].on = False
    site.want(60)
    site.wire.run(400)
    assert len(site.guard.of("send")) > len(answered) == len(site.guard.of("answered"))


def test_facts_are_read_from_the_status():
    site = Site([1], terminals=[[0]])
    station = site.stations[0]
    station.map.measured_da = [98, 0, 0]
    station.map.pilot = "C2"
    station.map.plug = 5
    station.map.energy_wh = 70000
    site.wire.run(1000)
    facts = site.drivers[0].facts
    assert (facts.state, facts.plugged, facts.charging) == ("C2", True, True)
    assert (facts.amps_da, facts.volts_dv, facts.energy_wh) == ([98], [2300], 70000)
    assert facts.power_w == 2254 and facts.firmware == "0.1.0" and facts.fault is None
    station.map.measured_da = [None, None, None]
    station.map.faults = 2
    site.wire.run(600)
    assert facts.amps_da is None and facts.fault == "over-temperature"
    assert site.guard.of("measured")[-1][2] is None


def test_a_line_that_echoes_duplicates_and_cuts_bytes_into_chunks_changes_nothing():
    for chunk in (1, 3, 16):
        site = Site([1, 2])
        site.wire.chunk = chunk
        site.wire.echo = True
        site.wire.run(2000)
        site.want(100, 120)
        site.wire.run(500)
        assert site.limits() == [100, 120]
        assert site.engine.counters["timeouts"] == 0


def test_a_status_that_may_be_old_proves_grants_and_nothing_else():
    site = Site([1])
    site.wire.run(1000)
    site.want(100)
    driver, station = site.drivers[0], site.stations[0]
    site.wire.run(40, lambda: station.lease.limit_da(site.now_ms()) == 100)
    request = driver.take(site.now_ms())
    request.sent_ms, request.certain = site.now_ms(), False
    station.map.measured_da = [90, 90, 90]
    proven, measured = len(site.guard.of("proven")), len(site.guard.of("measured"))
    driver.reply(request, station.engine.answer(request.pdu, site.now_ms()), site.now_ms())
    assert len(site.guard.of("proven")) == proven + 1
    assert len(site.guard.of("measured")) == measured and driver.facts.amps_da == [0, 0, 0]


def test_noise_on_every_tenth_frame_loses_no_unit():
    site = Site([1, 2, 3, 4])
    count = [0]

    def noisy(sender, data):
        count[0] += 1
        if count[0] % 10:
            return data
        at = count[0] % len(data)
        return data[:at] + bytes((data[at] ^ 0x10,)) + data[at + 1 :]

    site.wire.hook = noisy
    site.wire.run(2000)
    site.want(100, 100, 100, 100)
    site.wire.run(60000)
    assert site.limits() == [100] * 4 and site.guard.of("lost") == []


def test_a_second_primary_is_not_obeyed_while_a_lease_is_in_force():
    site = Site([1])
    site.wire.run(1000)
    site.want(100)
    site.wire.run(500)
    data = struct.pack(">HHHIHH", 160, 100, 9, 99, 9, 0)
    assert site.stations[0].map.write(table.GRANT_AT, data, site.now_ms()) == 0
    site.wire.run(500)
    assert site.limits() == [100]


def test_a_unit_that_the_guard_no_longer_knows_is_read_again_without_going_offline():
    site = Site([1])
    site.wire.run(1000)
    count = len([c for c in site.guard.of("evidence") if c[2] == "fingerprint"])
    site.guard.unaudited = (0,)
    site.wire.run(1500)
    assert site.drivers[0].facts.online
    assert len([c for c in site.guard.of("evidence") if c[2] == "fingerprint"]) == count + 1


def test_an_order_to_open_the_contactor_is_a_flag_of_a_separate_grant():
    site = Site([1, 2])
    site.wire.run(1000)
    site.want(0, 0)
    site.drivers[0].hold_open(True)
    site.wire.run(4000)
    assert site.stations[0].map.flags == 2 and site.stations[1].map.flags == 0
    assert site.stations[0].map.lease.state(site.wire.now_us // 1000) == "leased", "its grants go on"
    site.drivers[0].hold_open(False)
    site.wire.run(1000)
    assert site.stations[0].map.flags == 0
