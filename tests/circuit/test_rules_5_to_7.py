"""Rules 5 to 7: silence and its time, the way back, devices without watchdog."""

from helper_circuit import SETTLE_MS, START_MS, Bench, circuit, evse, foreign_evse, meter_facts, mute_evse, site

LAPSE_MS = 10000 + 1000 + SETTLE_MS + 50


def test_rule_5_a_silent_evse_counts_its_order_until_watchdog_and_settle_time_have_passed():
    bench = Bench(site([evse()])).start()
    bench.stand(160)
    bench.order(160)
    bench.guard.lost(0, bench.now_ms)
    bench.tick(LAPSE_MS - 100)
    assert bench.bound() == 160
    bench.tick(200)
    assert bench.bound() == 0


def test_rule_5_a_silent_evse_falls_to_its_reserve_and_not_below():
    bench = Bench(site([evse(fallback_da=60, power_on_da=60)])).start()
    bench.stand(160)
    bench.guard.lost(0, bench.now_ms)
    bench.tick(LAPSE_MS + 200)
    assert bench.bound() == 60


def test_rule_5_probes_within_the_reserve_do_not_prolong_the_wait():
    bench = Bench(site([evse()])).start()
    bench.order(160)
    bench.guard.lost(0, bench.now_ms)
    for _ in range(17):
        bench.tick(1000)
        assert bench.guard.send(0, 0, bench.now_ms) is not None
    assert bench.bound() == 0


def test_rule_5_a_frame_that_may_revive_the_order_prolongs_the_wait():
    bench = Bench(site([foreign_evse(poll_feeds=True)])).start()
    bench.order(160)
    bench.guard.lost(0, bench.now_ms)
    bench.tick(8000)
    bench.guard.fed(0, bench.now_ms)
    bench.tick(LAPSE_MS - 100)
    assert bench.bound() == 160
    bench.tick(200)
    assert bench.bound() == 0


def test_rule_5_a_watchdog_set_later_counts_only_from_then():
    bench = Bench(site([foreign_evse()]))
    bench.audit(watchdog_ms=0)
    bench.tick(60000)
    bench.audit()
    bench.tick(LAPSE_MS - 200)
    assert bench.bound() == 160
    bench.tick(400)
    assert bench.bound() == 0


def test_rule_5_no_read_prolongs_the_silence_of_a_deaf_device():
    bench = Bench(site([foreign_evse(poll_feeds=True)])).start()
    bench.order(160)
    bench.guard.lost(0, bench.now_ms)
    bench.tick(1000)
    assert not bench.guard.may_feed(0, bench.now_ms)


def test_rule_5_liveness_a_device_that_received_a_pause_may_be_read_as_often_as_the_audit_needs():
    bench = Bench(site([foreign_evse("evse-1", poll_feeds=True), evse("evse-2")], [circuit(rating=100)]))
    bench.tick(200)
    bench.guard.answered(0, bench.send(0), bench.now_ms)
    for _ in range(5):
        bench.tick()
        assert bench.guard.may_feed(0, bench.now_ms)
        bench.guard.fed(0, bench.now_ms)
        bench.guard.heard(0, bench.now_ms)


def test_rule_5_no_order_above_the_reserve_is_sent_to_a_silent_evse_without_margin():
    bench = Bench(site([evse("evse-1"), evse("evse-2")], [circuit(rating=200)])).start()
    bench.stand(160, 0)
    bench.guard.lost(0, bench.now_ms)
    bench.tick(LAPSE_MS + 200)
    bench.stand(160, 1)
    assert bench.guard.send(0, 100, bench.now_ms) is None


def test_rule_5_a_reviving_read_waits_for_the_margin_after_the_silence_time():
    facts = site([foreign_evse("evse-1", poll_feeds=True), evse("evse-2")], [circuit(rating=200)])
    bench = Bench(facts).start()
    bench.stand(160, 0)
    bench.guard.lost(0, bench.now_ms)
    bench.tick(LAPSE_MS + 200)
    bench.stand(160, 1)
    assert not bench.guard.may_feed(0, bench.now_ms)
    bench.order(0, 1)
    bench.tick(SETTLE_MS + 200)
    assert not bench.guard.may_feed(0, bench.now_ms)  # it does not hear us
    bench.guard.answered(0, bench.send(0), bench.now_ms)
    assert bench.guard.may_feed(0, bench.now_ms)
    bench.guard.fed(0, bench.now_ms)
    assert bench.bound(0) == 160


def test_rule_5_liveness_others_yield_for_the_read_of_a_device_that_receives():
    facts = site([foreign_evse("evse-1", poll_feeds=True), evse("evse-2")], [circuit(rating=200)])
    bench = Bench(facts).start()
    bench.stand(160, 0)
    bench.guard.lost(0, bench.now_ms)
    bench.tick(LAPSE_MS + 200)
    bench.guard.demand(1, True)
    bench.follow(20, silent=(0,))
    for _ in range(60):
        bench.guard.answered(0, bench.guard.send(0, 0, bench.now_ms), bench.now_ms)
        if bench.guard.may_feed(0, bench.now_ms):
            break
        bench.follow(1, silent=(0,))
    assert bench.guard.may_feed(0, bench.now_ms), "it is never read"


def test_rule_5_a_certain_answer_overwrites_the_remembered_order():
    facts = site([foreign_evse("evse-1", poll_feeds=True), evse("evse-2")], [circuit(rating=200)])
    bench = Bench(facts).start()
    bench.stand(160, 0)
    bench.guard.lost(0, bench.now_ms)
    bench.tick(LAPSE_MS + 200)
    bench.stand(160, 1)
    bench.guard.answered(0, bench.guard.send(0, 0, bench.now_ms), bench.now_ms, certain=True)
    assert bench.guard.may_feed(0, bench.now_ms)


def test_rule_5_refused_probes_are_postponed_until_the_watchdog_time_has_passed():
    bench = Bench(site([evse()])).start()
    bench.order(160)
    bench.guard.lost(0, bench.now_ms)
    for _ in range(2):
        bench.tick(1000)
        bench.guard.refused(0, bench.send(0), bench.now_ms)
    bench.tick(1000)
    assert bench.send(0) is None
    bench.tick(LAPSE_MS)
    assert bench.bound() == 0
    assert bench.send(0) is not None


def test_rule_6_an_evse_returns_only_after_audit_and_proof():
    bench = Bench(site([foreign_evse()])).start()
    bench.guard.lost(0, bench.now_ms)
    bench.tick(1000)
    order_id = bench.send(0)
    bench.prove(order_id, 0)
    assert bench.guard.state(0) == "returning"
    assert bench.guard.audit_due(0)
    bench.audit()
    assert bench.guard.state(0) == "ok"


def test_rule_6_another_fingerprint_locks_the_evse_at_its_hardware_maximum():
    bench = Bench(site([evse(fingerprint="A1")]))
    bench.tick(200)
    bench.guard.evidence(0, "fingerprint", "A1", bench.now_ms)
    bench.start()
    bench.guard.evidence(0, "fingerprint", "B2", bench.now_ms)
    assert bench.bound() == 160
    bench.order(0)
    bench.tick(SETTLE_MS + 200)
    assert bench.bound() == 160
    assert bench.guard.state(0) == "swapped"
    assert bench.order(100) is None
    bench.guard.accept_device(0)
    bench.guard.evidence(0, "fingerprint", "B2", bench.now_ms)
    bench.order(0)
    bench.tick(SETTLE_MS + 200)
    assert bench.guard.state(0) == "ok"
    assert bench.bound() == 0


def test_rule_6_the_first_fingerprint_is_learnt_and_kept():
    bench = Bench(site([evse()])).start()
    bench.guard.evidence(0, "fingerprint", "A1", bench.now_ms)
    again = Bench(site([evse()]), bench.guard.evidence_dump())
    again.tick(200)
    again.guard.evidence(0, "fingerprint", "B2", again.now_ms)
    assert again.guard.state(0) == "swapped"


def test_rule_6_an_isolated_evse_counts_nothing_until_it_answers():
    bench = Bench(site([evse()])).start()
    bench.stand(160)
    bench.guard.isolate(0, True)
    assert bench.bound() == 0
    bench.guard.heard(0, bench.now_ms)
    assert bench.bound() == 160


def test_rule_7_without_watchdog_silence_releases_nothing():
    bench = Bench(site([mute_evse()])).start()
    bench.stand(160)
    bench.guard.lost(0, bench.now_ms)
    bench.tick(600000)
    assert bench.bound() == 160


def test_rule_7_without_the_claim_that_it_holds_its_reserve_is_its_maximum():
    bench = Bench(site([mute_evse(holds=False)])).start()
    assert bench.guard.reserve_da(0) == 160


def test_rule_7_an_order_to_one_without_watchdog_must_leave_the_default_state_safe():
    facts = site([mute_evse()], [circuit(rating=200, assumed=150, meter=0)], [meter_facts()])
    bench = Bench(facts).start()
    for _ in range(3):
        bench.meter(10 + bench.mark, 10, 10)
        bench.tick(500)
    assert bench.guard.meter_state(0) == "ok"
    assert bench.guard.margin_da(0)[0] > 150
    assert bench.order(60) is None
    assert bench.order(50) is not None


def test_rule_7_with_a_watchdog_the_same_order_is_sent():
    facts = site([evse()], [circuit(rating=200, assumed=150, meter=0)], [meter_facts()])
    bench = Bench(facts).start()
    for _ in range(3):
        bench.meter(10 + bench.mark, 10, 10)
        bench.tick(500)
    assert bench.order(60) is not None


def test_rule_7_liveness_the_plan_requests_no_more_than_the_default_state_allows():
    facts = site([mute_evse()], [circuit(rating=200, assumed=130, meter=0)], [meter_facts()])
    bench = Bench(facts).start()
    bench.guard.demand(0, True)
    bench.follow(30, meter=True, house=10)
    assert bench.guard.want_da[0] == 70
    assert bench.guard.last_order_da(0) == 70


def test_rule_7_liveness_a_share_above_what_the_default_state_permits_is_tried_smaller():
    """One of two holds 16.0 A, and its lower order to 15.0 A is not proven: the default state has 14.0 A for the other, not its share."""
    facts = site([mute_evse("evse-1"), mute_evse("evse-2")], [circuit(rating=400, assumed=100, meter=0)], [meter_facts()])
    bench = Bench(facts).start()
    bench.guard.demand(0, True)
    bench.follow(30, meter=True, house=10)
    assert bench.bound() == 160
    bench.guard.demand(1, True)
    for _ in range(6):
        bench.measure(0, 160, 160, 160)
        bench.meter(170 + bench.mark % 2, 170, 170)
        bench.audit(1)
        bench.tick(500)
    assert bench.bound() == 160 and bench.guard.want_da[0] < 160
    assert 60 <= bench.guard.want_da[1] <= 140
    assert bench.order(bench.guard.want_da[1], 1) is not None


def test_the_world_starts_where_small_integers_end():
    assert START_MS + 60000 == 1 << 30


def test_rule_5_to_a_secondary_that_was_never_read_only_a_pause_is_a_probe():
    for source in ("settings", "documented", "declared"):
        bench = Bench(site([evse(power_on_source=source)]))
        bench.tick(200)
        assert bench.send(100) is None
        assert bench.send(0) is not None


def test_rule_5_liveness_a_device_whose_least_order_counts_is_reached_if_there_is_margin():
    """Its power-on value is unknown, so all of it is its reserve; a pause of it counts as 6 A."""
    for rating, reached in ((160, True), (159, False)):
        bench = Bench(site([foreign_evse(power_on_source="unknown", fallback_da=60)], [circuit(rating=rating)]))
        bench.tick(200)
        assert bench.send(60) is None
        bench.tick(60000)
        assert bench.guard.mode == "degraded" and bench.bound() == 160
        assert (bench.send(60) is not None) == reached
        assert bench.bound() == 160
