"""Section 3.2, steps of our own EVSEs: what counts as one, what the meter must show of it, and what other load explains."""

from ampacity.circuit.trusted.metering.step_check import StepCheck

REFERENCE_MS, CALM_MS = 10000, 60000


class Seen(StepCheck):
    """Frames of a meter on three phases; ours draw exactly `ours`. Other load is 10 A on each phase."""

    def __init__(self, inputs=(0, 1, 2), begins_ms=1000000):
        StepCheck.__init__(self, 3, list(inputs))
        self.now_ms = begins_ms

    def frame(self, ours, more=(0, 0, 0), after_ms=1000, least=None, ordered=False):
        self.now_ms += after_ms
        shown = [100 + ours[p] + more[p] for p in range(3)]
        for p in range(3):
            self.shown(p, shown[p], False, self.now_ms)
        self.taken(shown)
        return self.look(shown, list(least or ours), list(ours), ordered, self.now_ms, self.now_ms)


def rested(ours=(0, 0, 0), **more):
    seen = Seen(**more)
    for _ in range(8):  # other load is known to be calm
        assert not seen.frame(ours)
    return seen


def test_a_step_is_reported_once_and_per_phase():
    seen = rested()
    assert seen.step_ms == [-1, -1, -1]
    assert seen.frame((0, 60, 0)) and (seen.missed, seen.followed, seen.spared[1]) == (0, 2, 5)
    assert not seen.frame((0, 60, 0)) and (seen.missed, seen.followed) == (0, 0)
    assert seen.step_ms == [-1, seen.now_ms - 1000, -1], "the last step is one frame ago, and on its phase"
    assert seen.frame((0, 0, 0)) and seen.followed == 2
    assert not seen.frame((0, 0, 0))
    assert seen.frame((60, 0, 60), (-60, 0, 0)) and (seen.missed, seen.followed) == (1, 4)


def test_a_clock_that_starts_at_zero_changes_nothing():
    seen = Seen(begins_ms=0)
    assert not seen.frame((0, 0, 0), after_ms=0)
    assert not seen.frame((0, 0, 0), (60, 0, 0)), "no reference yet, and ours stood still"
    assert seen.jump_x16[0] == 480
    assert seen.frame((60, 0, 0), (60, 0, 0)) and seen.followed == 1 and seen.from_rest
    seen = Seen(begins_ms=0)
    assert not seen.frame((60, 0, 0), after_ms=1), "the first frame is a reference, whatever ours draw"
    seen.jump_x16[0] = 64
    seen.frame((60, 0, 0))
    assert seen.jump_x16[0] == 63, "jumps begin to fade with the first two frames"
    seen = Seen(begins_ms=0)
    seen.frame((0, 0, 0), after_ms=0)
    seen.forget()
    assert not seen.frame((60, 0, 0))


def test_a_missed_step_down_is_reported_like_a_step_up():
    seen = rested((60, 60, 60))
    assert seen.frame((60, 0, 60), (0, 60, 0)) and (seen.missed, seen.followed) == (2, 0)


def test_only_measured_phases_are_checked():
    seen = rested(inputs=(1,))
    assert not seen.frame((60, 0, 0)) and seen.missed == 0
    assert seen.frame((60, 60, 60)) and seen.followed == 2


def test_a_reference_is_good_for_ten_seconds():
    for after_ms, told in ((REFERENCE_MS, True), (REFERENCE_MS + 1, False)):
        seen = rested()
        assert seen.frame((60, 0, 0), after_ms=after_ms) == told, after_ms


def test_a_slow_ramp_is_a_step_against_where_it_began():
    seen = rested()
    for da in (10, 20, 30):
        assert not seen.frame((da, 0, 0)), da
    assert seen.frame((40, 0, 0)) and seen.followed == 1


def test_below_one_ampere_the_evses_count_as_constant_and_the_reference_advances():
    seen = rested()
    for da in range(9, 60, 9):
        assert not seen.frame((da, 0, 0)), da
    for da in (45, 36, 27, 18, 9, 0):
        assert not seen.frame((da, 0, 0)), da
    for begin in (0, 100):
        seen = rested((begin, 0, 0))
        for da in (10, 20, 30):
            assert not seen.frame((abs(begin - da), 0, 0))
        assert seen.frame((abs(begin - 40), 0, 0)), "an ampere is no standstill"


def test_only_a_step_after_a_rest_is_one_from_rest():
    seen = rested()
    assert seen.frame((60, 0, 0)) and seen.from_rest
    assert seen.frame((120, 0, 0)) and not seen.from_rest
    assert not seen.frame((120, 0, 0)) and not seen.from_rest
    assert seen.frame((60, 0, 0)) and seen.from_rest


def test_the_first_frame_and_one_after_a_loss_are_no_rest():
    seen = Seen()
    seen.frame((0, 0, 0))
    assert seen.frame((60, 0, 0)) and not seen.from_rest
    seen = rested()
    seen.forget()
    assert not seen.frame((60, 0, 0))
    assert seen.frame((0, 0, 0)) and not seen.from_rest


def test_a_meter_followed_if_any_frame_since_the_reference_shows_the_step():
    seen = rested()
    assert not seen.frame((20, 0, 0), (60, 0, 0))
    assert seen.frame((60, 0, 0), (-60, 0, 0)) and seen.followed == 1, "it showed 8 A more in between"
    seen = rested((60, 0, 0))
    assert not seen.frame((40, 0, 0), (-60, 0, 0))
    assert seen.frame((0, 0, 0), (60, 0, 0)) and seen.followed == 1
    assert seen.frame((60, 0, 0), (-60, 0, 0)) and not seen.followed, "what was before the last step counts no more"


def lowered_by_6(*shown_da, ordered=True, above=False, at_ms=500):
    """Ours draw 6 A and then nothing; the meter shows 16 A with the reference and with the last frame, and these between."""
    seen = rested((60, 0, 0))
    for da in shown_da:
        seen.shown(0, da, above, seen.now_ms + at_ms)
    assert seen.frame((0, 0, 0), (60, 0, 0), after_ms=REFERENCE_MS, ordered=ordered)
    return seen


def told(seen):
    return seen.missed, seen.unclear, seen.followed


def test_a_lower_that_an_order_may_have_caused_is_unclear_and_missed_where_none_did():
    assert told(lowered_by_6(160)) == (0, 1, 0) and told(lowered_by_6(160, ordered=False)) == (1, 0, 0)
    seen = rested()
    assert seen.frame((60, 0, 0), (-60, 0, 0), ordered=True) and told(seen) == (1, 0, 0), "a raise answers nothing so quickly"


def test_a_lower_is_not_even_unclear_where_the_meter_showed_the_rise_before_it_and_the_fall():
    """Other load comes and ours make room for it: the meter shows no less than before, however long after."""
    for crest_da, unclear in ((160 + 15, 0), (160 + 14, 1)):  # a quarter of the step
        assert told(lowered_by_6(crest_da)) == (0, unclear, 0), crest_da
    assert told(lowered_by_6(130, 145)) == (0, 1, 0), "of the fall a half is shown"
    assert told(lowered_by_6(150, 165, 150, 160)) == (0, 0, 0), "and any fall since the reference counts"
    seen = rested((60, 0, 0))
    seen.shown(1, 200, False, seen.now_ms)
    assert seen.frame((0, 0, 0), (60, 0, 0), ordered=True) and seen.unclear == 1, "on another phase"


def test_a_raise_is_not_even_unclear_where_the_meter_showed_other_load_go_and_then_ours_come():
    """A parent, or what is below a primary, raises at once."""
    for rise_da, outcome in ((15, (0, 0, 0)), (14, (1, 0, 0))):
        seen = rested()
        seen.shown(0, 40, False, seen.now_ms)
        seen.shown(0, 40 + rise_da, False, seen.now_ms)
        assert seen.frame((60, 0, 0), (-120, 0, 0)) and told(seen) == outcome, rise_da


def test_no_step_tells_anything_while_the_rating_is_exceeded():
    """A slow rise of other load that ours follow down: the meter shows the same all the time."""
    for at_ms, unclear in ((1, 0), (0, 1)):  # after the reference, or with its own frame
        assert told(lowered_by_6(160, above=True, at_ms=at_ms)) == (0, unclear, 0)
    seen = rested((60, 0, 0))
    seen.begin_test(seen.now_ms, 2)
    seen.shown(0, 160, True, seen.now_ms + 1)
    assert seen.frame((0, 0, 0), (60, 0, 0), ordered=True) and seen.tested == 1 and told(seen) == (0, 0, 0)


def test_what_was_shown_before_the_frame_of_the_reference_excuses_nothing_and_after_it_something():
    for first_da, after_da, unclear in ((300, 160, 1), (160, 300, 0)):
        seen = rested((0, 0, 0))
        seen.now_ms += 1000
        seen.shown(0, first_da, False, seen.now_ms)
        seen.shown(0, 160, False, seen.now_ms)
        seen.taken([160, 100, 100])
        seen.shown(0, after_da, False, seen.now_ms)  # before the readings for the frame are there
        assert seen.look([160, 100, 100], [60, 0, 0], [60, 0, 0], True, seen.now_ms, seen.now_ms)
        assert seen.frame((0, 0, 0), (60, 0, 0), ordered=True) and seen.unclear == unclear, first_da


def test_a_step_that_was_neither_missed_nor_followed_is_no_evidence():
    seen = lowered_by_6(300)
    assert seen.step_ms == [-1, -1, -1]
    assert seen.frame((60, 0, 0)) and seen.step_ms[0] == -1, "it came out of the same change"
    for _ in range(4):
        seen.frame((60, 0, 0))
    assert seen.frame((0, 0, 0)) and seen.step_ms[0] == seen.now_ms


def test_what_other_load_may_have_hidden_is_not_missed():
    """By so much as it moved before from one frame to the next, in each frame since the reference."""
    for wobble_da, looks, missed in ((15, 1, 1), (16, 1, 0), (8, 2, 1), (9, 2, 0), (1, 6, 1)):
        seen = rested()
        seen.ref_wobble_da[0], seen.ref_looks = wobble_da, looks - 1
        assert seen.frame((60, 0, 0), (-60, 0, 0)) and told(seen) == (missed, 1 - missed, 0), (wobble_da, looks)


def test_other_load_is_calm_again_a_few_frames_after_it_moved():
    seen = rested()
    for more_da, wobble_da in ((40, 40), (40, 10), (40, 2), (40, 1), (40, 1), (20, 20), (40, 20), (41, 5)):
        seen.frame((0, 0, 0), (more_da, 0, 0))
        assert seen.wobble_da[0] == wobble_da and seen.wobble_da[1] == 1, more_da
    seen.frame((60, 0, 0), (300, 0, 0), least=(50, 0, 0))
    assert seen.wobble_da[0] == 5, "while ours change nothing is known of it"


def test_a_meter_that_shows_a_step_the_wrong_way_has_missed_it_and_one_that_moves_much_more_may_have_not():
    for turned_da, missed in ((14, 1), (15, 0), (44, 0), (45, 1), (60, 1), (104, 1), (105, 0), (300, 0)):
        seen = rested()
        assert seen.frame((60, 0, 0), (-60 - turned_da, 0, 0)) and told(seen) == (missed, 1 - missed, 0), turned_da
        seen = rested((60, 0, 0))
        assert seen.frame((0, 0, 0), (60 + turned_da, 0, 0)) and told(seen) == (missed, 1 - missed, 0), turned_da


def test_a_part_of_a_step_is_unclear_where_other_load_was_calm_and_much_more_than_it_tells_nothing():
    for shown_da, unclear, followed in ((15, 1, 0), (44, 1, 0), (45, 0, 1), (104, 0, 1), (105, 0, 0)):
        seen = rested()
        assert seen.frame((60, 0, 0), (shown_da - 60, 0, 0)) and told(seen) == (0, unclear, followed), shown_da
    seen = rested()
    seen.ref_wobble_da[0] = 16
    assert seen.frame((60, 0, 0), (-30, 0, 0)) and told(seen) == (0, 0, 0)


def test_most_of_a_step_that_also_shows_on_a_spared_phase_tells_nothing_and_less_than_three_quarters_of_it_is_unclear():
    for shown, unclear in ((59, 0), (46, 0), (45, 0), (44, 1), (37, 1), (15, 1)):
        seen = rested()
        assert seen.frame((60, 0, 0), (shown - 60, 60, 0))
        assert (seen.followed, seen.missed, seen.unclear) == (0, 0, unclear), shown


def test_three_quarters_of_a_step_are_followed_and_less_than_a_quarter_is_missed():
    for shown, verdict in ((46, (1, 0, 0)), (45, (1, 0, 0)), (44, (0, 0, 1)), (19, (0, 0, 1)), (15, (0, 0, 1)), (14, (0, 1, 0)), (12, (0, 1, 0))):
        seen = rested()
        assert seen.frame((60, 0, 0), (shown - 60, 0, 0))
        assert (seen.followed, seen.missed, seen.unclear) == verdict, shown


def test_the_steps_of_a_test_are_its_next_one_down_and_then_the_next_one_up():
    seen = rested((120, 0, 0))
    seen.begin_test(seen.now_ms, 2)
    assert seen.frame((180, 0, 0)) and (seen.tested, seen.followed) == (0, 1), "a step up first is none of it"
    assert seen.frame((120, 0, 0), (60, 0, 0), ordered=True) and (seen.tested, told(seen)) == (1, (1, 0, 0))
    assert seen.frame((60, 0, 0), (60, 0, 0), ordered=True) and (seen.tested, seen.followed) == (0, 1), "one down is enough"
    assert seen.frame((120, 0, 0), (60, 0, 0)) and (seen.tested, seen.followed) == (1, 1)
    assert seen.frame((180, 0, 0), (60, 0, 0)) and seen.tested == 0
    for ours, after_ms, tested in (((60, 0, 0), 12000, 1), ((60, 0, 0), 12001, 0)):
        seen = rested((120, 0, 0))
        seen.begin_test(seen.now_ms + 1000 - after_ms, 2)
        assert seen.frame(ours) and seen.tested == tested, after_ms
    for after_ms, tested in ((120000, 1), (120001, 0)):
        seen = rested((120, 0, 0))
        seen.begin_test(seen.now_ms, 2)
        seen.frame((60, 0, 0))
        seen.test_ms = seen.now_ms + 1000 - after_ms
        assert seen.frame((120, 0, 0)) and seen.tested == tested, after_ms


def test_a_part_of_a_test_step_is_unclear_whatever_other_load_did():
    for shown_da in (30, 105):
        seen = rested((60, 0, 0))
        seen.ref_wobble_da[0] = 50
        seen.begin_test(seen.now_ms, 2)
        assert seen.frame((0, 0, 0), (60 - shown_da, 0, 0), ordered=True) and told(seen) == (0, 1, 0), shown_da
    seen = rested((60, 0, 0))
    seen.shown(0, 300, False, seen.now_ms)
    seen.begin_test(seen.now_ms, 2)
    assert seen.frame((0, 0, 0), (60, 0, 0), ordered=True) and seen.unclear == 1, "a fall of other load excuses no test step"


def test_the_currents_are_constant_while_the_reference_is_young():
    seen = rested()
    assert seen.is_still(seen.now_ms) and seen.is_still(seen.now_ms + 3000) and not seen.is_still(seen.now_ms + 3001)
    seen.frame((60, 0, 0))
    assert not seen.is_still(seen.now_ms)


def test_a_frame_in_which_ours_change_is_no_reference_where_a_better_one_comes():
    seen = rested()
    seen.frame((90, 0, 0), after_ms=REFERENCE_MS + 1, least=(0, 0, 0))
    assert not seen.frame((90, 0, 0)), "too old, and the one between is none"
    assert seen.frame((30, 0, 0)) and seen.followed == 1
    seen = rested()
    seen.frame((90, 0, 0), least=(50, 0, 0))
    assert seen.followed == 1 and not seen.frame((90, 0, 0)), "a step ends in a wide one"
    assert seen.frame((40, 0, 0)) and seen.followed == 1, "and the next constant frame takes its place"


def test_a_step_that_shows_on_a_phase_that_it_spared_is_not_followed():
    for more, followed in ((44, 1), (45, 0)):
        assert rested().frame((60, 0, 0), (0, 0, more))
        seen = rested()
        seen.frame((60, 0, 0), (0, 0, more))
        assert (seen.followed, seen.missed) == (followed, 0), more
    for ours, more, followed in ((30, 44, 1), (30, 45, 0), (31, 60, 1)):
        seen = rested()
        seen.frame((60, ours, 0), (0, more, 0))
        assert seen.followed & 1 == followed, (ours, more)
        seen = rested((60, ours, 0))
        seen.frame((0, 0, 0), (0, -more, 0))
        assert seen.followed & 1 == followed, (ours, more)


def test_earlier_current_of_the_evses_does_not_belong_to_a_step():
    seen = rested((60, 60, 60))
    assert seen.frame((120, 60, 60)) and seen.spared[0] == 6 and seen.followed == 1
    assert seen.frame((60, 60, 60)) and seen.spared[0] == 6 and seen.followed == 1
    assert seen.frame((120, 120, 120)) and seen.spared == [0, 0, 0], "of the last step alone"


def jumped(times, da):
    """Other load of phase 1 jumps to and fro while ours stand still; then a step of ours is missed there."""
    seen = rested()
    more_da = 0
    for _ in range(times):
        more_da = da - more_da
        seen.frame((0, 0, 0), (more_da, 0, 0))
    for _ in range(4):
        seen.frame((0, 0, 0), (more_da, 0, 0))
    assert seen.frame((60, 0, 0), (more_da - 60, 0, 0))
    return seen


def test_jumps_of_other_load_explain_a_step_that_was_missed_and_one_alone_does_not():
    assert jumped(0, 0).jumpy == 0 and jumped(1, 60).jumpy == 0
    assert jumped(4, 60).jumpy == 1 and jumped(4, 30).jumpy == 0
    assert jumped(4, 60).missed == 1


def test_jumps_explain_no_third_step_that_is_missed_in_a_row():
    seen = jumped(4, 60)
    for ours_da, more_da, jumpy in ((0, 0, 1), (60, -60, 0), (0, 0, 0)):
        for _ in range(4):
            seen.frame((60 - ours_da, 0, 0), (ours_da - 60, 0, 0))
        assert seen.frame((ours_da, 0, 0), (more_da, 0, 0)) and (seen.missed, seen.jumpy) == (1, jumpy), ours_da
    for _ in range(5):
        seen.frame((0, 0, 0))
    for _ in range(5):
        seen.frame((60, 0, 0))
    assert seen.row[0] == 0, "it followed one"
    assert seen.frame((0, 0, 0), (60, 0, 0)) and (seen.missed, seen.jumpy) == (1, 1)


def test_a_jump_counts_half_of_what_it_adds_and_needs_three_quarters_of_the_step():
    seen = rested()
    seen.frame((0, 0, 0), (60, 0, 0))
    assert seen.jump_x16[0] == 480
    seen.frame((0, 0, 0))
    assert seen.jump_x16[0] == 720 and seen.jump_x16[1] == 0
    for p in range(3):
        for x16, shown_da, jumpy in ((719, 0, 0), (720, 0, 1), (599, 10, 0), (600, 10, 1)):
            seen = rested()
            seen.jump_x16[p] = x16
            seen.frame([60 * (q == p) for q in range(3)], [(shown_da - 60) * (q == p) for q in range(3)])
            assert (seen.missed, seen.jumpy) == (1 << p, jumpy << p), (p, x16)


def test_jumps_fade_by_a_64th_each_minute_rounded_up():
    seen = rested()
    seen.calm_ms, seen.jump_x16 = seen.now_ms, [640, 641, 0]
    for _ in range(11):
        seen.frame((0, 0, 0), after_ms=CALM_MS // 12)
    seen.frame((0, 0, 0), after_ms=CALM_MS // 12 - 1)
    assert seen.jump_x16 == [640, 641, 0]
    for _ in range(2):
        seen.frame((0, 0, 0), after_ms=1)
        assert seen.jump_x16 == [630, 630, 0]


def test_a_change_during_a_step_of_the_evses_is_not_a_jump_of_other_load():
    seen = rested()
    seen.frame((20, 0, 0), (80, 0, 0))
    assert seen.jump_x16 == [0, 0, 0]
    seen.frame((0, 0, 0), (0, 0, 0), after_ms=REFERENCE_MS + 1)
    assert seen.jump_x16 == [0, 0, 0]


def test_a_rise_that_takes_longer_than_six_seconds_may_follow_other_load_that_falls():
    for after_ms, missed in ((1500, 1), (2500, 0)):
        seen = rested()
        for da in (12, 24, 36, 48):
            stepped = seen.frame((da, 0, 0), (-da, 0, 0), after_ms=after_ms)
        assert stepped and told(seen) == (missed, 1 - missed, 0), after_ms


def test_other_load_that_moved_is_not_calm_because_ours_hide_it():
    seen = rested()
    seen.frame((0, 0, 0), (40, 0, 0))
    for da in (12, 24, 36):
        seen.frame((da, 0, 0), (40 - da, 0, 0), least=(da - 12, 0, 0))
    assert seen.wobble_da[0] == 40
    for _ in range(4):
        seen.frame((36, 0, 0), (4, 0, 0))
    assert seen.wobble_da[0] < 10


def test_of_a_start_only_the_step_up_is_one_of_a_test():
    seen = rested((60, 0, 0))
    seen.begin_test(seen.now_ms, 1)
    assert seen.frame((0, 0, 0), ordered=True) and seen.tested == 0
    assert seen.frame((60, 0, 0)) and seen.tested == 1


def test_rule_3_2_a_current_that_was_constant_before_the_reference_was_dropped_is_still_a_rest():
    check, now_ms = StepCheck(3, [0, 1, 2]), 1000000
    for frame, ours in enumerate([(0, 0, 0)] * 9 + [(60, 0, 0)]):
        now_ms += 1000
        if frame == 8:
            check.forget()
        shown = [100 + da for da in ours]
        for p in range(3):
            check.shown(p, shown[p], False, now_ms)
        check.taken(shown)
        stepped = check.look(shown, list(ours), list(ours), False, now_ms, now_ms)
    assert stepped and check.from_rest and check.followed == 1


def test_rule_3_2_a_rise_soon_after_the_start_of_the_clock_is_no_step_of_a_test():
    check = StepCheck(3, [0, 1, 2])
    for second, da in enumerate((0, 0, 0, 0, 0, 0, 60)):
        for p in range(3):
            check.shown(p, 100 + da, False, 1000 * second)
        check.taken([100 + da] * 3)
        check.look([100 + da] * 3, [da] * 3, [da] * 3, False, 1000 * second, 1000 * second)
    assert check.followed == 7 and check.tested == 0


def test_rule_3_2_how_other_load_moves_is_known_after_five_frames_and_not_after_four():
    for frames in (4, 5):
        seen = Seen()
        for _ in range(frames):
            seen.frame((0, 0, 0))
        assert seen.frame((60, 0, 0), (-60, 0, 0))
        assert (seen.missed, seen.unclear) == ((1, 0) if frames > 4 else (0, 1)), frames
