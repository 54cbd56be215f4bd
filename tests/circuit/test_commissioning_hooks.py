"""Commissioning and the ledger: what is untested, what a silence test holds, and what its outcome counts."""

from helper_circuit import Bench, circuit, evse, foreign_evse, meter_facts, mute_evse, site

from ampacity.circuit.guard import Guard
from ampacity.circuit.trusted.errors import Rejected
from ampacity.circuit.trusted.site.check import check_site
from check import raises

SEEN = {"watchdog_ms": 14000, "fallback_da": 80, "power_on_da": 0}


def declared(**more):
    return foreign_evse(power_on_source="declared", fallback_da=0, power_on_da=0, **more)


def charging(facts):
    """A bench whose first EVSE charges at 10 A, proven."""
    bench = Bench(facts)
    bench.guard.evidence(0, "fingerprint", "A-1", bench.now_ms)
    bench.tick(40000)
    bench.order(0)
    bench.tick(6000)
    bench.guard.demand(0, True)
    bench.tick(1000)
    bench.order(100)
    bench.tick(1000)
    return bench


def test_an_evse_that_is_not_commissioned_gets_0_where_tests_are_required():
    facts = site([evse()])
    facts["require_tested"] = True
    bench = charging(facts)
    assert bench.guard.want_da[0] == 0
    assert "not commissioned" in bench.guard.why(0)
    bench.guard.optional.under_test(0)
    bench.tick(1000)
    assert bench.guard.want_da[0] == 160
    bench.guard.optional.under_test(None)
    bench.tick(1000)
    assert bench.guard.want_da[0] == 0
    bench.guard.optional.commissioned(0, True, False, {}, bench.now_ms)
    bench.guard.optional.under_test(0)
    bench.tick(1000)
    bench.guard.optional.under_test(None)
    bench.tick(1000)
    assert bench.guard.want_da[0] == 160


def test_a_declared_power_on_value_counts_only_when_it_was_tested():
    facts = site([declared()])
    facts["require_tested"] = True
    bench = Bench(facts)
    bench.audit()
    assert bench.guard.reserve_da(0) == 160
    assert any("not commissioned" in text for text in bench.guard.gaps(0))
    bench.guard.optional.commissioned(0, True, False, {}, bench.now_ms)
    assert bench.guard.reserve_da(0) == 0


def test_a_missing_test_alone_is_a_warning_of_the_check():
    facts = site([declared()], [circuit(rating=100)])
    facts["require_tested"] = True
    assert {finding["level"] for finding in check_site(facts)} == {"warning"}
    facts["circuits"][0]["assumed_other_da"] = [120] * 3
    assert {finding["level"] for finding in check_site(facts)} == {"error"}


def test_the_silence_of_an_evse_whose_watchdog_is_under_test_releases_nothing():
    bench = charging(site([evse()]))
    assert bench.guard.bound_da(0) == [100] * 3
    bench.guard.optional.watchdog_test(0, True, bench.now_ms)
    bench.guard.lost(0, bench.now_ms)
    bench.tick(60000)
    assert bench.guard.bound_da(0) == [100] * 3
    bench.guard.optional.watchdog_test(0, False, bench.now_ms)
    bench.tick(10000)
    assert bench.guard.bound_da(0) == [100] * 3
    bench.tick(10000)
    assert bench.guard.bound_da(0) == [0] * 3


def test_a_read_may_be_sent_to_a_silent_evse_under_test_and_to_no_other():
    bench = charging(site([foreign_evse(poll_feeds=True)]))
    bench.guard.optional.watchdog_test(0, True, bench.now_ms)
    bench.guard.lost(0, bench.now_ms)
    bench.tick(30000)
    assert bench.guard.may_feed(0, bench.now_ms)
    bench.guard.optional.watchdog_test(0, False, bench.now_ms)
    assert not bench.guard.may_feed(0, bench.now_ms)


def test_only_a_proven_evse_can_be_tested():
    with raises(Rejected):
        Bench(site([evse()])).guard.optional.watchdog_test(0, True, 0)


def test_a_watchdog_that_did_not_act_counts_as_none_and_this_is_stored_in_the_journal():
    facts = site([evse()])
    bench = charging(facts)
    bench.guard.optional.commissioned(0, False, True, {}, bench.now_ms)
    assert bench.guard.reserve_da(0) == 160
    again = Guard(facts, bench.now_ms, bench.guard.evidence_dump())
    for key, value in (("fingerprint", "A-1"), ("watchdog_ms", 10000), ("fallback_da", 0), ("power_on_da", 0)):
        again.evidence(0, key, value, bench.now_ms)
    assert again.reserve_da(0) == 160


def test_a_device_seen_to_hold_its_order_has_no_reserve_for_silence_until_it_is_replaced():
    facts = site([mute_evse(holds=False)])
    bench = Bench(facts).start()
    assert bench.guard.reserve_da(0) == 160
    bench.guard.optional.commissioned(0, True, False, {"holds": 1}, bench.now_ms)
    assert bench.guard.reserve_da(0) == 0
    bench.stand(100)
    bench.guard.lost(0, bench.now_ms)
    bench.tick(600000)
    assert bench.guard.bound_da(0) == [100] * 3
    again = Guard(facts, bench.now_ms, bench.guard.evidence_dump())
    assert again.reserve_da(0) == 0
    again.evidence(0, "fingerprint", "B-2", bench.now_ms)
    again.accept_device(0)
    assert again.reserve_da(0) == 160


def test_a_test_lacks_current_when_all_other_evses_together_cannot_yield_enough():
    bench = charging(site([evse()], [circuit(rating=200, meter=0)], [meter_facts()]))
    bench.guard.optional.watchdog_test(0, True, bench.now_ms)
    bench.guard.lost(0, bench.now_ms)
    for load_da, needed in ((80, False), (120, True), (60, False)):
        for _ in range(8):
            bench.meter(load_da + 100 + bench.mark % 2, 100, 100)
            bench.tick(500)
        assert bench.guard.optional.lacks_test_room(0) == needed, load_da
    bench.guard.limit("ems", ("evse", 0), 60, bench.now_ms + 60000, "release")
    bench.tick(500)
    assert bench.guard.optional.lacks_test_room(0)


def test_an_observed_value_counts_if_it_is_worse_than_the_declared_one():
    bench = charging(site([evse()]))
    bench.guard.optional.commissioned(0, True, False, SEEN, bench.now_ms)
    assert bench.guard.reserve_da(0) == 80
    evidence = bench.ledger.evse_states[0].evidence
    assert evidence.watchdog_ms() == 14000


def test_an_undeclared_power_on_value_counts_as_observed():
    bench = Bench(site([foreign_evse(power_on_source="unknown", fallback_da=0)]))
    bench.audit()
    assert bench.guard.reserve_da(0) == 160
    bench.guard.optional.commissioned(0, True, False, {"power_on_da": 60}, bench.now_ms)
    assert bench.guard.reserve_da(0) == 60


def test_a_test_is_valid_only_for_the_tested_serial_number():
    facts = site([evse()])
    facts["require_tested"] = True
    bench = charging(facts)
    bench.guard.optional.commissioned(0, True, False, {}, bench.now_ms)
    kept = bench.guard.evidence_dump()
    same = Guard(facts, bench.now_ms, kept)
    assert same.ledger.evse_states[0].evidence.tested
    kept["evses"]["evse-1"]["known_fingerprint"] = "B-2"
    assert not Guard(facts, bench.now_ms, kept).ledger.evse_states[0].evidence.tested
    bench.guard.evidence(0, "fingerprint", "B-2", bench.now_ms)
    bench.guard.accept_device(0)
    assert not bench.ledger.evse_states[0].evidence.tested
    assert any("not commissioned" in text for text in bench.guard.gaps(0))


def test_accepting_the_tested_device_again_keeps_its_results():
    bench = charging(site([evse()]))
    bench.guard.optional.commissioned(0, False, True, {}, bench.now_ms)
    bench.guard.accept_device(0)
    assert bench.ledger.evse_states[0].evidence.distrusted


def test_a_test_lacks_current_where_limits_from_outside_leave_less_than_its_order():
    bench = charging(site([evse()], [circuit(rating=200, meter=0)], [meter_facts()]))
    guard = bench.guard
    guard.optional.watchdog_test(0, True, bench.now_ms)
    guard.lost(0, bench.now_ms)
    order_da = guard.bound_da(0)[0]
    for target, room_da, lacks in (
        ("chargers", order_da, False), ("chargers", order_da - 1, True), ("circuit", order_da + 70, False), ("circuit", order_da + 40, True),
    ):  # fmt: skip
        guard.limit("ems", (target, 0), room_da, bench.now_ms + 600000, "release")
        for _ in range(8):
            bench.meter(60 + order_da + bench.mark % 2, order_da, order_da)
            bench.tick(500)
        assert guard.optional.lacks_test_room(0) == lacks, (target, room_da)
        guard.limit("ems", (target, 0), None, None, "release")
    bench.tick(500)
    assert not guard.optional.lacks_test_room(0)


def test_the_silence_after_an_isolation_begins_at_the_time_that_the_word_came_with():
    bench = Bench(site([evse()])).start()
    bench.guard.isolate(0, True)
    bench.guard.isolate(0, False, bench.now_ms + 7)
    assert bench.ledger.evse_states[0].last_feed_ms == bench.now_ms + 7


def test_an_evse_whose_device_is_accepted_is_offered_its_whole_share():
    bench = Bench(site([evse()])).start()
    bench.guard.demand(0, True)
    bench.follow(10)
    bench.follow(700, draws=60)
    assert bench.guard.want_da[0] < 100, "it keeps what it does not draw no longer"
    bench.guard.accept_device(0)
    bench.follow(10, draws=60)
    assert bench.guard.want_da[0] == 160


def test_an_evse_that_is_unlocked_has_its_share_in_the_next_tick():
    for later in range(5):  # wherever that is between two shares
        bench = Bench(site([evse()])).start()
        bench.guard.demand(0, True)
        bench.ledger.evse_states[0].locked = "disobeyed"
        bench.follow(10)
        bench.tick(100 * later)
        assert bench.guard.want_da[0] == 0
        bench.guard.unlock(0)
        bench.tick()
        assert bench.guard.want_da[0] == 160, later


def test_what_is_confirmed_is_what_the_site_file_assumes():
    bench = Bench(site([evse()], [circuit(rating=630)])).start()
    bench.ledger.assumed_da[0] = 50
    bench.guard.confirm_assumed(0)
    assert bench.ledger.assumed_da[:3] == [0, 0, 0]


def test_an_evse_that_is_unlocked_is_offered_its_whole_share_whatever_it_used_before():
    bench = Bench(site([evse()], idle_ms=20000)).start()
    bench.guard.demand(0, True)
    bench.follow(90, draws=70)
    assert bench.guard.want_da[0] < 160, "it is offered what it uses, and a little more"
    bench.ledger.evse_states[0].locked = "disobeyed"
    bench.guard.unlock(0)
    bench.tick()
    assert bench.guard.want_da[0] == 160
