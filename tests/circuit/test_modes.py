"""Section 7: quarantine, regulating, degraded, safe; and the way between them."""

from helper_circuit import SETTLE_MS, Bench, circuit, evse, foreign_evse, meter_facts, mute_evse, site


def test_section_7_in_quarantine_every_bound_is_the_hardware_maximum_and_everything_is_paused():
    bench = Bench(site([evse("evse-1"), evse("evse-2")], [circuit(rating=200)]))
    bench.guard.demand(0, True)
    bench.tick(200)
    assert bench.guard.mode == "quarantine"
    assert [bench.bound(e) for e in range(2)] == [160, 160]
    assert bench.guard.want_da == [0, 0]


def test_section_7_in_quarantine_only_probes_are_sent():
    bench = Bench(site([evse()]))
    bench.tick(200)
    assert bench.order(100) is None
    assert bench.order(0) is not None
    assert bench.order(100) is None


def test_section_7_liveness_a_site_whose_maxima_exceed_its_rating_leaves_quarantine():
    bench = Bench(site([evse("evse-1"), evse("evse-2"), evse("evse-3")], [circuit(rating=200)]))
    for e in range(3):
        bench.guard.demand(e, True)
    bench.follow(8)
    assert bench.guard.mode == "regulating"
    bench.follow(15)
    assert min(bench.guard.want_da) >= 60


def test_section_7_one_dead_evse_ends_quarantine_after_its_full_silence_time():
    bench = Bench(site([evse("evse-1"), foreign_evse("evse-2", watchdog_fixed=True)], [circuit(rating=200)]))
    bench.guard.demand(0, True)
    bench.follow(10, silent=(1,))
    assert bench.guard.mode == "quarantine"
    bench.follow(10, silent=(1,))
    assert bench.guard.mode == "degraded"
    assert [text for _, kind, text in bench.guard.events if kind == "mode"] == ["quarantine -> degraded: evse-2 silent"]
    bench.follow(10, silent=(1,))
    assert bench.guard.last_order_da(0) == 160


def test_section_7_one_dead_evse_without_watchdog_keeps_its_maximum_and_the_rest_continues():
    bench = Bench(site([evse("evse-1"), mute_evse("evse-2")], [circuit(rating=240)]))
    bench.guard.demand(0, True)
    bench.follow(60, silent=(1,))
    assert bench.guard.mode == "degraded"
    assert bench.bound(1) == 160
    assert bench.guard.last_order_da(0) == 80


def test_section_7_quarantine_is_never_shorter_than_the_longest_transit():
    bench = Bench(site([evse("evse-1"), evse("evse-2", transit_ms=20000)]))
    bench.follow(19)
    assert bench.guard.mode == "quarantine"
    bench.follow(20)
    assert bench.guard.mode == "regulating"


def test_section_7_an_old_order_in_transit_at_the_start_is_waited_for():
    bench = Bench(site([evse(transit_ms=5000)]))
    bench.tick(200)
    bench.order(0)
    bench.tick(SETTLE_MS + 500)
    assert bench.bound() == 160
    bench.order(0)
    bench.tick(SETTLE_MS + 200)
    assert bench.bound() == 0


def test_section_7_a_lost_evse_means_degraded_and_its_return_regulating():
    bench = Bench(site([evse("evse-1"), evse("evse-2")])).start()
    assert bench.guard.mode == "regulating"
    bench.guard.lost(0, bench.now_ms)
    bench.tick()
    assert bench.guard.mode == "degraded"
    assert not bench.guard.online(0)
    bench.follow(3)
    assert bench.guard.mode == "regulating"
    assert bench.guard.online(0)


def test_section_7_safe_pauses_everything_and_feeds_no_device():
    bench = Bench(site([evse()])).start()
    bench.guard.demand(0, True)
    bench.follow(5)
    bench.guard.fail("storage lost", bench.now_ms)
    assert bench.guard.mode == "safe"
    assert bench.guard.want_da == [0]
    assert not bench.guard.feed_ok
    assert bench.order(160) is None
    assert bench.order(0) is not None
    bench.tick(1000)
    assert bench.guard.mode == "safe"


def test_section_7_each_edge_is_an_event_with_its_reason():
    bench = Bench(site([evse()])).start()
    bench.guard.fail("storage lost", bench.now_ms)
    texts = [text for _, kind, text in bench.guard.events if kind == "mode"]
    assert texts == ["quarantine -> regulating: all meters and EVSEs are trusted", "regulating -> safe: storage lost"]


def test_section_7_the_event_names_each_lost_meter_and_a_few_of_many_evses():
    evses = [foreign_evse("evse-%d" % (e + 1), watchdog_fixed=True) for e in range(6)]
    bench = Bench(site(evses, [circuit(rating=2000, meter=0)], [meter_facts()]))
    for _ in range(120):
        bench.tick(1000)
    texts = [text for _, kind, text in bench.guard.events if kind == "mode"]
    assert texts == ["quarantine -> degraded: meter of main lost, evse-1 silent, evse-2 silent, evse-3 silent and 3 more"], texts


def test_section_7_events_are_bounded():
    bench = Bench(site([evse()])).start()
    for k in range(500):
        bench.ledger.events.add(k, "test", "x")
    assert len(bench.guard.events) == 200
    assert bench.ledger.events.dropped >= 300


def test_section_7_the_local_charging_point_needs_no_evidence():
    bench = Bench(site([evse(kind="local", bus=-1, watchdog_ms=1000, transit_ms=0)]))
    assert bench.guard.reserve_da(0) == 0
    bench.guard.demand(0, True)
    bench.tick(100)
    bench.prove(bench.send(0), 0)
    bench.tick(SETTLE_MS + 200)
    assert bench.guard.mode == "regulating"
    assert bench.guard.want_da[0] == 160
    assert bench.send(160) is not None


def test_section_7_a_restart_of_the_primary_pauses_proves_and_charges_again_within_seconds():
    first = Bench(site([evse("evse-1"), foreign_evse("evse-2")], [circuit(rating=200)])).start()
    again = Bench(site([evse("evse-1"), foreign_evse("evse-2")], [circuit(rating=200)]), first.guard.evidence_dump())
    for e in range(2):
        again.guard.demand(e, True)
    again.follow(20)
    assert again.guard.want_da == [100, 100]
    assert [again.bound(e) for e in range(2)] == [100, 100]


def test_a_fault_after_a_decision_for_the_safe_state_is_a_fault():
    bench = Bench(site([evse()])).start()
    bench.guard.enter_safe_state("a loop of restarts", bench.now_ms)
    assert bench.guard.safe_by_decision
    bench.guard.fail("a sum differs", bench.now_ms)
    assert not bench.guard.safe_by_decision
