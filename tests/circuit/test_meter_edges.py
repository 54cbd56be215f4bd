"""Sections 3.1 to 3.3: each time and current of one meter's estimate one below, at, and one above its bound."""

from helper_circuit import evse
from test_other_parts import metered


def play(life, seconds, ours, other=(100, 100, 100)):
    """A reading of each EVSE and then a frame each second; ours: what each draws per phase."""
    for _ in range(seconds):
        for e, amps_da in enumerate(ours):
            life.read(e, *amps_da)
        life.frame(*[other[p] + sum([amps_da[p] for amps_da in ours]) for p in range(3)])
        life.later()
    return life


def charging(da=160, evses=None, **more):
    """Other load was seen to be 1 A before any was ordered to take that."""
    life = metered(evses=evses or (evse(),), **more).live(4, 10, 10, 10)
    for e in range(len(life.evse_states)):
        life.stand(da, e)
    return life


# a step that is awaited, and one that is urgent


def test_rule_3_2_a_step_that_spares_a_phase_is_awaited_while_one_that_is_in_order_can_make_it():
    rows = ((50, 9, 5000, True, 2), (49, 9, 5000, True, 0), (50, 10, 5000, True, 0), (50, 9, 5001, True, 0), (50, 9, 5000, False, 0))
    for da, spared_da, age_ms, in_order, awaited in rows:
        for missing, mask in ((0, awaited), (1, 2)):
            life = charging()
            life.read(0, da, spared_da, 160)
            life.now_ms += age_ms
            life.frame(170, 170, 170)
            life.s.ok = in_order
            life.view.trust.against[0], life.view.trust.missing_steps[0] = 2, missing
            assert life.view.awaits_spared(0) == mask, (da, spared_da, age_ms, in_order, missing)
            assert life.view.awaits_spared(1) == 0


def test_rule_3_2_a_suspicion_is_urgent_from_four_amperes_where_the_bounds_and_what_is_assumed_exceed_the_rating():
    for rating, da, urgent in ((359, 40, True), (359, 39, False), (360, 40, False)):
        life = play(charging(rating=rating, assumed=200), 4, [(da, da, da)])
        life.view._suspect(0)
        assert [life.view.is_urgent(p) for p in range(3)] == [urgent, False, False], (rating, da)


def test_rule_3_2_a_suspicion_that_was_urgent_for_more_than_a_minute_is_a_failure_in_that_tick():
    for jump_x16, blame in ((479, 12), (480, 1)):  # jumps of other load by 3 A explain it
        life = play(charging(rating=300, assumed=200), 8, [(120, 120, 120)], (10, 10, 10))
        life.view._suspect(0)
        life.view._suspect(1)
        life.view.steps.spared[0] = 4
        play(life, 61, [(120, 120, 120)], (10, 10, 10))
        assert life.view.state == "ok" and life.view.suspect_ms == [61000, 61000, 0]
        life.view.steps.jump_x16[:] = [480, jump_x16, 0]
        life.later(1)
        assert life.view.state == "lost" and life.view.held_da == [-1] * 3 and life.view.trust.missing_steps == [2, 2, 0]
        assert life.view.trust.blame[0] == blame and life.view.trust.against == [4, 0, 0] and life.view.reason == life.view.trust.reason
        assert not life.view.complete and life.other.states == ["lost"]


def test_rule_3_2_the_minute_of_a_suspicion_is_over_when_more_than_sixty_seconds_were_urgent():
    for span_ms, state in ((60000, "ok"), (60001, "lost")):
        life = play(charging(rating=300, assumed=200), 8, [(120, 120, 120)], (10, 10, 10))
        life.view._suspect(2)
        life.view.suspect_ms[2] = span_ms
        life.later(1)
        assert life.view.state == state, span_ms


def test_rule_3_2_the_minute_of_a_suspicion_begins_with_it_and_runs_by_the_time_between_ticks():
    life = play(charging(rating=300, assumed=200), 8, [(120, 120, 120)], (10, 10, 10))
    life.view._suspect(0)
    play(life, 3, [(120, 120, 120)], (10, 10, 10))
    life.later(7)
    assert life.view.suspect_ms == [3007, 0, 0]
    life.view._suspect(0)
    assert life.view.suspect_ms[0] == 3007, "one that lasts does not begin anew"
    life.view._suspect_none()
    life.view._suspect(0)
    assert life.view.suspect_ms[0] == 0


def test_rule_3_2_a_suspicion_soon_after_the_last_one_continues_it():
    for gap_ms, span_ms in ((120000, 42000), (120001, 0)):
        life = play(charging(), 8, [(120, 120, 120)])
        life.view._suspect(0)
        life.view.suspect_ms[0] = 42000
        life.view.begin_test(life.now_ms)
        play(life, 8, [(0, 0, 0)])
        assert life.view.held_da[0] < 0
        life.view.raw_ms = life.view.ended_ms[0] + gap_ms
        life.view._suspect(0)
        assert life.view.suspect_ms[0] == span_ms, gap_ms


def test_rule_3_2_one_may_start_for_a_test_once_in_a_quarter_of_an_hour():
    life = charging()
    life.view.held_da = [0, 300, -1]
    life.view.let_start([0, 1, 2], life.now_ms)
    assert life.view.held_da == [160 + 132, 300, -1] and life.view.steps.test_steps == [1, 1, 1]
    began_ms = life.now_ms
    for after_ms, held_da in ((899999, 0), (900000, 292)):
        life.view.held_da = [0, 0, 0]
        life.view.steps.test_steps = [0, 0, 0]
        life.view.let_start([0], began_ms + after_ms)
        assert life.view.held_da == [held_da, 0, 0] and life.view.steps.test_steps == [held_da and 1] * 3, after_ms


# what a meter showed that cannot be, and what it did not show


def test_rule_3_2_a_wrong_sign_asks_for_steps_that_spare_the_phases_on_which_ours_draw_at_most_half():
    for ours, against in (((100, 50, 51), 2), ((100, 50, 50), 6), ((40, 20, 21), 2), ((39, 0, 0), 0)):
        life = play(charging(), 4, [ours])
        play(life, 3, [ours], (-60, 100, 100))
        assert life.view.state == "lost" and life.view.trust.missing_steps == [2, 0, 0], ours
        assert life.view.trust.against == [against, 0, 0] and life.view.trust.reason.startswith("shows less"), ours


def test_rule_3_2_what_a_suspected_meter_missed_is_to_be_followed_by_a_step_that_spares_the_same_phases():
    for p in range(3):
        ours = [[0, 0, 0], [0, 0, 0]]
        ours[1][p] = 100
        life = play(charging(), 10, [ours[0]])
        hidden = [100, 100, 100]
        hidden[p] = 0
        play(life, 6, [ours[1]], hidden)
        assert life.view.state == "ok" and [da >= 0 for da in life.view.held_da] == [q == p for q in range(3)]
        assert life.view.trust.against == [7 - (1 << q) if q == p else 0 for q in range(3)], "nothing spoke against it before"


def test_rule_3_2_a_suspicion_ends_with_a_test_step_that_spares_what_the_missed_one_spared():
    life = play(charging(), 8, [(100, 100, 0)])
    life.view._suspect(0, 2)
    play(life, 8, [(0, 0, 0)])
    assert life.view.held_da[0] == 160, "a step that was followed is one of a test, or it is not enough"
    life = play(charging(evses=(evse(), evse("b")), da=120), 8, [(100, 100, 0), (60, 0, 0)])
    life.view._suspect(0, 2)
    for ours, ended in (([(0, 0, 0), (60, 0, 0)], False), ([(0, 0, 0), (0, 0, 0)], True)):
        life.view.begin_test(life.now_ms)
        play(life, 8, ours)
        assert (life.view.held_da[0] < 0) == ended and life.view.trust.against[0] == (0 if ended else 2), ours


def lower_hidden(life, e, seconds=6):
    """The first of two EVSEs draws 10 A less while other load rises by as much; an order lowered EVSE e a second before, if any."""
    if e is not None:
        life.order(100, e)
    life.later()
    return play(life, seconds, [(20, 20, 20), (60, 60, 60)], (200, 200, 200))


def suspect(life, phases=(0, 1, 2)):
    for p in phases:
        life.view._suspect(p)
    return life


def two_charge(**first):
    return play(charging(evses=(evse(**first), evse("b")), da=160, rating=700), 12, [(120, 120, 120), (60, 60, 60)])


def test_rule_3_2_the_first_fall_that_is_missed_makes_a_meter_suspected_and_the_second_fails_it():
    for before, state in ((False, "ok"), (True, "lost")):
        life = two_charge()
        if before:
            suspect(life)
        lower_hidden(life, None)
        assert life.view.state == state, before
        assert [da >= 0 for da in life.view.held_da] == [state == "ok"] * 3


def test_rule_3_2_a_fall_that_an_order_to_any_of_them_may_have_caused_does_not_fail_a_suspected_meter():
    for e, state in ((None, "lost"), (0, "ok"), (1, "ok")):
        life = lower_hidden(suspect(two_charge()), e)
        assert life.view.state == state, e


def test_rule_3_2_what_is_below_a_primary_may_be_lowered_by_itself():
    for primary, state in ((False, "lost"), (True, "ok")):
        life = lower_hidden(suspect(two_charge(primary=primary)), None)
        assert life.view.state == state, primary


# frames and readings


def test_rule_3_1_without_other_load_the_first_frame_shows_none():
    life = metered().frame(0, 0, 0).later(1)
    assert life.view.state == "ok" and life.other_da == [0] * 3 == life.low_other_da == life.other.shown_da


def test_rule_3_1_a_frame_waits_three_seconds_whatever_frames_come_meanwhile():
    life = play(charging(), 4, [(100, 100, 100)])
    life.read(0, 100, 100, 100).later(1).frame(300, 300, 300)
    frame_ms = life.now_ms
    for _ in range(5):
        life.later(500).frame(250, 250, 250)
    life.later(500)
    assert life.view.open and life.view.frame_ms == frame_ms and life.low_other_da[1] == 100
    life.later(1)
    assert not life.view.open and life.view.high_da == [300] * 3 and life.view.low_da == [140] * 3


def test_rule_3_1_a_reading_counts_from_the_moment_that_a_frame_may_show():
    for facts, age_ms, low_da in (({}, 1000, 140), ({}, 999, 40), ({"sample_ms": 300}, 300, 140), ({"sample_ms": 300}, 299, 40)):
        life = charging(meter=facts)
        life.now_ms += 10000
        life.read(0, 60, 60, 60)
        life.now_ms += age_ms
        life.frame(200, 200, 200).read(0, 60, 60, 60)
        assert life.view.low_da == [low_da] * 3, (facts, age_ms)


def test_rule_3_2_what_a_meter_showed_before_it_was_inspected_is_no_frame_checked_since():
    life = play(charging(), 4, [(100, 100, 100)])
    life.view.trust.require_steps(0, 0, life.now_ms)
    play(life, 2, [(100, 100, 100)])
    assert life.view.state == "lost"
    life.other.inspected(0, life.now_ms)
    life.later(3500).read(0, 100, 100, 100)
    life.frame(200, 200, 200)
    assert life.view.state == "lost", "this frame waits for the reading after it"
    play(life, 2, [(100, 100, 100)])
    assert life.view.state == "ok"


def test_rule_3_1_the_greatest_of_the_last_three_to_six_seconds_counts_for_a_raise():
    life = metered().live(12, 100, 100, 100)
    life.live(1, 300, 300, 300)
    falls_s = 0
    while life.other_da[1] == 300:
        life.live(1, 100, 100, 100)
        falls_s += 1
    assert 3 <= falls_s <= 6, falls_s


def test_rule_3_1_what_stays_of_other_load_is_shared_and_not_what_is_unsure_for_a_moment():
    life = play(charging(), 8, [(100, 100, 100)])
    assert life.other.shown_da == [100] * 3
    play(life, 1, [(100, 100, 100)])
    life.read(0, 40, 40, 40)  # a car that fell between two readings
    life.frame(200, 200, 200).later(1000).read(0, 100, 100, 100).later(1)
    assert life.other_da[1] == 160 and life.other.shown_da == [100] * 3


# loss


def test_rule_3_3_a_meter_that_is_lost_again_forgets_no_reading_and_tells_the_newer_reason():
    life = play(charging(), 4, [(100, 100, 100)])
    life.view.reading(None, 0, life.now_ms)
    assert life.view.state == "lost" and life.view.read_since_ms == [-1] and life.view.steps.ref_ms == -1
    life.read(0, 100, 100, 100)
    life.view.reading(None, 0, life.now_ms)
    assert life.view.read_since_ms == [life.now_ms] and life.view.reason == "value not finite or out of range"


def test_rule_3_1_what_a_frame_that_was_passed_over_showed_holds_until_a_later_one_was_taken():
    life = play(charging(), 4, [(100, 100, 100)])
    life.read(0, 100, 100, 100).frame(200, 200, 200)
    seen = []
    for shown_da, read in ((400, False), (350, True), (200, True), (200, True)):
        life.later(200).frame(shown_da, shown_da, shown_da).later(100)
        seen.append(life.view.quick_da[1])
        if read:
            life.read(0, 100, 100, 100)
    assert seen == [300, 300, 300, 100]


def test_rule_3_1_what_one_drew_when_its_order_was_higher_counts_when_it_is_not_read_again():
    for read_s in (1, 8):  # the frame may be from before its first reading, or not
        life = charging(meter={"sample_ms": 6000})
        life.pass_at(life.now_ms + 10000)
        for _ in range(read_s):
            life.later().read(0, 150, 150, 150)
        life.order(60).pass_at(life.now_ms + 5500)
        life.read(0, 60, 60, 60)
        assert life.s.bound_da == 60
        life.frame(300, 300, 300)
        life.now_ms += 3001
        life.other.tick(life.now_ms)
        assert not life.view.open and life.view.low_da == [150] * 3 and life.view.high_da == [300] * 3


def test_rule_3_1_one_that_is_not_read_draws_no_more_than_its_bound_whatever_it_drew_before():
    life = play(charging(), 4, [(150, 150, 150)])
    life.order(60).intake.measured(0, None, life.now_ms, life.now_ms)
    life.pass_at(life.now_ms + 6000).later(1).frame(300, 300, 300)
    assert life.s.bound_da == 60 and life.view.low_da == [240] * 3 and life.view.high_da == [300] * 3


def test_rule_3_1_a_reading_of_five_seconds_ago_counts_and_an_older_one_does_not():
    for age_ms, over_da, waits in ((5000, 390, True), (5001, 290, False)):
        life = play(charging(), 8, [(60, 60, 60)])
        life.read(0, 60, 60, 60)
        life.now_ms += age_ms
        life.frame(450, 450, 450)
        assert life.view.over_da == [over_da] * 3 and life.view.open == waits
        assert life.view.low_da == [100 if waits else 290] * 3 and (life.view.read_since_ms[0] >= 0) == waits


def test_rule_3_1_a_current_that_falls_after_a_frame_may_have_fallen_before_it():
    life = play(charging(), 4, [(100, 100, 100)])
    life.read(0, 100, 100, 100).later(100).frame(300, 300, 300).later(100).read(0, 40, 40, 40)
    assert life.view.high_da == [260] * 3 and life.view.low_da == [200] * 3


def test_rule_3_1_after_three_seconds_without_a_reading_the_next_one_is_the_first():
    for gap_s, low_da in ((2, 200), (4, 140)):
        life = play(charging(), 4, [(100, 100, 100)])
        life.read(0, 100, 100, 100).frame(200, 200, 200)
        for _ in range(gap_s):
            life.later()
        life.read(0, 100, 100, 100).later(500).frame(300, 300, 300).later(100).read(0, 100, 100, 100)
        assert life.view.low_da == [low_da] * 3, gap_s


def one(p, da, otherwise=0):
    return tuple([da if q == p else otherwise for q in range(3)])


def test_rule_3_2_the_sign_of_each_phase_is_wrong_from_an_ampere_or_a_twentieth_below_what_ours_draw():
    rows = ((100, 0, -10, "ok"), (100, 0, -11, "lost"), (300, 0, -15, "ok"), (300, 0, -16, "lost"), (300, 60, -78, "ok"), (300, 60, -79, "lost"))
    for p in range(3):
        for da, generation, other_da, state in rows:
            life = charging(da=300, evses=(evse(max_da=320, limit_da=320),), rating=700, generation=generation)
            play(life, 4, [(da, da, da)])
            life.read(0, da, da, da).frame(*[da + each for each in one(p, other_da, 100)])
            life.read(0, da, da, da).later(1)
            assert life.view.state == state, (p, da, generation, other_da)
            assert life.view.trust.missing_steps == list(one(p, 0 if state == "ok" else 2)) and life.view.trust.blame[0] == (state == "lost") * 12


def test_rule_3_2_a_step_of_which_half_was_shown_makes_a_meter_suspected_and_costs_an_untrusted_one_its_steps():
    for p in range(3):
        life = play(charging(), 10, [(0, 0, 0)])
        play(life, 6, [one(p, 100)], one(p, 50, 100))
        assert life.view.state == "ok" and [da >= 0 for da in life.view.held_da] == [q == p for q in range(3)]
        assert life.view.trust.against == [0, 0, 0], "it may have followed, and no phase is known that it showed instead"
        life.view.trust.require_steps(p, 0, life.now_ms)
        more = one(p, 50, 100)
        for ours, other, missing in ((one(p, 100), more, 2), (one(p, 0), more, 1), (one(p, 100), (0, 0, 0), 2), (one(p, 0), (0, 0, 0), 1)):
            play(life, 12, [ours], other)
            assert life.view.trust.missing_steps == list(one(p, missing)), (p, ours, other)


def test_rule_3_2_a_test_step_ends_the_suspicion_of_its_phases_and_no_other():
    for held_da in (0, 160):
        for p in range(3):
            life = play(charging(), 8, [one(p, 100)])
            life.view.held_da = [held_da] * 3
            life.view.begin_test(life.now_ms)
            play(life, 8, [(0, 0, 0)])
            assert life.view.held_da == list(one(p, -1, held_da)), (p, held_da)


def test_rule_3_2_one_that_is_suspected_again_keeps_what_was_in_force_before():
    life = charging()
    for held_da in (0, 100):
        life.view.held_da, life.view.suspect_ms = [held_da] * 3, [5000] * 3
        life.view._suspect(0, 2)
        assert life.view.held_da[0] == held_da and life.view.suspect_ms[0] == 5000 and life.view.trust.against[0] & 2


def test_rule_3_2_what_a_lost_meter_was_suspected_of_is_forgotten_and_what_it_failed_is_not():
    life = play(charging(), 8, [(100, 100, 0)])
    life.view._suspect(0, 2)
    play(life, 3, [(100, 100, 0)], (100, -60, 100))
    assert life.view.state == "lost" and life.view.held_da == [-1] * 3
    assert life.view.trust.against == [0, 4, 0] and life.view.trust.missing_steps == [0, 2, 0]
    assert life.view.reason == life.view.trust.reason != ""
    life.other.inspected(0, life.now_ms)
    play(life, 3, [(100, 100, 0)])
    assert life.view.state == "ok" and life.view.reason == ""


def test_rule_3_3_a_reading_after_the_loss_of_a_meter_completes_no_frame_from_before_it():
    life = play(charging(), 4, [(100, 100, 100)])
    life.read(0, 100, 100, 100).frame(200, 200, 200)
    assert life.view.open
    life.view.reading(None, 0, life.now_ms)
    life.later(100).read(0, 100, 100, 100).frame(250, 250, 250).later(1)
    assert life.view.state == "lost", "no frame was compared with readings since"
    play(life, 4, [(100, 100, 100)])
    assert life.view.state == "ok"


def test_rule_3_1_what_is_not_certain_counts_nothing_for_the_day():
    life = metered().live(4, 0, 0, 0)
    life.stand(160)
    life.live(3, 60, 60, 60)
    assert life.view.state == "ok" and life.view.tight_da == [0] * 3 == life.view.low_da and life.other.seen_da[0] == [0] * 3


def test_rule_3_2_no_step_is_seen_between_the_readings_before_and_after_a_gap():
    for gap_s, suspected in ((1, True), (4, False)):
        life = play(charging(), 10, [(0, 0, 0)])
        for _ in range(gap_s):
            life.frame(100, 100, 100).later()
        play(life, 6, [(100, 100, 100)], (0, 0, 0))
        assert life.view.state == "ok" and [da >= 0 for da in life.view.held_da] == [suspected] * 3, gap_s


def test_rule_3_1_two_terminals_on_a_phase_draw_twice_the_order_there():
    life = charging(da=100, evses=(evse(terminals=[[0, 1], [0, 2]]),), rating=400)
    life.frame(500, 500, 500)
    assert life.view.mult == [2, 1, 1] and life.view.over_da == [300, 400, 400] and life.view.low_da == [300, 400, 400]


def test_rule_3_2_one_that_is_not_read_makes_a_suspicion_urgent_on_its_own_phase():
    life = charging(evses=(evse(terminals=[[0]]), evse("b", terminals=[[1]])), rating=300, assumed=200)
    life.frame(10, 10, 10)
    life.order(0, 0).pass_at(life.now_ms + 6000)
    life.view.held_da = [0, 0, 0]
    assert [life.view.is_urgent(p) for p in range(3)] == [False, True, False]
