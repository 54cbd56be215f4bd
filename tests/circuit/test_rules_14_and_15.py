"""Rules 14 and 15: the phases that can close, and a site that was changed."""

from helper_circuit import SETTLE_MS, Bench, circuit, evse, site


def test_rule_14_an_order_counts_on_every_phase_that_can_close():
    bench = Bench(site([evse(terminals=[[1], [2], [0]])])).start()
    bench.stand(100)
    bench.measure(0, 100, 0, 0)
    assert bench.guard.bound_da(0) == [100, 100, 100]


def test_rule_14_a_single_phase_evse_loads_its_phase_only():
    bench = Bench(site([evse(terminals=[[1]])])).start()
    bench.stand(100)
    assert bench.guard.bound_da(0) == [0, 100, 0]


def test_rule_14_between_two_lines_both_carry_the_current():
    bench = Bench(site([evse(terminals=[[0, 1]])])).start()
    bench.stand(100)
    assert bench.guard.bound_da(0) == [100, 100, 0]
    assert bench.guard.margin_da(0) == [220, 220, 320]


def test_rule_14_a_line_shared_by_two_terminals_carries_both():
    bench = Bench(site([evse(terminals=[[0, 1], [1, 2], [0, 2]])])).start()
    bench.stand(100)
    assert bench.guard.bound_da(0) == [200, 200, 200]
    assert bench.order(161) is None


def test_rule_14_fewer_phases_count_after_the_switch_was_proven_and_settled():
    bench = Bench(site([evse(fallback_da=60, power_on_da=60)])).start()
    bench.stand(100)
    assert bench.guard.phases_sent(0, [0], bench.now_ms)
    assert bench.guard.bound_da(0) == [100, 100, 100]
    bench.guard.phases_proven(0, [0], bench.now_ms)
    bench.tick(SETTLE_MS - 100)
    assert bench.guard.bound_da(0) == [100, 100, 100]
    bench.tick(200)
    assert bench.guard.bound_da(0) == [100, 60, 60]
    assert bench.guard.margin_da(0) == [220, 260, 260]


def test_rule_14_more_phases_need_their_margin_first():
    bench = Bench(site([evse("evse-1"), evse("evse-2", terminals=[[1]])], [circuit(rating=200)])).start()
    bench.guard.phases_sent(0, [0], bench.now_ms)
    bench.guard.phases_proven(0, [0], bench.now_ms)
    bench.tick(SETTLE_MS + 200)
    bench.stand(160, 0)
    bench.stand(160, 1)
    assert not bench.guard.phases_sent(0, [0, 1, 2], bench.now_ms)
    assert bench.guard.bound_da(0) == [160, 0, 0]


def moved():
    old = Bench(site([evse(circuit=1)], [circuit(), circuit("a", 0, 200), circuit("b", 0, 200)])).start()
    old.stand(100)
    return old.guard.evidence_dump()


def test_rule_15_a_moved_evse_counts_in_its_old_and_new_place():
    new = Bench(site([evse(circuit=2)], [circuit(), circuit("a", 0, 200), circuit("b", 0, 200)]), moved())
    assert new.guard.margin_da(1) == [40, 40, 40]
    assert new.guard.margin_da(2) == [40, 40, 40]
    new.tick(60000)
    assert new.bound() == 0
    new.ledger.evse_states[0].reserve_da = 0
    assert new.ledger.evse_states[0].old_keys


def test_rule_15_the_old_place_is_released_after_a_proven_pause():
    new = Bench(site([evse(circuit=2)], [circuit(), circuit("a", 0, 200), circuit("b", 0, 200)]), moved()).start()
    assert not new.ledger.evse_states[0].old_keys
    new.stand(100)
    assert new.guard.margin_da(1) == [200, 200, 200]
    assert new.guard.margin_da(2) == [100, 100, 100]


def test_rule_15_the_smaller_rating_applies_until_every_evse_below_was_proven_paused():
    old = Bench(site([evse()], [circuit(rating=200)])).start()
    new = Bench(site([evse()], [circuit(rating=320)]), old.guard.evidence_dump())
    assert new.guard.margin_da(0) == [40, 40, 40]
    new.start()
    assert new.guard.margin_da(0) == [320, 320, 320]


def test_rule_15_an_isolated_evse_also_ends_the_change():
    old = Bench(site([evse()], [circuit(rating=200)])).start()
    new = Bench(site([evse()], [circuit(rating=320)]), old.guard.evidence_dump())
    new.guard.isolate(0, True)
    new.tick()
    assert new.guard.margin_da(0) == [320, 320, 320]


def test_rule_15_a_second_restart_does_not_forget_the_old_place():
    circuits = [circuit(), circuit("a", 0, 200), circuit("b", 0, 200)]
    once = Bench(site([evse(circuit=2)], circuits), moved())
    twice = Bench(site([evse(circuit=2)], circuits), once.guard.evidence_dump())
    assert twice.guard.margin_da(1) == [40, 40, 40]
    twice.start()
    assert twice.guard.margin_da(1) == [200, 200, 200]
    assert "before" not in twice.guard.evidence_dump()["site"]


def test_rule_15_a_second_restart_does_not_forget_the_smaller_rating():
    old = Bench(site([evse()], [circuit(rating=200)])).start()
    once = Bench(site([evse()], [circuit(rating=320)]), old.guard.evidence_dump())
    twice = Bench(site([evse()], [circuit(rating=320)]), once.guard.evidence_dump())
    assert twice.guard.margin_da(0) == [40, 40, 40]


def narrowed(rating=320):
    bench = Bench(site([evse(fallback_da=60, power_on_da=60), evse("evse-2", terminals=[[1]])], [circuit(rating=rating)])).start()
    assert bench.guard.phases_sent(0, [0], bench.now_ms)
    bench.guard.phases_proven(0, [0], bench.now_ms)
    bench.tick(SETTLE_MS + 200)
    return bench


def test_rule_14_a_device_that_shows_more_phases_than_assumed_counts_on_them_at_once():
    bench = narrowed(rating=200)
    bench.stand(120, 0)
    bench.stand(120, 1)
    assert bench.guard.bound_da(0) == [120, 60, 60]
    bench.guard.phases_shown(0, [0, 1, 2], bench.now_ms)
    assert bench.guard.bound_da(0) == [120, 120, 120]
    assert bench.guard.margin_da(0)[1] < 0
    assert any(kind == "phases" for _, kind, _ in bench.guard.events)


def test_rule_14_a_device_that_shows_fewer_phases_frees_nothing_by_that():
    bench = Bench(site([evse(fallback_da=60, power_on_da=60)])).start()
    bench.stand(120)
    bench.guard.phases_shown(0, [0], bench.now_ms)
    bench.tick(SETTLE_MS + 200)
    assert bench.guard.bound_da(0) == [120, 120, 120]


def test_the_planner_continues_with_a_phase_switch_that_reverted_by_itself():
    bench = Bench(site([evse(phase_switch=True, fallback_da=60, power_on_da=60)])).start()
    assert bench.guard.optional.phases_wanted(0) == 3
    bench.guard.optional.phase_switch.want[0] = 1
    bench.guard.phases_sent(0, [0], bench.now_ms)
    bench.guard.phases_proven(0, [0], bench.now_ms)
    bench.tick(SETTLE_MS + 200)
    assert bench.guard.optional.phases_wanted(0) == 1
    bench.guard.phases_shown(0, [0, 1, 2], bench.now_ms)
    bench.tick(200)
    assert bench.guard.optional.phases_wanted(0) == 3
