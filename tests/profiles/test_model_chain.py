"""Meters whose registers lie behind a chain of models: found, read with their scales, found again."""

from compiled_tables import SUNSPEC
from helper_guard import FakeGuard

from ampacity.bus.profile.meter_driver import MeterDriver
from ampacity.bus.profile.registers.model_chain import ModelChain


def registers(start=40000, model=203):
    found = {start: 0x5375, start + 1: 0x6E53, start + 2: 1, start + 3: 66, start + 70: model, start + 71: 105, start + 177: 0xFFFF}
    at = start + 70
    for offset, raw in ((3, 100), (4, 0x10000 - 42), (5, 5), (6, 0x10000 - 1), (8, 2300), (9, 2310), (10, 2290), (15, 0x10000 - 1)):
        found[at + offset] = raw
    for offset, raw in ((19, 2300), (20, 0x10000 - 970), (21, 115), (22, 0)):
        found[at + offset] = raw
    return found


def answer(values, pdu):
    at, count = int.from_bytes(pdu[1:3], "big"), int.from_bytes(pdu[3:5], "big")
    if at + count > 50000 or at < 30000:
        return b"\x83\x02"
    data = b""
    for register in range(at, at + count):
        data += values.get(register, 0).to_bytes(2, "big")
    return bytes([3, len(data)]) + data


def run(driver, values, now_ms, ms):
    asked = []
    for at_ms in range(now_ms, now_ms + ms, 50):
        request = driver.take(at_ms)
        if request is None:
            continue
        asked.append(int.from_bytes(request.pdu[1:3], "big"))
        reply = None if values is None else answer(values, request.pdu)
        if reply is None:
            driver.failed(request, "timeout", at_ms + 40)
        elif reply[0] & 0x80:
            driver.failed(request, "exception:2", at_ms + 20)
        else:
            driver.reply(request, reply, at_ms + 20)
    return asked


def bench(phases=(0, 1, 2)):
    guard = FakeGuard()
    return MeterDriver({"unit": 1, "phases": list(phases)}, SUNSPEC, 0, guard, None), guard


def test_the_model_is_found_and_its_values_are_scaled():
    driver, guard = bench()
    run(driver, registers(), 1000, 2000)
    assert guard.samples[-1][0] == [100, -42, 5]
    assert driver.facts.volts_dv == [2300, 2310, 2290]


def test_a_model_elsewhere_is_found_after_the_first_places_were_refused():
    chain = ModelChain([50000, 0, 40000])
    places = []
    while not chain.done and len(places) < 12:
        request = chain.request(1, 500, 0)
        places.append(int.from_bytes(request.pdu[1:3], "big"))
        reply = answer(registers(), request.pdu)
        if reply[0] & 0x80:
            chain.elsewhere()
        else:
            chain.reply(reply)
    assert places == [50000, 0, 40000, 40002, 40070, 40177] and chain.found == [(1, 40002), (203, 40070)]


def test_a_chain_without_the_model_is_searched_again_and_gives_no_sample():
    driver, guard = bench()
    asked = run(driver, registers(model=120), 1000, 20000)
    assert guard.samples == [] and asked.count(40000) > 1


def test_after_silence_the_model_is_searched_again():
    driver, guard = bench()
    run(driver, registers(), 1000, 2000)
    run(driver, None, 3000, 8000)
    assert not driver.facts.online
    asked = run(driver, registers(), 12000, 3000)
    assert 40000 in asked and driver.facts.online


def test_a_phase_missing_in_the_model_matters_only_if_the_site_uses_it():
    values = registers(model=201)
    for offset in (4, 5, 20, 21):
        values[40070 + offset] = 0x8000
    driver, guard = bench((0,))
    run(driver, values, 1000, 2000)
    assert guard.samples[-1][0] == [100]
    driver, guard = bench((0, 1, 2))
    run(driver, values, 1000, 2000)
    assert guard.samples[-1][0] is None


def run_silent_elsewhere(driver, start, asked_ms, ms):
    """The device does not answer at all where it has no registers."""
    device = registers(start)
    for at_ms in range(asked_ms, asked_ms + ms, 50):
        request = driver.take(at_ms)
        if request is None:
            continue
        at, count = int.from_bytes(request.pdu[1:3], "big"), int.from_bytes(request.pdu[3:5], "big")
        if start <= at <= start + 177:
            data = b"".join([device.get(register, 0).to_bytes(2, "big") for register in range(at, at + count)])
            driver.reply(request, bytes([3, len(data)]) + data, at_ms + 20)
        else:
            driver.failed(request, "timeout", at_ms + 40)


def test_a_chain_is_found_again_after_an_outage_wherever_it_begins():
    for start in (40000, 0, 50000):
        driver, guard = bench()
        run_silent_elsewhere(driver, start, 1000, 20000)
        assert guard.samples, start
        run(driver, None, 21000, 10000)
        before = len(guard.samples)
        run_silent_elsewhere(driver, start, 31000, 60000)
        assert len(guard.samples) > before + 20 and driver.facts.online, start
