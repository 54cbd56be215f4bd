"""Room that is kept free: whose it is, why `why` says so, and that it counts once."""

from helper_circuit import Bench, circuit, evse, foreign_evse, site

from ampacity.circuit.policy.reservations import within_da


def two():
    """evse-1 charges at 16 A and falls silent until its watchdog has run out; evse-2 takes what it leaves."""
    evses = [foreign_evse("evse-1", watchdog_ms=4000), foreign_evse("evse-2", max_da=320, limit_da=320)]
    bench = Bench(site(evses, [circuit(rating=320)], raise_hold_ms=0, restart_hold_ms=0)).start()
    bench.guard.demand(0, True)
    bench.guard.demand(1, True)
    bench.follow(10)
    assert bench.guard.want_da == [160, 160]
    bench.guard.lost(0, bench.now_ms)
    bench.follow(20, silent=(0,))
    assert bench.guard.want_da == [0, 320] and bench.bound(0) == 0
    return bench


def asks(bench):
    """evse-1 answers a probe, and is asked for more: a read that may revive what it remembers."""
    order_id = bench.guard.send(0, 0, bench.now_ms)
    bench.guard.answered(0, order_id, bench.now_ms)
    return bench.guard.may_feed(0, bench.now_ms)


def test_section_6_a_returning_evse_has_its_current_reserved_and_why_names_it():
    bench = two()
    assert not asks(bench)
    for _ in range(16):
        bench.follow(1, silent=(0,))
        if asks(bench):
            break
    assert bench.guard.want_da[1] <= 160
    assert "evse-1 16.0 A (returning, " in bench.guard.why(1), bench.guard.why(1)


def test_section_6_the_reserved_current_is_released_if_the_evse_does_not_return():
    bench = two()
    assert not asks(bench)
    bench.follow(5, silent=(0,))
    assert bench.guard.want_da[1] == 160
    bench.follow(20, silent=(0,))
    assert bench.guard.want_da[1] == 320


def test_section_6_a_returned_evse_is_planned_with_its_order_only():
    bench = two()
    for _ in range(16):
        if asks(bench):
            break
        bench.follow(1, silent=(0,))
    bench.follow(1)
    assert bench.guard.state(0) == "ok"
    least = 160
    for _ in range(16):
        bench.follow(1)
        least = min(least, bench.guard.want_da[1])
    assert bench.guard.want_da == [160, 160] and least == 160, (bench.guard.want_da, least)


def test_section_6_why_reports_that_a_neighbour_does_not_answer():
    bench = two()
    bench.follow(8)
    bench.guard.lost(0, bench.now_ms)
    bench.tick(1000)
    assert "evse-1 16.0 A (no answer)" in bench.guard.why(1), bench.guard.why(1)


def test_section_6_the_highest_target_within_a_current_is_the_highest_of_which_device_and_car_make_no_more():
    bench = Bench(site([evse("evse-1", max_da=800, limit_da=800)])).start()
    s, most_of = bench.ledger.evse_states[0], bench.guard.ledger.permits.most_of
    for overdraw_da in (0, 1, 7, 10, 11, 27, 80):
        for rounding_da in (0, 5):
            s.overdraw_da, s.rounding_da = overdraw_da, rounding_da
            for da in range(60, 400):
                target_da = within_da(s, da)
                assert most_of(s, target_da) <= da < most_of(s, target_da + 1), (overdraw_da, rounding_da, da, target_da)
