"""A secondary as its primary and its car see it."""

import asyncio

from helper_garage import Garage
from helper_secondary import CONFIG, START_MS, PlantPort, Unit, config

from ampacity.base.clock import Clock
from ampacity.base.errors import Rejected
from ampacity.base.log import Log
from ampacity.bus.leases import register_table as table
from ampacity.bus.modbus.frames import rtu_frame, words, write_pdu
from ampacity.roles import secondary as role
from ampacity.store.memory_files import MemoryFiles
from check import raises


def charging(**changes):
    unit = Unit(**changes)
    unit.port.car = "C"
    return unit.keep_granting(4000, 160)


def test_a_grant_becomes_the_offer_and_the_status_shows_it():
    unit = charging()
    status = unit.status()
    assert unit.port.pilot == ("pwm", 266) and unit.port.contactor
    assert status["state"] == 1 and status["limit_da"] == 160 and status["offered_l1_da"] == 160
    assert status["measured_l1_da"] == 159 and status["pilot"] == ord("C") | 2 << 8
    assert status["plug"] == 1 | 4 | 8 and status["car_phases"] == 7 and status["volts_l2_dv"] == 2300


def test_without_a_grant_since_the_start_the_power_on_value_is_in_force():
    unit = Unit()
    unit.port.car = "C"
    assert unit.run(10000).port.pilot == ("x1", 0)
    generous = Unit(fallback_da=60, power_on_da=80)
    generous.port.car = "C"
    assert generous.run(10000).port.pilot == ("pwm", 133)


def test_a_lapsed_lease_leads_to_the_fallback_within_one_tick():
    unit = charging(fallback_da=60)
    unit.grant(160, lease_ds=20)
    unit.run(1900)
    assert unit.port.pilot == ("pwm", 266)
    unit.run(100)
    assert unit.port.pilot == ("pwm", 100) and unit.status()["state"] == 2
    assert [line for line in unit.log.since(0) if "leased -> fallback" in line[3]]


def test_a_lapsed_lease_without_fallback_pauses_and_then_opens():
    unit = charging()
    unit.run(10000)
    assert unit.port.pilot == ("x1", 0)
    unit.run(6100)
    assert not unit.port.contactor


def test_a_grant_above_the_hardware_maximum_offers_no_more_than_that():
    unit = Unit(max_da=130)
    unit.port.car = "C"
    assert unit.keep_granting(4000, 320).port.pilot == ("pwm", 216)


def test_a_lower_grant_is_on_the_pilot_in_the_tick_that_follows():
    unit = charging()
    unit.grant(60)
    unit.secondary.tick(unit.now_ms)
    assert unit.port.pilot == ("pwm", 100)


def test_the_flag_to_open_is_valid_for_its_lease_only():
    unit = charging()
    unit.keep_granting(8000, 160, flags=2)
    assert not unit.port.contactor
    unit.keep_granting(3000, 160)
    assert unit.port.contactor


def test_the_stop_button_opens_until_the_car_leaves():
    unit = charging()
    unit.port.events.append(("button", "stop"))
    unit.keep_granting(8000, 160)
    assert not unit.port.contactor
    unit.port.car = "A"
    unit.keep_granting(1000, 160)
    unit.port.car = "C"
    assert unit.keep_granting(4000, 160).port.contactor


def test_faults_reach_the_map_by_name():
    for flag, bit in (("rcm", 0), ("overtemp", 1), ("lock_failed", 2), ("pe_lost", 3)):
        unit = charging()
        setattr(unit.port, flag, True)
        unit.run(100)
        status = unit.status()
        assert status["faults"] == 1 << bit and status["state"] == 4 and status["pilot"] & 0xFF == ord("F")
        assert not unit.port.contactor


def test_a_read_renews_nothing():
    unit = charging()
    unit.grant(160, lease_ds=20)
    for _ in range(30):
        unit.status()
        unit.run(100)
    assert unit.status()["state"] == 2


def test_each_start_counts_and_energy_survives():
    files = MemoryFiles()
    first = Unit(files)
    first.port.car = "C"
    first.keep_granting(120000, 160)
    first.secondary.housekeep(first.now_ms)
    energy_wh = first.status()["energy_wh"]
    assert 340 <= energy_wh <= 370
    second = Unit(files)
    assert second.status()["boot_count"] == first.status()["boot_count"] + 1
    assert energy_wh - 100 <= second.run(100).status()["energy_wh"] <= energy_wh


def unmeasured(port):
    """Its outlet draws as before; nothing measures it."""
    plant = port.plant

    def without(now_ms):
        plant(now_ms)
        port.amps_da = None

    port.plant = without


def test_an_outlet_that_nothing_measures_shows_no_current_and_counts_with_its_order():
    unit = Unit()
    unit.port.car = "C"
    unmeasured(unit.port)
    status = unit.keep_granting(6000, 160).status()
    assert [status["measured_l%d_da" % n] for n in (1, 2, 3)] == [0xFFFF] * 3 and status["car_phases"] == 0 and status["plug"] & 4
    garage = Garage()
    garage.port.car = garage.unit.port.car = "C"
    for port in (garage.port, garage.unit.port):
        unmeasured(port)
    garage.run(60000)
    for name in ("evse-1", "evse-2"):
        view = garage.view(name)
        assert view["order_a"] >= 6 and view["bound_a"] == [view["order_a"]] * 3 and view["status"] == "Charging", view


def test_settings_written_over_the_bus_outlive_a_restart():
    files = MemoryFiles()
    first = Unit(files)
    data = words((80, 130, 60, 50))
    assert first.engine.answer(write_pdu(table.SETTINGS_AT, data), first.now_ms)[0] == 0x90
    first.secondary.map.unlocked = True
    assert first.engine.answer(write_pdu(table.SETTINGS_AT, data), first.now_ms)[0] == 16
    first.secondary.housekeep(first.now_ms)
    second = Unit(files)
    lease = second.secondary.lease
    assert (lease.fallback_da, lease.max_da, lease.power_on_da, lease.longest_ms) == (80, 130, 60, 5000)


def test_unreadable_settings_leave_the_minimum_until_they_are_set_again():
    for damaged in (None, b"garbage"):
        files = MemoryFiles()
        first = Unit(files, fallback_da=80)
        first.secondary.map.unlocked = True
        data = words((80, 130, 60, 50))
        first.engine.answer(write_pdu(table.SETTINGS_AT, data), first.now_ms)
        first.secondary.housekeep(first.now_ms)
        files.remove("written.set")
        if damaged:
            files.replace("written.set", damaged)
        second = Unit(files, fallback_da=80)
        lease = second.secondary.lease
        assert (lease.fallback_da, lease.max_da, lease.power_on_da) == (0, 60, 0)
        assert any("settings: at most 6.0 A" in line[3] for line in second.log.since(0))
        second.secondary.map.unlocked = True
        second.engine.answer(write_pdu(table.SETTINGS_AT, data), second.now_ms)
        second.secondary.housekeep(second.now_ms)
        assert Unit(files).secondary.lease.max_da == 130


def test_unreadable_latched_faults_wait_for_the_unplug():
    for damaged in (None, b"garbage"):
        files = MemoryFiles()
        Unit(files).secondary.documents.put("latched", ["rcm"])
        files.remove("latched.set")
        if damaged:
            files.replace("latched.set", damaged)
        unit = Unit(files)
        unit.port.car = "C"
        unit.keep_granting(10000, 160)
        assert not unit.port.contactor and unit.status()["faults"]
        unit.port.car = "A"
        unit.keep_granting(5000, 160)
        unit.port.car = "C"
        unit.keep_granting(10000, 160)
        assert unit.port.contactor


def test_a_store_that_fails_stops_nothing_and_is_counted():
    unit = Unit(MemoryFiles(bytes_max=0))
    unit.port.car = "C"
    unit.keep_granting(4000, 160)
    assert unit.port.contactor and unit.log.counters["store_failed"] >= 1


def test_impossible_settings_are_refused_by_name():
    for changes, field in (
        ({"unit": 0}, "unit"), ({"unit": None}, "unit"), ({"max_da": 900}, "max_da"), ({"fallback_da": 30}, "fallback_da"),
        ({"fallback_da": 170}, "fallback_da"), ({"lease_max_ms": 10}, "lease_max_ms"), ({"terminals": True}, "terminals"),
    ):  # fmt: skip
        with raises(Rejected) as e:
            role.checked(config(**changes))
        assert e.field == field
    for changes, field in (({"baud": "19200"}, "baud"), ({"connector": None}, "connector"), ({"tcp": []}, "tcp"), ({"serial": 5}, "serial")):
        with raises(Rejected) as e:
            role.checked(config(**changes))
        assert e.field == "site.json " + field
    with raises(Rejected):
        role.checked([])


class FastClock(Clock):
    """Real turns of the loop, ten times as fast as the time it shows."""

    def __init__(self):
        self.ms = START_MS

    def now_us(self):
        return self.ms * 1000

    async def sleep_ms(self, duration_ms):
        await asyncio.sleep(0.001)


class FakeLine:
    """What the primary writes is in `incoming`, what the secondary answers in `out`."""

    def __init__(self, platform):
        self.platform = platform
        self.incoming = []
        self.out = b""

    def write(self, data):
        self.out += data

    async def read(self, timeout_us):
        await asyncio.sleep(0.0005)
        return self.incoming.pop(0) if self.incoming else b""

    def close(self):
        pass


class FakePlatform:
    def __init__(self):
        self.clock = FastClock()
        self.boot = {"name": "evse-2"}
        self.files = MemoryFiles()
        self.faults = {}
        self.port = PlantPort("evse-2")
        self.line = FakeLine(self)
        self.watchdog = self
        self.fed = 0

    def feed(self):
        self.fed += 1

    def evse_hardware(self, name):
        return self.port if name == "evse-2" else None

    def open_line(self, bus_facts):
        self.bus_facts = bus_facts
        return self.line

    async def pace(self, duration_ms):
        self.clock.ms += duration_ms
        self.port.plant(self.clock.ms)
        await asyncio.sleep(0.001)
        while self.faults:
            await asyncio.sleep(0.001)


async def test_run_serves_the_bus_charges_and_is_the_only_one_to_feed_the_watchdog():
    platform = FakePlatform()
    platform.port.car = "C"
    task = asyncio.create_task(role.run(platform, CONFIG, Log()))
    grant = words((160, 100, 1, 0, 0x1234, 1, 0))
    platform.line.incoming.append(rtu_frame(2, write_pdu(table.GRANT_AT, grant)))
    for _ in range(400):
        await asyncio.sleep(0.002)
        if platform.port.contactor and platform.line.out:
            break
    assert platform.port.contactor and platform.line.out[:2] == b"\x02\x10"
    assert platform.bus_facts["baud"] == 19200 and platform.bus_facts["parity"] == "E"
    platform.faults["hang"] = {}
    await asyncio.sleep(0.02)
    fed = platform.fed
    await asyncio.sleep(0.05)
    assert fed > 3 and platform.fed == fed
    task.cancel()
    try:
        await task
    except asyncio.CancelledError:
        pass


async def test_run_refuses_a_controller_without_a_charging_point():
    platform = FakePlatform()
    platform.boot = {"name": "evse-9"}
    with raises(Rejected) as e:
        await role.run(platform, CONFIG, Log())
    assert e.field == "role"


def test_the_counters_of_its_wire_are_shown():
    unit = Unit()
    unit.secondary.engine = unit.engine
    unit.status()
    assert unit.secondary.view(START_MS)["buses"]["bus"] == dict(unit.engine.counters)
