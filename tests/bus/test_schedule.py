"""Who is asked next: lowers first, silent units without harm to the others, nobody starves."""

from helper_driver import Asker, Bench, reply_to
from helper_line import START_US, write_one_pdu

from ampacity.bus.client.request import LOWER, ORDER, OVERDUE, Request
from ampacity.bus.client.rtu_client import RtuClient

FACTS = {"baud": 19200, "transit_ms": 100}
LOWER_PDU, RAISE_PDU = write_one_pdu(6, 261, 60), write_one_pdu(6, 261, 160)


def bench(drivers):
    return Bench(RtuClient(FACTS, drivers), START_US)


def serve(b, turns, dead=()):
    """Answers every unit that is not dead; the units asked."""
    units = []
    for _ in range(turns):
        frame = b.step()
        if frame is None:
            break
        units.append(frame[0])
        if frame[0] in dead or frame[0] == 0:
            continue
        b.hear(frame if frame[1] == 6 else reply_to(frame))
    return units


def test_equal_units_are_polled_in_turn():
    b = bench([Asker(u) for u in range(1, 6)])
    assert serve(b, 15) == [1, 2, 3, 4, 5] * 3


def test_a_lower_goes_before_every_reading():
    askers = [Asker(u) for u in range(1, 6)]
    b = bench(askers)
    serve(b, 7)
    askers[4].orders = [(LOWER, LOWER_PDU)]
    askers[0].priority = OVERDUE
    assert serve(b, 2) == [5, 1]


def test_without_a_permit_only_lowers_and_readings_that_feed_nothing_are_sent():
    one, two, feeder = Asker(1), Asker(2), Asker(3)
    feeder.poll_feeds = True
    b = bench([one, two, feeder])
    one.orders = [(ORDER, RAISE_PDU)]
    two.orders = [(LOWER, LOWER_PDU)]
    assert serve(b, 4) == [2, 2, 2, 2]
    assert b.sent[0][1][1] == 6 and b.sent[1][1][1] == 3
    b.engine.permit(b.now_us // 1000 + 1000)
    assert serve(b, 3)[0] == 1
    assert b.sent[4][1][4:6] == b"\x00\xa0"
    b.wait(1000000)
    one.orders = [(ORDER, RAISE_PDU)]
    assert 1 not in serve(b, 4) and one.orders


def test_a_driver_whose_order_is_refused_does_not_stop_the_others():
    no = Asker(1)
    no.willing = False
    no.priority = OVERDUE
    b = bench([no, Asker(2), Asker(3)])
    assert serve(b, 4) == [2, 3, 2, 3]


def test_silent_units_take_at_most_half_of_the_time():
    b = bench([Asker(u) for u in range(1, 9)])
    serve(b, 40, dead=(5, 6, 7, 8))
    start_us, first = b.now_us, len(b.sent)
    serve(b, 400, dead=(5, 6, 7, 8))
    lost = len([1 for _, f in b.sent[first:] if f[0] > 4]) * (50000 + 8 * 573 + 2006)
    assert lost * 100 <= 55 * (b.now_us - start_us)
    assert lost > 0


def test_when_all_units_are_silent_all_are_tried():
    b = bench([Asker(u) for u in range(1, 5)])
    units = serve(b, 60, dead=(1, 2, 3, 4))
    assert len(units) == 60
    assert min([units.count(u) for u in (1, 2, 3, 4)]) > 8


def test_a_unit_that_returns_is_polled_within_a_few_seconds():
    askers = [Asker(u) for u in range(1, 17)]
    b = bench(askers)
    dead = tuple(range(9, 17))
    end_us = b.now_us + 20000000
    while b.now_us < end_us:
        serve(b, 1, dead)
    back_us, missing = b.now_us, set(dead)
    while missing and b.now_us < back_us + 5000000:
        missing -= set(serve(b, 1))
    assert not missing


def test_a_silent_unit_gets_its_lower_at_once_and_then_at_intervals():
    askers = [Asker(u) for u in range(1, 5)]
    b = bench(askers)
    serve(b, 60, dead=(4,))
    askers[3].urgency = lambda now_ms: (LOWER, now_ms)
    askers[3].take = lambda now_ms: Request(4, LOWER_PDU, LOWER, 50)
    b.wait(300000)
    units = serve(b, 60, dead=(4,))
    assert units[0] == 4
    assert 3 < units.count(4) < 30
    assert min([units.count(u) for u in (1, 2, 3)]) > 8


def test_a_unit_with_only_lowers_does_not_starve_the_others():
    greedy, one = Asker(1), Asker(2)
    greedy.urgency = lambda now_ms: (LOWER, now_ms)
    b = bench([greedy, one])
    units = serve(b, 40)
    assert units.count(2) >= 5


def test_a_routine_reading_that_waits_for_long_is_overdue():
    urgent = [Asker(u, priority=OVERDUE) for u in (1, 2)]
    b = bench(urgent + [Asker(3)])
    units = serve(b, 200)
    assert units.count(3) >= 2


def test_a_device_gets_its_required_gap():
    asker = Asker(1)
    asker.take = lambda now_ms: Request(1, asker.pdu, 3, 50, gap_ms=300)
    b = bench([asker])
    b.hear(reply_to(b.step()))
    end_us = b.now_us
    b.step()
    assert b.sent[1][0] - end_us >= 300000


def test_after_a_broadcast_no_unit_is_polled_at_once_and_no_answer_is_awaited():
    herald = Asker(0)
    herald.orders = [(LOWER, LOWER_PDU)]
    herald.urgency = lambda now_ms: (LOWER, now_ms) if herald.orders else None
    b = bench([herald, Asker(1)])
    assert serve(b, 2) == [0, 1]
    assert b.sent[1][0] - START_US == 8 * 573 + 5000
    assert herald.failures == [] and herald.replies == []


def test_the_cycle_is_the_time_of_a_round_over_all_that_answer():
    b = bench([Asker(u) for u in range(1, 5)])
    serve(b, 40)
    exchange_us = 8 * 573 + 3000 + 9 * 573 + 2006
    assert abs(b.engine.counters["cycle_ms"] - 4 * exchange_us // 1000) <= 1


def timed(b, ms, slow, slow_us):
    """Serves for so long; slow units answer after slow_us. {unit: [when asked, …]} in ms."""
    asked, end_us = {}, b.now_us + ms * 1000
    while b.now_us < end_us:
        frame = b.step()
        asked.setdefault(frame[0], []).append(b.now_us // 1000)
        b.hear(frame if frame[1] == 6 else reply_to(frame), slow_us if frame[0] in slow else 3000)
    return asked


def test_units_with_endless_orders_leave_time_for_the_readings_of_others():
    askers = [Asker(u, timeout_ms=1000) for u in range(1, 6)]
    for each in askers[:3]:
        each.priority = ORDER
    b = bench(askers)
    b.engine.permit(1 << 60)
    asked = timed(b, 60000, (1, 2, 3), 400000)
    gaps = [b - a for unit in (4, 5) for a, b in zip(asked[unit][5:], asked[unit][6:])]
    assert max(gaps) < 4000, max(gaps)


def test_a_slow_unit_with_endless_orders_gets_at_most_half_of_the_line():
    askers = [Asker(u, timeout_ms=1000) for u in range(1, 5)]
    askers[0].priority = ORDER
    b = bench(askers)
    b.engine.permit(1 << 60)
    asked = timed(b, 60000, (1,), 400000)
    assert len(asked[1]) * 420 < 0.6 * 60000 and min(len(asked[u]) for u in (2, 3, 4)) > 150


def test_only_a_lower_may_come_between_an_answer_and_its_follow_up_request():
    one, two, three = Asker(1), Asker(2), Asker(3)
    for each in (two, three):
        each.priority = OVERDUE
    take = one.take

    def following(now_ms):
        request = take(now_ms)
        request.follows = True
        return request

    b = bench([one, two, three])
    serve(b, 4)
    one.take = following
    one.orders = [(LOWER, LOWER_PDU)]
    assert serve(b, 4) == [1, 1, 1, 1]
    three.orders = [(LOWER, LOWER_PDU)]
    assert serve(b, 3) == [3, 1, 1]


def test_a_line_without_units_is_checked_rarely():
    from ampacity.bus.client.tcp_client import TcpClient

    for engine in (RtuClient(FACTS, []), TcpClient(FACTS, [])):
        if isinstance(engine, TcpClient):
            engine.connected(START_US)
        out, wake_us = engine.next(START_US)
        assert out is None and wake_us - START_US >= 100000
