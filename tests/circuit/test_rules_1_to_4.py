"""Rules 1 to 4 of the bound: recorded before sent, lower first, release after proof, the reserve is never lent."""

from helper_circuit import SETTLE_MS, Bench, circuit, evse, mute_evse, site


def two(**more):
    return Bench(site([evse("evse-1"), evse("evse-2", **more)], [circuit(rating=200)])).start()


def test_rule_1_an_order_is_live_before_send_returns():
    bench = two()
    assert bench.bound() == 0
    assert bench.order(100) > 0
    assert bench.bound() == 100
    assert bench.guard.bound_da(0) == [100, 100, 100]
    assert bench.guard.margin_da(0) == [100, 100, 100]


def test_rule_1_an_unanswered_order_counts_as_received():
    bench = two()
    assert bench.send(100) is not None
    bench.tick(2000)
    assert bench.bound() == 100


def test_rule_2_an_order_needs_margin_on_every_circuit_that_it_touches():
    bench = two()
    bench.stand(120, 0)
    assert bench.order(100, 1) is None
    assert bench.order(80, 1) is not None


def test_rule_2_the_circuits_above_need_margin_as_well():
    facts = site([evse("evse-1", circuit=1), evse("evse-2", circuit=2)], [circuit(rating=200), circuit("a", 0), circuit("b", 0)])
    bench = Bench(facts).start()
    bench.stand(120, 0)
    assert bench.order(100, 1) is None


def test_rule_2_a_lower_passes_while_the_margin_is_negative():
    bench = two(fallback_da=60, power_on_da=60)
    bench.stand(60, 1)
    bench.shrink(10)
    bench.tick()
    assert bench.guard.margin_da(0)[0] < 0
    assert bench.send(0, 1) is not None


def test_rule_2_a_raise_within_the_reserve_waits_for_margin():
    bench = two(fallback_da=60, power_on_da=60)
    bench.shrink(10)
    bench.tick()
    assert bench.order(60, 1) is None


def test_rule_2_an_order_above_the_least_possible_order_in_force_is_not_a_lower():
    bench = two()
    bench.stand(60, 0)
    assert bench.send(120, 0) is not None  # may have been lost: it may stand at 60
    bench.guard.want_da[0] = 100
    bench.shrink(50)
    bench.ledger.permits.feed_ok = True
    assert bench.send(100, 0) is None
    assert bench.send(60, 0) is not None


def test_rule_2_repeating_a_live_order_costs_nothing():
    bench = two()
    bench.stand(160, 0)
    bench.guard.demand(0, True)
    bench.tick()
    for _ in range(20):
        bench.tick(1000)
        assert bench.order(160, 0) is not None
        assert bench.bound() == 160


def test_rule_3_a_lower_frees_nothing_before_it_is_proven():
    bench = two()
    bench.stand(160, 0)
    assert bench.send(60) is not None
    bench.tick(20000)
    assert bench.bound() == 160


def test_rule_3_a_proven_lower_frees_nothing_before_it_has_settled():
    bench = two()
    bench.stand(160, 0)
    bench.order(60)
    bench.tick(SETTLE_MS - 100)
    assert bench.bound() == 160
    bench.tick(200)
    assert bench.bound() == 60


def test_rule_3_measured_current_below_the_order_is_not_a_proof():
    bench = two()
    bench.stand(160, 0)
    bench.send(60)
    bench.measure(0, 50, 50, 50)
    bench.tick(10000)
    assert bench.bound() == 160


def test_rule_3_an_answer_is_not_a_proof():
    bench = two()
    bench.stand(160, 0)
    bench.guard.answered(0, bench.send(60), bench.now_ms)
    bench.tick(10000)
    assert bench.bound() == 160


def test_rule_3_a_reading_above_the_order_is_not_a_proof():
    bench = two()
    bench.stand(160, 0)
    bench.guard.proven(0, bench.send(60), 100, bench.now_ms)
    bench.tick(10000)
    assert bench.bound() == 160


def test_rule_3_an_order_in_transit_outlives_a_proof_that_does_not_exclude_it():
    bench = Bench(site([evse(transit_ms=5000)])).start()
    bench.tick(5000)
    bench.order(0)
    bench.tick(5200)
    assert bench.send(160) is not None  # never answered: still on its way
    bench.tick(1000)
    bench.order(60)
    bench.tick(SETTLE_MS + 200)
    assert bench.bound() == 160
    bench.order(60)  # sent more than the transit time after it
    bench.tick(SETTLE_MS + 200)
    assert bench.bound() == 60


def test_rule_3_an_answered_order_is_no_longer_in_transit():
    bench = Bench(site([evse(transit_ms=5000)])).start()
    bench.tick(5000)
    bench.order(0)
    bench.tick(5200)
    bench.stand(160)
    bench.order(60)
    bench.tick(SETTLE_MS + 200)
    assert bench.bound() == 60


def test_rule_3_an_answered_repetition_does_not_cancel_the_earlier_frame():
    bench = Bench(site([evse(transit_ms=5000)])).start()
    bench.tick(5000)
    bench.order(0)
    bench.tick(5200)
    assert bench.send(160) is not None  # held on its way
    bench.tick(1000)
    bench.order(160)
    bench.tick(100)
    bench.order(60)
    bench.tick(SETTLE_MS + 200)
    assert bench.bound() == 160


def test_rule_3_a_low_order_in_transit_is_not_replaced_by_a_higher_one():
    bench = Bench(site([evse(transit_ms=5000)])).start()
    bench.tick(5000)
    bench.order(0)
    bench.tick(5200)
    bench.send(100)  # held
    bench.order(160)
    bench.order(60)
    bench.tick(SETTLE_MS - 1000)
    assert bench.bound() == 160
    bench.tick(1200)
    assert bench.bound() == 100  # it may still arrive after the 6 A


def test_rule_3_liveness_a_later_reading_of_the_same_value_ends_the_wait_for_a_lost_frame():
    bench = Bench(site([mute_evse(transit_ms=5000, survives=True)])).start()
    bench.tick(5000)
    bench.order(0)
    bench.tick(5200)
    bench.send(160)
    bench.tick(1000)
    bench.order(60)
    assert bench.guard.resend_due(0)
    for _ in range(12):
        bench.tick(1000)
        bench.guard.reported(0, 60, bench.now_ms)
    bench.tick(SETTLE_MS)
    assert bench.bound() == 60
    assert not bench.guard.resend_due(0)


def test_rule_4_the_reserve_counts_while_the_evse_is_paused():
    bench = two(fallback_da=60, power_on_da=60)
    assert bench.bound(1) == 60
    assert bench.guard.reserve_da(1) == 60
    assert bench.order(160, 0) is None
    assert bench.order(140, 0) is not None


def test_rule_4_the_reserve_is_the_larger_of_fallback_and_power_on_value():
    bench = two(fallback_da=60, power_on_da=80)
    assert bench.guard.reserve_da(1) == 80


def test_rule_4_the_limit_that_a_device_reports_counts():
    bench = two()
    bench.guard.reported(0, 70, bench.now_ms)
    assert bench.bound() >= 70


def test_rule_4_measured_current_above_the_order_counts():
    bench = two()
    bench.stand(100, 0)
    bench.measure(0, 104, 100, 100)
    assert bench.bound() == 104
    bench.measure(0, 99, 100, 100)
    assert bench.bound() == 104, "its car makes so much of this order, and may again"
    bench.guard.plugged(0, True)
    assert bench.bound() == 104, "the car that was plugged in before the start"
    bench.unplug()
    assert bench.bound() == 100, "no car"
