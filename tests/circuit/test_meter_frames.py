"""Sections 3.1 and 3.2: single frames of a meter, against the EVSEs of that moment."""

from helper_circuit import evse, meter_facts
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
