"""Sections 3.1 to 3.4: single frames of a meter, against the EVSEs of that moment, and when a frame counts at all."""

from helper_circuit import Bench, circuit, evse, meter_facts, site
from helper_frames import live, metered


def test_rule_3_2_the_share_that_a_wrong_sign_may_err_grows_with_generation():
    """5 % of 16 A and 30 A: 2.3 A more feed-in than declared; without generation it is 1 A."""
    for more_da, state in ((20, "ok"), (26, "lost")):
        bench = metered(generation=300)
        bench.stand(160)
        live(bench, 4, -300 - more_da, 160)
        assert bench.guard.meter_state(0) == state, more_da


def test_rule_3_1_a_frame_that_waited_as_the_meter_failed_delays_no_later_one():
    bench = metered()
    bench.stand(160)
    live(bench, 4, 100, 160)
    bench.meter(260, 261, 260)  # waits for the reading after it
    bench.guard.meter(0, None, bench.now_ms, 0)
    bench.tick(100)
    assert bench.guard.meter_state(0) == "lost"
    live(bench, 2, 150, 160)
    assert bench.guard.meter_state(0) == "ok" and bench.guard.other_da(0)[1] == 150


def test_rule_3_2_a_meter_that_does_not_follow_two_steps_of_the_evses_is_lost():
    """Other load may have changed in the second of the first one."""
    bench = metered([evse(terminals=[[0]])])
    bench.stand(160)
    bench.measure(0, 0)
    states = []
    for k in range(24):
        drawn = 160 if 4 <= k < 16 else 0
        bench.meter(200 + k % 2, 200 + drawn, 200)  # on another phase
        bench.tick(500)
        bench.measure(0, drawn)
        bench.tick(500)
        states.append(bench.guard.meter_state(0))
    assert states[15] == "ok" and states[23] == "lost"


def test_a_meter_that_names_no_phases_shows_all_of_them_in_their_order():
    bench = metered(meter=meter_facts(phases=None))
    for second in range(4):
        bench.meter(100 + second % 2, 110, 120)
        bench.tick(1000)
    assert bench.guard.meter_state(0) == "ok" and bench.guard.other_da(0)[1:] == [110, 120]


def test_rule_3_1_generation_counts_in_what_a_frame_shows_at_once():
    bench = metered(generation=50)
    bench.stand(160)
    live(bench, 8, 100, 60)
    bench.measure(0, 60, 60, 60)
    bench.meter(360, 360, 360)
    bench.tick()
    assert bench.ledger.other_da[1] == 350


def test_rule_3_1_a_frame_waits_for_a_reading_that_is_not_older():
    bench = metered()
    bench.stand(160)
    live(bench, 8, 100, 100)
    bench.meter(300, 300, 300)
    for sample_ms, other_da in ((bench.now_ms - 1, 140), (bench.now_ms, 200)):
        bench.guard.measured(0, [100, 100, 100], sample_ms, bench.now_ms)
        bench.tick()
        assert bench.ledger.low_other_da[1] == other_da


def test_rule_3_1_two_amperes_between_two_readings_leave_the_higher_estimate():
    for moved_da, tight_da in ((20, 200), (21, 179)):
        bench = metered()
        bench.stand(160)
        live(bench, 8, 100, 100)
        bench.meter(300, 300, 300)
        bench.tick()
        bench.measure(0, 100 + moved_da, 100 + moved_da, 100 + moved_da)
        assert bench.guard.other.metered[0].tight_da[1] == tight_da, moved_da


def test_rule_3_4_a_meter_that_is_not_trusted_adds_nothing_before_its_first_frame_was_judged():
    facts = site([evse()], [circuit(rating=630, meter=0)], [meter_facts()])
    before = Bench(facts)
    before.guard.other.metered[0].trust.require_steps(0, 0, before.now_ms)
    bench = Bench(facts, before.guard.evidence_dump())
    bench.measure(0, 0, 0, 0)
    bench.meter(0, 0, 0)
    bench.tick()
    assert bench.guard.meter_state(0) == "lost" and bench.ledger.other_da[:3] == [0, 0, 0]


def test_rule_3_3_a_meter_whose_facts_name_no_time_is_frozen_after_five_seconds():
    facts = meter_facts()
    del facts["frozen_ms"]
    bench = metered(meter=facts)
    for _ in range(8):  # after the second since its last frame
        bench.tick(500)
        assert bench.guard.meter_state(0) == "ok"
        bench.guard.meter(0, [100, 100, 100], bench.now_ms, bench.mark)
    bench.tick(1000)
    assert bench.guard.meter_state(0) == "frozen"


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
