"""Section 6: cars that sleep give back, who leaves soon goes first, nobody starves, nobody starts in one second."""

from helper_circuit import Bench, circuit, evse, site

from ampacity.circuit.policy.queue.departure_slack import BANDS, WH

ON_MICROPYTHON_EACH = 4


def garage(count, rating, **settings):
    settings.setdefault("raise_hold_ms", 1000)
    settings.setdefault("restart_hold_ms", 2000)
    bench = Bench(site([evse("evse-%d" % (e + 1)) for e in range(count)], [circuit(rating=rating)], **settings)).start()
    for e in range(count):
        bench.guard.plugged(e, True)
        bench.guard.demand(e, True)
    return bench


def drive(bench, seconds, asleep=()):
    charged = [0] * len(bench.facts["evses"])
    for _ in range(seconds):
        for e, facts in enumerate(bench.facts["evses"]):
            bench._drive(e, facts, 2 if e in asleep else True)
            charged[e] += bench.guard.want_da[e] >= 60
        bench.tick(1000)
    return charged


def test_section_6_a_sleeping_car_gives_its_place_to_one_that_waits():
    bench = garage(3, 130, idle_ms=20000, slot_s=3600, wake_ms=200000)
    drive(bench, 15, asleep=(0,))
    assert bench.guard.want_da[0] >= 60 and bench.guard.want_da[2] == 0
    drive(bench, 110, asleep=(0,))  # more than the minimum is tried first
    assert bench.guard.want_da[0] == 0 and min(bench.guard.want_da[1:]) >= 60
    assert bench.guard.why(0) == "0.0 A: idle: paused, next retry in 3 min"


def test_section_6_a_sleeping_car_keeps_its_minimum_while_no_other_is_short():
    bench = garage(2, 220, idle_ms=20000)
    drive(bench, 110, asleep=(0,))
    assert bench.guard.want_da[0] == 60


def test_section_6_an_idle_car_is_retried_and_stays_idle_or_wakes():
    bench = garage(3, 130, idle_ms=20000, slot_s=60, wake_ms=100000)
    drive(bench, 60, asleep=(0,))
    tried = drive(bench, 400, asleep=(0,))
    assert 0 < tried[0] < 200, tried
    bench.tick(400000)  # the longest pause is over
    drive(bench, 60)
    charged = drive(bench, 600)
    assert min(charged) > 300, charged


def test_section_6_an_idle_car_that_requests_charge_is_retried_in_its_next_turn():
    bench = garage(3, 130, idle_ms=20000, slot_s=60, wake_ms=10000000)
    drive(bench, 200, asleep=(0,))
    assert drive(bench, 200, asleep=(0,))[0] == 0
    bench.guard.optional.charge_requested(0)
    assert drive(bench, 200)[0] > 30


def test_section_6_a_person_may_have_an_idle_car_retried_at_once():
    bench = garage(3, 130, idle_ms=20000, slot_s=60, wake_ms=10000000)
    drive(bench, 60, asleep=(0,))
    bench.guard.optional.start_now(0)
    assert drive(bench, 200)[0] > 30


def test_section_6_a_car_that_charged_and_stopped_by_itself_yields_sooner():
    bench = garage(2, 200, idle_ms=300000)
    drive(bench, 20)
    assert bench.guard.want_da == [100, 100]
    bench.guard.optional.suspended_ev(0, True)
    drive(bench, 90, asleep=(0,))
    assert bench.guard.want_da == [0, 160]


def test_section_6_a_car_whose_need_is_met_yields_at_once():
    bench = garage(2, 200, idle_ms=300000)
    bench.guard.optional.charging_needs(0, 300, bench.now_ms + 3600000)
    drive(bench, 90)
    assert bench.guard.want_da[0] >= 60
    drive(bench, 20, asleep=(0,))
    assert bench.guard.want_da[0] == 0


def test_section_6_each_failed_retry_follows_after_a_longer_time():
    bench = garage(2, 200, idle_ms=20000, wake_ms=100000)
    tries, was = [], 0
    for second in range(1500):
        drive(bench, 1, asleep=(0,))
        want = bench.guard.want_da[0]
        if want and not was:
            tries.append(second)
        was = want
    gaps = [after - before for before, after in zip(tries[1:], tries[2:])]
    assert len(gaps) >= 2 and gaps[0] > 180 and gaps[1] > 380, tries


def test_section_6_a_car_that_slept_has_the_time_that_it_took_to_begin_when_it_is_retried():
    bench = garage(3, 130, idle_ms=300000, slot_s=400, wake_ms=300000)

    def slow(seconds):
        """It begins 100 s after each of its orders. Seconds in which it draws."""
        drawn, offered = 0, 0
        for _ in range(seconds):
            offered = offered + 1 if bench.guard.want_da[0] else 0
            drive(bench, 1, asleep=() if offered >= 100 else (0,))
            drawn += offered >= 100
        return drawn

    assert slow(1200) > 100
    drive(bench, 3000, asleep=(0,))
    assert bench.guard.why(0).startswith("0.0 A: idle: paused"), bench.guard.why(0)
    assert slow(2400) > 100


def begin_late(bench, seconds, begins):
    """Each car begins so many seconds after its order, after each pause anew. Seconds in which each draws."""
    offered, drawn = [0] * len(begins), [0] * len(begins)
    for _ in range(seconds):
        offered = [offered[e] + 1 if bench.guard.want_da[e] else 0 for e in range(len(begins))]
        asleep = [e for e in range(len(begins)) if offered[e] < begins[e]]
        drive(bench, 1, asleep)
        drawn = [drawn[e] + (offered[e] > 0 and e not in asleep) for e in range(len(begins))]
    return drawn


def test_section_6_a_slot_counts_from_the_begin_of_its_car():
    bench = garage(3, 140, idle_ms=300000, slot_s=60, wake_ms=900000)
    drawn = begin_late(bench, 3600, (80, 80, 80))
    assert min(drawn) > 400, drawn


def test_section_6_a_car_that_has_not_drawn_since_it_was_plugged_has_once_all_the_time_that_a_car_may_take():
    bench = garage(4, 140, idle_ms=300000, slot_s=300, wake_ms=300000)
    drawn = begin_late(bench, 3600, (280, 280, 2, 2))
    assert min(drawn) > 300, drawn


def test_section_6_a_car_at_an_evse_without_measurement_has_the_time_that_it_took_to_begin():
    """Its pilot shows that it does not request current yet, 150 s long."""
    bench = garage(3, 140, idle_ms=300000, slot_s=300, wake_ms=300000)
    offered = begun = 0
    for _ in range(3600):
        offered = offered + 1 if bench.guard.want_da[0] else 0
        bench.guard.optional.suspended_ev(0, 0 < offered < 150)
        for e in (1, 2):
            bench._drive(e, bench.facts["evses"][e], True)
        bench.audit(0)
        want = bench.guard.want_da[0]
        order_id = bench.send(want, 0)
        if order_id is not None:
            bench.prove(order_id, want, 0)
        begun += offered >= 150
        bench.tick(1000)
    assert begun > 700, begun


def test_section_6_a_slow_car_whose_minimum_is_higher_is_tried_for_longer():
    bench = garage(3, 140, idle_ms=300000, slot_s=300, wake_ms=300000)
    offered, drawn = 0, 0
    for _ in range(3600):
        offered = offered + 1 if bench.guard.want_da[0] >= 80 else 0
        drive(bench, 1, () if offered >= 110 else (0,))
        drawn += offered >= 110
    assert drawn > 600, drawn


def test_section_6_among_cars_with_slack_the_one_with_the_least_precedes_and_gets_all_it_can_take():
    bench = garage(2, 240, slot_s=3600)
    bench.guard.optional.charging_needs(0, 5000, bench.now_ms + 20 * 3600000)
    bench.guard.optional.charging_needs(1, 5000, bench.now_ms + 5 * 3600000)
    drive(bench, 20)
    assert bench.guard.want_da == [80, 160]


def test_section_6_a_car_without_declared_needs_ranks_between_urgent_cars_and_those_with_slack():
    bench = garage(3, 260, slot_s=3600)
    bench.guard.optional.charging_needs(0, 5000, bench.now_ms + 20 * 3600000)
    bench.guard.optional.charging_needs(1, 5000, bench.now_ms + 1800000)
    drive(bench, 90)
    assert bench.guard.want_da == [0, 160, 100]


def test_section_6_a_need_that_can_never_be_met_in_its_time_keeps_no_other_car_waiting():
    for energy_wh, alone in ((130000, True), (999000, False)):  # within an hour, by an EVSE of 11 kW: 11 h too long, and 89 h
        bench = garage(3, 140, slot_s=60)
        bench.guard.optional.charging_needs(0, energy_wh, bench.now_ms + 3600000)
        for e in (1, 2):
            bench.guard.optional.charging_needs(e, 10000, bench.now_ms + 100 * 3600000)
        charged = drive(bench, 900)
        assert (charged[1] + charged[2] < 60) == alone, (energy_wh, charged)


def test_section_6_free_current_below_the_deadband_each_goes_to_one_evse():
    bench = garage(3, 300)
    drive(bench, 20)
    bench.shrink(309)
    drive(bench, 30)
    assert sum(bench.guard.want_da) >= 305, bench.guard.want_da


def test_section_6_a_car_that_leaves_soon_and_needs_much_precedes():
    bench = garage(3, 130, slot_s=3600)
    drive(bench, 15)
    assert bench.guard.want_da[2] == 0
    bench.guard.optional.charging_needs(2, 10000, bench.now_ms + 3600000)
    drive(bench, 15)
    assert bench.guard.want_da[2] >= 60


def test_section_6_a_car_with_slack_waits_like_the_others():
    bench = garage(3, 130, slot_s=3600)
    drive(bench, 15)
    bench.guard.optional.charging_needs(2, 3000, bench.now_ms + 36000000)
    drive(bench, 15)
    assert bench.guard.want_da[2] == 0


def test_section_6_a_car_without_slack_gets_all_it_can_take():
    bench = garage(2, 240, slot_s=3600)
    drive(bench, 15)
    assert bench.guard.want_da == [120, 120]
    bench.guard.optional.charging_needs(0, 40000, bench.now_ms + 7200000)
    drive(bench, 20)
    assert bench.guard.want_da == [160, 80]


def test_section_6_energy_already_drawn_is_no_longer_needed():
    bench = garage(1, 320)
    bench.guard.optional.charging_needs(0, 1000, bench.now_ms + 600000)
    drive(bench, 10)
    left, before = bench.guard.demands.slack.left, bench.guard.demands.slack.left[0]
    drive(bench, 60)
    drawn_wh = (before - left[0]) // WH
    assert abs(drawn_wh - 16 * 3 * 230 * 60 // 3600) <= 6, drawn_wh
    drive(bench, 400)
    assert left[0] == 0
    assert bench.guard.demands.slack.band(0) == BANDS - 1


def test_section_6_needs_are_discarded_with_the_car():
    bench = garage(2, 240)
    bench.guard.optional.charging_needs(0, 40000, bench.now_ms + 3600000)
    drive(bench, 5)
    bench.guard.plugged(0, False)
    assert bench.guard.demands.slack.left[0] == -1


def test_section_6_urgent_cars_starve_no_other():
    bench = garage(3, 130, slot_s=60)
    for e in range(2):
        bench.guard.optional.charging_needs(e, 90000, bench.now_ms + 600000)
    charged = drive(bench, 900)
    assert charged[2] > 100, charged


def test_section_6_after_a_power_failure_each_evse_waits_for_its_own_delay():
    bench = garage(3, 480)
    waits = [5000, 20000, 60000]
    bench.guard.optional.delay_starts(60000, lambda n: waits.pop(0) if n == 60001 else 0, bench.now_ms)
    drive(bench, 10)
    assert [da > 0 for da in bench.guard.want_da] == [True, False, False]
    assert bench.guard.why(2) == "0.0 A: random start delay, 50 s left"
    drive(bench, 15)
    assert [da > 0 for da in bench.guard.want_da] == [True, True, False]
    bench.guard.optional.start_now(2)
    drive(bench, 5)
    assert bench.guard.want_da[2] > 0


def test_section_6_a_delay_stops_no_charging_car():
    bench = garage(2, 480)
    bench.guard.demand(1, False)
    drive(bench, 10)
    bench.guard.optional.delay_starts(60000, lambda n: 30000, bench.now_ms)
    bench.guard.demand(1, True)
    drive(bench, 10)
    assert bench.guard.want_da == [160, 0]
    drive(bench, 25)
    assert bench.guard.want_da == [160, 160]
