"""One meter, part by part: what its sign is made of, when which group is asked, and what a failure ends."""

from compiled_tables import EASTRON_SDM630
from helper_guard import FakeGuard

from ampacity.bus.client.request import OVERDUE, ROUTINE
from ampacity.bus.profile.meter_driver import MeterDriver
from ampacity.bus.profile.registers.read_cycle import ReadCycle
from ampacity.bus.profile.registers.readings import Readings, span_read_pdu, span_reply_length, value_write_pdu


def f32(number):
    import struct

    return struct.pack(">f", number)


def bench(inputs=3, **more):
    guard, told = FakeGuard(), []
    driver = MeterDriver({"unit": 100, "phases": list(range(inputs))}, dict(EASTRON_SDM630, **more), 0, guard, lambda i, r,
        now: told.append((r, now)))
    return driver, guard, told


def live(driver, now_ms, amps=(1, 2, 3), watts=(1, 1, 1), volts=(230, 231, 232)):
    """Answers all reads until a live one was answered."""
    for _ in range(9):
        request = driver.take(now_ms)
        data = b"".join([f32(each) for each in tuple(volts) + tuple(amps) + tuple(watts)])
        if request.tag[1] != "live":
            data = f32(7) * ((request.reply_len - 2) // 4)
        driver.reply(request, bytes((request.pdu[0], len(data))) + data, now_ms + 50)
        if request.tag[1] == "live":
            return


def amps_of(sign, amps, watts, power=None, inputs=3):
    driver, guard, _ = bench(inputs, sign=sign)
    if power is not None:
        driver._readings.values[driver._readings._index["power"]] = power
    live(driver, 1000, amps, watts)
    return guard.samples[-1][0]


def test_the_sign_is_that_of_the_power_of_the_generator_or_none():
    assert amps_of("power", (1, -2, 3), (-230, -460, 0)) == [-10, -20, 30]
    assert amps_of("none", (1, -2, 3), (-1, -1, 0)) == [10, 20, 30]
    assert amps_of("generator", (1, -2, 3), (0, 0, 0), 5) == [-10, -20, -30], "what it feeds is no load"
    assert amps_of("generator", (1, -2, 3), (0, 0, 0), -5) == [10, 20, 30]
    assert amps_of("generator", (1, -2, 3), (0, 0, 0), 0) == [10, 20, 30]
    assert amps_of("generator", (1, -2, 3), (2, 2, 2)) == [-10, -20, -30], "without a total its phases add up"
    assert amps_of("generator", (1, 2, 3), (2, 2, 2), inputs=2) == [-10, -20] and amps_of("power", (1, 2, 3), (-230, 2, 2), inputs=2) == [-10, 20]
    assert amps_of("as it is", (1, -2, 3), (-1, -1, -1)) == [10, -20, 30]


def test_a_current_whose_power_is_around_0_counts_as_drawn():
    assert amps_of("power", (2.1, 2.1, 2.1), (-1, -120, -121)) == [21, 21, -21]
    assert amps_of("power", (0.5, 0, 10), (-1, -1, -2300)) == [5, 0, -100]


def test_a_displayed_reading_has_all_values_of_the_meter():
    driver, _, told = bench()
    live(driver, 1000)
    reading, now_ms = told[-1]
    assert now_ms == 1050 and reading["amps_da"] == [10, 20, 30] and reading["volts_dv"] == [2300, 2310, 2320] and "beside" not in reading
    assert driver.facts.updated_ms == 1050 and driver.facts.amps_da == [10, 20, 30] and driver.facts.power_w == 3
    driver.beside["charge"] = 55
    live(driver, 3000)
    assert told[-1][0]["beside"] == {"charge": 55}


def test_an_unmet_requirement_of_a_meter_voids_its_readings():
    index = [field[0] for field in EASTRON_SDM630["fields"]].index("power")
    for value, fits in ((0, True), (5, True), (-1, False), (6, False), (None, False)):
        driver, guard, _ = bench(require=[[index, 0, 5, "set up otherwise"]])
        driver._readings.values[index] = value
        live(driver, 1000)
        assert (guard.samples[-1][0] is not None) == fits and driver.facts.fault == (None if fits else "set up otherwise"), value


def test_a_sample_that_is_late_goes_before_other_readings_until_the_meter_is_lost():
    driver, _, _ = bench()
    assert driver.urgency(500) == (ROUTINE, -1) and driver.urgency(501)[0] == OVERDUE
    live(driver, 1000)
    done_ms = driver._live.done_ms
    assert driver.urgency(done_ms + 500)[0] == ROUTINE or driver._next(done_ms + 500) is not driver._live
    driver._failures = 3
    assert driver.urgency(10**6)[0] == ROUTINE


def test_the_groups_due_longest_come_first_after_a_sample_in_progress():
    driver, _, _ = bench()
    first, second = driver._live, driver._cycles[-1]
    assert second is not first
    for other in driver._cycles:
        other.started_ms = 10**9
    first.done_ms = first.started_ms = 1000
    second.started_ms = -1
    assert driver._next(2000) is second
    second.started_ms = 1500
    assert driver._next(2000) is first
    first.at = 1
    second.started_ms = -1
    assert driver._next(2000) is first


def test_three_failures_in_a_row_pause_polling_for_a_second_and_an_exception_is_not_a_failure():
    driver, _, _ = bench()
    live(driver, 1000)
    request = driver.take(2000)
    for _ in range(2):
        driver.failed(request, "timeout", 2000)
        assert driver.facts.online and driver.take(2000) is not None
    driver.failed(request, "timeout", 2000)
    assert not driver.facts.online and driver.take(2999) is None and driver.take(3000) is not None
    driver, _, _ = bench()
    live(driver, 1000)
    for number in range(4):
        driver.failed(driver.take(2000 + number), "exception:2", 2000 + number)
    assert driver.facts.online and driver.facts.fault == "exception:2"


def test_an_unusable_answer_is_a_failure_and_a_usable_one_ends_the_sequence():
    driver, guard, _ = bench()
    for number, certain, size in ((1, True, 1), (2, False, 36), (3, True, 35)):
        request = driver.take(1000)
        request.certain = certain
        driver.reply(request, bytes((4, size)) + bytes(size), 1000)
        assert driver._failures == number
    assert guard.samples == [] and not driver.facts.online
    live(driver, 9000)
    assert driver._failures == 0 and driver.facts.online and driver.facts.fault is None and len(guard.samples) == 1


def test_a_reading_cycle_repeats_after_its_period_and_its_parts_follow_at_once():
    cycle = ReadCycle("live", 2, 1000)
    assert cycle.due_ms() == -1 and cycle.begin(500) == 0 and cycle.started_ms == 500
    assert not cycle.step(510) and cycle.at == 1 and cycle.due_ms() == 500 and cycle.begin(520) == 1 and cycle.started_ms == 500
    assert cycle.step(530) and (cycle.at, cycle.done_ms) == (0, 530) and cycle.due_ms() == 1500
    cycle.restart()
    assert (cycle.at, cycle.started_ms, cycle.done_ms) == (0, -1, -1)
    cycle.begin(0)
    assert not cycle.step(7) and cycle.due_ms() == 0 and cycle.step(8) and cycle.due_ms() == 1000


def test_an_answer_that_was_asked_for_before_a_restart_of_its_round_is_no_part_of_the_next_one():
    cycle = ReadCycle("settings", 2, 1000)
    cycle.begin(500)
    cycle.restart()
    assert not cycle.step(700) and not cycle.step(701) and (cycle.at, cycle.done_ms) == (0, -1)
    assert cycle.begin(800) == 0 and cycle.started_ms == 800
    cycle.restart()
    cycle.at = 1  # that answer refused its span, which is asked for once more
    assert cycle.begin(900) == 0 and cycle.started_ms == 900


def test_requests_and_replies_have_the_bytes_of_the_standard():
    assert span_read_pdu([3, 0x1234, 2, []], 0x10) == b"\x03\x12\x44\x00\x02" and span_read_pdu([1, 5, 9, []]) == b"\x01\x00\x05\x00\x09"
    assert [span_reply_length([code, 0, count, []]) for code, count in ((3, 2), (4, 1), (1, 8), (2, 9), (1, 1))] == [6, 4, 3, 4, 3]
    assert value_write_pdu(5, 0x102, b"\x00\x01") == b"\x05\x01\x02\xff\x00" and value_write_pdu(5, 1, b"\x00\x00") == b"\x05\x00\x01\x00\x00"
    assert value_write_pdu(6, 0x102, b"ab") == b"\x06\x01\x02ab" and value_write_pdu(16, 0x102, b"abcd") == b"\x10\x01\x02\x00\x02\x04abcd"


def readings():
    fields = [["a_l1", 3, 0, 1, "u16", 1, 1, "n", [], 0, 0, -1], ["a_l2", 3, 1, 1, "u16", 1, 1, "n", [], 0, 0, -1],
        ["bit", 1, 0, 1, "u16", 1, 1, "n", [], 0, 0, -1]]
    return Readings({"fields": fields, "reads": {"live": [[3, 0, 2, [[0, 0], [1, 1]]], [1, 8, 10, [[2, 9]]]]}})


def test_readings_are_stored_with_their_request_time_or_not_at_all():
    shown = readings()
    assert shown.named("a_l1") is None and shown.phases("a") is None and shown.named("none") is None and shown.phases("none") is None
    assert shown.take("live", 0, b"\x03\x04\x00\x07\x01\x00", 50)
    assert shown.phases("a") == [7, 256] and shown.phases("a", 1) == [7] and shown.asked_ms == [50, 50, -1]
    assert shown.asked_since([0, 1], 50) and not shown.asked_since([0, 1], 51) and not shown.asked_since([0, 2], 0) and shown.asked_since([], 99)
    for wrong in (b"\x03\x04\x00\x07\x01", b"\x04\x04\x00\x07\x01\x00", b"\x03\x05\x00\x07\x01\x00"):
        assert not shown.take("live", 0, wrong, 60)
    assert shown.take("live", 1, b"\x01\x02\x00\x02", 70) and shown.named("bit") == 1
    assert shown.take("live", 1, b"\x01\x02\x02\x01", 70) and shown.named("bit") == 0
    assert shown.mark("live") == (b"\x00\x07\x01\x00", b"\x02\x01")
    shown.forget(0)
    assert shown.values[0] is None and shown.asked_ms == [-1, 50, 70] and shown.phases("a") is None
    shown.refused("live", 0)
    assert shown.values[:2] == [None, None] and shown.asked_ms == [-1, -1, 70]


def test_a_request_is_built_once_and_reused():
    shown = readings()
    request = shown.request(9, "live", 1, OVERDUE, 300, 20)
    assert (request.unit, request.pdu, request.priority, request.timeout_ms, request.reply_len, request.gap_ms, request.tag) == (
        9, b"\x01\x00\x08\x00\x0a", OVERDUE, 300, 4, 20, ("read", "live", 1))  # fmt: skip
    request.certain, request.follows, request.sent_ms = False, True, 5
    assert shown.request(9, "live", 1, ROUTINE, 300, 20) is request and (request.priority, request.certain, request.follows,
        request.sent_ms) == (ROUTINE, True, False, -1)
    shown.begin_at(0)
    assert shown.request(9, "live", 1, ROUTINE, 300, 20) is request
    shown.begin_at(100)
    assert shown.request(9, "live", 1, ROUTINE, 300, 20).pdu == b"\x01\x00\x6c\x00\x0a"


def test_a_rarely_read_power_is_never_combined_with_newer_currents():
    driver, _, told = bench()
    driver._readings.values[driver._readings._index["power"]] = -2  # a minute old
    live(driver, 1000, amps=(46, 46, 46), watts=(10500, 10600, 10700))
    assert told[-1][0]["amps_da"] == [460, 460, 460] and driver.facts.power_w == 31800, "its phases are read with the currents"
    table = EASTRON_SDM630
    bare = []
    for span in table["reads"]["live"]:
        bare.append(span[:3] + [[row for row in span[3] if table["fields"][row[0]][0].startswith("current")]])
    driver, _, told = bench(sign="none", reads=dict(table["reads"], live=bare))
    driver._readings.values[driver._readings._index["power"]] = -2
    driver._readings.asked_ms[driver._readings._index["power"]] = 400
    live(driver, 1000, amps=(46, 46, 46))
    assert told[-1][0]["amps_da"] == [460, 460, 460]
    assert driver.facts.power_w == -2 and driver.facts.power_asked_ms == 400, "what is read rarely has its age"


def in_two_parts():
    """A meter whose currents are read in one request and its powers in another."""
    (code, at, count, rows), names = EASTRON_SDM630["reads"]["live"][0], [row[0] for row in EASTRON_SDM630["fields"]]
    parts = [[code, at, 12, [row for row in rows if names[row[0]][:5] != "power"]]]
    parts.append([code, at + 12, count - 12, [[row[0], row[1] - 12] for row in rows if names[row[0]][:5] == "power"]])
    return bench(reads={"live": parts})


def part(driver, now_ms, amps):
    request = driver.take(now_ms)
    values = (230, 230, 230) + (amps,) * 3 if request.tag[2] == 0 else (230 * amps,) * 3
    data = b"".join([f32(each) for each in values])
    driver.reply(request, bytes((4, len(data))) + data, now_ms + 20)
    return request.tag[2]


def test_a_sample_has_no_part_from_before_the_connection_was_lost():
    driver, guard, _ = in_two_parts()
    assert [part(driver, now_ms, 10) for now_ms in (1000, 1050)] == [0, 1] and guard.samples[-1][0] == [100, 100, 100]
    assert part(driver, 1100, 10) == 0
    driver.disconnected(1150)
    assert [part(driver, now_ms, 60) for now_ms in (121000, 121050)] == [0, 1]
    assert [amps for amps, _ in guard.samples] == [[100, 100, 100], [600, 600, 600]]


def test_a_part_that_is_refused_is_asked_for_again_and_after_the_third_refusal_the_sample_begins_again():
    driver, guard, _ = in_two_parts()
    assert [part(driver, now_ms, 10) for now_ms in (1000, 1050, 1100)] == [0, 1, 0]
    driver.failed(driver.take(1150), "exception:6", 1170)
    assert part(driver, 1200, 10) == 1 and guard.samples[-1][0] == [100, 100, 100]
    assert part(driver, 1250, 10) == 0
    for now_ms in (1300, 1350, 1400):
        driver.failed(driver.take(now_ms), "exception:6", now_ms)
    assert driver.take(1450) is None and driver.take(2300) is None, "then it rests for a second"
    assert [part(driver, now_ms, 60) for now_ms in (2500, 2550)] == [0, 1] and guard.samples[-1][0] == [600, 600, 600]


def test_a_meter_that_refuses_every_second_request_is_read():
    driver, guard, _ = in_two_parts()
    count = len(guard.samples)
    for n in range(40):
        now_ms = 1000 + 50 * n
        if n % 2:
            driver.failed(driver.take(now_ms), "exception:6", now_ms)
        else:
            part(driver, now_ms, 10)
    assert len(guard.samples) - count >= 9
