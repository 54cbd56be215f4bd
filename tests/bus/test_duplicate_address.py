"""Two devices with one address: noticed by their answers, and never taken for one."""

from helper_driver import Asker, Bench, reply_to
from helper_line import START_US, write_one_pdu

from ampacity.bus.client.duplicate_address import CLEAN_MIN, DUPLICATE, GARBLED, GARBLED_MIN, REPEATED_MIN, WINDOW, DuplicateAddresses
from ampacity.bus.client.request import OVERDUE
from ampacity.bus.client.rtu_client import RtuClient
from ampacity.bus.modbus.frames import rtu_frame

FACTS = {"baud": 19200, "parity": "E", "stop": 1, "transit_ms": 0}
ONE, OTHER = b"\x00\x01\x00\x02", b"\x00\x01\x00\x07"


def bench(*drivers):
    engine = RtuClient(FACTS, list(drivers))
    engine.said = []
    engine.on_duplicate_address = lambda unit, text, now_ms: engine.said.append((unit, text))
    return Bench(engine, START_US)


def both_answer(b, frame, first=ONE, second=OTHER):
    b.hear(reply_to(frame, first))
    b.hear(reply_to(frame, second), after_us=4000)


def ask_the_twin(b, unit=7):
    """On to the next request to that unit; the others answer well."""
    while True:
        frame = b.step()
        if frame[0] == unit:
            return frame
        b.hear(reply_to(frame))


def test_a_second_answer_is_detected_and_no_answer_is_accepted_from_then_on():
    twin, well = Asker(7), Asker(8)
    b = bench(twin, well)
    both_answer(b, ask_the_twin(b))
    assert twin.replies == [b"\x03\x04" + ONE]
    both_answer(b, ask_the_twin(b))
    ask_the_twin(b)
    assert b.engine.said == [(7, DUPLICATE)] and b.engine.duplicate_addresses.texts() == ["unit 7: two devices answer"]
    for _ in range(6):
        both_answer(b, ask_the_twin(b))
    assert len(twin.replies) == 1 and twin.failures.count("duplicate") >= 6
    assert len(well.replies) > 3 and not well.failures


def test_while_a_duplicate_address_is_certain_a_single_answer_is_not_accepted_either():
    twin = Asker(7)
    b = bench(twin, Asker(8))
    for _ in range(3):
        both_answer(b, ask_the_twin(b))
    replies = len(twin.replies)
    b.hear(reply_to(ask_the_twin(b), OTHER))
    ask_the_twin(b)
    assert len(twin.replies) == replies


def test_a_unit_that_is_alone_again_is_trusted_after_a_time():
    twin = Asker(7)
    b = bench(twin, Asker(8))
    for _ in range(3):
        both_answer(b, ask_the_twin(b))
    replies = len(twin.replies)
    began_us = b.now_us
    for _ in range(CLEAN_MIN + 2):
        b.hear(reply_to(ask_the_twin(b), OTHER))
    ask_the_twin(b)
    assert b.engine.said[-1] == (7, "") and len(twin.replies) > replies
    assert twin.failures.count("alone") == CLEAN_MIN and b.now_us - began_us < 45 * 10**6


def test_garbled_answers_of_only_one_unit_are_reported():
    twin, well = Asker(7), Asker(8)
    b = bench(twin, well)
    for turn in range(WINDOW + 2):
        frame = ask_the_twin(b)
        good = reply_to(frame)
        b.hear(good if turn % 2 else good[:5] + b"\x55\xaa" + good[7:])
    assert b.engine.said == [(7, GARBLED)]


def test_a_unit_that_always_answers_alone_has_no_record_of_its_own_until_something_is_wrong():
    addresses = DuplicateAddresses()
    for _ in range(WINDOW):
        assert not [unit for unit in (1, 2) if addresses.outcome(unit, False)]
    assert addresses._units[1] is addresses._units[2]
    for number in range(GARBLED_MIN):
        assert addresses.outcome(1, True) == (number == GARBLED_MIN - 1)
    assert addresses.text(1) == GARBLED and addresses.text(2) == "" and addresses._units[1] is not addresses._units[2]
    for _ in range(WINDOW + 1):
        addresses.outcome(1, False)
    assert addresses.text(1) == "" and addresses._units[1] is addresses._units[2]


def test_a_noisy_line_is_not_a_duplicate_address():
    duplicate_addresses = DuplicateAddresses()
    for turn in range(200):
        for unit in (7, 8, 9):
            assert not duplicate_addresses.outcome(unit, turn % 2 == 0)
    assert duplicate_addresses.texts() == []


def test_a_healthy_unit_with_occasional_garbled_answers_is_not_a_duplicate_address():
    duplicate_addresses = DuplicateAddresses()
    for turn in range(400):
        assert not duplicate_addresses.outcome(7, turn % (WINDOW // (GARBLED_MIN - 1) + 1) == 0)
    assert duplicate_addresses.texts() == []


def test_a_frame_received_twice_is_not_a_second_device():
    asker = Asker(7)
    b = bench(asker)
    for _ in range(10):
        both_answer(b, ask_the_twin(b), ONE, ONE)
    ask_the_twin(b)
    assert b.engine.said == [] and b.engine.counters["doubles"] == 0 and len(asker.replies) == 10


def test_two_equal_answers_mean_two_devices_if_no_other_answers_come_twice():
    twin, well = Asker(7), Asker(8)
    b = bench(twin, well)
    for _ in range(WINDOW + REPEATED_MIN + 2):
        both_answer(b, ask_the_twin(b), ONE, ONE)
    assert b.engine.said == [(7, DUPLICATE)] and not well.failures


def test_a_line_that_repeats_everything_has_no_duplicate_addresses():
    one, two = Asker(7), Asker(8)
    b = bench(one, two)
    for _ in range(3 * WINDOW):
        both_answer(b, b.step(), ONE, ONE)
    assert b.engine.said == [] and not one.failures and not two.failures


def test_write_answers_of_two_devices_at_one_address_are_not_foreign_writes():
    twin = Asker(7)
    b = bench(twin, Asker(8))
    foreign = []
    b.engine.on_foreign = lambda unit, function, now_ms: foreign.append((unit, function))
    write = write_one_pdu(6, 100, 160)
    twin.orders.append((OVERDUE, write))
    ask_the_twin(b)
    for _ in range(8):
        b.hear(rtu_frame(7, write), after_us=9000)
    b.hear(reply_to(ask_the_twin(b)))
    assert foreign == []
    b.hear(rtu_frame(7, write_one_pdu(6, 100, 161)), after_us=9000)
    ask_the_twin(b)
    assert foreign == [(7, 6)]


def test_two_may_still_be_at_the_write_before_when_the_next_has_left():
    twin = Asker(7)
    b = bench(twin, Asker(8))
    foreign = []
    b.engine.on_foreign = lambda unit, function, now_ms: foreign.append((unit, function))
    before, after = write_one_pdu(6, 100, 160), write_one_pdu(6, 100, 0)
    for write in (before, after):
        twin.orders.append((OVERDUE, write))
        ask_the_twin(b)
        b.hear(rtu_frame(7, write), after_us=9000)
    for _ in range(8):
        b.hear(rtu_frame(7, before), after_us=9000)
    ask_the_twin(b)
    assert foreign == []


def test_an_exception_after_an_answer_is_also_a_second_device():
    asker = Asker(7)
    b = bench(asker)
    for _ in range(3):
        b.hear(reply_to(ask_the_twin(b)))
        b.hear(rtu_frame(7, b"\x83\x02"), after_us=4000)
    ask_the_twin(b)
    assert b.engine.said == [(7, DUPLICATE)]
