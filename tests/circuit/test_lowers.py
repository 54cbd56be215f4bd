"""An order that can only make a bound smaller leaves, whatever other rules say of raises and of what is kept alive."""

from helper_circuit import Bench, circuit, evse, foreign_evse, mute_evse, site

ON_MICROPYTHON_EACH = 4


def full():
    """Two EVSEs at 16 A each on 32 A."""
    bench = Bench(site([evse("evse-1"), evse("evse-2")], [circuit(rating=320)])).start()
    bench.stand(160, 0)
    bench.stand(160, 1)
    return bench


def test_a_lower_is_sent_while_the_circuit_is_overloaded_for_too_long():
    bench = full()
    bench.shrink(200)
    for _ in range(60):
        bench.tick(500)
    assert bench.ledger.margin.over_budget[0]
    assert bench.send(160) is None, "what stands is fed no more"
    assert bench.send(70) is not None


def test_a_lower_is_repeated_until_it_is_proven():
    bench = full()
    bench.shrink(200)
    bench.tick(30000)
    first = bench.send(70)
    bench.tick(500)
    again = bench.send(70)
    assert again is not None
    bench.prove(again, 70)
    assert first and bench.send(70) is None, "now it would only keep alive what stands"


def test_a_lower_is_sent_without_fresh_settings():
    bench = Bench(site([foreign_evse(survives=False, watchdog_ms=20000)])).start()
    bench.stand(160)
    assert not bench.ledger.evse_states[0].evidence.fresh(bench.now_ms)
    assert bench.send(160) is None
    assert bench.send(80) is not None


def test_a_lower_that_the_device_rounds_up_is_sent():
    bench = Bench(site([mute_evse(), evse("evse-2")], [circuit(rating=320)])).start()
    bench.stand(160)
    bench.shrink(120)
    bench.guard.want_da[0] = 120
    assert bench.send(121) is not None


def test_a_device_that_rounds_is_planned_with_the_rounded_lower():
    bench = Bench(site([mute_evse(rounds_da=1), evse("evse-2")], [circuit(rating=320)])).start()
    bench.guard.demand(0, True)
    bench.guard.demand(1, True)
    rounds(bench, 40)
    bench.shrink(260)
    rounds(bench, 20)
    assert not bench.ledger.margin.over
    assert bench.guard.want_da[0] >= 60 and bench.guard.want_da[1] >= 60


def rounds(bench, seconds):
    """Both are driven; the first makes 0.1 A more of each order."""
    for _ in range(seconds * 2):
        bench.audit(0)
        want = bench.guard.want_da[0]
        order_id = bench.send(want + 1 if want else 0)
        if order_id is not None:
            bench.prove(order_id, want)
        bench._drive(1, bench.facts["evses"][1], True)
        bench.tick(500)


def test_a_device_proven_by_measurement_is_lowered_below_its_current_before_any_proof():
    bench = Bench(site([mute_evse(proof="measured"), evse("evse-2")], [circuit(rating=320)]))
    bench.audit(0)
    bench.shrink(100)
    bench.tick(500)
    assert bench.guard.state(0) == "ok"
    bench.measure(0, 90, 90, 90)
    assert bench.send(100) is None, "its car might draw more of that than it does"
    bench.measure(0, 160, 160, 160)
    assert bench.send(100) is not None
    bench.measure(0, 95, 95, 95)
    assert bench.send(90) is not None


def test_for_a_silent_device_no_order_above_its_reserve_is_a_lower():
    bench = full()
    bench.guard.lost(0, bench.now_ms)
    bench.shrink(200)
    bench.tick(500)
    assert bench.send(70) is None
    assert bench.send(0) is not None


def test_an_excess_ends_and_all_charge_again():
    """One car draws 5 % more than it is told for half an hour, on a circuit that is full."""
    bench = Bench(site([evse("evse-%d" % n) for n in range(4)], [circuit(rating=320)])).start()
    for e in range(4):
        bench.guard.demand(e, True)
    drive(bench, 60, lambda e, da: da)
    over_ms = drive(bench, 1800, lambda e, da: da + da // 20 if e == 1 else da)
    assert over_ms <= 15000
    assert not bench.ledger.margin.over
    drive(bench, 120, lambda e, da: da)
    assert min(bench.guard.want_da) >= 60


def test_the_excess_of_every_car_above_its_order_is_made_room_for():
    for parts in (20, 11, 50):
        bench = Bench(site([evse("evse-1"), evse("evse-2")], [circuit(rating=250)])).start()
        for e in range(2):
            bench.guard.demand(e, True)
        over_ms = drive(bench, 600, lambda e, da, parts=parts: da + -(-da // parts))
        assert over_ms <= 30000, over_ms
        assert min(bench.guard.want_da) >= 60
        assert sum(s.measured_da for s in bench.ledger.evse_states) >= 230, "and no more than that"


def test_a_car_that_draws_more_than_its_reserve_is_made_room_for():
    bench = Bench(site([evse("evse-1", fallback_da=60, power_on_da=60), evse("evse-2")], [circuit(rating=220)])).start()
    bench.guard.demand(1, True)
    drive(bench, 60, lambda e, da: da if e else 60)
    assert bench.guard.want_da[1] == 160
    assert drive(bench, 120, lambda e, da: da if e else 65) <= 15000
    assert bench.guard.want_da[1] >= 150


def drive(bench, seconds, draws):
    """All drivers for a while; draws(e, order_da): what the car makes of it. Returns how long their sum was above the rating, ms."""
    over_ms = 0
    for _ in range(seconds * 2):
        for e, facts in enumerate(bench.facts["evses"]):
            bench._drive(e, facts, False)
            s = bench.ledger.evse_states[e]
            da = draws(e, s.book.orders[-1].da if s.book.orders else 0)
            bench.measure(e, da, da, da)
        over_ms += 500 * (sum(s.measured_da for s in bench.ledger.evse_states) > bench.guard.site.rating_da[0])
        bench.tick(500)
    return over_ms


def test_a_pause_after_each_burst_hides_no_disobedience():
    bench = Bench(site([evse("evse-1"), evse("evse-2")], [circuit(rating=320)])).start()
    bench.stand(100)
    for _ in range(3):
        bench.order(100)
        for second in range(10):
            da = 150 if second < 8 else 100
            bench.measure(0, da, da, da)
            bench.tick(1000)
    assert bench.guard.fault(0)


def bursts(da, seconds):
    """Twenty times: it draws da for one second, and as ordered for the rest of these seconds."""
    bench = Bench(site([evse("evse-1"), evse("evse-2")], [circuit(rating=320)])).start()
    bench.stand(100)
    for _ in range(20):
        for second in range(seconds):
            bench.order(100)
            drawn_da = da if second < 1 else 100
            bench.measure(0, drawn_da, drawn_da, drawn_da)
            bench.tick(1000)
    return bench


def test_short_bursts_are_eventually_detected():
    assert bursts(150, 11).guard.fault(0)


def test_an_overshoot_at_each_raise_is_not_disobedience():
    assert not bursts(130, 60).guard.fault(0)


def test_a_device_that_returns_during_its_refusal_wait_is_lowered_at_once():
    bench = Bench(site([foreign_evse(survives=True), evse("evse-2")], [circuit(rating=320)])).start()
    bench.stand(160)
    bench.guard.lost(0, bench.now_ms)
    for _ in range(2):
        bench.guard.refused(0, bench.send(0), bench.now_ms)
    assert bench.send(0) is None, "what it refuses keeps it alive"
    bench.audit(0)
    bench.guard.proven(0, bench.ledger.evse_states[0].book.orders[0].id, 160, bench.now_ms)
    assert bench.guard.state(0) == "ok"
    assert bench.send(80) is not None


def test_without_an_order_in_force_no_order_is_a_lower():
    """One that proves by its current is back from a silence that ran its time: its book is empty."""
    facts = site([foreign_evse(proof="measured", survives=True), evse("evse-2")], [circuit(rating=170)])
    bench = Bench(facts)
    bench.audit(0)
    bench.tick(31000)
    bench.order(160, 1)
    bench.guard.lost(0, bench.now_ms)
    bench.tick(30000)
    assert bench.ledger.evse_states[0].lapsed
    bench.stand(160, 1)
    bench.audit(0)
    bench.guard.heard(0, bench.now_ms)
    assert bench.guard.state(0) == "ok" and not bench.ledger.evse_states[0].book.orders
    assert bench.send(160) is None


def test_an_order_of_an_earlier_life_that_is_gone_holds_no_lower():
    bench = Bench(site([foreign_evse(survives=True)]))
    bench.order(0)  # so soon that what was sent before may still arrive
    bench.tick(40000)  # nobody asked again, and quarantine is over
    assert bench.order(160) is not None
    assert bench.ledger.evse_states[0].book.is_unknown(), "the order before this life has not settled yet"
    bench.now_ms += 1000  # without a pass of the safety loop nothing is fed
    assert bench.send(160) is None
    assert bench.send(80) is not None
