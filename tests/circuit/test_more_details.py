"""More single signs, bounds and conditions, each in a scene in which nothing else would make up for it."""

from helper_circuit import Bench, circuit, evse, meter_facts, site
from helper_frames import live, metered
from life import Life
from test_step_check import Seen


def test_3_6_a_load_whose_facts_name_no_time_sheds_for_a_minute_after_it_stopped():
    facts = site([evse()])
    facts["safety_loads"] = [{"name": "pump", "evses": [0]}]
    bench = Bench(facts).start()
    bench.guard.demand(0, True)
    shed = []
    for second in range(70):
        bench.guard.safety_load("pump", second < 3, bench.now_ms)
        bench.tick(1000)
        shed.append("safety load" in bench.guard.why(0))
    assert shed == [True] * 62 + [False] * 8, shed.index(False)


def test_3_6_an_evse_that_is_shed_is_kept_alive_by_no_order_above_zero():
    life = Life(evse()).stand(100).order(0)
    life.pass_at(life.now_ms + 6000).audit()
    life.s.barred = True
    assert life.permits.send(0, 1, life.now_ms) is None and life.permits.refused_count[3] == 1
    life.s.barred = False
    assert life.permits.send(0, 1, life.now_ms) is not None


def test_rule_3_2_how_other_load_moves_is_known_after_five_frames_and_not_after_four():
    for frames in (4, 5):
        seen = Seen()
        for _ in range(frames):
            seen.frame((0, 0, 0))
        assert seen.frame((60, 0, 0), (-60, 0, 0))
        assert (seen.missed, seen.unclear) == ((1, 0) if frames > 4 else (0, 1)), frames


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


def test_rule_10_what_leaks_while_an_order_of_zero_is_in_force_is_nothing_that_its_car_makes_of_an_order():
    life = Life(evse()).order(0)
    life.pass_at(life.now_ms + 6000)
    life.intake.measured(0, [4, 0, 0], life.now_ms, life.now_ms)
    assert life.s.overdraw_da == 0
    life.order(100).pass_at(life.now_ms + 6000)
    life.intake.measured(0, [104, 0, 0], life.now_ms, life.now_ms)
    assert life.s.overdraw_da == 4


def test_rule_3_2_what_counts_against_a_meter_counts_not_against_one_that_is_new():
    def site_of(*metered_rows):
        rows = [circuit("main", rating=630, meter=0)] + [circuit(name, 0, 320, meter=1) for name in metered_rows]
        return site([evse()], rows, [meter_facts(), meter_facts(name="row")])

    before = Bench(site_of())
    before.guard.other.metered[0].trust.require_steps(0, 0, before.now_ms)
    bench = Bench(site_of("row"), before.guard.evidence_dump())
    assert [one.trust.has_missing_steps() for one in bench.guard.other.metered] == [True, False]


def test_a_frame_whose_first_mark_is_zero_is_a_frame():
    bench = Bench(site([evse()], [circuit(meter=0)], [meter_facts()]))
    bench.guard.meter(0, [100, 100, 100], bench.now_ms, 0)
    bench.measure(0, 0, 0, 0)
    bench.tick()
    assert bench.guard.meter_state(0) == "ok"
