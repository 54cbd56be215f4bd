"""Rule 13: a primary below a primary keeps Σ bounds within its grant, and proves the grant by it; and how its parent takes that."""

from helper_circuit import SETTLE_MS, Bench, evse, mute_evse, site

from ampacity.circuit.cascaded_guard import CascadedGuard


def below(evses, fallback_da=0, granted_da=320):
    """A site of 32 A under a grant."""
    facts = site(evses)
    facts["parent"] = {"fallback_da": fallback_da, "power_on_da": fallback_da}
    bench = Bench(facts, guard_class=CascadedGuard).start()
    bench.guard.grant(granted_da)
    return bench


def two(**how):
    return below([evse("a", unit=1), evse("b", unit=2)], **how)


def want_all(bench):
    for e in range(len(bench.facts["evses"])):
        bench.guard.demand(e, True)


def test_no_order_raises_the_sum_above_the_grant_even_within_the_rating():
    bench = two(granted_da=200)
    bench.tick()
    assert bench.order(120, 0) is not None
    assert bench.order(100, 1) is None and bench.order(80, 1) is not None


def test_a_grant_is_met_only_when_the_lower_orders_are_proven_and_settled():
    bench = two()
    want_all(bench)
    bench.follow(30)
    assert bench.guard.grant_met(bench.ledger.granted_da) and bench.guard.sums_da() == [320] * 3
    bench.guard.grant(200)
    bench.tick()
    assert not bench.guard.grant_met(bench.ledger.granted_da)
    for e in (0, 1):
        assert bench.guard.want_da[e] == 100 and bench.order(100, e) is not None
        bench.measure(e, 100, 100, 100)
    bench.tick(SETTLE_MS - 500)
    assert not bench.guard.grant_met(bench.ledger.granted_da) and bench.guard.fullest_da() == 320
    bench.tick(1000)
    assert bench.guard.grant_met(bench.ledger.granted_da) and bench.guard.sums_da() == [200] * 3


def test_the_fullest_phase_decides():
    bench = below([evse("a", unit=1), evse("b", unit=2, terminals=[[1]])], granted_da=200)
    bench.tick()
    assert bench.order(120, 0) is not None
    assert bench.order(100, 1) is None and bench.order(80, 1) is not None
    assert bench.guard.sums_da() == [120, 200, 120] and bench.guard.fullest_da() == 200


def test_targets_follow_the_grant_and_the_reason_names_it():
    bench = two(granted_da=140)
    want_all(bench)
    bench.follow(30)
    assert [bench.bound(0), bench.bound(1)] == [70, 70]
    assert "parent" in bench.guard.why(0)


def test_a_taker_is_not_raised_before_its_giver_is_settled():
    bench = two(granted_da=160)
    bench.guard.demand(0, True)
    bench.follow(20)
    assert bench.bound(0) == 160
    bench.guard.demand(1, True)
    for _ in range(60):
        bench.follow(1)
        assert bench.guard.fullest_da() <= 160
    assert [bench.bound(0), bench.bound(1)] == [80, 80]


def test_a_grant_below_the_reserves_is_met_by_the_reserves():
    bench = below([evse("a", fallback_da=60, power_on_da=60)], fallback_da=60, granted_da=0)
    bench.tick()
    assert bench.guard.grant_met(bench.ledger.granted_da) and bench.guard.reserves_da() == 60


def test_what_cars_make_of_the_reserves_is_reported_with_them():
    bench = below([evse("a", fallback_da=60, power_on_da=60), evse("b", unit=2)], fallback_da=60, granted_da=160)
    bench.tick()
    for s in bench.guard.ledger.evse_states:
        s.overdraw_da = 7
    assert bench.guard.reserves_da() == 67, "who has no reserve adds nothing"


def test_an_evse_without_watchdog_is_limited_to_the_permanent_count_of_the_parent():
    bench = below([mute_evse("a")], fallback_da=80)
    bench.tick()
    assert bench.order(100) is None and bench.order(80) is not None


def test_nothing_is_proven_while_the_invariant_is_not_checked():
    bench = two()
    bench.tick()
    assert bench.guard.grant_met(bench.ledger.granted_da)
    bench.guard.fail("test", bench.now_ms)
    assert not bench.guard.grant_met(bench.ledger.granted_da)


def test_the_parent_accepts_a_sum_that_it_did_not_order_without_a_foreign_write():
    bench = Bench(site([evse("garage", primary=True), evse("b", unit=2)])).start()
    bench.guard.reported(0, 150, bench.now_ms)
    assert bench.bound(0) == 150 and "foreign" not in bench.kinds()
    bench.guard.reported(1, 150, bench.now_ms)
    assert "foreign" in bench.kinds()


def test_the_parent_discards_a_current_that_is_no_longer_measured():
    bench = Bench(site([evse("garage", primary=True)])).start()
    bench.measure(0, 90, 90, 90)
    assert bench.bound(0) == 90
    bench.guard.measured(0, None, bench.now_ms, bench.now_ms)
    assert bench.bound(0) == 0


def test_when_the_grant_is_gone_nothing_above_it_is_kept_alive_whatever_is_wanted():
    bench = two(granted_da=200)
    bench.tick()
    assert bench.order(120, 0) is not None
    bench.guard.grant(100)
    bench.tick()
    bench.guard.want_da[0] = 120
    assert bench.order(120, 0) is not None, "a lower grant is waited for by the parent"
    bench.guard.grant(0)
    bench.tick()
    bench.guard.want_da[0] = 120
    assert bench.order(120, 0) is None and bench.order(60, 0) is not None
    assert bench.order(0, 0) is not None
    bench.tick(SETTLE_MS + 200)
    bench.guard.grant(200)
    bench.tick()
    assert bench.order(120, 0) is not None


def test_rule_10_what_a_primary_below_shows_while_its_grants_change_is_not_learned():
    bench = Bench(site([evse("garage", primary=True), evse("b", unit=2)])).start()
    s = bench.guard.ledger.evse_states[0]
    bench.guard.demand(0, True)
    bench.follow(20)
    assert s.ok and len(s.book.orders) == 1
    s.book.add(99, s.book.last_da() - 10, bench.now_ms)
    most_da = s.book.most_da()
    bench.guard.measured(0, [most_da + 6] * 3, bench.now_ms, bench.now_ms)
    assert s.overdraw_da == 0
    s.book.orders = s.book.orders[:1]
    bench.guard.measured(0, [most_da + 6] * 3, bench.now_ms, bench.now_ms)
    assert s.overdraw_da == 6
