"""The book of orders: what a device may stand at while frames are on their way, however many there are."""

from helper_circuit import SETTLE_MS, Bench, circuit, evse, site

from ampacity.circuit.trusted.device.order_book import ORDERS_MAX, READ_MS_MAX, OrderBook

T = 1000000


def test_rule_1_many_unanswered_orders_count_no_less_than_the_highest():
    bench = Bench(site([evse()], [circuit(rating=200)])).start()
    bench.stand(160)
    for number in range(2 * ORDERS_MAX):
        assert bench.send(73 - number % 2) is not None
        bench.tick()
        assert bench.bound() == 160
    order_id = bench.send(60)
    bench.tick(1000)
    bench.prove(order_id, 60)
    bench.tick(SETTLE_MS - 200)
    assert bench.bound() == 160
    bench.tick(300)
    assert bench.bound() == 60


def test_rule_1_merged_orders_keep_the_highest_value_whatever_its_position():
    for high in range(ORDERS_MAX + 1):
        book = OrderBook(SETTLE_MS, 50)
        for number in range(ORDERS_MAX + 1):
            book.add(number + 1, 160 if number == high else 70 + number, T + number)
        assert book.most_da() == 160 and len(book.orders) == ORDERS_MAX


def test_rule_12_an_unprovable_order_remains_so_when_orders_are_merged():
    book = OrderBook(SETTLE_MS, 50)
    book.add_unknown(160, T)
    for number in range(3 * ORDERS_MAX):
        book.add(number + 1, 70 + number % 2, T + number)
    assert book.is_unknown() and book.most_da() == 160 and book.least_known_da() == 70


def test_rule_3_an_unanswered_frame_may_arrive_until_its_transit_is_over():
    for later_ms, out in ((50, False), (51, True)):
        book = OrderBook(SETTLE_MS, 50)
        book.add(1, 160, T)
        book.add(2, 60, T + later_ms)
        assert book.prove(2, T + 200)
        assert book.blocked() != out
        assert book.settle(T + 200 + SETTLE_MS) == out
        assert book.most_da() == (60 if out else 160)


def test_rule_3_a_read_may_be_as_old_as_the_longest_wait_of_a_driver():
    for after_ms, out in ((READ_MS_MAX + 50, False), (READ_MS_MAX + 51, True)):
        book = OrderBook(SETTLE_MS, 50)
        book.add(1, 160, T)
        book.add(2, 60, T + 10)
        assert READ_MS_MAX == 5000 and book.prove(2, T + after_ms)
        assert book.blocked() != out


def test_rule_3_no_order_settles_before_its_time_and_the_time_is_reported():
    book = OrderBook(SETTLE_MS, 50)
    book.add(1, 160, T)
    assert book.settle(T + SETTLE_MS) is False
    book.answered(1)
    book.add(2, 60, T + 10)
    book.prove(2, T + 20)
    assert book.settle(T + 20 + SETTLE_MS - 1) is False and book.most_da() == 160
    assert book.settle(T + 20 + SETTLE_MS) is True and book.most_da() == 60


def test_rule_12_an_order_id_of_no_run_proves_nothing():
    book = OrderBook(SETTLE_MS, 50)
    book.add_unknown(100, T)
    assert not book.prove(0, T + 1) and not book.prove(7, T + 1) and book.least_da() == -1
