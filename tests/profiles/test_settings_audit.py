"""Settings put right: waits after writes, power-on values, keep-alives of watchdogs that do not count."""

from compiled_tables import HEIDELBERG_ENERGY_CONTROL
from helper_device import Registers, run
from helper_guard import FakeGuard

from ampacity.bus.profile.evse_driver import EvseDriver
from ampacity.bus.profile.proof.settings_audit import SettingsAudit
from ampacity.bus.profile.registers.readings import Readings

START_MS = 2**30 - 60000
FACTS = {
    "unit": 3, "terminals": [[0], [1], [2]], "watchdog_ms": 0, "fallback_da": 160, "min_da": 60, "max_da": 160,
    "boot_ms": 500, "settle_ms": 5000, "latency_ms": 100, "power_on_da": 60,
}  # fmt: skip
WAIT = [0, 0, "", "wait", 700, "", 1, 1, -1, 0]
FALLBACK = 6


def table(**changes):
    found = dict(HEIDELBERG_ENERGY_CONTROL)
    found.update(changes)
    return found


def test_a_wait_comes_only_after_a_write():
    compiled = table(settings=[HEIDELBERG_ENERGY_CONTROL["settings"][0], WAIT])
    readings = Readings(compiled)
    audit = SettingsAudit(compiled, readings, {"watchdog": 0, "fallback": 0, "power_on": 60})
    standby = compiled["settings"][0]
    assert audit.next_write(0) is standby
    audit.written(standby)
    assert audit.next_write(0) is WAIT
    readings.values[12] = 4
    assert audit.pass_over() and audit.settled()
    assert audit.next_write(0) is None


def test_the_power_on_current_is_evidence_and_no_more_than_the_site_declares():
    compiled = table(settings=[], power_on=FALLBACK)
    readings = Readings(compiled)
    audit = SettingsAudit(compiled, readings, {"watchdog": 0, "fallback": 0, "power_on": 60})
    readings.values[7] = 264
    assert "after a restart" in audit.wrong()
    readings.values[FALLBACK] = 61
    assert "after a restart" in audit.wrong()
    readings.values[FALLBACK] = 60
    assert audit.wrong() is None and ("power_on_da", 60) in audit.evidence([FALLBACK])


def kept_alive(feed, refresh, guard, reads_feed=0):
    driver, device = keeper(feed, refresh, guard, reads_feed)
    return run(driver, device, START_MS + 4000, 10000)


def keeper(feed, refresh, guard, reads_feed=0):
    """A driver that has ordered 10 A, and its device."""
    dog = dict(HEIDELBERG_ENERGY_CONTROL["watchdog"])
    dog.update({"feed_ms": 2000, "feed": feed, "reads_feed": reads_feed, "time": -1, "fallback": -1})
    order = dict(HEIDELBERG_ENERGY_CONTROL["order"])
    order["refresh"] = refresh
    proof = {"kind": "limit", "limit": 3, "charge": [[3, "order", []]], "pause": [[3, "order", []]]}
    driver = EvseDriver(FACTS, table(settings=[], watchdog=dog, order=order, proof=proof), 0, guard)
    device = Registers({4: 264, 5: 7, 100: 16, 101: 6})
    run(driver, device, START_MS, 2000)
    driver.want(100, START_MS + 2000)
    run(driver, device, START_MS + 2000, 2000)
    assert device.values[261] == 100
    return driver, device


def test_a_keep_alive_is_written_at_the_interval_of_the_profile():
    sent = kept_alive([6, 4000, "u16", "raw", 1, "", 1, 1, -1, 0], 0, FakeGuard(160))
    assert 4 <= sent.count(b"\x06\x0f\xa0\x00\x01") <= 6


def test_an_order_that_feeds_the_watchdog_itself_is_sent_again():
    sent = kept_alive([], 1, FakeGuard(160))
    assert 4 <= sent.count(b"\x06\x01\x05\x00\x64") <= 6


def test_a_device_that_measures_fewer_phases_than_it_feeds_gives_no_currents():
    driver = EvseDriver(FACTS, table(), 0, FakeGuard(160))
    driver.device.readings._index = {"current_l1": 0}
    driver.device.readings.values[0] = 60
    assert driver.device.per_terminal("current") is None


def test_a_reading_that_may_feed_does_not_replace_the_order_that_does():
    sent = kept_alive([], 1, FakeGuard(160), reads_feed=1)
    assert 4 <= sent.count(b"\x06\x01\x05\x00\x64") <= 6


def test_keep_alive_writes_do_not_use_the_daily_budget_of_raises():
    guard = FakeGuard(160)
    driver, device = keeper([], 1, guard)
    at_ms = START_MS + 4000
    written = 0
    for begin_ms in range(at_ms, at_ms + 6000000, 100000):
        run(driver, device, begin_ms, 100000, 500)
        written += len(device.written)
        device.written, guard.orders, guard.notes, guard.certain = [], guard.orders[-1:], [], []
    assert written > 2600
    guard.room_da = 120
    driver.want(160, at_ms + 6000000)
    run(driver, device, at_ms + 6000000, 1000)
    guard.room_da = 160
    run(driver, device, at_ms + 6001000, 1000)
    assert device.values[261] == 160


def pause_after(driver, device, at_ms, refusals=0, losses=0):
    """ms from the wish to pause until the device stands at 0; its first answers are "busy", or do not come."""
    driver.want(0, at_ms)
    for now_ms in range(at_ms, at_ms + 120000, 50):
        request = driver.take(now_ms)
        if request is None:
            continue
        request.sent_ms = now_ms
        pdu = bytes(request.pdu)
        order = pdu[0] == 6 and pdu[1:3] == b"\x01\x05"
        if order and refusals:
            refusals -= 1
            driver.failed(request, "exception:6", now_ms + 20)
        elif order and losses:
            losses -= 1
            driver.failed(request, "timeout", now_ms + 20)
        else:
            driver.reply(request, device.answer(pdu), now_ms + 20)
        if device.values.get(261) == 0:
            return now_ms - at_ms
    return None


def test_a_pause_that_was_refused_or_lost_before_waits_no_longer_the_next_time():
    driver, device = keeper([], 1, FakeGuard(160))
    at_ms = START_MS + 4000
    for refusals, losses, within_ms in ((1, 0, 1500), (0, 1, 1500), (0, 2, 2500)) * 4:
        took_ms = pause_after(driver, device, at_ms, refusals, losses)
        assert took_ms is not None and took_ms <= within_ms, (refusals, losses, took_ms)
        at_ms += 120000
        driver.want(100, at_ms)
        run(driver, device, at_ms, 5000)
        assert device.values[261] == 100
        at_ms += 5000
