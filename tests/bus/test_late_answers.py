"""Answers of one unit to several requests that were given up: all of them are expected."""

from helper_driver import Asker
from test_rtu_client_edges import bench, counted

from ampacity.bus.client.request import LOWER, ROUTINE, Request
from ampacity.bus.modbus.frames import read_pdu, rtu_frame, write_pdu

WRITE, READ = write_pdu(1000, b"\0\x10"), read_pdu(3, 1000, 6)
ANSWERS = {WRITE: rtu_frame(5, WRITE[:5]), READ: rtu_frame(5, bytes([3, 12]) + bytes(12))}


class Asking(Asker):
    """Asks these, one after the other."""

    def __init__(self, unit, *pdus):
        Asker.__init__(self, unit)
        self.left = list(pdus)

    def urgency(self, now_ms):
        return (LOWER, 0) if self.left else (ROUTINE, now_ms + 1000)

    def take(self, now_ms):
        return Request(self.unit, self.left.pop(0), ROUTINE, 1000) if self.left else None


def test_late_answers_to_a_read_and_a_write_are_no_foreign_frames():
    for pdus in ((WRITE, READ), (READ, WRITE)):
        first, second = Asking(5, *pdus), Asking(6)
        b = bench(first, second, transit_ms=60000)
        for _ in pdus:
            b.step()
            b.engine.next(b.wake_us)
            b.now_us = b.wake_us + 1000
        assert first.failures == ["timeout"] * 2
        second.left = [READ]
        b.step()
        for pdu in pdus:
            b.hear(ANSWERS[pdu])
        b.hear(rtu_frame(6, bytes([3, 12]) + bytes(12)))
        b.engine.next(b.now_us + 100000)
        assert b.foreign == [] and counted(b)["late"] == 2 and len(second.failures) == 0, pdus


def answered(b, asking, after_us, *frames):
    """These frames come so long after the next request; without any it is given up. What comes of it is in `asking`."""
    count = len(asking.replies) + len(asking.failures)
    while not b.engine._request:
        assert b.step() is not None
    if not frames:
        b.now_us = b.wake_us
    for frame in frames:
        b.hear(frame, after_us)
    while len(asking.replies) + len(asking.failures) == count:
        data, b.wake_us = b.engine.next(b.now_us)
        b.now_us += len(data or b"") * 573 + 100


def test_an_answer_that_came_in_place_of_an_older_one_leaves_its_own_to_come():
    """Read 1 is given up, its answer fails read 2, whose own answer comes when read 1 is asked again."""
    one, two = read_pdu(3, 100, 2), read_pdu(3, 200, 2)
    asking = Asking(5, one, two, one, one)
    b = bench(asking, transit_ms=100)
    answered(b, asking, 0)
    answered(b, asking, 5000, rtu_frame(5, bytes([3, 4, 0, 1, 0, 1])))
    assert asking.failures == ["timeout", "unexpected"]
    answered(b, asking, 5000, rtu_frame(5, bytes([3, 4, 0, 2, 0, 2])))
    assert asking.replies == [] and asking.failures[2:] == ["unexpected"]
    b.now_us += 3 * 10**6
    answered(b, asking, 5000, rtu_frame(5, bytes([3, 4, 0, 1, 0, 1])))
    assert len(asking.replies) == 1, "later it is over"


def test_after_a_write_that_was_lost_others_are_answered_as_before():
    """The answer of a write says what was written where."""
    for lost, then in ((bytes([6, 3, 232, 0, 60]), bytes([6, 3, 232, 0, 80])), (bytes([6, 3, 232, 0, 60]), bytes([6, 7, 208, 0, 1])),
                       (WRITE, write_pdu(2000, b"\0\x20"))):  # fmt: skip
        asking = Asking(5, lost, then)
        b = bench(asking, transit_ms=60000)
        answered(b, asking, 0)
        answered(b, asking, 30000, rtu_frame(5, then[:5]))
        assert asking.failures == ["timeout"] and len(asking.replies) == 1 and asking.certain == [True], then


def test_a_write_of_another_value_to_the_same_registers_is_not_taken_for_one_that_was_lost():
    again = write_pdu(1000, b"\0\x20")
    asking = Asking(5, WRITE, again)
    b = bench(asking, transit_ms=60000)
    answered(b, asking, 0)
    answered(b, asking, 30000, rtu_frame(5, again[:5]))
    assert asking.failures == ["timeout", "unexpected"] and asking.replies == []


def test_an_order_that_never_arrived_is_not_answered_by_one_that_came_late():
    """Writes of the same registers: each that was not answered may still be, as long as its own time lasts."""
    orders = [write_pdu(1000, bytes([0, da])) for da in (160, 100, 60)]
    asking = Asking(5, *orders)
    b = bench(asking, transit_ms=60000)
    answered(b, asking, 0)
    b.now_us += 57 * 10**6
    answered(b, asking, 30000, rtu_frame(5, orders[0][:5]))
    b.now_us += 5 * 10**6
    answered(b, asking, 30000, rtu_frame(5, orders[1][:5]))
    assert asking.failures == ["timeout", "unexpected", "unexpected"] and asking.replies == []


def test_an_answer_is_expected_as_long_as_its_last_request_allows():
    one, two = read_pdu(3, 100, 2), read_pdu(3, 200, 2)
    asking = Asking(5, one, two, two, one)
    b = bench(asking, transit_ms=60000)
    answered(b, asking, 0)
    b.now_us += 40 * 10**6
    answered(b, asking, 0)
    answered(b, asking, 5000, rtu_frame(5, bytes([3, 4, 0, 2, 0, 2])))
    assert asking.failures == ["timeout", "timeout", "unexpected"]
    b.now_us += 30 * 10**6
    answered(b, asking, 5000, rtu_frame(5, bytes([3, 4, 0, 2, 0, 2])))
    assert asking.replies == [] and asking.failures[3:] == ["unexpected"]


def test_what_answers_a_later_request_of_another_form_ends_the_wait_for_older_answers():
    """A unit answers in the order of its requests, and its line keeps it (D8). A refusal may be that of the older one."""
    again, other = write_pdu(1000, b"\0\x20"), read_pdu(3, 1000, 6)
    for between, certain in ((rtu_frame(5, bytes([3, 12]) + bytes(12)), True), (rtu_frame(5, bytes([0x83, 2])), False), (None, False)):
        asking = Asking(5, WRITE, other, again)
        b = bench(asking, transit_ms=60000)
        answered(b, asking, 0)
        answered(b, asking, 30000, *([between] if between else []))
        answered(b, asking, 30000, rtu_frame(5, again[:5]))
        assert (asking.failures[-1] != "unexpected") is certain and len(asking.replies) == 2 * certain, between


def test_an_answer_to_one_unit_says_nothing_of_what_another_one_owes():
    first, second = Asking(5, WRITE), Asking(6, READ)
    b = bench(first, second, transit_ms=60000)
    answered(b, first, 0)
    answered(b, second, 30000, rtu_frame(6, bytes([3, 12]) + bytes(12)))
    first.left = [write_pdu(1000, b"\0\x20")]
    answered(b, first, 30000, rtu_frame(5, WRITE[:5]))
    assert first.failures == ["timeout", "unexpected"] and first.replies == []


def test_a_refusal_that_may_be_that_of_an_older_request_leaves_the_own_answer_to_come():
    """Read 1 is given up, its refusal ends read 2, whose own answer comes when another reading of that length is asked for."""
    one, two, three = read_pdu(3, 100, 5), read_pdu(3, 200, 2), read_pdu(3, 300, 2)
    asking = Asking(5, one, two, three)
    b = bench(asking, transit_ms=60000)
    answered(b, asking, 0)
    answered(b, asking, 5000, rtu_frame(5, bytes([0x83, 2])))
    answered(b, asking, 5000, rtu_frame(5, bytes([3, 4, 0, 2, 0, 2])))
    assert asking.replies == [] and asking.failures[2:] == ["unexpected"]
