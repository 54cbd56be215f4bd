"""The book of orders, order by order: what stands, what is proven, what is gone, and what it says of that."""

from ampacity.circuit.trusted.device.order_book import NONE_DA, OrderBook

SETTLE_MS = 5000
ORDERS_MAX = 12


def booked(*values, transit_ms=50, answered=True, at_ms=0):
    """A book in which these were sent 10 ms one after another, with the ids 1, 2, 3 …"""
    book = OrderBook(SETTLE_MS, transit_ms)
    for number, da in enumerate(values):
        book.add(number + 1, da, at_ms + 10 * number)
        if answered:
            book.answered(number + 1)
    return book


def shown(book):
    return [(order.id, order.da, order.proven, order.gone_ms) for order in book.orders]


def test_an_empty_order_book_proves_nothing():
    book = booked()
    assert (book.most_da(), book.least_da(), book.least_known_da(), book.last_da()) == (0, -1, NONE_DA, -1)
    assert not book.blocked() and not book.is_unknown() and not book.seen(0) and not book.settle(0)
    assert book.drop_all() == 0 and book.find(1) is None


def test_the_same_value_again_is_the_same_order_and_another_value_another():
    book = booked(160, 160, 60, 160)
    assert [(order.first_id, order.id, order.da, order.first_ms, order.sent_ms) for order in book.orders] == [
        (1, 2, 160, 0, 10), (3, 3, 60, 20, 20), (4, 4, 160, 30, 30)]  # fmt: skip
    assert [book.find(number) for number in range(6)] == [None, book.orders[0], book.orders[0], book.orders[1], book.orders[2], None]
    assert book.find(-1) is None


def test_a_foreign_order_is_followed_by_an_own_one_even_at_the_same_value():
    book = OrderBook(SETTLE_MS, 50)
    book.add_unknown(160, 0)
    book.add(1, 160, 10)
    assert [order.id for order in book.orders] == [0, 1] and book.last_da() == 160
    assert book.is_unknown() and book.find(0) is None
    book.orders[0].gone_ms = 0
    assert book.settle(SETTLE_MS) and not book.is_unknown()


def test_a_raise_that_is_proven_at_the_first_millisecond_leaves_nothing_below_it():
    book = booked(60)
    book.add(2, 160, 0)
    book.prove(2, 0)
    assert book.orders[0].gone_ms == 0 and book.least_da() == 160 == book.least_known_da()


def test_a_foreign_order_does_not_belong_to_this_run():
    book = OrderBook(SETTLE_MS, 50)
    book.add_unknown(40, 0)
    assert book.least_known_da() == NONE_DA
    book.add(1, 60, 10)
    assert book.least_known_da() == 60 and book.is_unknown()


def test_a_foreign_order_replaces_the_feared_and_the_proven_one():
    book = booked(100)
    book.prove(1, 10)
    assert book.least_da() == 100
    book.add_unknown(160, 20)
    assert (book.most_da(), book.least_da(), book.last_da(), book.least_known_da()) == (160, -1, -1, 100)
    book.add_unknown(120, 30)
    assert book.most_da() == 120 and len(book.orders) == 2


def test_a_proof_counts_for_all_earlier_orders_and_for_no_later_one():
    book = booked(160, 60, 100, 80)
    assert book.prove(3, 100)
    assert [row[2:] for row in shown(book)] == [(False, 100), (False, 100), (True, -1), (False, -1)]
    assert book.prove(3, 200)
    assert [row[3] for row in shown(book)] == [100, 100, -1, -1], "gone since the first proof"
    assert not book.prove(5, 200) and not book.prove(0, 200)


def test_an_order_replaced_at_the_first_millisecond_of_a_clock_is_replaced():
    book = booked(160)
    book.add(2, 60, 0)
    book.answered(2)
    assert book.prove(2, 0) and book.orders[0].gone_ms == 0
    assert not book.blocked() and book.least_da() == 60 and book.least_known_da() == 60
    book.prove(2, 100)
    assert book.orders[0].gone_ms == 0
    assert not book.settle(SETTLE_MS - 1) and book.settle(SETTLE_MS)
    assert shown(book) == [(2, 60, True, -1)]


def test_only_an_order_replaced_for_the_settle_time_settles():
    book = booked(160, 100, 60, 80)
    book.prove(2, 100)
    book.prove(3, 200)
    assert book.settle(100 + SETTLE_MS) and [row[0] for row in shown(book)] == [2, 3, 4]
    assert not book.settle(199 + SETTLE_MS)
    assert book.settle(200 + SETTLE_MS) and [row[0] for row in shown(book)] == [3, 4]


def test_a_frame_that_was_never_answered_may_arrive_though_its_repetition_was():
    for answers, out in (((), False), ((2,), False), ((1, 2), True), ((1,), False)):
        book = OrderBook(SETTLE_MS, 2000)
        book.add(1, 160, 0)
        if 1 in answers:
            book.answered(1)
        book.add(2, 160, 1000)
        if 2 in answers:
            book.answered(2)
        book.add(3, 60, 1010)
        book.prove(3, 1020)
        assert book.blocked() != out, answers


def test_of_several_unanswered_frames_the_last_may_arrive():
    book = OrderBook(SETTLE_MS, 500)
    for number, now_ms in ((1, 0), (2, 100), (3, 200)):
        book.add(number, 160, now_ms)
    book.answered(3)
    assert book.orders[0].unanswered_ms() == 100
    book.add(4, 160, 300)
    book.answered(4)
    assert book.orders[0].unanswered_ms() == 100
    book.add(5, 160, 400)
    assert book.orders[0].unanswered_ms() == 400
    book.add(6, 60, 601)
    book.prove(6, 610)
    assert book.blocked()
    book.add(7, 60, 901)
    book.prove(7, 910)
    assert not book.blocked(), "sent after the last of them could arrive"


def test_the_answer_to_an_earlier_frame_does_not_cover_the_last_one():
    book = booked(160, 160, answered=False)
    book.answered(1)
    assert book.orders[0].unanswered_ms() == 10
    book.answered(7)
    book.answered(2)
    assert book.orders[0].unanswered_ms() == 0, "the first frame was not answered when the second left"


def test_a_proof_of_an_earlier_frame_counts_from_the_first_one():
    for proven, out in ((2, False), (3, False), (4, True)):
        book = OrderBook(SETTLE_MS, 50)
        book.add(1, 160, 0)
        for number, now_ms in ((2, 10), (3, 60), (4, 100)):
            book.add(number, 60, now_ms)
        book.prove(proven, 110)
        assert book.blocked() != out, proven


def test_a_proven_value_read_again_releases_frames_that_can_no_longer_arrive():
    book = booked(160, 60, answered=False)
    assert not book.seen(20), "not proven yet"
    book.prove(2, 20)
    assert book.blocked() and book.seen(5050) and book.blocked()
    assert book.seen(5051) and not book.blocked()
    book.add(3, 100, 6000)
    assert not book.seen(6010)


def test_the_least_order_in_force_is_known_only_by_a_proof():
    book = booked(60, 100, 0, 80)
    assert book.least_da() == -1 and book.least_known_da() == 0
    book.prove(2, 100)
    assert book.least_da() == 0 and book.most_da() == 100
    book.prove(4, 200)
    assert book.least_da() == 80 == book.least_known_da() and book.last_da() == 80


def test_only_an_earlier_frame_after_a_proof_requires_the_order_again():
    book = booked(160, 60, answered=False)
    assert not book.blocked(), "nothing is proven"
    book.prove(1, 30)
    assert not book.blocked(), "the last order is not"
    book.prove(2, 40)
    assert book.blocked()
    assert booked(60).blocked() is False


def test_of_too_many_orders_the_two_oldest_own_ones_are_merged():
    book = OrderBook(SETTLE_MS, 50)
    book.add_unknown(160, 0)
    for number in range(1, ORDERS_MAX):
        book.add(number, 60 + number, number)
    assert len(book.orders) == ORDERS_MAX and book.find(1) is not None
    book.add(ORDERS_MAX, 100, ORDERS_MAX)
    assert [order.id for order in book.orders] == [0] + list(range(2, ORDERS_MAX + 1))
    assert book.orders[0].da == 160 and book.orders[1].da == 62
    book = booked(*range(100, 100 - ORDERS_MAX, -1))
    book.add(50, 10, 500)
    assert [(order.id, order.da) for order in book.orders[:2]] == [(2, 100), (3, 98)]


def filled(first, second, prepare, transit_ms=50):
    """A book of two orders, what happens to them, and so many more that they become one."""
    book = booked(first, second, transit_ms=transit_ms, answered=False)
    prepare(book)
    for number in range(3, ORDERS_MAX + 2):
        book.add(number, 200 + number, 1000)
    assert len(book.orders) == ORDERS_MAX and book.orders[0].id == 2
    return book.orders[0]


def test_a_merged_order_is_proven_replaced_and_answered_only_as_far_as_both_were():
    def proven(book):
        book.prove(2, 20)

    assert filled(60, 100, proven).proven and not filled(100, 60, proven).proven

    def gone(first_ms, second_ms):
        def prepare(book):
            book.orders[0].gone_ms, book.orders[1].gone_ms = first_ms, second_ms
        return prepare

    for first_ms, second_ms, both_ms in ((-1, -1, -1), (30, -1, -1), (-1, 30, -1), (30, 40, 40), (40, 30, 40), (0, 0, 0), (0, 30, 30), (30, 0, 30)):
        assert filled(60, 100, gone(first_ms, second_ms)).gone_ms == both_ms

    def answers(*numbers):
        return lambda book: [book.answered(number) for number in numbers]

    for numbers, unanswered_ms in (((), 10), ((1,), 10), ((2,), 0), ((1, 2), -1)):
        assert filled(60, 100, answers(*numbers)).unanswered_ms() == unanswered_ms, numbers


def test_an_order_equal_to_the_next_does_not_use_its_proof():
    book = booked(100, 60, 100, answered=False)
    book.prove(3, 30)
    for number in range(4, ORDERS_MAX + 3):
        book.add(number, 200 + number, 1000)
    assert book.orders[0].id == 3 and book.orders[0].da == 100 and book.orders[0].proven


def test_after_the_full_silence_time_the_highest_order_is_kept_as_remembered():
    book = booked(60, 160, 100)
    assert book.drop_all() == 160 and book.orders == [] and book.last_da() == -1
