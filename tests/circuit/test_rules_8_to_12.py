"""Rules 8 to 12: evidence and its age, other hands, disobedience, nobody feeds blind, grants by their ids."""

from helper_circuit import SETTLE_MS, Bench, circuit, evse, foreign_evse, site


def test_rule_8_a_watchdog_that_was_not_read_back_counts_as_none():
    bench = Bench(site([foreign_evse()]))
    bench.tick(200)
    assert bench.guard.reserve_da(0) == 160
    bench.audit()
    assert bench.guard.reserve_da(0) == 0


def test_rule_8_a_watchdog_documented_as_fixed_needs_no_reading():
    bench = Bench(site([foreign_evse(watchdog_fixed=True)]))
    assert bench.guard.reserve_da(0) == 0


def test_rule_8_a_fixed_watchdog_with_a_fallback_that_can_be_set_needs_the_fallback_read():
    bench = Bench(site([foreign_evse(watchdog_fixed=True, fallback_fixed=False)]))
    assert bench.guard.reserve_da(0) == 160
    bench.guard.evidence(0, "fallback_da", 60, bench.now_ms)
    assert bench.guard.reserve_da(0) == 60


def test_rule_8_an_order_above_the_reserve_needs_a_reading_within_the_boot_time():
    bench = Bench(site([foreign_evse()])).start()
    bench.audit()
    bench.tick(600)
    assert bench.send(100) is None
    bench.audit()
    bench.tick(400)
    assert bench.send(100) is not None


def test_rule_8_a_refresh_needs_the_reading_as_well():
    bench = Bench(site([foreign_evse()])).start()
    bench.stand(100)
    bench.guard.want_da[0] = 100
    assert bench.send(100) is None
    bench.audit()
    assert bench.send(100) is not None


def test_rule_8_settings_that_survive_restarts_need_not_be_read_each_time():
    bench = Bench(site([foreign_evse(survives=True)])).start()
    bench.tick(60000)
    assert bench.send(100) is not None


def test_rule_8_one_that_lost_its_watchdog_is_not_even_refreshed_before_the_journal_knows():
    bench = Bench(site([foreign_evse(holds=True), evse("evse-2")])).start()
    journal_barrier = bench.ledger.journal_barrier
    journal_barrier.written = journal_barrier.version
    bench.stand(100)
    bench.guard.want_da[0] = 100
    bench.audit(watchdog_ms=0)
    assert journal_barrier.version > journal_barrier.written and bench.send(100) is None
    bench.guard.want_da[0] = 60
    assert bench.send(60) is not None  # a lower never waits
    journal_barrier.written = journal_barrier.version
    bench.audit(watchdog_ms=0)
    assert bench.send(60) is not None
    journal_barrier.mark_dirty()  # by something else: its refresh is none
    assert bench.send(60) is not None


def test_rule_8_settings_lost_in_a_restart_stop_the_orders():
    bench = Bench(site([foreign_evse()])).start()
    bench.stand(100)
    bench.audit(watchdog_ms=0)
    assert bench.guard.reserve_da(0) == 160
    assert bench.bound() == 160
    bench.shrink(150)
    bench.tick()
    assert bench.send(120) is None


def test_rule_8_an_unknown_power_on_value_counts_as_the_maximum():
    bench = Bench(site([foreign_evse(power_on_source="unknown")])).start()
    assert bench.guard.reserve_da(0) == 160
    assert "power-on" in bench.guard.gaps(0)[0]


def test_rule_8_a_declared_power_on_value_counts_and_is_called_declared():
    bench = Bench(site([foreign_evse(power_on_source="declared", power_on_da=60)])).start()
    assert bench.guard.reserve_da(0) == 60
    assert "declared" in bench.guard.gaps(0)[0]


def test_rule_8_a_mode_that_does_not_obey_takes_the_evse_out_of_service():
    bench = Bench(site([foreign_evse()])).start()
    bench.guard.evidence(0, "mode_ok", False, bench.now_ms)
    assert bench.guard.state(0) == "returning"
    assert bench.bound() == 160


def test_rule_8_a_larger_hardware_maximum_than_configured_counts():
    bench = Bench(site([evse()]))
    bench.guard.evidence(0, "max_da", 320, bench.now_ms)
    bench.guard.lost(0, bench.now_ms)
    assert bench.ledger.bounds.hardware_da(bench.ledger.evse_states[0]) == 320


def test_rule_8_evidence_survives_in_the_journal_and_orders_do_not():
    bench = Bench(site([foreign_evse()])).start()
    bench.stand(100)
    again = Bench(site([foreign_evse()]), bench.guard.evidence_dump())
    assert again.guard.reserve_da(0) == 0
    assert again.bound() == 160
    again.tick(10000 + 1000 + SETTLE_MS + 200)
    assert again.bound() == 0


def test_rule_8_without_a_journal_silence_proves_nothing():
    bench = Bench(site([foreign_evse()]))
    bench.tick(120000)
    assert bench.bound() == 160


def test_rule_9_a_foreign_write_counts_every_evse_of_the_line_at_its_maximum():
    facts = site([evse("evse-1"), evse("evse-2"), evse("evse-3", bus=1)], [circuit(rating=600)])
    bench = Bench(facts).start()
    bench.guard.foreign_write(0, 0, bench.now_ms)
    assert [bench.bound(e) for e in range(3)] == [160, 160, 0]
    assert "foreign" in bench.kinds()


def test_rule_9_two_devices_at_one_address_count_only_that_evse_at_its_maximum():
    facts = site([evse("evse-1"), evse("evse-2")], [circuit(rating=600)])
    bench = Bench(facts).start()
    bench.guard.duplicate(0, bench.now_ms)
    assert [bench.bound(e) for e in range(2)] == [160, 0]
    assert bench.guard.state(0) == "returning" and bench.guard.state(1) == "ok" and "duplicate" in bench.kinds()
    bench.tick()
    assert bench.order(100, 1) is not None


def test_rule_9_no_raise_anywhere_while_the_line_is_not_clean():
    facts = site([evse("evse-1"), evse("evse-2", bus=1)], [circuit(rating=600)])
    bench = Bench(facts).start()
    bench.guard.foreign_write(0, 0, bench.now_ms)
    bench.tick()
    assert bench.order(100, 1) is None
    bench.tick(10000)
    assert bench.order(100, 1) is not None


def test_rule_9_a_limit_that_was_not_ordered_is_a_foreign_write():
    bench = Bench(site([evse()])).start()
    bench.stand(60)
    bench.guard.reported(0, 100, bench.now_ms)
    assert bench.bound() == 160
    assert bench.guard.state(0) == "returning"


def test_rule_9_liveness_proven_again_on_a_clean_line_it_charges_again():
    bench = Bench(site([evse()])).start()
    bench.guard.demand(0, True)
    bench.follow(5)
    bench.guard.foreign_write(0, None, bench.now_ms)
    bench.follow(3)
    assert bench.bound() == 160
    bench.follow(20)
    assert bench.guard.state(0) == "ok"
    assert bench.guard.last_order_da(0) == 160


def test_rule_10_a_car_above_its_order_counts_its_hardware_maximum_and_is_paused():
    bench = Bench(site([evse()])).start()
    bench.guard.demand(0, True)
    bench.guard.limit("user", ("evse", 0), [80] * 3, None, "hold")
    bench.follow(5)
    assert bench.guard.last_order_da(0) == 80
    for _ in range(14):
        bench.measure(0, 100, 100, 100)
        bench.tick(500)
    assert bench.guard.state(0) == "disobeys"
    assert bench.bound() == 160
    assert bench.guard.want_da[0] == 0


def test_rule_10_a_small_excess_is_not_disobedience():
    bench = Bench(site([evse()])).start()
    bench.stand(100)
    for _ in range(40):
        bench.measure(0, 110, 100, 100)
        bench.tick(500)
    assert bench.guard.state(0) == "ok"
    assert bench.bound() == 110


def test_rule_10_others_yield_to_a_disobeying_evse():
    bench = Bench(site([evse("evse-1"), evse("evse-2")], [circuit(rating=240)])).start()
    bench.guard.demand(0, True)
    bench.guard.demand(1, True)
    bench.follow(20)
    assert bench.guard.want_da == [120, 120]
    for _ in range(7):
        bench._drive(1, bench.facts["evses"][1], True)
        bench.measure(0, 160, 160, 160)
        bench.tick(1000)
    assert bench.guard.state(0) == "disobeys"
    assert bench.guard.want_da[0] == 0
    assert bench.guard.want_da[1] <= 80


def test_rule_10_liveness_its_bound_falls_when_it_draws_nothing_for_the_settle_time():
    bench = Bench(site([evse()])).start()
    bench.stand(60)
    for _ in range(12):
        bench.measure(0, 160, 160, 160)
        bench.tick(500)
    bench.order(0)
    for _ in range(14):
        bench.measure(0, 0, 0, 0)
        bench.tick(500)
    assert bench.guard.state(0) == "ok"
    assert bench.bound() == 0


def test_rule_10_the_third_time_in_a_day_locks_it_until_a_person_unlocks():
    bench = Bench(site([evse()])).start()
    for _ in range(3):
        bench.order(0)
        for _ in range(25):
            bench.measure(0, 160, 160, 160)
            bench.tick(500)
        for _ in range(14):
            bench.measure(0, 0, 0, 0)
            bench.tick(500)
    assert bench.guard.state(0) == "disobeyed"
    bench.guard.demand(0, True)
    bench.tick(1000)
    assert bench.guard.want_da[0] == 0
    bench.guard.unlock(0)
    bench.follow(5)
    assert bench.guard.want_da[0] > 0


def test_rule_11_without_a_tick_nothing_is_refreshed_and_lowers_are_sent():
    bench = Bench(site([evse()])).start()
    bench.guard.demand(0, True)
    bench.follow(5)
    assert bench.guard.last_order_da(0) == 160
    bench.now_ms += 1000
    assert bench.send(160) is None
    assert bench.send(100) is not None
    assert bench.send(100) is None, "what is below all that may be in force leaves once; said again it would keep that alive"
    assert not bench.guard.may_feed(0, bench.now_ms)
    assert bench.send(0) is not None


def test_rule_11_sums_that_do_not_agree_mean_the_safe_state():
    bench = Bench(site([evse()])).start()
    bench.stand(100)
    bench.ledger.sums[0] -= 50
    bench.tick()
    assert bench.guard.mode == "safe"
    assert not bench.guard.feed_ok
    assert bench.order(100) is None
    assert bench.order(0) is not None


def test_rule_11_an_excess_that_outlives_its_budget_is_fed_no_longer():
    bench = Bench(site([evse()])).start()
    bench.guard.demand(0, True)
    bench.follow(5)
    bench.ledger.margin.over_budget[0] = True
    bench.ledger.margin.over_ms[0] = bench.now_ms - 10**6
    bench.audit()
    assert bench.send(160) is None
    assert bench.send(0) is not None


def test_rule_12_a_proof_with_an_id_of_another_run_proves_nothing():
    bench = Bench(site([evse()])).start()
    bench.stand(160)
    bench.send(60)
    bench.guard.proven(0, 99999, 60, bench.now_ms)
    bench.tick(SETTLE_MS + 200)
    assert bench.bound() == 160
