"""The primary's own charging point: orders of the judge on the pilot, proof by what is read back."""

from fake_port import FakePort

from ampacity.circuit.guard import Guard
from ampacity.evse.energy import EnergyCounter
from ampacity.evse.local_driver import LocalDriver

START_MS = 2**30 - 60000
FACTS = {"max_da": 320, "terminals": [[0], [1], [2]], "watchdog_ms": 1000, "connector": "cType2"}


class Judge:
    """Notes what it was told; `allows` says up to what an order may go."""

    def __init__(self):
        self.allows_da = 320
        self.told = []
        self.sent = 0

    def send(self, evse, most_da, now_ms, held=False):
        if most_da > self.allows_da:
            return None
        self.sent += 1
        self.told.append(("send", most_da))
        return self.sent

    def proven(self, evse, order_id, limit_da, now_ms):
        self.told.append(("proven", order_id, limit_da))

    def measured(self, evse, amps_da, sample_ms, now_ms):
        self.amps_da = amps_da

    def reported(self, evse, limit_da, now_ms):
        self.limit_da = limit_da

    def answered(self, *given):
        pass

    heard = evidence = answered


class Desk:
    def __init__(self, guard=None):
        self.guard = guard or Judge()
        self.port = FakePort()
        self.driver = LocalDriver(FACTS, 0, self.guard, self.port)
        self.now_ms = START_MS

    def run(self, duration_ms, want_da=None, on_tick=None):
        for _ in range(duration_ms // 100):
            self.now_ms += 100
            self.port.plant(self.now_ms)
            self.driver.step(self.now_ms)
            if on_tick:
                on_tick(self.now_ms)
            if want_da is not None:
                self.driver.want(want_da, self.now_ms)
            self.driver.step(self.now_ms)


def test_an_order_reaches_the_pilot_only_after_the_guard_recorded_it():
    desk = Desk()
    desk.port.car = "B"
    desk.guard.allows_da = 100
    desk.run(1000, want_da=160)
    assert desk.port.pilot == ("x1", 0)
    desk.guard.allows_da = 160
    desk.run(200)
    assert desk.port.pilot == ("pwm", 266) and ("send", 160) in desk.guard.told


def test_a_current_that_is_not_measured_is_reported_as_such_and_not_as_nothing():
    desk = Desk()
    desk.port.car = "C"
    desk.run(2000, want_da=160)
    assert desk.guard.amps_da == [159] * 3 or desk.guard.amps_da == [160] * 3, desk.guard.amps_da
    plant = desk.port.plant

    def unmeasured(now_ms):
        plant(now_ms)
        desk.port.amps_da = None

    desk.port.plant = unmeasured
    desk.run(1000, want_da=160)
    facts = desk.driver.facts
    assert desk.guard.amps_da is None and facts.amps_da is None and facts.power_w is None and facts.charging


def test_a_charging_point_without_a_meter_charges_and_shows_no_energy_until_something_is_measured():
    desk = Desk()
    desk.port.car = "C"
    plant = desk.port.plant

    def without_meter(now_ms):
        plant(now_ms)
        desk.port.amps_da = desk.port.energy_wh = None

    desk.port.plant = without_meter
    desk.run(60000, want_da=160)
    facts = desk.driver.facts
    assert facts.charging and facts.limit_da == 160 and desk.guard.told[-1][0] == "proven"
    assert (facts.amps_da, facts.volts_dv, facts.power_w, facts.energy_wh) == (None, None, None, None)
    desk.port.plant = plant
    desk.run(60000, want_da=160)
    assert facts.energy_wh > 100


def test_an_order_is_proven_by_a_newer_reading_of_the_ordered_pilot():
    desk = Desk()
    desk.port.car = "B"
    desk.run(500, want_da=0)
    desk.guard.told = []
    desk.port.frozen = True
    desk.run(500, want_da=160)
    assert [told[0] for told in desk.guard.told] == ["send"]
    desk.port.frozen = False
    desk.run(300)
    assert desk.guard.told[-1][0] == "proven" and desk.guard.told[-1][2] == 160


def test_an_order_that_the_guard_dropped_during_a_stall_is_sent_and_proven_again():
    desk = Desk()
    desk.port.car = "B"
    desk.run(1000, want_da=0)
    desk.guard.told = []
    desk.run(3000, want_da=0)
    assert [told[0] for told in desk.guard.told] == ["send", "proven"]


def test_a_session_that_does_not_allow_keeps_the_contactor_open():
    desk = Desk()
    desk.port.car = "C"
    desk.driver.allow = False
    desk.run(4000, want_da=160)
    assert not desk.port.contactor and desk.driver.facts.state == "C1" and desk.driver.facts.plugged
    desk.driver.allow = True
    desk.run(2000)
    assert desk.port.contactor and desk.driver.facts.charging


def test_readings_that_stop_open_the_contactor():
    desk = Desk()
    desk.port.car = "C"
    desk.run(4000, want_da=160)
    assert desk.port.contactor
    desk.port.frozen = True
    desk.run(1300)
    assert not desk.port.contactor and desk.driver.facts.fault == "input"


def test_an_emergency_stop_opens_at_once_and_until_the_car_left():
    desk = Desk()
    desk.port.car = "C"
    desk.run(4000, want_da=160)
    desk.port.events.append(("button", "emergency_stop"))
    desk.run(100)
    assert not desk.port.contactor and ("button", "emergency_stop") in desk.driver.events
    desk.run(20000)
    assert not desk.port.contactor and desk.driver.facts.fault == "emergency_stop"
    desk.port.car = "A"
    desk.run(1000)
    desk.port.car = "C"
    desk.run(4000)
    assert desk.port.contactor


def test_each_fault_is_reported_once():
    desk = Desk()
    desk.run(500)
    desk.port.rcm = True
    desk.run(1000)
    assert desk.driver.events == [("fault", "rcm")]


def test_energy_without_a_meter_is_integrated_and_loses_no_remainder():
    counter = EnergyCounter(100)
    for now_ms in range(0, 3600001, 100):
        counter.add([160, 160, 160], [2300, 2300, 2300], now_ms)
    assert counter.energy_wh == 100 + 11040 and counter.power_w() == 11040


def test_a_gap_in_the_readings_is_not_billed():
    counter = EnergyCounter()
    counter.add([160], [2300], 0)
    counter.add([0], [2300], 3600000)
    assert counter.energy_wh == 3680 * 2 // 3600


def test_with_the_real_guard_a_car_on_the_local_charging_point_gets_what_the_circuit_has():
    site = {
        "format": 1, "name": "home", "voltage_v": 230, "system": "wye", "phases": 3, "require_tested": False,
        "circuits": [{"name": "main", "parent": -1, "rating_da": [250, 250, 250], "assumed_other_da": [50, 50, 50],
                      "meter": -1, "generation_da": [0, 0, 0]}],
        "buses": [], "meters": [], "profiles": {}, "ocpp": None, "settings": {},
        "evses": [{"name": "evse-1", "kind": "local", "profile": None, "bus": -1, "unit": 0, "circuit": 0,
                   "terminals": [[0], [1], [2]], "max_da": 320, "limit_da": 320, "min_da": 60, "step_da": 1,
                   "feeder_da": 320, "priority": 1, "weight": 1, "fallback_da": 0, "watchdog_ms": 1000,
                   "watchdog_tolerance_ms": 1000, "watchdog_fixed": True, "power_on_da": 0,
                   "power_on_source": "documented", "settle_ms": 5000, "latency_ms": 0, "transit_ms": 0,
                   "boot_ms": 500, "survives": True, "holds": False, "proof": "measured", "poll_feeds": False,
                   "fingerprint": None, "connector": "cType2"}],
    }  # fmt: skip
    guard = Guard(site, START_MS)
    desk = Desk(guard)
    desk.port.car = "C"

    def tick(now_ms):
        guard.plugged(0, desk.driver.facts.plugged)
        guard.demand(0, desk.driver.facts.plugged)
        guard.tick(now_ms)
        desk.driver.want(guard.want_da[0], now_ms)
        assert guard.feed_ok

    desk.run(60000, on_tick=tick)
    assert guard.mode == "regulating" and desk.port.contactor
    assert desk.port.pilot == ("pwm", 333) and guard.bound_da(0) == [200, 200, 200]


def test_after_a_stall_longer_than_the_hardware_watchdog_the_car_is_served_again_without_a_fault():
    desk = Desk()
    desk.port.car = "C"
    desk.run(8000, want_da=160)
    assert desk.driver.facts.charging and desk.port.contactor
    desk.port.set_pilot("x1")  # the hardware's reset state, while nothing of ours runs
    desk.port.set_contactor(False)
    for _ in range(100):
        desk.now_ms += 100
        desk.port.plant(desk.now_ms)
        if desk.now_ms % 500 == 0:
            desk.driver._on_input(desk.now_ms)
    closed_at = []
    desk.driver.step(desk.now_ms)
    assert not desk.port.contactor and desk.driver.facts.fault is None and desk.driver.facts.plugged
    desk.run(8000, want_da=160, on_tick=lambda now_ms: closed_at.append(desk.port.contactor))
    assert desk.driver.facts.charging and desk.driver.facts.fault is None and not any(closed_at[:2])


def test_a_stall_clears_no_fault():
    desk = Desk()
    desk.port.car = "C"
    desk.run(8000, want_da=160)
    desk.port.rcm = True
    desk.run(300)
    desk.port.rcm = False
    desk.now_ms += 5000
    desk.run(20000, want_da=160)
    assert desk.driver.facts.fault == "rcm" and not desk.port.contactor


def test_the_plug_is_let_go_when_the_contactor_is_open_and_held_again_while_the_car_may_charge():
    desk = Desk()
    desk.driver = LocalDriver(dict(FACTS, connector="sType2"), 0, desk.guard, desk.port)
    desk.port.pp_ohm = 220
    desk.run(500)
    desk.port.car = "C"
    desk.run(6000, want_da=160)
    assert desk.port.contactor and desk.port.lock
    desk.driver.allow, desk.driver.release = False, True
    desk.run(7000, on_tick=lambda now_ms: desk.port.lock or not desk.port.contactor or 1 / 0)
    assert not desk.port.contactor and not desk.port.lock
    desk.driver.allow, desk.driver.release = True, False
    desk.run(100)
    assert desk.port.lock
    desk.run(6000)
    assert desk.port.contactor and desk.port.lock


def test_a_lock_that_gave_up_may_try_again_on_the_word_of_a_person_or_of_the_csms_only():
    desk = Desk()
    desk.driver = LocalDriver(dict(FACTS, connector="sType2"), 0, desk.guard, desk.port)
    desk.port.pp_ohm, desk.port.lock_again = 220, False
    desk.run(500)
    desk.port.lock_failed = True
    desk.driver.release = True
    desk.run(500)
    assert not desk.port.lock_again
    assert not desk.driver.unlock(desk.now_ms) and desk.port.lock_again
    desk.port.lock_again = False
    desk.driver.reset_faults()
    assert desk.port.lock_again
    desk.port.lock_failed = False
    assert desk.driver.unlock(desk.now_ms)


def test_a_cable_of_our_own_has_nothing_to_let_go():
    desk = Desk()
    desk.port.car = "C"
    desk.run(6000, want_da=160)
    desk.driver.allow, desk.driver.release = False, True
    desk.run(7000)
    assert not desk.port.lock and not desk.port.contactor
