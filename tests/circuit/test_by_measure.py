"""A device that cannot show the limit in force: it is regulated, and counts its maximum until a car that draws proves less."""

from helper_circuit import SETTLE_MS, Bench, circuit, evse, foreign_evse, site


def box(**more):
    return foreign_evse("box", proof="measured", fallback_da=60, power_on_da=60, fingerprint="7", **more)


def heard(bench, e=0):
    """Audited and heard, with no proof of anything."""
    bench.guard.heard(e, bench.now_ms)
    bench.audit(e)
    bench.guard.evidence(e, "fingerprint", "7", bench.now_ms)


def running(rating=320, more=()):
    bench = Bench(site([box()] + list(more), [circuit(rating=rating)], raise_hold_ms=0, restart_hold_ms=0))
    bench.tick(200)
    for e in range(1, 1 + len(more)):
        assert bench.order(0, e) is not None
    heard(bench)
    for _ in range(400):
        bench.tick(100)
        heard(bench)
    for e in range(1 + len(more)):
        bench.guard.demand(e, True)
    for _ in range(30):
        heard(bench)
        bench.tick(100)
    return bench


def test_a_device_proven_by_measurement_gets_orders_before_any_proof():
    bench = running()
    assert bench.guard.state(0) == "ok" and bench.guard.mode == "regulating"
    assert bench.guard.want_da[0] == 160
    assert bench.send(160) is not None


def test_its_bound_is_its_maximum_until_a_car_draws_what_was_ordered():
    bench = running()
    order = bench.send(100)
    bench.guard.answered(0, order, bench.now_ms)
    bench.tick(SETTLE_MS + 500)
    assert bench.bound() == 160
    bench.guard.proven(0, order, 100, bench.now_ms)
    bench.tick(SETTLE_MS + 500)
    assert bench.bound() == 100


def test_others_get_only_what_its_maximum_leaves():
    bench = running(rating=260, more=[evse("ours")])
    assert bench.guard.want_da[0] == 160 and bench.guard.want_da[1] == 100
    assert bench.order(100, 1) is not None
    assert bench.send(110, 1) is None


def test_a_limit_that_nothing_proves_keeps_it_charging_and_frees_nothing():
    bench = running(rating=260, more=[evse("ours")])
    bench.guard.limit("user", ("evse", 0), [80] * 3, None, "hold")
    for _ in range(300):
        bench.tick(100)
        heard(bench)
        if bench.guard.want_da[0] != bench.guard.last_order_da(0):
            bench.send(bench.guard.want_da[0])
    assert bench.guard.want_da[0] == 80 and bench.bound() == 160
    assert bench.guard.want_da[1] == 100


def test_silence_and_its_watchdog_free_it_down_to_its_reserve():
    bench = running()
    bench.send(160)
    bench.guard.lost(0, bench.now_ms)
    bench.tick(10000 + 1000 + SETTLE_MS + 300)
    assert bench.bound() == 60 == bench.guard.reserve_da(0)


def test_another_unit_at_its_address_is_locked_as_well():
    bench = running()
    bench.guard.evidence(0, "fingerprint", "8", bench.now_ms)
    assert bench.guard.state(0) == "swapped" and bench.send(100) is None
