"""Samples of a meter: signs, what is no number, and the mark that tells a frozen one."""

from compiled_tables import EASTRON_SDM630
from helper_guard import FakeGuard

from ampacity.bus.profile.meter_driver import MeterDriver

ONE, TWO, TEN, NAN = b"\x3f\x80\x00\x00", b"\x40\x00\x00\x00", b"\x41\x20\x00\x00", b"\x7f\xc0\x00\x00"
MINUS = b"\xc1\x20\x00\x00"
FED_IN = b"\xc5\x0f\xc0\x00"  # -2300 W
VOLTS = b"\x43\x66\x00\x00"


def bench(phases=(0, 1, 2)):
    guard = FakeGuard()
    readings = []
    driver = MeterDriver({"unit": 100, "phases": list(phases)}, EASTRON_SDM630, 0, guard, lambda i, r, now: readings.append(r))
    return driver, guard, readings


def sample(driver, amps, watts, volts=VOLTS, now_ms=1000):
    """Answer reads, others with zeros, until one of the live values has been answered."""
    data = volts * 3 + amps[0] + amps[1] + amps[2] + watts[0] + watts[1] + watts[2]
    request = driver.take(now_ms)
    while request.tag[1] != "live":
        size = request.reply_len - 2
        driver.reply(request, bytes([request.pdu[0], size]) + bytes(size), now_ms)
        request = driver.take(now_ms)
    driver.reply(request, bytes([4, len(data)]) + data, now_ms + 50)
    return request


def test_one_request_fetches_the_whole_sample():
    driver, guard, readings = bench()
    request = sample(driver, (ONE, TWO, TEN), (TEN, TEN, TEN))
    assert request.pdu == b"\x04\x00\x00\x00\x12" and request.unit == 100 and request.gap_ms == 100
    assert guard.samples == [([10, 20, 100], 1)]
    assert readings[0]["volts_dv"] == [2300, 2300, 2300]


def test_the_sign_of_a_phase_is_that_of_its_power():
    driver, guard, _ = bench()
    sample(driver, (ONE, TWO, TEN), (TEN, FED_IN, TEN))
    sample(driver, (ONE, MINUS, TEN), (TEN, FED_IN, TEN), VOLTS, 2000)
    assert guard.samples[0][0] == [10, -20, 100] and guard.samples[1][0] == [10, -100, 100]


def test_a_not_a_number_value_voids_the_sample():
    driver, guard, _ = bench()
    sample(driver, (ONE, NAN, TEN), (TEN, TEN, TEN))
    sample(driver, (ONE, ONE, TEN), (TEN, TEN, NAN), VOLTS, 2000)
    assert [amps for amps, _ in guard.samples] == [None, None]


def test_the_change_mark_changes_with_any_bit_and_only_then():
    driver, guard, _ = bench()
    sample(driver, (ONE, TWO, TEN), (TEN, TEN, TEN))
    sample(driver, (ONE, TWO, TEN), (TEN, TEN, TEN), VOLTS, 2000)
    sample(driver, (ONE, TWO, TEN), (TEN, TEN, TEN), b"\x43\x66\x00\x01", 3000)
    assert [mark for _, mark in guard.samples] == [1, 1, 2]


def test_a_meter_with_fewer_mapped_phases_reports_only_those():
    driver, guard, _ = bench((1,))
    sample(driver, (ONE, TWO, TEN), (TEN, TEN, TEN))
    assert guard.samples[0][0] == [10]


def test_a_reply_that_may_be_an_older_one_is_not_a_sample():
    driver, guard, _ = bench()
    request = driver.take(1000)
    request.certain = False
    driver.reply(request, b"\x04\x24" + bytes(36), 1050)
    assert guard.samples == []


def test_a_reply_of_another_length_is_not_a_sample():
    driver, guard, _ = bench()
    driver.reply(driver.take(1000), b"\x04\x02\x00\x00", 1050)
    assert guard.samples == []


def test_three_failures_make_the_meter_offline_and_one_answer_makes_it_online():
    driver, guard, _ = bench()
    sample(driver, (ONE, TWO, TEN), (TEN, TEN, TEN))
    for n in range(3):
        driver.failed(driver.take(2000 + n), "timeout", 2000 + n)
    assert not driver.facts.online and driver.take(2500) is None
    while not driver.facts.online:
        request = driver.take(9000)
        size = request.reply_len - 2
        driver.reply(request, bytes([request.pdu[0], size]) + bytes(size), 9050)
    assert driver.facts.fault is None


def test_after_a_start_the_first_answer_may_belong_to_an_earlier_request():
    driver, _, _ = bench()
    driver.await_stale_reply(1000)
    reply_ms = EASTRON_SDM630["reply_ms"]
    assert driver.take(1000 + reply_ms - 1) is None and driver.urgency(1000)[1] == 1000 + reply_ms
    assert driver.take(1000 + reply_ms) is not None


def test_energy_that_is_read_rarely_is_read_at_once_when_it_is_asked_for():
    driver, _, readings = bench()
    register = b"\x40\x00\x00\x00"  # 2 kWh
    for now_ms in (1000, 1200, 1400, 1600):
        sample(driver, (ONE, ONE, ONE), (TEN, TEN, TEN), now_ms=now_ms)

    def groups(now_ms):
        """What is read in the next second."""
        found = []
        for at_ms in range(now_ms, now_ms + 1000, 50):
            request = driver.take(at_ms)
            if request is None:
                continue
            found.append(request.tag[1])
            size = request.reply_len - 2
            data = register * (size // 4) if request.tag[1] == "slow" else TEN * (size // 4)
            driver.reply(request, bytes([request.pdu[0], size]) + data, at_ms)
        return found

    assert "slow" not in groups(20000)
    driver.show_energy(20500)
    driver.show_energy(20500)
    asked = groups(21000)
    assert "slow" in asked and "live" in asked and readings[-1]["energy_wh"] == 2000
    driver.show_energy(20500)
    assert "slow" not in groups(22000)


def exchanges(driver, from_ms, to_ms, silent=(), since_ms=None):
    """[(group, when it is asked for)]; requests of the groups in `silent` get no answer. since_ms: show_energy is called once a second."""
    found, at_ms = [], from_ms
    while at_ms < to_ms:
        if since_ms is not None and at_ms % 1000 == 0:
            driver.show_energy(since_ms)
        request = driver.take(at_ms)
        if request is None:
            at_ms += 50
            continue
        found.append((request.tag[1], at_ms))
        if request.tag[1] in silent:
            at_ms += EASTRON_SDM630["reply_ms"]
            driver.failed(request, "timeout", at_ms)
        else:
            size = request.reply_len - 2
            driver.reply(request, bytes([request.pdu[0], size]) + TEN * (size // 4), at_ms)
            at_ms += 50
    return found


def test_energy_whose_request_was_lost_is_asked_for_again_until_it_is_read():
    driver, _, readings = bench()
    exchanges(driver, 1000, 3000)
    lost = exchanges(driver, 20000, 21200, ("slow",), 20000)
    assert [group for group, _ in lost].count("slow") >= 1
    readings[:] = []
    assert [group for group, _ in exchanges(driver, 22000, 23000, (), 20000)].count("slow") == 1 and readings[-1]["energy_wh"] == 10000
    assert "slow" not in [group for group, _ in exchanges(driver, 23000, 24000, (), 20000)]


def test_a_register_that_is_never_answered_does_not_keep_the_currents_waiting():
    driver, guard, _ = bench()
    exchanges(driver, 1000, 3000)
    asked = [group for group, _ in exchanges(driver, 20000, 26000, ("slow",), 20000)]
    assert asked.count("slow") >= 3 and "slow slow" not in " ".join(asked) and driver.facts.online
    exchanges(driver, 26000, 40000, ("slow",))
    assert "slow" not in [group for group, _ in exchanges(driver, 40000, 60000, ("slow",))]  # nobody asks: once a minute
