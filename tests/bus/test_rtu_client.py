"""The primary's end of the line: which bytes are taken for a reply, and which never."""

from helper_driver import Asker, Bench, reply_to
from helper_line import START_US, write_one_pdu

from ampacity.base.rng import Rng
from ampacity.bus.client.request import LOWER
from ampacity.bus.client.rtu_client import RtuClient
from ampacity.bus.modbus.frames import read_pdu, rtu_frame

FACTS = {"baud": 19200, "parity": "E", "stop": 1, "transit_ms": 100}


def bench(*drivers, **facts):
    merged = dict(FACTS)
    merged.update(facts)
    return Bench(RtuClient(merged, list(drivers)), START_US)


def test_a_reply_is_accepted_in_any_chunks():
    for chunk in (1, 3, 16, 300):
        asker = Asker(5)
        b = bench(asker)
        frame = b.step()
        assert frame == rtu_frame(5, read_pdu(3, 0, 2))
        b.hear(reply_to(frame), chunk=chunk)
        assert asker.replies == [b"\x03\x04\x00\x01\x00\x02"] and asker.certain == [True]


def test_the_next_request_leaves_after_the_silence_and_no_later():
    b = bench(Asker(5), Asker(6))
    b.hear(reply_to(b.step()))
    end_us = b.now_us
    b.step()
    assert b.sent[1][0] - end_us == 2006


def test_a_character_without_parity_is_shorter():
    b = bench(Asker(5), parity="N")
    b.step()
    assert b.wake_us - START_US == 8 * 521 + 2006 + 50000


def test_without_an_answer_the_driver_gets_a_timeout():
    asker, other = Asker(5, timeout_ms=50), Asker(6)
    b = bench(asker, other)
    b.step()
    b.step()
    assert asker.failures == ["timeout"]
    assert b.sent[1][0] - START_US == 8 * 573 + 2006 + 50000
    assert b.sent[1][1][0] == 6


def test_a_reply_with_another_unit_function_or_length_is_never_accepted():
    for wrong in (
        rtu_frame(6, b"\x03\x04\x00\x01\x00\x02"),
        rtu_frame(5, b"\x04\x04\x00\x01\x00\x02"),
        rtu_frame(5, b"\x03\x06\x00\x01\x00\x02\x00\x03"),
        rtu_frame(5, b"\x03\x02\x00\x01"),
        rtu_frame(5, b"\x84\x02"),
    ):
        asker = Asker(5)
        b = bench(asker)
        frame = b.step()
        b.hear(wrong)
        assert asker.replies == []
        b.engine.next(b.now_us)
        b.hear(reply_to(frame), after_us=10000)
        assert len(asker.replies) == 1, wrong


def test_a_late_reply_of_one_unit_is_not_accepted_for_another_unit():
    one, two = Asker(5), Asker(6)
    b = bench(one, two)
    first = b.step()
    second = b.step()
    assert one.failures == ["timeout"]
    b.hear(reply_to(first, b"\x77\x77\x77\x77"))
    b.hear(reply_to(second), after_us=5000)
    assert one.replies == [] and two.replies == [b"\x03\x04\x00\x01\x00\x02"]
    b.step()
    assert b.engine.counters["late"] == 1


def test_a_reply_that_may_answer_an_older_request_is_uncertain_until_transit_is_over():
    asker = Asker(5)
    b = bench(asker)
    b.step()
    b.hear(reply_to(b.step()))
    assert asker.failures == ["timeout"] and asker.certain == [False]
    for _ in range(6):
        b.wait(30000)
        b.hear(reply_to(b.step()))
    assert asker.certain[-1] is True


def test_a_reply_that_may_answer_an_older_request_for_something_else_is_no_reply():
    asker = Asker(5)
    b = bench(asker)
    b.step()
    asker.pdu = read_pdu(3, 500, 2)
    b.hear(reply_to(b.step()))
    assert asker.replies == [] and asker.failures == ["timeout", "unexpected"]


def test_a_duplicate_reply_is_discarded():
    one, two = Asker(5), Asker(6)
    b = bench(one, two)
    frame = b.step()
    b.hear(reply_to(frame))
    b.hear(reply_to(frame))
    b.hear(reply_to(b.step()))
    assert len(one.replies) == 1 and len(two.replies) == 1


def test_the_echo_of_the_own_request_is_discarded_and_is_not_a_reply():
    asker = Asker(5)
    b = bench(asker)
    for _ in range(3):
        frame = b.step()
        b.now_us = b.sent[-1][0]
        b.hear(frame, after_us=500, chunk=3)
        b.hear(reply_to(frame))
    assert len(asker.replies) == 3 and asker.failures == []
    assert b.engine.counters["echoes"] == 3


def test_the_echo_of_a_write_is_not_a_reply_even_if_it_looks_like_one():
    asker = Asker(5)
    b = bench(asker)
    asker.orders = [(LOWER, write_one_pdu(6, 261, 60))]
    frame = b.step()
    b.now_us = b.sent[-1][0]
    b.hear(frame, after_us=200)
    assert asker.replies == []
    b.hear(frame, after_us=4000)
    assert asker.replies == [frame[1:-2]]


def test_a_repetition_that_came_too_soon_is_the_reply_if_no_other_comes():
    asker = Asker(5, timeout_ms=50)
    b = bench(asker)
    asker.orders = [(LOWER, write_one_pdu(6, 261, 60))]
    frame = b.step()
    b.now_us = b.sent[-1][0]
    b.hear(frame, after_us=200)
    b.step()
    assert asker.replies == [frame[1:-2]] and asker.failures == []
    b.hear(reply_to(b.sent[-1][1]))
    assert len(asker.replies) == 2 and b.engine.counters["echoes"] == 0


def test_on_a_line_that_echoes_the_first_copy_never_counts():
    asker = Asker(5)
    b = bench(asker)
    frame = b.step()
    b.now_us = b.sent[-1][0]
    b.hear(frame, after_us=0)
    b.hear(reply_to(frame))
    asker.orders = [(LOWER, write_one_pdu(6, 261, 60))]
    frame = b.step()
    b.hear(frame, after_us=9000)  # late, as a slow program hears it
    assert len(asker.replies) == 1
    b.step()
    assert asker.failures == ["timeout"]


def owned(echoes, asked_before):
    """Can the answer of function 6 be our own echo? As the engine tells it."""
    asker = Asker(5)
    b = bench(asker)
    if asked_before:
        frame = b.step()
        b.now_us = b.sent[-1][0]
        if echoes:
            b.hear(frame, after_us=0)
        b.hear(reply_to(frame))
    asker.orders = [(LOWER, write_one_pdu(6, 261, 60))]
    frame = b.step()
    if echoes:
        b.hear(frame, after_us=200)
    b.hear(frame, after_us=9000)
    assert asker.replies[-1] == frame[1:-2]
    return asker.own[-1]


def test_a_repetition_is_certainly_a_reply_on_a_line_with_known_echo_behaviour():
    assert owned(echoes=False, asked_before=True)
    assert owned(echoes=True, asked_before=True)
    assert not owned(echoes=False, asked_before=False)


def exchange(b, asker, write, echo_us, answers):
    """One request on a line that returns it echo_us after its end (None: not), to a device that answers or not.

    What the engine made of it: None, or whether it was told that the answer cannot be the echo.
    """
    before = len(asker.replies)
    if write:
        asker.orders = [(LOWER, write_one_pdu(6, 261, 60))]
    frame = b.step()
    end_us = b.sent[-1][0] + len(frame) * 573
    heard = [(end_us + echo_us, frame)] if echo_us is not None else []
    if answers:
        heard.append((end_us + 20000, frame if write else reply_to(frame)))
    for at_us, data in heard:
        b.now_us = at_us
        b.engine.receive(data, b.now_us)
    asker.willing = False
    b.step(200000)
    asker.willing = True
    return asker.own[-1] if len(asker.replies) > before else None


def on_a_line(*steps):
    """What becomes of each step (write, echo_us, answers), on a line of which nothing is known."""
    asker = Asker(5)
    b = bench(asker)
    return [exchange(b, asker, *step) for step in steps]


def test_after_an_echo_has_ended_a_device_that_only_gets_writes_is_heard_again():
    echoed, alone = (False, 500, True), (True, None, True)
    assert on_a_line(echoed, alone, alone, alone) == [True, None, False, False]
    assert on_a_line(echoed, alone, alone, (False, None, True), alone) == [True, None, False, True, True]


def test_while_the_line_echoes_no_number_of_writes_makes_a_dead_device_answer():
    assert on_a_line((False, 500, True), *[(True, 500, False)] * 9) == [True] + [None] * 9
    slow = on_a_line((False, 9000, True), *[(True, 9000, False)] * 9)  # the echo is heard when an answer could be there, too
    assert slow[:2] == [True, None] and True not in slow[1:]


def test_a_repetition_that_came_too_soon_proves_nothing_even_if_the_line_did_not_echo_before():
    dead, silent = (True, 500, False), (False, None, True)
    assert on_a_line(silent, dead) == [True, False]
    assert on_a_line(silent, dead, (True, 9000, False)) == [True, False, False]


def test_in_no_state_of_what_is_known_an_echo_is_certainly_an_answer_or_an_answer_lost_for_long():
    steps = [(write, echo_us, answers) for write in (False, True) for echo_us in (None, 500) for answers in (False, True)]
    for at in range(len(steps) ** 3):
        begun = [steps[at // len(steps) ** place % len(steps)] for place in range(3)]
        made = on_a_line(*begun + [(True, 500, False)])
        for step, own in zip(begun + [(True, 500, False)], made):  # noqa: B905 — MicroPython has no strict
            assert step[2] or not own, (begun, made)
        assert None not in on_a_line(*begun + [(True, None, True)] * 3)[-2:], begun


def garbled(frame, at):
    return frame[:at] + bytes([frame[at] ^ 0x40]) + frame[at + 1 :]


def certain_write(read_heard, echo_us):
    """A read that is answered after `read_heard(its frame)`, then a write to a dead device whose echo comes echo_us after its end: is it certain?"""
    asker = Asker(5)
    b = bench(asker)
    frame = b.step()
    b.now_us = b.sent[-1][0]
    b.hear(read_heard(frame) + reply_to(frame), after_us=500)
    asker.orders = [(LOWER, write_one_pdu(6, 261, 60))]
    frame = b.step()
    b.now_us = b.sent[-1][0]
    b.hear(frame, after_us=echo_us)
    b.step()
    return len(asker.replies) > 1 and asker.own[-1]


def test_a_reading_with_a_damaged_echo_does_not_show_that_the_line_has_none():
    for heard in (lambda frame: garbled(frame, 0), lambda frame: garbled(frame, 7), lambda frame: frame[:4], lambda frame: frame[1:]):
        assert not certain_write(heard, 16000)
        assert not certain_write(heard, 500)


def test_two_bytes_of_a_line_driver_that_switches_are_no_echo():
    assert certain_write(lambda _: b"", 16000) and certain_write(lambda _: b"\xff\x00", 16000)


def test_two_readings_without_an_echo_show_that_it_has_ended():
    echoed, silent, late = (False, 500, True), (False, None, True), (True, 9000, False)
    assert on_a_line(echoed, silent, late)[-1] is not True
    assert on_a_line(echoed, silent, silent, (True, None, True))[-1] is True


def test_an_echo_that_is_heard_twice_is_no_answer_unless_a_reading_showed_one_echo():
    for read_first in (None, 0, 1, 2):
        asker = Asker(5)
        b = bench(asker)
        if read_first is not None:
            frame = b.step()
            b.now_us = b.sent[-1][0]
            b.hear(frame * read_first + reply_to(frame), after_us=500)
        asker.orders = [(LOWER, write_one_pdu(6, 261, 60))]
        frame = b.step()
        b.now_us = b.sent[-1][0]
        b.hear(frame, after_us=500)
        b.hear(frame, after_us=9000)
        assert asker.own[-1] == (read_first == 1), read_first


class Noter(Asker):
    """Notes (what was asked, the answer, was it certain, can it be no echo) of each answer."""

    def reply(self, request, pdu, now_ms):
        Asker.reply(self, request, pdu, now_ms)
        self.noted = getattr(self, "noted", []) + [(bytes(request.pdu), bytes(pdu), request.certain, request.not_echo)]


def after_a_spoilt_one(heard, first, second, echoes=True, answer_us=20000):
    """What was noted of `second`, asked right after `first`: before the answer to `first`, which is whole, so much was heard of that request."""
    asker = Noter(5, count=1)
    b = bench(asker)
    frame = b.step()
    b.now_us = b.sent[-1][0]
    b.hear((frame if echoes else b"") + reply_to(frame, b"\x00\x07"), after_us=500)
    asker.orders = [(LOWER, first), (LOWER, second)]
    asker.willing = True
    frame = b.step()
    end_us = b.now_us
    b.now_us = b.sent[-1][0]
    b.hear(heard(frame), after_us=500)
    b.step(end_us + answer_us - b.now_us)  # the next one may leave before the answer to this
    b.now_us = max(b.now_us, end_us + answer_us)
    b.engine.receive(frame if frame[1] == 6 else reply_to(frame, b"\x00\x01"), b.now_us)
    asker.willing = False
    b.step(200000)
    asker.willing = True
    b.step(200000)
    return [one for one in asker.noted if one[0] == second]


def test_the_answer_behind_a_damaged_echo_is_never_certainly_that_of_the_next_request():
    reads, writes = (read_pdu(3, 1, 1), read_pdu(3, 2, 1)), (write_one_pdu(6, 261, 60), write_one_pdu(6, 261, 0))
    for heard in (lambda frame: garbled(frame, 7), lambda frame: garbled(frame, 0), lambda frame: garbled(frame, 3), lambda frame: frame[1:]):
        for first, second in (reads, writes):
            for echoes in (True, False):
                for answer_us in (12000, 20000, 40000):
                    for _, _, certain, not_echo in after_a_spoilt_one(heard, first, second, echoes, answer_us):
                        assert not (certain and not_echo), (first, second, echoes, answer_us)


def test_noise_before_and_within_a_reply_costs_at_most_that_exchange():
    asker = Asker(5)
    b = bench(asker)
    b.hear(b"\xff\x05" + reply_to(b.step()))
    frame = reply_to(b.step())
    assert len(asker.replies) == 1
    b.hear(frame[:4] + b"\x99" + frame[5:])
    end_us = b.now_us
    b.step()
    assert asker.failures == ["crc"] and b.sent[-1][0] - end_us < 10000
    b.hear(reply_to(b.sent[-1][1]))
    assert len(asker.replies) == 2


def test_an_exception_is_reported_with_its_code_and_is_not_silence():
    asker = Asker(5)
    b = bench(asker)
    for _ in range(5):
        b.step()
        b.hear(rtu_frame(5, b"\x83\x02"))
    assert asker.failures == ["exception:2"] * 5
    assert b.engine.counters["exceptions"] == 5


def test_a_request_is_sent_on_a_babbling_line_after_a_time():
    b = bench(Asker(5))
    b.hear(reply_to(b.step()))
    for _ in range(300):
        b.hear(b"\x55", after_us=0)
        data, _ = b.engine.next(b.now_us)
        if data:
            break
    assert data is not None


def test_a_foreign_write_is_reported():
    heard = []
    b = bench(Asker(5))
    b.engine.on_foreign = lambda unit, function, now_ms: heard.append((unit, function))
    b.hear(reply_to(b.step()))
    b.hear(rtu_frame(9, write_one_pdu(6, 261, 320)))
    b.step()
    assert heard == [(9, 6)] and b.engine.counters["foreign"] == 1


def test_garbage_is_counted_and_bounded():
    b = bench(Asker(5, timeout_ms=2000))
    b.step()
    b.hear(bytes(3000), chunk=50)
    b.step()
    assert b.engine.counters["garbage"] > 0


def test_of_thousands_of_mutated_replies_none_is_accepted_and_none_raises():
    rng, asker = Rng(3), Asker(5, timeout_ms=5)
    b = bench(asker)
    for _ in range(2500):
        frame = b.step()
        b.sent = []
        data = bytearray(reply_to(frame))
        data[rng.below(len(data))] ^= 1 + rng.below(255)
        for _ in range(rng.below(3)):
            data.append(rng.below(256))
        b.hear(bytes(data), after_us=1000, chunk=1 + rng.below(12))
    assert asker.replies == []
