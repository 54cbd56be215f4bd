"""Registers that are stored wear out: written only when they show something else, and so often a day at most."""

from compiled_tables import PHOENIX_EV_CC_AC1_M3
from helper_guard import FakeGuard

from ampacity.bus.profile.evse_driver import EvseDriver

START_MS = 2**30 - 60000
DAY_MS = 86400000
FACTS = {
    "unit": 3, "terminals": [[0], [1], [2]], "watchdog_ms": 0, "fallback_da": 160, "min_da": 60, "max_da": 160,
    "boot_ms": 500, "settle_ms": 5000, "latency_ms": 100,
}  # fmt: skip
MODE, AVAILABILITY = 4000, 4001


class Controller:
    """A charge controller that answers everything, and forgets its mode when `forgets`; deaf: it writes and says nothing."""

    def __init__(self, forgets=False):
        self.values = {1021: 0x3131, 22000: 6, 24000: 0x4231, 24001: 32, 24003: 6, MODE: 1, AVAILABILITY: 1}
        self.coils = {20000: 0, 20001: 1}
        self.forgets = forgets
        self.mute_on = ()
        self.writes = []

    def answer(self, pdu):
        code, at = pdu[0], int.from_bytes(pdu[1:3], "big")
        if code == 1:
            bits = 0
            for n in range(int.from_bytes(pdu[3:5], "big")):
                bits |= self.coils.get(at + n, 0) << n
            return b"\x01\x01" + bytes([bits])
        if code == 5:
            self.coils[at] = int(pdu[3] == 0xFF)
            return pdu
        if code in (6, 16):
            self.writes.append(at)
            value = int.from_bytes(pdu[3:5] if code == 6 else pdu[6:8], "big")
            if not self.forgets:
                self.values[at] = value
            if at in self.mute_on:
                return None
            return pdu if code == 6 else pdu[:5]
        count = int.from_bytes(pdu[3:5], "big")
        data = b""
        for register in range(at, at + count):
            data += self.values.get(register, 0).to_bytes(2, "big")
        return bytes([code, len(data)]) + data


def play(driver, device, now_ms, ms, step_ms=100):
    for at_ms in range(now_ms, now_ms + ms, step_ms):
        request = driver.take(at_ms)
        if request is None:
            continue
        request.sent_ms = at_ms
        reply = device.answer(bytes(request.pdu))
        if reply is None:
            driver.failed(request, "timeout", at_ms + 50)
        else:
            driver.reply(request, reply, at_ms + 50)


def bench(**more):
    return EvseDriver(FACTS, PHOENIX_EV_CC_AC1_M3, 0, FakeGuard(160)), Controller(**more)


def test_a_stored_setting_is_written_once_and_then_left_alone():
    driver, device = bench()
    play(driver, device, START_MS, 600000)
    assert device.writes.count(MODE) == 1 and driver.facts.online


def test_a_device_that_loses_a_stored_setting_gets_it_at_most_twelve_times_a_day():
    driver, device = bench(forgets=True)
    play(driver, device, START_MS, 7200000, 500)
    assert device.writes.count(MODE) == 12 and not driver.facts.online
    assert "not retained" in driver.facts.fault
    play(driver, device, START_MS + DAY_MS, 7200000, 500)
    assert device.writes.count(MODE) == 24


def test_an_unanswered_write_still_counts_as_flash_wear():
    driver, device = bench(forgets=True)
    device.mute_on = (MODE,)
    play(driver, device, START_MS, 3600000, 500)
    assert device.writes.count(MODE) == 12


def test_opening_the_contactor_again_and_again_spends_the_same_budget():
    driver, device = bench()
    play(driver, device, START_MS, 20000)
    now_ms = START_MS + 20000
    for _ in range(40):
        device.values[AVAILABILITY] = 1  # another hand
        driver.hold_open(True)
        play(driver, device, now_ms, 8000)
        assert device.coils[20001] == 0
        driver.hold_open(False)
        play(driver, device, now_ms + 8000, 8000)
        now_ms += 16000
    assert device.writes.count(AVAILABILITY) + device.writes.count(MODE) == 12
