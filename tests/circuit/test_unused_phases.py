"""Rule 14: terminals that a car was steadily seen not to use, and how long they stay free."""

from helper_circuit import Bench, circuit, evse, meter_facts, site

ON_MICROPYTHON_EACH = 4
STEADY_S = 61


def bench_of(evses=None, meter=0, more=None, free=True):
    circuits = [dict(circuit(meter=meter, rating=200), frees_phases=free)] + (more or [])
    facts = site(evses or [evse(), evse("evse-2")], circuits, [meter_facts()])
    return Bench(facts).start()


def live(bench, seconds, *cars, meter=True):
    """All EVSEs are ordered and read twice a second; cars: per EVSE (order, current per terminal), None: it draws on, and is silent."""
    bench.cars = [car or before for car, before in zip(cars, getattr(bench, "cars", cars))]
    for _ in range(2 * seconds):
        for e, car in enumerate(cars):
            if car:
                bench.order(car[0], e)
                bench.measure(e, *car[1])
        if meter:
            bench.meter(*[bench.mark % 2 + sum(car[1][p] for car in bench.cars) for p in range(3)])
        bench.tick(500)


ONE = (100, [100, 0, 0])
IDLE = (0, [0, 0, 0])


def seen():
    bench = bench_of()
    live(bench, 2, IDLE, IDLE)
    live(bench, STEADY_S + 6, ONE, IDLE)
    return bench


def test_a_phase_that_a_car_steadily_does_not_use_no_longer_counts():
    bench = bench_of()
    live(bench, 2, IDLE, IDLE)
    live(bench, 50, ONE, IDLE)
    assert bench.guard.bound_da(0) == [100, 100, 100]
    live(bench, 16, ONE, IDLE)
    assert bench.guard.bound_da(0) == [100, 0, 0]
    assert bench.guard.margin_da(0)[1] >= 190


def test_the_current_of_an_unused_phase_can_be_given_to_others():
    bench = seen()
    live(bench, 8, (80, [80, 0, 0]), IDLE)
    assert bench.order(110, 1)
    assert bench.guard.bound_da(1) == [110, 110, 110]
    live(bench, STEADY_S, (80, [80, 0, 0]), (110, [0, 110, 0]))
    assert bench.guard.margin_da(0)[2] >= 190
    live(bench, 8, (160, [160, 0, 0]), (110, [0, 110, 0]))
    assert bench.guard.bound_da(0) == [160, 0, 0]


def test_an_unused_phase_counts_at_once_when_it_is_used_again():
    bench = seen()
    bench.measure(0, 100, 100, 0)
    assert bench.guard.bound_da(0) == [100, 100, 100]
    assert "phases" in bench.kinds()


def test_a_phase_that_is_used_again_counts_until_the_unplug():
    bench = seen()
    bench.measure(0, 100, 100, 0)
    live(bench, 3 * STEADY_S, ONE, IDLE)
    assert bench.guard.bound_da(0) == [100, 100, 100]
    bench.guard.plugged(0, True)
    bench.unplug()
    live(bench, STEADY_S + 6, ONE, IDLE)
    assert bench.guard.bound_da(0) == [100, 0, 0]


def test_that_a_phase_was_used_again_is_known_after_a_restart_and_before_anything_is_raised():
    bench = seen()
    assert "used_again" not in bench.guard.evidence_dump()
    version = bench.ledger.journal_barrier.version
    bench.measure(0, 100, 100, 0)
    kept = bench.guard.evidence_dump()
    assert kept["used_again"] == ["evse-1"] and bench.ledger.journal_barrier.version == version + 1
    for plug, kept_again, freed in (("in", kept, False), ("out", kept, True), ("in", dict(kept, used_again="evse-1"), True)):
        bench = Bench(bench.facts, kept_again).start()
        bench.guard.plugged(0, True)
        if plug == "out":
            bench.unplug()
        live(bench, 2, IDLE, IDLE)
        live(bench, STEADY_S + 6, ONE, IDLE)
        assert bench.guard.bound_da(0) == [100, 0 if freed else 100, 0 if freed else 100], plug


def test_another_car_counts_on_all_phases():
    bench = seen()
    bench.guard.plugged(0, True)
    assert bench.guard.bound_da(0) == [100, 100, 100]


def test_a_pause_by_the_primary_changes_nothing():
    bench = seen()
    live(bench, 400, IDLE, IDLE)
    live(bench, 4, ONE, IDLE)
    assert bench.guard.bound_da(0) == [100, 0, 0]


def test_offered_current_and_none_drawn_for_five_minutes_may_be_another_car():
    bench = seen()
    live(bench, 290, (100, [0, 0, 0]), IDLE)
    assert bench.guard.bound_da(0) == [100, 0, 0]
    live(bench, 12, (100, [0, 0, 0]), IDLE)
    assert bench.guard.bound_da(0) == [100, 100, 100]


def test_an_evse_that_is_not_read_counts_on_all_phases():
    bench = seen()
    live(bench, 4, None, IDLE)
    assert bench.guard.bound_da(0) == [100, 0, 0]
    live(bench, 3, None, IDLE)
    assert bench.guard.bound_da(0) == [100, 100, 100]


def begins_anew(seconds, car, rest_s, last_s):
    """50 s of steady use, then this car for some seconds: the time is counted from there on."""
    bench = bench_of()
    live(bench, 2, IDLE, IDLE)
    live(bench, 50, ONE, IDLE)
    live(bench, seconds, car, IDLE)
    live(bench, rest_s, ONE, IDLE)
    assert bench.guard.bound_da(0) == [100, 100, 100]
    live(bench, last_s, ONE, IDLE)
    assert bench.guard.bound_da(0) == [100, 0, 0]


def test_a_gap_in_its_readings_restarts_the_time():
    begins_anew(6, None, 50, 12)


def test_an_evse_without_measurement_counts_on_all_phases():
    bench = seen()
    bench.guard.measured(0, None, bench.now_ms, bench.now_ms)
    bench.tick(100)
    assert bench.guard.bound_da(0) == [100, 100, 100]


def test_without_a_meter_the_site_file_may_declare_unused_phases_free():
    bench = bench_of(meter=-1)
    live(bench, 2, IDLE, IDLE, meter=False)
    live(bench, STEADY_S + 6, ONE, IDLE, meter=False)
    assert bench.guard.bound_da(0) == [100, 0, 0]


def test_unused_phases_count_unless_the_site_declares_otherwise():
    bench = bench_of(free=False)
    live(bench, 2, IDLE, IDLE)
    live(bench, STEADY_S + 6, ONE, IDLE)
    assert bench.guard.bound_da(0) == [100, 100, 100]


def test_unused_phases_are_free_only_on_circuits_with_a_witness_meter():
    below = [circuit("garage", 0, 150)]
    bench = bench_of([evse(circuit=1), evse("evse-2")], more=below)
    live(bench, 2, IDLE, IDLE)
    live(bench, STEADY_S + 6, ONE, IDLE)
    assert bench.guard.margin_da(0)[1] >= 190
    assert bench.guard.margin_da(1) == [50, 50, 50]


def test_all_phases_count_when_the_witness_meter_is_lost():
    bench = seen()
    live(bench, 7, ONE, IDLE, meter=False)
    assert bench.guard.meter_state(0) == "lost"
    assert bench.guard.bound_da(0) == [100, 100, 100]
    live(bench, 7, ONE, IDLE)
    assert bench.guard.bound_da(0) == [100, 0, 0]


def test_a_leaking_evse_counts_with_its_leakage():
    bench = bench_of()
    live(bench, 2, IDLE, IDLE)
    live(bench, STEADY_S + 6, (100, [100, 4, 0]), IDLE)
    assert bench.guard.bound_da(0) == [100, 4, 4]
    bench.measure(0, 100, 0, 0)
    bench.tick(100)
    assert bench.guard.bound_da(0) == [100, 0, 0]


def test_six_tenths_of_an_ampere_are_use_and_half_an_ampere_is_leakage():
    for leak_da, bound_da in ((5, 5), (6, 100)):
        bench = bench_of()
        live(bench, 2, IDLE, IDLE)
        live(bench, STEADY_S + 6, (100, [100, leak_da, 0]), IDLE)
        assert bench.guard.bound_da(0)[1] == bound_da, leak_da


def test_the_reserve_always_counts_on_all_phases():
    bench = bench_of([evse(fallback_da=60, power_on_da=60), evse("evse-2")])
    live(bench, STEADY_S + 16, ONE, IDLE)
    assert bench.guard.bound_da(0) == [100, 60, 60]


def test_a_car_that_draws_almost_no_current_proves_nothing_about_its_phases():
    bench = bench_of()
    live(bench, 2, IDLE, IDLE)
    live(bench, STEADY_S + 6, (100, [25, 0, 0]), IDLE)
    assert bench.guard.bound_da(0) == [100, 100, 100]


def test_an_evse_without_watchdog_counts_on_all_phases():
    bench = bench_of([evse(kind="profile", watchdog_ms=0, holds=True, power_on_source="documented"), evse("evse-2")])
    live(bench, STEADY_S + 16, ONE, IDLE)
    assert bench.guard.bound_da(0) == [100, 100, 100]


def test_a_site_below_counts_on_all_phases():
    bench = bench_of([evse(primary=True), evse("evse-2")])
    live(bench, STEADY_S + 16, ONE, IDLE)
    assert bench.guard.bound_da(0) == [100, 100, 100]


def test_a_disobeying_evse_counts_on_all_phases():
    bench = seen()
    live(bench, 14, (100, [140, 0, 0]), IDLE)
    assert bench.guard.fault(0)
    assert bench.guard.bound_da(0) == [160, 160, 160]


def test_a_locked_evse_counts_on_all_phases():
    bench = seen()
    assert bench.guard.bound_da(0) == [100, 0, 0]
    bench.ledger.evse_states[0].locked = "disobeyed"
    bench.tick()
    assert bench.guard.bound_da(0) == [100, 100, 100]


def test_the_meter_shows_current_that_the_device_hides():
    bench = seen()
    live(bench, 8, ONE, (60, [60, 60, 60]))
    assert bench.guard.bound_da(0) == [100, 0, 0] and not bench.ledger.margin.over
    bench.meter(160, 210, 210)
    bench.tick(100)
    assert bench.guard.bound_da(0) == [100, 0, 0]
    assert bench.ledger.low_other_da[1] + bench.ledger.sums[1] >= 210
    assert bench.ledger.margin.over


def test_the_time_of_steady_use_ends_with_a_current_that_says_nothing():
    begins_anew(2, (100, [20, 0, 0]), 58, 8)


def test_sixty_seconds_of_steady_use_suffice():
    bench = bench_of()
    live(bench, 2, IDLE, IDLE)
    assert bench.order(100, 0)
    bench.tick(6000)
    for second in range(61):  # the first reading begins the time
        assert bench.guard.bound_da(0) == [100, 100, 100], second
        bench.order(100, 0)
        bench.measure(0, 100, 0, 0)
        bench.measure(1, 0, 0, 0)
        bench.meter(100 + bench.mark % 2, 0, 0)
        if second == 60:
            assert bench.guard.bound_da(0) == [100, 0, 0]
        bench.tick(1000)


def over_on_l2(draws, others, after_ms, shown=290):
    """The meter shows more than the rating on L2 for a while: does the first EVSE, which does not use it, count there?"""
    bench = seen()
    live(bench, 12, (100, [draws, 0, 0]), others)
    assert bench.guard.bound_da(0)[1] == 0
    for _ in range(after_ms // 500):
        bench.order(100, 0)
        bench.measure(0, draws, 0, 0)
        bench.measure(1, *others[1])
        bench.meter(draws + bench.mark % 2, shown, 0)
        bench.tick(500)
    return bench.guard.bound_da(0)[1] > 0


def test_an_excess_is_tried_as_its_current_after_three_seconds_or_at_once_where_no_other_can_give():
    assert over_on_l2(100, IDLE, 500), "nobody else draws there"
    assert not over_on_l2(100, (60, [0, 60, 0]), 2000), "the other is lowered first"
    assert over_on_l2(100, (60, [0, 60, 0]), 6000)


def test_an_excess_that_is_less_than_the_current_of_its_car_is_not_its_car():
    assert not over_on_l2(100, (140, [0, 140, 0]), 6000, shown=215), "75 of 215 are unexplained: a car draws alike on all its phases"
    assert over_on_l2(100, (140, [0, 140, 0]), 6000, shown=225)


def minutes_until_free(bench, minutes, pauses_each=0):
    """The first EVSE draws on one phase alone: after how many minutes only that one counts, None: not within these. It pauses each so many."""
    for minute in range(minutes):
        if bench.guard.bound_da(0)[1:] == [0, 0]:
            return minute
        if pauses_each and minute % pauses_each == 0:
            bench.measure(0, 0, 0, 0)
            bench.tick(3000)
        for _ in range(20):
            bench.order(100, 0)
            bench.measure(0, 100, 0, 0)
            bench.measure(1, 0, 0, 0)
            bench.meter(100 + bench.mark % 2, 0, 0)
            bench.tick(3000)
    return None


def hint(bench, slow):
    """The meter shows an excess on L2 that the car may be: at once as the car begins, or later, when no other can give."""
    bench.measure(0, 0, 0, 0)
    bench.tick(500)
    for _ in range(24 if slow else 1):
        bench.order(100, 0)
        bench.measure(0, 100, 0, 0)
        bench.measure(1, 0, 0, 0)
        bench.meter(100 + bench.mark % 2, 0, 0)
        bench.tick(500)
    assert bench.guard.bound_da(0) == [100, 0, 0]
    bench.meter(100, 290, 0)
    bench.tick(500)
    assert bench.guard.bound_da(0) == [100, 100, 100]


def test_each_hint_of_a_meter_makes_the_time_until_the_next_try_longer():
    for slow in (False, True):
        bench = seen()
        hint(bench, slow)
        assert minutes_until_free(bench, 30) in (16, 17)
        hint(bench, slow)
        assert minutes_until_free(bench, 300) in (256, 257)
        version = bench.ledger.journal_barrier.version
        hint(bench, slow)
        assert bench.ledger.journal_barrier.version == version + 1, "that it is tried no more is durable"
        assert minutes_until_free(bench, 270 if slow else 30) is None
        bench.guard.plugged(0, True)
        bench.unplug()
        assert minutes_until_free(bench, 5) in (1, 2)


def test_a_car_that_pauses_is_tried_again_after_the_same_time_of_use():
    bench = seen()
    hint(bench, True)
    assert minutes_until_free(bench, 30, pauses_each=5) in (16, 17, 18)


def test_after_another_use_of_its_phases_the_time_is_counted_again():
    bench = seen()
    hint(bench, True)
    assert minutes_until_free(bench, 10) is None
    bench.measure(0, 100, 100, 0)
    bench.tick(3000)
    assert minutes_until_free(bench, 30) in (16, 17)


def test_three_amperes_say_which_phases_a_car_uses_and_less_does_not():
    for draws, bound_da in ((29, 100), (30, 0)):
        bench = bench_of()
        live(bench, 2, IDLE, IDLE)
        live(bench, STEADY_S + 6, (100, [draws, 0, 0]), IDLE)
        assert bench.guard.bound_da(0)[1] == bound_da, draws


def test_an_excess_in_the_first_frame_of_a_meter_has_lasted_for_no_time():
    rows = [dict(circuit("row", 0, 200, meter=1), frees_phases=True)]
    facts = site([evse(circuit=1), evse("evse-2", circuit=1)], [dict(circuit(meter=0, rating=320), frees_phases=True)] + rows,
                 [meter_facts(), meter_facts(name="row", unit=101)])
    bench = Bench(facts).start()
    others = (60, [0, 60, 0])
    live(bench, 2, IDLE, IDLE)
    live(bench, STEADY_S + 20, ONE, others)
    unused = bench.ledger.bounds.unused_phases
    key = bench.guard.site.phases + 1
    unused.set_meter_valid(key, True)
    margin_da = bench.guard.margin_da(1)[1]
    unused.over(key, 290, bench.now_ms)
    assert bench.guard.margin_da(1)[1] == margin_da, "the other is lowered first"
    unused.over(key, 290, bench.now_ms + 3000)
    assert bench.guard.margin_da(1)[1] == margin_da - 100


def test_an_evse_whose_settings_are_not_proven_counts_on_all_phases():
    bench = seen()
    assert bench.guard.bound_da(0) == [100, 0, 0]
    bench.ledger.evse_states[0].ok = False
    bench.tick(100)
    assert bench.guard.bound_da(0) == [100, 100, 100]


def test_a_watchdog_of_a_millisecond_is_one():
    for watchdog_ms, bound_da in ((0, 100), (1, 0)):
        bench = seen()
        state = bench.ledger.evse_states[0]
        bench.ledger.bounds.unused_phases.count(state)
        state.evidence.watchdog_ms = lambda ms=watchdog_ms: ms
        live(bench, STEADY_S + 6, ONE, IDLE)
        assert bench.guard.bound_da(0)[1] == bound_da, watchdog_ms


def test_the_third_hint_is_durable_and_the_first_two_are_not():
    for before, marks in ((0, 0), (1, 0), (2, 1)):
        bench = seen()
        bench.ledger.bounds.unused_phases.came_back[0] = before
        version = bench.ledger.journal_barrier.version
        hint(bench, False)
        assert bench.ledger.journal_barrier.version == version + marks, before
