"""The schedule of a bus, slot by slot: what an exchange costs, how long a silent unit rests, and when a cycle is over."""

from ampacity.bus.client.request import LOWER, ORDER, OVERDUE, ROUTINE
from ampacity.bus.client.schedule import Schedule


class Driver:
    poll_feeds = False
    idle_poll_ms = 0

    def __init__(self, unit, wish=(ROUTINE, 0)):
        self.unit, self.wish = unit, wish

    def urgency(self, now_ms):
        return self.wish


def made(*wishes):
    schedule = Schedule([Driver(number + 1, wish) for number, wish in enumerate(wishes)])
    schedule.permit_until_ms = 10**9
    return schedule


def unit(schedule, now_us):
    slot = schedule.pick(now_us)
    return None if slot is None else slot.unit


def test_the_class_goes_first_then_the_one_due_longest_then_the_one_served_longest_ago():
    assert unit(made((ROUTINE, 0), (OVERDUE, 5), (ORDER, 5), (LOWER, 5)), 5000) == 4
    assert unit(made((ROUTINE, 3), (ROUTINE, 2), (ROUTINE, 2)), 5000) == 2
    schedule = made((ROUTINE, 2), (ROUTINE, 2))
    schedule.slots[0].served_us = 1
    assert unit(schedule, 5000) == 2
    schedule = made((ORDER, 2), (ORDER, 1))
    schedule.slots[1].served_us = 1000
    assert unit(schedule, 5000) == 1, "orders go in turn, however long they are due"


def test_no_unit_is_served_before_it_is_due_and_ready_and_the_next_time_is_returned():
    schedule = made((ROUTINE, 7), (ROUTINE, 9))
    assert unit(schedule, 6999) is None and schedule.wake_us == 7000 and unit(schedule, 7000) == 1
    schedule.slots[0].ready_us = 8000
    assert unit(schedule, 7999) is None and schedule.wake_us == 8000 and unit(schedule, 8000) == 1
    schedule = made((LOWER, 7))
    schedule.slots[0].ready_us, schedule.slots[0].lower_ready_us = 10**9, 7500
    assert unit(schedule, 7499) is None and schedule.wake_us == 7500 and unit(schedule, 7500) == 1
    assert unit(made(None), 5) is None and unit(made(), 5) is None
    schedule = made(None)
    assert unit(schedule, 5) is None and schedule.wake_us == 200005


def test_without_a_permit_only_lowers_and_frames_that_feed_nothing_are_sent():
    for wish, feeds, leaves in (((LOWER, 0), True, True), ((ORDER, 0), False, False), ((ROUTINE, 0), False, True), ((ROUTINE, 0), True, False),
        ((OVERDUE, 0), False, True)):
        schedule = made(wish)
        schedule.slots[0].feeds = feeds
        schedule.permit_until_ms = 5
        assert (unit(schedule, 5000) == 1) == leaves and unit(schedule, 4999) == 1, (wish, feeds)


def test_a_request_that_waited_long_rises_in_priority():
    for priority, late_ms, aged in ((ROUTINE, 1000, ROUTINE), (ROUTINE, 1001, OVERDUE), (ROUTINE, 2000, OVERDUE), (ROUTINE, 2001, ORDER),
        (OVERDUE, 2000, OVERDUE),
                                 (OVERDUE, 2001, ORDER), (ORDER, 9999, ORDER), (LOWER, 9999, LOWER)):  # fmt: skip
        schedule = made((priority, 0))
        assert schedule._effective_priority(schedule.slots[0], priority, late_ms) == aged, (priority, late_ms)


def test_four_lowers_of_a_unit_go_first_in_a_cycle():
    schedule = made((LOWER, 0), (OVERDUE, 0))
    for number in range(5):
        slot = schedule.pick(5000)
        assert slot.unit == (1 if number < 4 else 2)
        schedule.started(slot, 5000)
    assert schedule.slots[0].lowers_served == 4 and schedule.slots[1].lowers_served == 0
    schedule._cycle += 1
    assert unit(schedule, 5000) == 1
    schedule.started(schedule.pick(5000), 5000)
    assert schedule.slots[0].lowers_served == 1
    schedule.slots[0].driver.wish = (OVERDUE, 0)
    schedule.slots[0].lowers_served = 4
    assert schedule._effective_priority(schedule.slots[0], OVERDUE, 0) == OVERDUE, "of readings there is no number"


def test_a_unit_that_does_not_answer_is_polled_ever_more_rarely_from_the_third_failure():
    schedule = made((ROUTINE, 0))
    slot = schedule.slots[0]
    for number, rests_us in ((1, 300), (2, 300), (3, 50000), (4, 100000), (5, 200000), (6, 400000), (7, 800000), (8, 1600000), (9, 2000000),
        (30, 2000000)):
        slot.failures = number - 1
        schedule.failed(slot, 1000, 300)
        assert (slot.failures, slot.ready_us - 1000) == (number, rests_us) and slot.silent() == (number >= 3)
    slot.failures = 20
    schedule.failed(slot, 1000, 300, answered=True)
    assert slot.ready_us == 1001000
    schedule.succeeded(slot, 5000, 70)
    assert (slot.failures, slot.ready_us, slot.lower_ready_us) == (0, 5070, 5070)


def test_lowers_to_a_silent_unit_wait_one_cycle_and_not_its_poll_pause():
    for cycle_ms, gap_us, waits_us in ((0, 0, 50000), (0, 70000, 70000), (300, 0, 300000), (5000, 0, 2000000)):
        schedule = made((ROUTINE, 0))
        slot = schedule.slots[0]
        slot.failures, schedule.cycle_ms = 9, cycle_ms
        schedule.failed(slot, 1000, gap_us)
        assert slot.lower_ready_us == 1000 + waits_us


def test_a_driver_without_a_request_is_polled_again_later():
    schedule = made((ROUTINE, 0))
    slot = schedule.slots[0]
    schedule.refused(slot, 1000)
    assert (slot.ready_us, slot.lower_ready_us) == (21000, 6000)
    slot.ready_us = slot.lower_ready_us = 10**6
    schedule.refused(slot, 1000)
    assert (slot.ready_us, slot.lower_ready_us) == (10**6, 10**6)
    schedule.one_way_sent(slot, 2000, 300)
    assert (slot.ready_us, slot.lower_ready_us, slot.failures) == (2300, 2300, 0)


def test_a_follow_up_request_is_sent_next_unless_a_lower_comes_between():
    schedule = made((OVERDUE, 5), (ORDER, 0))
    first = schedule.slots[0]
    schedule.succeeded(first, 5000, 0, True)
    assert unit(schedule, 5000) == 1 and unit(schedule, 5000) == 2
    schedule.succeeded(first, 5000, 0, True)
    schedule.slots[1].driver.wish = (LOWER, 0)
    assert unit(schedule, 5000) == 2 and schedule._first is first
    schedule.slots[1].driver.wish = (ORDER, 0)
    assert unit(schedule, 5000) == 1
    schedule.succeeded(first, 5000, 800, True)
    assert unit(schedule, 5100) is None and schedule.wake_us == 5800
    assert unit(schedule, 5800) == 1
    for wish in (None, (OVERDUE, 6)):
        schedule.succeeded(first, 5000, 0, True)
        first.driver.wish = wish
        assert unit(schedule, 5000) == 2
        first.driver.wish = (OVERDUE, 5)
    schedule.succeeded(first, 5000, 0, True)
    schedule.permit_until_ms, first.feeds = 0, True
    assert unit(schedule, 5000) is None


def test_a_unit_that_was_just_woken_is_next_whatever_others_request():
    schedule = made((ROUTINE, 0), (LOWER, 0))
    schedule.woken(schedule.slots[0], 5000)
    assert unit(schedule, 5000) == 1 and unit(schedule, 5000) == 2
    assert schedule.slots[0].ready_us == 5000 == schedule.slots[0].lower_ready_us


def test_a_unit_above_its_share_of_the_line_waits_while_others_are_due():
    schedule = made((OVERDUE, 0), (ROUTINE, 0))
    slot = schedule.slots[0]
    for owed_us, now_us, costly in ((2 * 10**6, 100, False), (2 * 10**6 + 1, 100, True), (2 * 10**6 + 2, 101, True), (2 * 10**6 + 2, 102, False)):
        slot.owed_us, slot.served_us = owed_us, 100
        assert schedule._costly(slot, now_us) == costly
    slot.owed_us, slot.served_us = 4 * 10**6, 0
    schedule._charge_time(slot, 400000)
    assert schedule._costly_from_us == 800000 and slot.owed_us == 400000 + 4 * 10**6, "no more than twice the credit"
    assert unit(schedule, 700000) == 2 and unit(schedule, 800000) == 1
    schedule.slots[1].driver.wish = None
    assert unit(schedule, 700000) == 1, "nobody else has"
    slot.owed_us, slot.served_us = 50, 900
    schedule._charge_time(slot, 1000)
    assert slot.owed_us == 100 + 2 * 100, "what it owed was made up for"
    schedule.started(slot, 1150)
    assert slot.owed_us == 50 and slot.served_us == 1150
    schedule.started(slot, 2000)
    assert slot.owed_us == 0
    slot.owed_us, slot.served_us = 1700, 1900
    schedule._charge_time(slot, 2000)
    assert slot.owed_us == 100 + 2 * (800 + 100)


def test_a_cycle_ends_when_every_answering_and_active_unit_was_polled():
    schedule = made((ROUTINE, 0), (ROUTINE, 0), (ROUTINE, 0), (ROUTINE, 0))
    schedule.slots[2].failures, schedule.slots[3].driver.idle_poll_ms = 3, 2000
    one, two = schedule.slots[0], schedule.slots[1]
    schedule._end_cycle(1000)
    assert [slot.counts for slot in schedule.slots] == [True, True, False, False] and schedule._missing == 2
    for slot, at_us in ((one, 2000), (one, 3000), (two, 4499)):
        assert schedule.cycle_ms == 0
        schedule.started(slot, at_us)
        schedule.succeeded(slot, at_us + 1, 0)
    assert schedule.cycle_ms == 4 and schedule._cycle == 2, "3.5 ms, rounded"
    schedule.started(one, 5000000)
    schedule._end_cycle(5004501)
    assert schedule._cycle == 3 and schedule.cycle_ms == 4, "one that wants nothing ends no cycle, five seconds do"
