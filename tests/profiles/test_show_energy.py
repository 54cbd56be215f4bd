"""Somebody waits for the energy register: what is read seldom, or rests, is read once and at once."""

from compiled_tables import HEIDELBERG_ENERGY_CONTROL
from helper_device import run
from helper_guard import FakeGuard
from test_evse_driver import FACTS, START_MS, wall_box
from test_hidden_limit import Played

from ampacity.bus.profile.evse_driver import EvseDriver

ENERGY = 17
KEBA_ENERGY = (1036).to_bytes(2, "big")


def resting():
    """A device without current that is asked every two seconds."""
    driver, device = EvseDriver(FACTS, HEIDELBERG_ENERGY_CONTROL, 0, FakeGuard(0)), wall_box()
    device.values.update({6: 0, 7: 0, 8: 0, 5: 4})
    now_ms = START_MS
    while driver.facts.updated_ms < 0 or driver.idle_poll_ms < 2000:
        run(driver, device, now_ms, 100)
        now_ms += 100
        assert now_ms < START_MS + 20000
    run(driver, device, now_ms, 1000)
    now_ms += 1000
    seen_ms = driver.facts.updated_ms
    run(driver, device, now_ms, 300)
    assert driver.facts.updated_ms == seen_ms
    return driver, device, now_ms + 300


def test_the_register_is_read_at_once_and_its_age_is_known():
    driver, device, now_ms = resting()
    assert driver.facts.energy_ms < now_ms
    device.values[ENERGY + 1] = 777
    driver.show_energy(now_ms)
    run(driver, device, now_ms, 300)
    assert driver.facts.energy_wh == 777 and driver.facts.energy_ms >= now_ms


def test_continued_waiting_adds_no_further_readings():
    driver, device, now_ms = resting()
    sent = []
    for at_ms in range(now_ms, now_ms + 1500, 100):
        driver.show_energy(now_ms)
        sent += run(driver, device, at_ms, 100)
    asks = [pdu for pdu in sent if pdu[0] == 4 and pdu[1:3] <= bytes([0, ENERGY])]
    assert 1 <= len(asks) <= 3


def test_a_register_whose_request_was_lost_is_read_again_at_once():
    one = Played(5, 0)
    driver, since_ms, asked = one.driver, one.now_ms, []
    while one.now_ms < since_ms + 8000:  # the round itself is due every 10 s
        driver.show_energy(since_ms)
        request = driver.take(one.now_ms)
        one.now_ms += 100
        if request is None:
            continue
        request.sent_ms, request.certain, request.not_echo = one.now_ms - 100, True, True
        pdu = bytes(request.pdu)
        asked.append(pdu)
        if pdu[1:3] == KEBA_ENERGY and asked.count(pdu) == 1:
            one.now_ms += 900
            driver.failed(request, "timeout", one.now_ms)
        else:
            driver.reply(request, b"\x03\x04\x00\x00\x1e\x5a" if pdu[1:3] == KEBA_ENERGY else one.station.answer(pdu), one.now_ms)
    assert [pdu[1:3] for pdu in asked].count(KEBA_ENERGY) == 2
    assert driver.facts.energy_wh == 777 and driver.facts.energy_ms >= since_ms and driver.link == "online"
