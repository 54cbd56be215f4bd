"""The primary's end of a line at the edges of its times: when a request is over, what is counted, and who is foreign."""

from helper_driver import Asker, Bench, reply_to
from helper_line import START_US, write_one_pdu

from ampacity.bus.client.request import LOWER, Request
from ampacity.bus.client.rtu_client import RtuClient
from ampacity.bus.modbus.frames import exception_pdu, read_pdu, rtu_frame

CHAR_US, SILENCE_US = 573, 2006


def bench(*drivers, **facts):
    b = Bench(RtuClient(dict({"baud": 19200, "transit_ms": 100}, **facts), list(drivers)), START_US)
    b.foreign = []
    b.engine.on_foreign = lambda *told: b.foreign.append(told)
    return b


def counted(b):
    return {kind: count for kind, count in b.engine.counters.items() if count and kind != "cycle_ms"}


def test_a_request_is_abandoned_at_its_deadline_and_not_before():
    asker = Asker(5)
    b = bench(asker)
    frame = b.step()
    deadline_us = START_US + len(frame) * CHAR_US + SILENCE_US + 50000
    assert b.wake_us == deadline_us
    assert b.engine.next(deadline_us - 1) == (None, deadline_us) and asker.failures == []
    b.engine.next(deadline_us)
    assert asker.failures == ["timeout"] and counted(b)["timeouts"] == 1 and counted(b)["frames"] >= 1


def test_a_reply_is_delivered_with_its_time_and_counted():
    asker = Asker(5)
    told = []
    asker.reply = lambda request, pdu, now_ms: told.append((request.sent_ms, pdu, now_ms))
    b = bench(asker)
    frame = b.step()
    b.hear(reply_to(frame))
    assert told == [(START_US // 1000, b"\x03\x04\x00\x01\x00\x02", b.now_us // 1000)] and counted(b) == {"frames": 1, "replies": 1}


def test_an_exception_is_an_answer_but_a_gateways_exception_is_not():
    for code, reason, kind in ((2, "exception:2", "exceptions"), (11, "gateway", "unexpected")):
        asker = Asker(5)
        b = bench(asker)
        b.step()
        b.hear(rtu_frame(5, exception_pdu(3, code)))
        assert asker.failures == [reason] and counted(b) == {"frames": 1, kind: 1}
        assert b.engine._schedule.slots[0].failures == (code == 11)


def test_a_reply_with_a_wrong_checksum_fails_when_the_line_is_silent():
    asker = Asker(5)
    b = bench(asker)
    b.hear(reply_to(b.step()))  # as the line has no echo
    frame = b.step()
    wrong = reply_to(frame)[:-1] + b"\x00"
    b.hear(wrong)
    b.engine.next(b.now_us + SILENCE_US - 1)
    assert asker.failures == []
    b.engine.next(b.now_us + SILENCE_US)
    assert asker.failures == ["crc"] and counted(b)["crc_errors"] == 1


def test_where_a_line_may_echo_what_came_may_be_a_damaged_echo_and_the_answer_is_waited_for():
    asker = Asker(5, timeout_ms=50)
    b = bench(asker)
    frame = b.step()
    b.hear(reply_to(frame)[:-1] + b"\x00")
    b.engine.next(b.now_us + SILENCE_US)
    assert asker.failures == []
    b.hear(reply_to(frame), after_us=20000)
    assert len(asker.replies) == 1


def test_the_answer_to_a_write_of_one_value_that_repeats_another_value_proves_nothing():
    for value, certain in ((60, True), (0, False)):
        asker = Asker(5)
        b = bench(asker)
        b.hear(reply_to(b.step()))
        asker.orders = [(LOWER, write_one_pdu(6, 261, 60))]
        b.step()
        b.hear(rtu_frame(5, write_one_pdu(6, 261, value)), after_us=20000)
        assert len(asker.replies) == 2 and asker.certain[-1] is certain


def test_the_rest_of_a_broken_answer_is_not_foreign_traffic_while_it_may_arrive():
    for after_us, foreign in ((40000, False), (51000, True)):
        asker = Asker(5, timeout_ms=50)
        asker.orders = [(LOWER, read_pdu(4, 0, 2))]
        b = bench(asker, transit_ms=0)
        b.hear(reply_to(b.step()))  # as the line has no echo
        frame = b.step()
        b.hear(reply_to(frame)[:-1] + b"\x00")
        asker.willing = False
        b.engine.next(b.now_us + SILENCE_US)
        failed_us = b.now_us + SILENCE_US
        assert asker.failures == ["crc"]
        rest = rtu_frame(5, b"\x03\x06abcdef")
        b.engine.receive(rest, failed_us + after_us)
        b.engine.next(failed_us + after_us + SILENCE_US)
        assert bool(b.foreign) == foreign and (counted(b).get("late", 0) == 1) != foreign, after_us


def test_frames_that_are_neither_requests_nor_answers_of_this_bus_are_reported():
    asker = Asker(5)
    asker.willing = False
    b = bench(asker)
    b.engine.receive(rtu_frame(9, write_one_pdu(6, 1, 2)) + rtu_frame(9, read_pdu(3, 0, 1)), START_US)
    b.engine.next(START_US + SILENCE_US)
    assert b.foreign == [(9, 6, (START_US + SILENCE_US) // 1000), (9, 3, (START_US + SILENCE_US) // 1000)] and counted(b) == {"foreign": 2}
    b.engine.receive(b"\x01\x02\x03\x04\x05", START_US + 10**6)
    b.engine.next(START_US + 10**6 + SILENCE_US)
    assert counted(b) == {"foreign": 2, "garbage": 1}


def test_a_broadcast_is_followed_by_its_time_to_act():
    for gap_ms, rests_us in ((0, 5000), (20, 20000), (1, SILENCE_US)):
        asker = Asker(0)
        asker.orders = [(LOWER, write_one_pdu(6, 1, 2))]
        asker.take = lambda now_ms, gap_ms=gap_ms: Request(0, write_one_pdu(6, 1, 2), LOWER, 50, None, gap_ms)
        b = bench(asker)
        frame = b.step()
        end_us = START_US + len(frame) * CHAR_US
        assert b.wake_us == end_us + rests_us and b.engine.next(end_us + rests_us - 1)[0] is None, gap_ms


def test_the_line_is_silent_before_the_next_request_whichever_station_sent():
    asker = Asker(5)
    asker.willing = False
    b = bench(asker)
    b.engine.receive(b"\x09", START_US)
    asker.willing = True
    assert b.engine.next(START_US + SILENCE_US - 1) == (None, START_US + SILENCE_US)
    assert b.engine.next(START_US + SILENCE_US)[0] is not None


def test_permits_reach_the_drivers_that_ask_for_them():
    asker = Asker(5)
    asker.permits = []
    asker.permit = asker.permits.append
    b = bench(asker, Asker(6))
    b.engine.permit(77)
    assert asker.permits == [77] and b.engine._schedule.permit_until_ms == 77
