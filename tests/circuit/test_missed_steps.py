"""Section 3.2: what follows a step that the meter missed: which steps it owes, and how long a suspicion may last."""

from helper_circuit import Bench, circuit, evse, meter_facts, site
from helper_frames import live, metered

FRESH_MS = 5000


def test_rule_3_2_until_all_steps_are_followed_each_is_to_spare_what_the_missed_one_spared():
    bench = metered()
    bench.stand(160)
    trust = bench.guard.other.metered[0].trust
    trust.require_steps(0, 6, bench.now_ms)
    for ours, missing in (((0, 0, 0), 2), ((100, 0, 0), 1), ((160, 60, 60), 1), ((90, 60, 60), 0)):
        for _ in range(8):
            bench.order(160)
            for _ in range(2):
                bench.measure(0, *ours)
                bench.meter(100 + ours[0] + bench.mark % 2, 100 + ours[1], 100 + ours[2])
                bench.tick(500)
        assert trust.missing_steps[0] == missing, ours


def test_rule_3_2_a_sign_that_fails_is_to_be_followed_by_steps_that_spare_what_was_spared():
    bench = metered()
    bench.stand(160)
    for shown_da in (200, 0):
        for _ in range(8):
            bench.order(160)
            bench.measure(0, 100, 0, 0)
            bench.meter(shown_da + bench.mark % 2, 100, 100)
            bench.tick(500)
    trust = bench.guard.other.metered[0].trust
    assert (bench.guard.meter_state(0), trust.missing_steps[0], trust.against[0]) == ("lost", 2, 6)


def test_rule_3_2_the_start_of_an_evse_that_was_let_start_ends_a_suspicion():
    bench = metered()
    bench.stand(160)
    live(bench, 10, 100, 0)
    meter = bench.guard.other.metered[0]
    meter.held_da = [0, 0, 0]
    meter.let_start([0, 1, 2], bench.now_ms)
    assert meter.held_da == [132 + 160] * 3
    live(bench, 3, 100, 100)
    assert meter.held_da == [-1, -1, -1]


def test_rule_3_2_a_suspicion_that_is_urgent_for_a_minute_is_a_failure_also_where_no_order_was_out_before():
    bench = Bench(site([evse()], [circuit(rating=300, assumed=200, meter=0)], [meter_facts()])).start()
    live(bench, 2, 50)
    bench.order(160)
    bench.tick(6000)
    live(bench, 8, 50, 120)
    meter = bench.guard.other.metered[0]
    for late_s in (50, 12):
        assert bench.guard.meter_state(0) == "ok"
        for _ in range(late_s):
            meter.held_da = [0, 0, 0]
            bench.order(160)
            live(bench, 1, 50, 120)
            if bench.guard.meter_state(0) != "ok":
                break
    assert bench.guard.meter_state(0) == "lost"


def test_a_suspicion_is_urgent_by_the_bound_of_an_evse_as_soon_as_its_reading_is_older_than_five_seconds():
    bench = Bench(site([evse()], [circuit(rating=300, assumed=200, meter=0)], [meter_facts()])).start()
    live(bench, 2, 50)
    bench.order(160)
    bench.tick(6000)
    bench.measure(0, 10, 10, 10)
    meter = bench.guard.other.metered[0]
    meter.held_da = [0, 0, 0]
    for after_ms, urgent in ((FRESH_MS, False), (1, True)):
        bench.now_ms += after_ms
        bench.meter(110, 110, 110)
        assert meter.is_urgent(0) == urgent


def test_rule_3_2_a_suspicion_holds_the_bounds_of_its_own_phase():
    bench = metered([evse(terminals=[[1]])])
    bench.stand(160)
    meter = bench.guard.other.metered[0]
    meter._suspect(1)
    assert meter.held_da == [-1, 160, -1]


def test_rule_3_2_a_step_that_is_missed_during_a_suspicion_without_bounds_is_a_failure():
    bench = metered()
    bench.stand(160)
    live(bench, 10, 100, 0)
    meter = bench.guard.other.metered[0]
    meter.held_da = [0, 0, 0]
    for _ in range(6):
        for _ in range(2):
            bench.measure(0, 100, 100, 100)
            bench.meter(100 + bench.mark % 2, 100, 100)
            bench.tick(500)
    assert bench.guard.meter_state(0) == "lost"
