"""Section 3: other load between least and most, sign and phase, age, unmetered circuits."""

from helper_circuit import Bench, circuit, evse, meter_facts, mute_evse, site
from helper_frames import live, metered


def test_rule_3_1_other_load_is_the_meter_less_the_current_of_the_evses():
    bench = metered()
    bench.stand(160)
    live(bench, 8, 100, 150)
    assert bench.guard.meter_state(0) == "ok"
    assert bench.guard.other_da(0) == [101, 100, 100]


def test_rule_3_1_an_unmeasured_evse_counts_nothing_for_a_raise_and_its_bound_for_a_lower():
    bench = metered()
    bench.stand(160)
    live(bench, 8, 260)
    assert bench.ledger.other_da[1] == 260
    assert bench.ledger.low_other_da[1] == 100


def test_rule_3_1_an_overload_on_the_meter_lowers_in_the_next_tick():
    bench = metered()
    bench.guard.demand(0, True)
    bench.follow(10, meter=True, house=100)
    assert bench.guard.want_da[0] == 160
    bench.meter(690, 690, 690)
    bench.tick()
    assert bench.guard.want_da[0] == 100


def test_rule_3_1_a_car_that_could_take_more_than_the_free_current_is_lowered():
    bench = metered()
    bench.guard.demand(0, True)
    bench.follow(10, meter=True, house=100, draws=60)
    bench.follow(6, meter=True, house=500, draws=60)
    assert bench.guard.want_da[0] <= 130


def test_rule_3_1_during_ramps_a_meter_above_the_rating_lowers_by_its_reading():
    bench = metered()
    bench.guard.demand(0, True)
    bench.follow(10, meter=True, house=100, draws=60)
    assert bench.guard.want_da[0] == 160  # the bound is there, the car is not
    bench.measure(0, 60, 60, 60)
    bench.meter(640, 640, 640)  # 490 of the house is certain, 580 is what was not read of a car
    bench.tick()
    assert bench.guard.want_da[0] <= 60


def test_rule_3_1_an_evse_whose_reserve_counts_anyway_is_also_lowered_when_the_meter_shows_an_overload():
    bench = metered([mute_evse(power_on_da=160)])  # without a watchdog it counts its maximum, whatever it is told
    bench.guard.demand(0, True)
    bench.follow(10, meter=True, house=100, draws=160)
    assert bench.guard.want_da[0] == 160 == bench.guard.reserve_da(0)
    bench.measure(0, 160, 160, 160)
    bench.meter(690, 690, 690)  # 530 of the house, far above what was assumed
    bench.tick()
    assert bench.guard.want_da[0] == 100


def test_rule_3_1_a_car_that_falls_already_is_not_lowered_twice():
    bench = metered()
    bench.guard.demand(0, True)
    bench.follow(10, meter=True, house=100, draws=160)
    bench.meter(690, 690, 690)
    bench.tick()
    lowered_da = bench.guard.want_da[0]
    for draw in (140, 120, 100):  # each frame is a little older than the reading before it
        bench.measure(0, draw, draw, draw)
        bench.meter(530 + draw + 20, 530 + draw + 20, 530 + draw + 20)
        bench.tick(300)
        assert lowered_da == bench.guard.want_da[0] == 100


def test_rule_3_1_a_short_maximum_prevents_a_raise():
    bench = metered()
    live(bench, 8, 100)
    live(bench, 1, 300)
    live(bench, 1, 100)
    assert bench.ledger.other_da[1] == 300
    live(bench, 8, 100)
    assert bench.ledger.other_da[1] == 100


def test_rule_3_1_generation_is_added_back_for_the_busbar():
    bench = metered(generation=150)
    live(bench, 8, 20)
    assert bench.guard.other_da(0)[1] == 170


def test_rule_3_2_a_meter_below_the_current_of_the_evses_is_lost():
    bench = metered()
    bench.stand(160)
    live(bench, 4, -220, 160)
    assert bench.guard.meter_state(0) == "lost"
    assert bench.guard.other_da(0) == [200, 200, 200]


def test_rule_3_2_declared_generation_may_show_less():
    bench = metered(generation=300)
    bench.stand(160)
    live(bench, 4, -220, 160)
    assert bench.guard.meter_state(0) == "ok"


def test_rule_3_2_a_meter_that_follows_a_step_remains_trusted():
    bench = metered([evse(terminals=[[0]])])
    bench.stand(160)
    bench.measure(0, 0)
    for k in range(8):
        drawn = 0 if k < 4 else 160
        bench.meter(200 + drawn + k % 2, 200, 200)
        bench.tick(500)
        bench.measure(0, drawn)
        bench.tick(500)
    assert bench.guard.meter_state(0) == "ok"


def test_rule_3_2_a_meter_with_a_delay_of_half_a_second_still_follows():
    bench = metered([evse(terminals=[[0]])])
    bench.stand(160)
    shown = 0
    for k in range(12):
        drawn = min(160, 40 * k)
        bench.measure(0, drawn)  # newer than what the next frame shows
        bench.meter(200 + shown + k % 2, 200, 200)
        shown = drawn
        bench.tick(500)
        bench.measure(0, drawn)
    assert bench.guard.meter_state(0) == "ok"


def test_rule_3_2_a_shed_after_a_step_of_other_load_does_not_make_the_meter_implausible():
    bench = metered([evse(terminals=[[0]])])
    bench.stand(160)
    for k in range(8):
        drawn, house = (160, 200) if k < 4 else (100, 460) if k == 4 else (60, 460)
        bench.measure(0, drawn if k != 5 else 100)
        bench.meter(house + (160 if k == 4 else drawn) + k % 2, 200, 200)  # the step shows before the car follows
        bench.tick(500)
        bench.measure(0, drawn)
        bench.tick(500)
    assert bench.guard.meter_state(0) == "ok"


def test_rule_3_2_plausible_frames_alone_are_no_evidence():
    bench = metered()
    bench.stand(160)
    live(bench, 4, -220, 160)
    assert bench.guard.meter_state(0) == "lost"
    live(bench, 600, 100, 160)
    assert bench.guard.meter_state(0) == "lost"


def test_rule_3_2_liveness_a_meter_that_followed_two_steps_is_trusted_again():
    bench = metered()
    bench.stand(160)
    live(bench, 4, -220, 160)
    live(bench, 8, 100, 160)
    bench.order(60)
    live(bench, 8, 100, 60)
    assert bench.guard.meter_state(0) == "lost"
    bench.order(160)
    live(bench, 8, 100, 160)
    assert bench.guard.meter_state(0) == "ok"


def test_rule_3_2_a_followed_step_between_two_missed_ones_is_not_evidence():
    bench = metered()
    bench.stand(160)
    live(bench, 4, -220, 160)
    live(bench, 8, 100, 160)
    live(bench, 8, 100, 60)
    live(bench, 8, 0, 160)  # shows what it showed before
    live(bench, 8, 100, 60)
    assert bench.guard.meter_state(0) == "lost"


def test_rule_3_2_if_no_evse_can_make_a_step_a_minute_of_plausible_frames_suffices():
    circuits = [circuit(rating=630, assumed=200), circuit("house", 0, 320, assumed=200, meter=0)]
    bench = Bench(site([evse()], circuits, [meter_facts()])).start()
    live(bench, 4, -220)
    assert bench.guard.meter_state(1) == "lost"
    live(bench, 50, 100)
    assert bench.guard.meter_state(1) == "lost"
    live(bench, 15, 100)
    assert bench.guard.meter_state(1) == "ok"


def test_rule_3_2_a_step_of_other_load_directly_after_an_own_step_does_not_hide_that_the_meter_followed():
    bench = metered([evse(terminals=[[0]])])
    bench.stand(60)
    for k in range(10):
        drawn, house = 60 if k < 4 else 160, 200 if k < 5 else 100  # a house load of 10 A goes off a second later
        if k == 4:
            assert bench.order(160) is not None
        bench.meter(house + drawn + k % 2, 200, 200)
        bench.tick(500)
        bench.measure(0, drawn)
        bench.tick(500)
    assert bench.guard.meter_state(0) == "ok"


def test_rule_3_3_no_raise_after_two_missed_frames():
    bench = metered()
    live(bench, 8)
    bench.tick(2000)
    assert bench.order(100) is None
    assert bench.guard.meter_state(0) == "ok"
    live(bench, 1)
    assert bench.order(100) is not None


def test_rule_3_3_a_silent_meter_is_lost_within_a_tick_of_its_limit_and_the_assumption_applies():
    bench = metered()
    bench.tick(3900)
    assert bench.guard.meter_state(0) == "ok"
    bench.tick(200)
    assert bench.guard.meter_state(0) == "lost"
    assert bench.guard.other_da(0) == [200, 200, 200]
    assert bench.guard.mode == "degraded"


def test_rule_3_3_a_lost_meter_stays_lost_past_the_wrap_of_short_counters():
    bench = metered()
    bench.tick(6000)
    bench.now_ms += (1 << 30) - 2000
    bench.tick(100)
    assert bench.guard.meter_state(0) == "lost"


def test_rule_3_3_a_frozen_meter_is_detected():
    bench = metered()
    for _ in range(7):
        bench.guard.meter(0, [100, 100, 100], bench.now_ms, 4711)
        bench.tick(1000)
    assert bench.guard.meter_state(0) == "frozen"


def test_rule_3_3_a_coarse_meter_may_show_a_constant_value():
    bench = metered(meter=meter_facts(coarse=True))
    for _ in range(7):
        bench.guard.meter(0, [100, 100, 100], bench.now_ms, 4711)
        bench.tick(1000)
    assert bench.guard.meter_state(0) == "ok"


def test_rule_3_3_a_coarse_meter_that_was_silent_is_valid_again_without_a_changed_bit():
    bench = metered(meter=meter_facts(coarse=True))
    for state in ("ok", "lost", "ok"):
        for _ in range(0 if state == "lost" else 8):
            bench.guard.meter(0, [100, 100, 100], bench.now_ms, 4711)
            bench.tick(1000)
        bench.tick(6000 if state == "lost" else 100)
        assert bench.guard.meter_state(0) == state


def test_a_reading_without_a_value_is_not_the_one_that_a_frame_waits_for():
    bench = metered()
    live(bench, 4, 100)
    assert bench.order(100)
    bench.measure(0, 60, 60, 60)
    bench.tick(100)
    bench.guard.meter(0, [200, 200, 200], bench.now_ms, 1 << 20)
    bench.tick(100)
    for amps_da, waits in ((None, True), ([60, 60, 60], False)):
        bench.guard.measured(0, amps_da, bench.now_ms, bench.now_ms)
        assert bench.guard.other.estimators[0].open == waits


def test_rule_3_3_a_meter_with_an_infinite_or_impossible_value_is_lost_at_once():
    for amps in (None, [99999, 0, 0], [0, 0]):
        bench = metered()
        bench.guard.meter(0, amps, bench.now_ms, 1)
        assert bench.guard.meter_state(0) == "lost"


def test_rule_3_3_a_lost_meter_counts_the_greatest_seen_today():
    bench = metered(assumed=50)
    live(bench, 4, 300)
    live(bench, 10, 100)
    bench.guard.confirm_assumed(0)
    bench.tick(5000)
    assert bench.guard.meter_state(0) == "lost"
    assert bench.guard.other_da(0)[1] == 300


def test_rule_3_3_more_than_assumed_raises_an_alarm_that_lasts_until_confirmed():
    bench = metered(assumed=50)
    live(bench, 4, 300)
    assert "assumed" in bench.kinds()
    assert bench.ledger.assumed_da[1] == 300
    kept = Bench(bench.facts, bench.guard.evidence_dump())
    assert kept.ledger.assumed_da[1] == 300
    bench.guard.confirm_assumed(0)
    assert bench.ledger.assumed_da[1] == 50


def test_rule_3_1_what_an_evse_drew_before_its_first_reading_is_no_other_load():
    for silent_s in (0, 8):
        bench = metered(assumed=100)
        bench.stand(160)
        if silent_s:
            live(bench, 8, 40, 150)
        for _ in range(silent_s):  # its limit is proven, its current is not read
            bench.order(160)
            live(bench, 1, 150)
        for shown in (200, 201, 50):  # it stopped just before its first reading, and the meter shows what flowed a second ago
            bench.measure(0, 0, 0, 0)
            bench.meter(shown, shown, shown)
            bench.tick(400)
            bench.measure(0, 0, 0, 0)
            bench.tick(100)
        assert bench.ledger.assumed_da[1] == 100, (silent_s, bench.ledger.assumed_da)


def test_rule_3_3_liveness_a_meter_that_works_again_is_trusted_again():
    bench = metered()
    bench.tick(8000)
    assert bench.guard.meter_state(0) == "lost"
    live(bench, 4)
    assert bench.guard.meter_state(0) == "ok"
    assert bench.guard.other_da(0)[1] == 100


def test_rule_3_3_liveness_a_meter_frozen_while_a_car_stopped_is_trusted_as_soon_as_it_changes():
    bench = metered()
    bench.stand(160)
    live(bench, 8, 100, 150)
    for draw in [150] * 6 + [0] * 6:
        bench.measure(0, draw, draw, draw)
        bench.guard.meter(0, [250, 250, 250], bench.now_ms, bench.mark)
        bench.tick(1000)
    assert bench.guard.meter_state(0) == "frozen"
    live(bench, 4, 100, 0)
    assert bench.guard.meter_state(0) == "ok"


def test_rule_3_1_a_frame_skipped_while_another_waits_for_a_silent_evse_still_counts():
    bench = metered([evse(), evse("evse-2")])
    for e in (0, 1):
        bench.stand(100, e)
    for _ in range(8):  # the first frame may be from before the first readings
        bench.measure(0, 100, 100, 100)
        bench.measure(1, 100, 100, 100)
        bench.meter(300, 300, 300)
        bench.tick(1000)
    assert bench.ledger.other_da[1] == 100
    bench.meter(300, 300, 300)  # waits for the second, which is silent from now on
    bench.tick(100)
    bench.measure(0, 100, 100, 100)
    bench.meter(450, 450, 450)
    bench.tick(100)
    assert bench.ledger.other_da[1] >= 250
    bench.meter(350, 350, 350)  # the first was lowered, and was not read again yet
    bench.tick(100)
    assert bench.ledger.other_da[1] >= 250


def test_rule_3_1_the_current_of_a_silent_evse_six_seconds_ago_hides_no_other_load():
    bench = metered([evse("a"), evse("b")])
    for e in range(2):
        bench.stand(160, e)
    for second in range(6):  # a is not read any more; b is, and frames wait for it
        bench.measure(1, 100, 100, 100)
        bench.meter(200 + bench.mark % 2, 200, 200)
        bench.tick(1000)
        if second == 0:
            bench.measure(0, 100, 100, 100)
    bench.tick(200)
    bench.meter(201, 200, 200)  # waits for b
    bench.tick(100)
    bench.meter(302, 300, 300)
    bench.tick(100)
    assert bench.ledger.other_da[1] >= 200, bench.ledger.other_da  # of the 300 only the 100 of b are known to be ours


def test_rule_3_3_a_repeated_frame_is_not_compared_with_new_readings():
    bench = metered()
    bench.stand(100)
    live(bench, 8, 100, 0)
    assert bench.ledger.other_da[1] == 100
    for _ in range(3):  # the car draws now; the meter still shows what was before
        bench.guard.meter(0, [100, 100, 100], bench.now_ms, bench.mark)
        bench.measure(0, 100, 100, 100)
        bench.tick(1000)
    assert bench.ledger.other_da[1] == 100


def test_rule_3_3_after_a_freeze_a_meter_is_trusted_by_a_frame_checked_since():
    bench = metered()
    bench.stand(100)
    live(bench, 8, 100, 0)
    for _ in range(7):
        bench.guard.meter(0, [100, 100, 100], bench.now_ms, bench.mark)
        bench.measure(0, 100, 100, 100)
        bench.tick(1000)
    assert bench.guard.meter_state(0) == "frozen"
    bench.meter(100, 100, 100)  # it moves, and the car has stopped since its last reading
    bench.tick(100)
    assert bench.guard.meter_state(0) == "frozen"
    bench.measure(0, 0, 0, 0)
    live(bench, 2, 100, 0)
    assert bench.guard.meter_state(0) == "ok"
    assert bench.ledger.other_da[1] >= 100


def silent(bench, seconds):
    """No frame of the meter; the EVSE is read."""
    for _ in range(seconds):
        bench.measure(0, 150, 150, 150)
        bench.tick(1000)


def test_rule_3_3_a_frame_checked_before_a_second_silence_does_not_end_that():
    bench = metered()
    bench.stand(160)
    live(bench, 8, 100, 150)
    silent(bench, 10)
    live(bench, 1, 100, 150)
    assert bench.guard.meter_state(0) == "lost"
    silent(bench, 20)
    bench.meter(331, 330, 330)
    bench.tick(100)
    assert bench.guard.meter_state(0) == "lost" and bench.ledger.other_da[1] == 200, bench.ledger.other_da
    live(bench, 3, 180, 150)
    assert bench.guard.meter_state(0) == "ok" and bench.ledger.other_da[1] == 180


def test_rule_3_4_an_unmetered_circuit_counts_the_load_assumed_or_measured_below():
    circuits = [circuit(rating=630, assumed=150), circuit("house", 0, 320, assumed=50, meter=0), circuit("row", 0, 320)]
    bench = Bench(site([evse(circuit=2)], circuits, [meter_facts()])).start()
    live(bench, 8, 100)
    assert bench.guard.other_da(0) == [150, 150, 150]
    live(bench, 8, 200)
    assert bench.guard.other_da(0)[1] == 200
    assert bench.guard.other_da(2) == [0, 0, 0]


def test_section_3_a_meter_of_one_phase_leaves_the_others_to_the_assumption():
    bench = Bench(site([evse()], [circuit(rating=630, assumed=200, meter=0)], [meter_facts(phases=[1])])).start()
    for _ in range(8):
        bench.meter(100 + bench.mark % 2)
        bench.tick(1000)
    assert bench.guard.other_da(0)[0] == 200
    assert 100 <= bench.guard.other_da(0)[1] <= 101


def test_rule_3_1_the_fall_of_each_evse_counts_on_its_own_phase():
    """The second of two EVSEs on one phase each falls: what it drew of late is no other load, and it is not lowered twice."""
    bench = metered([evse("a", terminals=[[0]]), evse("b", terminals=[[1]])])
    for e in (0, 1):
        bench.guard.demand(e, True)
    bench.follow(10, meter=True, house=100, draws=160)
    assert bench.guard.want_da == [160, 160]
    for draw in (160, 140, 120, 100):  # each frame is a little older than the reading before it
        bench.measure(1, draw)
        shown = 690 if draw == 160 else 530 + draw + 20
        bench.meter(200, shown, 100)
        bench.tick(300)
        assert bench.guard.want_da == [160, 100]


def test_rule_3_1_only_the_silent_evse_becomes_unknown_when_a_frame_waits_for_it_without_effect():
    bench = metered([evse("a", terminals=[[0]]), evse("b", terminals=[[1]])])
    for e in (0, 1):
        bench.stand(100, e)
    for _ in range(8):
        for e in (0, 1):
            bench.measure(e, 100)
        bench.meter(200 + bench.mark % 2, 200, 100)
        bench.tick(1000)
    assert bench.ledger.other_da[:3] == [101, 100, 100]
    for _ in range(8):  # b is silent
        bench.measure(0, 100)
        bench.meter(200 + bench.mark % 2, 200, 100)
        bench.tick(500)
        bench.measure(0, 100)
        bench.tick(500)
    assert bench.ledger.other_da[:3] == [101, 200, 100], "a draws its 100 for certain; b may draw nothing"
    assert bench.ledger.low_other_da[:2] == [101, 100], "b may draw its order"


def test_rule_3_1_no_other_load_is_none_at_all():
    bench = metered()
    bench.stand(160)
    live(bench, 8, 0, 150)
    assert bench.guard.other_da(0)[1:] == [0, 0]
