"""Switching between one phase and three: paused, told, seen, and only then counted otherwise."""

from compiled_tables import AMPERFIED_CONNECT
from helper_device import Registers, run
from helper_guard import FakeGuard

from ampacity.bus.profile.evse_driver import EvseDriver

START_MS = 2**30 - 60000
FACTS = {
    "unit": 255, "terminals": [[0], [1], [2]], "watchdog_ms": 60000, "fallback_da": 60, "min_da": 60, "max_da": 160,
    "boot_ms": 500, "settle_ms": 5000, "latency_ms": 100, "phase_switch": True,
}  # fmt: skip
ONE, THREE = b"\x06\x01\xf5\x00\x01", b"\x06\x01\xf5\x00\x03"


class Station(Registers):
    """Its contactors follow at once, unless they are stuck."""

    stuck = False

    def answer(self, pdu):
        answer = Registers.answer(self, pdu)
        if not self.stuck:
            self.values[5001] = self.values[501]
        return answer


def station():
    values = {4: 264, 5: 7, 6: 0, 7: 0, 8: 0, 10: 230, 11: 231, 12: 229, 100: 16, 101: 6, 257: 60000, 259: 1, 262: 60, 501: 3, 5001: 3}
    return Station(values)


def online(**more):
    facts = dict(FACTS)
    facts.update(more)
    guard = FakeGuard(60)
    driver, device = EvseDriver(facts, AMPERFIED_CONNECT, 0, guard), station()
    run(driver, device, START_MS, 3000)
    assert driver.facts.online
    return driver, device, guard, START_MS + 3000


def named(guard, name):
    return [note[1] for note in guard.notes if note[0] == name]


def charging(da=100):
    driver, device, guard, now_ms = online()
    driver.want(da, now_ms)
    run(driver, device, now_ms, 3000)
    assert device.values[261] == da
    return driver, device, guard, now_ms + 3000


def test_phases_are_switched_only_during_a_pause():
    driver, device, guard, now_ms = charging()
    driver.switch_phases(1, now_ms)
    assert ONE not in run(driver, device, now_ms, 6000) and named(guard, "phases_sent") == []
    driver.want(0, now_ms + 6000)
    sent = run(driver, device, now_ms + 6000, 12000)
    assert sent.count(ONE) == 1 and named(guard, "phases_sent") == [[0]]
    assert named(guard, "phases_proven") == [[0]]


def test_the_guard_is_informed_before_the_write_and_after_the_reading():
    driver, device, guard, now_ms = online()
    driver.switch_phases(1, now_ms)
    guard.room_for_phases = False
    assert ONE not in run(driver, device, now_ms, 6000)
    guard.room_for_phases = True
    run(driver, device, now_ms + 6000, 3000)
    assert named(guard, "phases_proven") == []  # its contactors may take so long
    run(driver, device, now_ms + 9000, 6000)
    assert named(guard, "phases_proven") == [[0]]


def test_between_the_write_and_the_proof_no_order_above_zero_is_sent():
    driver, device, guard, now_ms = online()
    device.stuck = True
    driver.switch_phases(1, now_ms)
    run(driver, device, now_ms, 1500)
    driver.want(160, now_ms + 1500)
    before = len(guard.orders)
    run(driver, device, now_ms + 1500, 12000)
    assert guard.orders[before:] == [] and device.values[261] == 0


def test_a_phase_switch_without_proof_is_abandoned_and_all_phases_still_count():
    driver, device, guard, now_ms = online()
    device.stuck = True
    driver.switch_phases(1, now_ms)
    run(driver, device, now_ms, 40000)
    assert named(guard, "phases_proven") == []
    driver.want(100, now_ms + 40000)
    run(driver, device, now_ms + 40000, 3000)
    assert device.values[261] == 100


def test_more_phases_than_assumed_are_reported_at_once():
    driver, device, guard, now_ms = online()
    driver.switch_phases(1, now_ms)
    run(driver, device, now_ms, 15000)
    device.values[501] = device.values[5001] = 3
    run(driver, device, now_ms + 15000, 7000)
    assert named(guard, "phases_shown")[0] == [0, 1, 2]


def test_current_on_a_phase_that_should_be_open_counts_as_all_of_them():
    driver, device, guard, now_ms = online()
    driver.switch_phases(1, now_ms)
    run(driver, device, now_ms, 15000)
    device.values[7] = 99
    run(driver, device, now_ms + 15000, 2000)
    assert named(guard, "phases_shown") == [[0, 1, 2]]


def test_on_one_phase_each_raise_waits_for_a_fresh_reading_of_the_phases():
    driver, device, guard, now_ms = online()
    driver.switch_phases(1, now_ms)
    run(driver, device, now_ms, 20000)
    driver.want(100, now_ms + 20000)
    sent = run(driver, device, now_ms + 20000, 3000)
    order = sent.index(b"\x06\x01\x05\x00\x64")
    assert b"\x04\x13\x89\x00\x01" in sent[order - 2 : order]


def test_contactor_and_flash_operations_have_a_daily_limit():
    driver, device, guard, now_ms = online()
    switches = 0
    for count in [1, 3] * 20:
        driver.switch_phases(count, now_ms)
        switches += len([pdu for pdu in run(driver, device, now_ms, 12000, 500) if pdu in (ONE, THREE)])
        now_ms += 12000
    assert switches == 24


def test_a_site_without_phase_switching_never_switches():
    driver, device, guard, now_ms = online(phase_switch=False)
    driver.switch_phases(1, now_ms)
    assert not [pdu for pdu in run(driver, device, now_ms, 20000) if pdu in (ONE, THREE)]
