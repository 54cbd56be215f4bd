"""The harder way to stop: a register that opens the contactor, asked for by the safety core."""

from compiled_tables import AMPERFIED_CONNECT
from helper_device import Registers, run
from helper_guard import FakeGuard

from ampacity.bus.profile.evse_driver import EvseDriver

START_MS = 2**30 - 60000
FACTS = {
    "unit": 255, "terminals": [[0], [1], [2]], "watchdog_ms": 60000, "fallback_da": 60, "min_da": 60, "max_da": 160,
    "boot_ms": 500, "settle_ms": 5000, "latency_ms": 100,
}  # fmt: skip
LOCK, UNLOCK = b"\x06\x01\x03\x00\x00", b"\x06\x01\x03\x00\x01"


def charging():
    values = {4: 264, 5: 7, 6: 99, 7: 99, 8: 99, 10: 230, 11: 231, 12: 229, 100: 16, 101: 6, 257: 60000, 259: 1, 262: 60, 501: 3, 5001: 3}
    guard, device = FakeGuard(60), Registers(values)
    driver = EvseDriver(FACTS, AMPERFIED_CONNECT, 0, guard)
    run(driver, device, START_MS, 3000)
    driver.want(100, START_MS + 3000)
    run(driver, device, START_MS + 3000, 2000)
    assert device.values[261] == 100
    return driver, device, guard, START_MS + 5000


def test_it_is_locked_at_once_and_before_everything_else():
    driver, device, guard, now_ms = charging()
    driver.hold_open(True)
    assert driver.urgency(now_ms)[0] == 0
    assert run(driver, device, now_ms, 100) == [LOCK]


def test_while_it_is_held_open_nothing_above_zero_is_ordered():
    driver, device, guard, now_ms = charging()
    driver.hold_open(True)
    run(driver, device, now_ms, 3000)
    assert device.values[261] == 0 and device.values[259] == 0
    driver.want(160, now_ms + 3000)
    run(driver, device, now_ms + 3000, 20000)
    assert device.values[261] == 0 and device.values[259] == 0


def test_the_audit_does_not_take_back_what_is_held():
    driver, device, guard, now_ms = charging()
    driver.hold_open(True)
    run(driver, device, now_ms, 2000)
    run(driver, None, now_ms + 2000, 6000)  # it restarts
    device.values[259] = 1
    sent = run(driver, device, now_ms + 8000, 12000)
    assert UNLOCK not in sent and device.values[259] == 0 and driver.facts.online


def test_a_contactor_closed_by_another_client_is_locked_again():
    driver, device, guard, now_ms = charging()
    driver.hold_open(True)
    run(driver, device, now_ms, 6000)
    device.values[259] = 1
    run(driver, device, now_ms + 6000, 30000)
    assert device.values[259] == 0


def test_after_the_release_it_is_unlocked_and_obeys_again():
    driver, device, guard, now_ms = charging()
    driver.hold_open(True)
    run(driver, device, now_ms, 3000)
    driver.hold_open(False)
    sent = run(driver, device, now_ms + 3000, 6000)
    assert UNLOCK in sent and device.values[261] == 100
    assert sent.index(UNLOCK) < sent.index(b"\x06\x01\x05\x00\x64")


def test_a_refused_lock_is_sent_again():
    driver, device, guard, now_ms = charging()
    device.refuse = (259,)
    driver.hold_open(True)
    assert run(driver, device, now_ms, 5000).count(LOCK) >= 3
