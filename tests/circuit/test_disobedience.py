"""Rule 10: pause, contactor, feeder, locked out until somebody resets it; the bound falls when nothing is seen to flow."""

from helper_circuit import SETTLE_MS, Bench, circuit, evse, site
from life import Life


def drawing(da, seconds, bench, e=0):
    for _ in range(seconds * 2):
        bench.measure(e, da, da, da)
        bench.tick(500)


def disobeying(**more):
    bench = Bench(site([evse("evse-1", **more), evse("evse-2")], [circuit(rating=320)])).start()
    bench.stand(60)
    drawing(160, 6, bench)
    assert bench.guard.state(0) == "disobeys"
    return bench


def test_rule_10_the_first_step_is_only_the_pause():
    bench = disobeying()
    assert not bench.guard.open_contactor(0)
    assert bench.guard.want_da[0] == 0
    assert bench.guard.fault(0) == "draws above its order"


def test_rule_10_an_evse_that_still_draws_after_the_pause_is_opened_and_locked():
    bench = disobeying()
    switches = bench.guard.switches
    drawing(160, 6, bench)
    assert bench.guard.open_contactor(0)
    assert bench.guard.switches == switches + 1
    assert bench.guard.state(0) == "disobeyed"
    assert "locked" in bench.kinds()
    assert not bench.guard.open_feeder(0)


def test_rule_10_an_evse_that_stops_at_the_pause_is_not_locked():
    bench = disobeying()
    bench.order(0)
    drawing(0, 7, bench)
    assert bench.guard.state(0) == "ok"
    assert not bench.guard.open_contactor(0)
    assert bench.guard.fault(0) is None
    assert bench.bound() == 0


def test_rule_10_one_ampere_after_the_pause_is_no_reason_for_the_contactor():
    bench = disobeying()
    bench.order(0)
    drawing(10, 12, bench)
    assert not bench.guard.open_contactor(0)


def test_rule_10_after_the_contactor_the_feeder_opens():
    bench = disobeying(feeder_output="relay-1")
    drawing(160, 12, bench)
    assert bench.guard.open_feeder(0)
    assert bench.kinds().count("feeder") == 1
    assert bench.bound() == 160


def test_rule_10_an_evse_without_measurement_counts_as_drawing():
    bench = disobeying(feeder_output="relay-1")
    bench.tick(2 * SETTLE_MS + 1000)
    assert bench.guard.open_contactor(0)
    bench.tick(SETTLE_MS + 1000)
    assert bench.guard.open_feeder(0)


def test_rule_10_the_feedback_of_the_contactor_lets_its_bound_fall_at_once():
    bench = disobeying()
    bench.order(0)
    drawing(160, 6, bench)
    before_ms = bench.now_ms - 7000
    bench.measure(0, 0, 0, 0)
    bench.guard.contactor(0, False, before_ms)
    bench.tick()
    assert bench.bound() == 160, "a reading older than the command says nothing"
    bench.guard.contactor(0, False, bench.now_ms)
    bench.tick()
    assert bench.bound() == 0
    assert bench.guard.state(0) == "disobeyed"


def test_rule_10_an_open_feedback_while_current_flows_is_not_trusted():
    bench = disobeying()
    bench.order(0)
    drawing(160, 6, bench)
    bench.guard.contactor(0, False, bench.now_ms)
    bench.tick()
    assert bench.bound() == 160


def test_rule_10_a_feeder_seen_open_is_bound_zero_and_seen_closed_the_maximum():
    bench = disobeying(feeder_output="relay-1")
    drawing(160, 12, bench)
    bench.guard.feeder(0, False, bench.now_ms)
    bench.tick()
    assert bench.bound() == 0
    bench.guard.heard(0, bench.now_ms)
    bench.tick()
    assert bench.bound() == 0, "its electronics may have a supply of their own"
    bench.guard.feeder(0, True, bench.now_ms)
    bench.tick()
    assert bench.bound() == 160


def test_rule_10_a_feeder_that_was_not_ordered_open_changes_nothing():
    bench = Bench(site([evse(feeder_output="relay-1")])).start()
    bench.stand(100)
    bench.guard.feeder(0, False, bench.now_ms)
    bench.tick()
    assert bench.bound() == 100


def test_rule_10_the_third_time_in_a_day_opens_the_contactor_with_the_pause():
    bench = Bench(site([evse()])).start()
    for time in range(3):
        bench.stand(60)
        drawing(160, 6, bench)
        assert bench.guard.open_contactor(0) == (time == 2)
        bench.order(0)
        drawing(0, 7, bench)
    assert bench.guard.state(0) == "disobeyed"
    assert bench.bound() == 0


def test_rule_10_a_reset_closes_contactor_and_feeder_and_restarts_the_day():
    bench = disobeying(feeder_output="relay-1")
    drawing(160, 12, bench)
    bench.guard.feeder(0, False, bench.now_ms)
    bench.tick()
    bench.guard.unlock(0)
    assert not bench.guard.open_contactor(0) and not bench.guard.open_feeder(0)
    assert bench.bound() == 160, "behind a closed feeder anything may stand"
    bench.tick()
    bench.order(0)
    drawing(0, 7, bench)
    assert bench.guard.state(0) == "ok"
    assert bench.bound() == 0


def test_rule_10_a_lock_out_survives_a_restart():
    bench = disobeying(feeder_output="relay-1")
    drawing(160, 12, bench)
    again = Bench(bench.facts, bench.guard.evidence_dump()).start()
    assert again.guard.open_contactor(0) and again.guard.open_feeder(0)
    assert again.guard.state(0) == "disobeyed"
    again.guard.demand(0, True)
    again.tick(2000)
    assert again.guard.want_da[0] == 0
    assert "locked" not in Bench(site([evse()])).start().guard.evidence_dump()


def test_rule_10_an_evse_that_draws_with_its_contactor_ordered_open_counts_its_maximum_until_a_reset():
    bench = disobeying()
    bench.order(0)
    drawing(160, 6, bench)
    assert bench.guard.locked_out(0)
    drawing(0, 7, bench)
    assert bench.bound() == 0
    drawing(160, 6, bench)
    drawing(0, 30, bench)
    assert bench.bound() == 160, "its contactor is welded, and it may draw again at any time"
    bench.guard.unlock(0)
    drawing(0, 7, bench)
    assert bench.bound() == 0


def test_an_evse_that_draws_above_its_order_disobeys_whatever_it_says_of_its_plug():
    for plug in (lambda second: True, lambda second: False, lambda second: second // 2 % 2 == 0):
        bench = Bench(site([evse()])).start()
        bench.stand(60)
        for second in range(20):
            bench.guard.plugged(0, plug(second))
            bench.audit()
            bench.measure(0, 160, 160, 160)
            bench.tick(1000)
        assert "disobeys" in bench.kinds()


def test_a_car_that_left_before_the_first_tick_is_forgotten_after_a_second():
    life = Life(evse())
    life.s.overdraw_da = 6  # from its journal
    for ms, known_da in ((0, 6), (999, 6), (1000, 0)):
        life.intake.no_car(0, ms)
        assert life.s.overdraw_da == known_da, ms


def test_rule_10_what_leaks_while_an_order_of_zero_is_in_force_is_nothing_that_its_car_makes_of_an_order():
    life = Life(evse()).order(0)
    life.pass_at(life.now_ms + 6000)
    life.intake.measured(0, [4, 0, 0], life.now_ms, life.now_ms)
    assert life.s.overdraw_da == 0
    life.order(100).pass_at(life.now_ms + 6000)
    life.intake.measured(0, [104, 0, 0], life.now_ms, life.now_ms)
    assert life.s.overdraw_da == 4
