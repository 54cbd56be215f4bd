"""A car that begins only above the minimum of the standard: found by offering more for a while, kept until unplug."""

from helper_circuit import Bench, circuit, evse, site
from helper_picky_cars import drive, garage, plug
from helper_preemption import Beside

from ampacity.circuit.cascaded_guard import CascadedGuard

ON_MICROPYTHON_EACH = 3


def test_section_6_a_car_whose_minimum_is_above_its_share_is_offered_more_and_charges():
    for least in (80, 100, 130):
        bench = garage(3, 220)
        charged = drive(bench, 400, (least, 60, 60))
        assert charged[0] > 60 and min(charged) > 60, (least, charged)
        assert bench.guard.site.evses[0].min_da == least + 2


def test_section_6_a_car_that_begins_at_its_old_order_while_more_is_to_be_tried_needs_no_more():
    bench = garage(2, 140, idle_ms=300000, slot_s=900)
    drive(bench, 20, (999, 60))
    for _ in range(200):
        drive(bench, 1, (999, 60))
        if bench.guard.site.evses[0].min_da > 60:
            break
    assert bench.guard.site.evses[0].min_da == 82 and bench.guard.last_order_da(0) == 70
    drive(bench, 3, (60, 60))
    assert bench.guard.site.evses[0].min_da == 60
    charged = drive(bench, 120, (60, 60))
    assert min(charged) > 100, charged


def test_section_6_where_the_allowance_for_rounding_does_not_fit_the_level_itself_is_tried():
    evses = [evse("evse-1"), evse("evse-2", fallback_da=60, power_on_da=60)]
    bench = Bench(site(evses, [circuit(rating=140)], raise_hold_ms=1000, restart_hold_ms=2000, idle_ms=20000, slot_s=60)).start()
    for e in (0, 1):
        plug(bench, e)
    charged = drive(bench, 400, (80, 60))
    assert min(charged) > 60 and bench.guard.site.evses[0].min_da == 80, (charged, bench.guard.why(0))


def test_section_6_where_no_level_is_possible_the_most_that_is_possible_is_tried():
    """A car of 7 A beside two reserves of 6 A on 20 A, where its share is 6.6 A."""
    reserved = {"fallback_da": 60, "power_on_da": 60}
    evses = [evse("evse-%d" % (e + 1), **reserved) for e in range(3)]
    bench = Bench(site(evses, [circuit(rating=199)], raise_hold_ms=1000, restart_hold_ms=2000, idle_ms=20000, slot_s=60)).start()
    for e in range(3):
        plug(bench, e)
    charged = drive(bench, 900, (70, 60, 60))
    assert min(charged) > 60 and bench.guard.site.evses[0].min_da == 79, (charged, bench.guard.why(0))


def test_section_6_slots_shorter_than_the_time_for_an_idle_car_suffice():
    bench = garage(3, 150, idle_ms=300000)
    charged = drive(bench, 1800, (80, 60, 60))
    assert min(charged) > 60, (charged, bench.guard.why(0))


def test_section_6_the_time_without_current_counts_through_interruptions():
    bench = garage(2, 140, idle_ms=100000, slot_s=900)
    charged = 0
    for _ in range(20):
        charged += drive(bench, 40, (80, 60))[0]
        bench.guard.limit("ems", ("chargers", 0), 0, None, "hold")
        drive(bench, 10, (80, 60))
        bench.guard.limit("ems", ("chargers", 0), None, None, "hold")
    assert charged > 60, (charged, bench.guard.why(0))


def test_section_6_a_car_that_begins_late_in_a_short_slot_is_not_asleep():
    for starts_s in (30, 45):
        bench = garage(2, 100, idle_ms=300000)
        offered_s, charged = 0, [0, 0, 0, 0]
        for second in range(7200):
            offered_s = offered_s + 1 if bench.guard.want_da[0] else 0
            charged[second // 1800] += drive(bench, 1, (60 if offered_s > starts_s else 1000, 60))[0]
        assert min(charged) > 60, (starts_s, charged, bench.guard.why(0))


def test_section_6_a_car_that_began_once_is_offered_no_more_for_an_earlier_pause():
    bench = garage(2, 140, idle_ms=100000, slot_s=900)
    for _ in range(10):
        drive(bench, 40, (1000, 60))
        drive(bench, 5, (0, 60))
        bench.guard.limit("ems", ("chargers", 0), 0, None, "hold")
        drive(bench, 10, (1000, 60))
        bench.guard.limit("ems", ("chargers", 0), None, None, "hold")
    assert bench.guard.site.evses[0].min_da == 60


def test_section_6_a_learnt_minimum_is_discarded_with_the_car():
    bench = garage(3, 220)
    drive(bench, 200, (80, 60, 60))
    assert bench.guard.site.evses[0].min_da == 82
    bench.guard.demand(0, False)
    bench.guard.demand(0, True)
    drive(bench, 30, (80, 60, 60))
    assert bench.guard.site.evses[0].min_da == 82, "the same car"
    bench.guard.plugged(0, False)
    assert bench.guard.site.evses[0].min_da == 60


def test_section_6_a_paused_car_is_offered_more_as_soon_as_more_is_possible():
    bench = garage(3, 180, wake_ms=3600000)
    bench.guard.limit("ems", ("evse", 0), 70, None, "hold")
    charged = drive(bench, 600, (80, 60, 60))
    assert charged[0] == 0 and min(charged[1:]) > 100 and "next retry" in bench.guard.why(0), (charged, bench.guard.why(0))
    bench.guard.limit("ems", ("evse", 0), None, None, "hold")
    assert drive(bench, 300, (80, 60, 60))[0] > 30, bench.guard.why(0)


def test_section_6_the_rest_after_a_round_of_trials_does_not_hold_back_a_level_that_becomes_possible():
    """A car of 8.2 A was tried at 8.0 A, the most that a limit permitted."""
    bench = garage(3, 180, wake_ms=3600000)
    bench.guard.limit("ems", ("evse", 0), 80, None, "hold")
    assert drive(bench, 600, (82, 60, 60))[0] == 0 and bench.guard.demands.learnt.again_ms[0] > bench.now_ms
    bench.guard.limit("ems", ("evse", 0), None, None, "hold")
    assert drive(bench, 300, (82, 60, 60))[0] > 100, bench.guard.why(0)


def test_section_6_a_trial_whose_order_does_not_rise_to_its_level_waits_as_one_that_starts():
    """Other load that wobbles counts with its most for a raise and with what stays for a share: none of the others gives the difference."""
    bench = Beside([(200, 60, True, 82), (160, 0, True, 160), (160, 0, False, 60), (200, 0, True, 160)], 414)
    bench.needs_da[0] = 82
    for e in range(4):
        bench.plug(e)
    for second in range(300):
        bench.house = 100 if second % 3 else 109
        bench.run(1)
    assert bench.charged_s[0] > 100 and min(bench.charged_s) > 100, (bench.charged_s, bench.guard.why(0))


def test_section_6_a_car_that_is_asleep_is_woken_early_only_once_for_each_current():
    bench = garage(3, 180, wake_ms=7200000)
    begins, offered = [], False
    for second in range(7200):
        if second % 60 == 0:
            bench.guard.limit("ems", ("evse", 0), (70, 90, 110, 160)[second // 60 % 4], None, "hold")
        drive(bench, 1, (1000, 60, 60))
        before, offered = offered, bench.guard.want_da[0] > 0
        if offered and not before:
            begins.append(second)
    assert 2 <= len(begins) <= 8 and begins[-1] < 1800, begins


def test_section_6_a_car_of_three_phases_at_an_evse_ordered_in_watts_is_offered_the_maximum_at_last():
    """With less its watts are those of one phase, a third for each of three: below the minimum of this car whatever the order is."""
    for by_power in (True, False):
        evses = [evse("evse-1", max_da=160, by_power=by_power), evse("evse-2")]
        bench = Bench(site(evses, [circuit(rating=220)], raise_hold_ms=1000, restart_hold_ms=2000, idle_ms=20000, slot_s=60)).start()
        for e in (0, 1):
            plug(bench, e)
        charged = drive(bench, 600, (160, 60))
        assert (charged[0] > 60) is by_power and charged[1] > 60, (charged, bench.guard.why(0))
        assert bench.guard.site.evses[0].min_da == (160 if by_power else 60)


def test_section_6_a_car_of_three_phases_at_an_evse_ordered_in_watts_is_offered_three_times_its_minimum_before_the_maximum():
    """18.2 A of 32 A: 6 A on each phase, which leaves 6.9 A for each of its neighbours."""
    evses = [evse("evse-1", max_da=320, limit_da=320, by_power=True), evse("evse-2"), evse("evse-3")]
    bench = Bench(site(evses, [circuit(rating=320)], raise_hold_ms=1000, restart_hold_ms=2000, idle_ms=20000, slot_s=60)).start()
    for e in range(3):
        plug(bench, e)
    drive(bench, 600, (182, 60, 60))
    charged = drive(bench, 300, (182, 60, 60))
    assert min(charged) > 290 and bench.guard.site.evses[0].min_da == 182, (charged, bench.guard.why(0))


def in_watts(bench, seconds):
    """A car of 16 A on three phases that begins only at the maximum; seconds in which it drew."""
    drew = 0
    for _ in range(seconds):
        want = bench.guard.want_da[0]
        bench.audit(0)
        order_id = bench.send(want, 0)
        if order_id is not None:
            bench.prove(order_id, want, 0)
        draws = 160 if (bench.guard.last_order_da(0) or 0) >= 320 else 0
        drew += draws > 0
        bench.measure(0, draws, draws, draws)
        bench.tick(1000)
    return drew


def test_section_6_where_a_trial_loses_a_little_of_its_room_the_most_that_is_possible_is_tried():
    """All others stop for the maximum of 32 A on 32 A, and then a meter shows 0.1 A of other load that they had hidden."""
    bench = Beside([(320, 0, True, 96), (160, 0, True, 160), (160, 0, True, 160)], 320)
    bench.guard.site.evses[0].by_power = True
    bench.needs_da[0] = 312
    for e in range(3):
        bench.plug(e)
    for _ in range(1200):
        bench.house = 0 if bench.drawn[1] or bench.drawn[2] else 1
        bench.run(1)
    assert min(bench.charged_s) > 300, (bench.charged_s, bench.guard.why(0))


def test_section_6_a_car_that_never_draws_is_idle_also_where_its_turns_are_short():
    bench = garage(3, 150, slot_s=30, idle_ms=200000, wake_ms=3600000)
    drive(bench, 1800, (1000, 60, 60))
    assert "idle: paused" in bench.guard.why(0), bench.guard.why(0)


def test_section_6_a_car_that_drew_at_a_little_more_than_its_share_gets_that_again():
    """7.1 A, and 7.0 A of three on 21 A: a duty cycle of 7.0 A is 6.9 A at the car."""
    bench = garage(3, 210)
    bench.guard.demand(2, False)
    bench.guard.limit("ems", ("evse", 0), 71, None, "hold")
    assert drive(bench, 60, (71, 60, 60))[0] > 30
    bench.guard.demand(2, True)
    bench.guard.limit("ems", ("evse", 0), None, None, "hold")
    drive(bench, 300, (71, 60, 60))
    charged = drive(bench, 300, (71, 60, 60))
    assert min(charged) > 100 and bench.guard.site.evses[0].min_da == 71, (charged, bench.guard.why(0))


def test_section_6_a_car_that_drew_at_the_maximum_of_an_evse_ordered_in_watts_keeps_it_and_gets_it_again():
    """It draws half of the maximum: with an order of what it draws and headroom it would have a third of that."""
    own = evse("evse-1", max_da=320, limit_da=320, by_power=True)
    bench = Bench(site([own], [circuit(rating=400)], raise_hold_ms=1000, restart_hold_ms=2000, idle_ms=20000, slot_s=60)).start()
    plug(bench, 0)
    in_watts(bench, 300)
    assert in_watts(bench, 300) == 300, bench.guard.why(0)
    bench.guard.limit("ems", ("evse", 0), 160, None, "hold")
    assert in_watts(bench, 300) <= 60
    bench.guard.limit("ems", ("evse", 0), None, None, "hold")
    in_watts(bench, 900)
    assert in_watts(bench, 300) == 300, bench.guard.why(0)


def test_section_6_a_full_car_that_charged_at_its_share_is_not_offered_more():
    bench = garage(3, 220)
    drive(bench, 60, (60, 60, 60))
    for _ in range(120):
        drive(bench, 1, (1000, 60, 60))
        assert bench.guard.want_da[0] <= 76
    assert bench.guard.want_da[0] == 0, "asleep"


def test_section_6_no_more_is_offered_than_limits_and_free_current_permit():
    bench = garage(2, 150, idle_ms=20000)
    bench.guard.limit("user", ("evse", 0), 90, None, "hold")
    for _ in range(300):
        drive(bench, 1, (100, 60))
        assert bench.guard.want_da[0] <= 90
    assert bench.guard.site.evses[0].min_da == 60


def test_section_6_a_limit_below_the_learnt_minimum_discards_it():
    bench = garage(3, 220)
    drive(bench, 200, (80, 60, 60))
    bench.guard.limit("user", ("evse", 0), 70, None, "hold")
    drive(bench, 30, (60, 60, 60))
    assert bench.guard.want_da[0] >= 60 and bench.guard.site.evses[0].min_da == 60


def test_section_6_a_learnt_minimum_that_is_not_possible_for_long_does_not_hold_a_car_back():
    bench = garage(1, 220)
    drive(bench, 60, (1000,))
    while bench.guard.site.evses[0].min_da == 60:
        drive(bench, 1, (1000,))
    drive(bench, 60, (60,))  # its own timer wakes it while 8 A are tried
    assert bench.guard.site.evses[0].min_da == 82
    bench.guard.limit("ems", ("chargers", 0), 75, None, "hold")
    drive(bench, 10, (60,))
    assert bench.guard.why(0) == "0.0 A: queued: limit by ems 7.5 A; too little for its minimum 8.2 A"
    assert drive(bench, 110, (60,))[0] > 60, bench.guard.why(0)


def test_section_6_a_car_that_really_needs_its_learnt_minimum_charges_as_soon_as_it_is_possible_again():
    bench = garage(2, 220)
    drive(bench, 300, (80, 60))
    bench.guard.limit("ems", ("chargers", 0), 75, None, "hold")
    lacking = drive(bench, 1800, (80, 60))
    assert lacking[0] < 5 and lacking[1] > 0.8 * 1800, (lacking, bench.guard.why(0))
    bench.guard.limit("ems", ("chargers", 0), None, None, "hold")
    assert min(drive(bench, 120, (80, 60))) > 30, bench.guard.why(0)


def test_section_6_a_level_just_above_its_share_at_which_a_car_drew_is_tried_again_once_it_was_forgotten():
    """A control pilot of 8.0 A is below 8 A. What was learnt is forgotten while less is possible, and the share is 8.0 A then."""
    bench = garage(2, 160)
    assert drive(bench, 200, (81, 60))[0] > 60 and bench.guard.site.evses[0].min_da == 82
    bench.guard.limit("ems", ("chargers", 0), 70, None, "hold")
    drive(bench, 120, (81, 60))
    assert bench.guard.site.evses[0].min_da == 60
    bench.guard.limit("ems", ("chargers", 0), None, None, "hold")
    assert drive(bench, 300, (81, 60))[0] > 60, bench.guard.why(0)


def test_section_6_unused_current_is_kept_for_a_car_only_while_no_other_is_short():
    bench = garage(2, 220)
    for _ in range(80):
        for e, most in enumerate((80, 160)):
            bench._drive(e, bench.facts["evses"][e], most)
        bench.tick(1000)
    assert bench.guard.want_da == [88, 132], bench.guard.want_da
    bench = garage(2, 320)
    for _ in range(80):
        for e in range(2):
            bench._drive(e, bench.facts["evses"][e], (80, 160)[e])
        bench.tick(1000)
    assert bench.guard.want_da == [100, 160], bench.guard.want_da


def test_section_6_the_headroom_of_a_car_while_others_are_short_does_not_move():
    """Also of one that draws a twentieth less than its order: it is not pressed down step by step."""
    for most, percent in ((62, 100), (80, 100), (110, 95), (150, 95), (150, 100)):
        bench = Bench(site([evse(), evse("evse-2", max_da=320, limit_da=320)], [circuit(rating=240)], idle_ms=20000)).start()
        for e in (0, 1):
            plug(bench, e)
        seen = []
        for second in range(300):
            for e in (0, 1):
                bench._drive(e, bench.facts["evses"][e], False)
                drawn = min(bench.guard.want_da[e] * (95 if percent == 95 else 100) // 100, (most, 320)[e])
                bench.measure(e, drawn, drawn, drawn)
            bench.tick(1000)
            if second >= 100 and bench.guard.want_da not in seen:
                seen.append(list(bench.guard.want_da))
        assert len(seen) == 1 and sum(seen[0]) == 240 and seen[0][0] - most <= max(5, most // 8), (most, percent, seen)


def test_section_6_a_trial_that_a_limit_cuts_off_counts_for_no_round():
    """An energy manager lowers the cars each 100 s. Before, trials that it cut off kept a car of 13 A from charging for good."""
    bench = garage(2, 180)
    for _ in range(12):
        bench.guard.limit("ems", ("chargers", 0), 60, None, "hold")
        drive(bench, 60, (130, 60))
        bench.guard.limit("ems", ("chargers", 0), None, None, "hold")
        drive(bench, 40, (130, 60))
    assert drive(bench, 5400, (130, 60))[0] > 600, bench.guard.why(0)


def test_section_6_trials_of_a_car_that_sleeps_cost_its_neighbour_little_however_often_a_limit_cuts_them_off():
    bench = garage(2, 150, idle_ms=120000, slot_s=900)
    had_da = 0
    for second in range(7200):
        if second % 100 in (0, 5):
            bench.guard.limit("ems", ("evse", 1), None if second % 100 else 60, None, "hold")
        drive(bench, 1, (60, 9999))
        had_da += bench.guard.want_da[0]
    assert had_da / 7200 > 0.9 * 150, had_da / 7200


def test_section_6_one_limit_in_the_first_trial_delays_a_car_by_minutes_only():
    """It was tried again after 15 min, in which it went to sleep: 40 min without current for a limit of 10 s."""
    for cut_s in (110, 130, 150):
        bench = garage(2, 180, idle_ms=300000)
        drive(bench, cut_s, (130, 60))
        bench.guard.limit("ems", ("chargers", 0), 60, None, "hold")
        drive(bench, 10, (130, 60))
        bench.guard.limit("ems", ("chargers", 0), None, None, "hold")
        assert drive(bench, 400, (130, 60))[0] > 30, (cut_s, bench.guard.why(0))


def below_in_turns(needs_da, high_da, on_s, off_s, count, seconds=3600):
    """A primary below that has high_da for on_s in its turns, and else the 6 A of its reserve; seconds in which each car drew."""
    evses = [evse("evse-1", fallback_da=60, power_on_da=60)] + [evse("evse-%d" % n) for n in range(2, count + 1)]
    facts = site(evses, [circuit(rating=320)], raise_hold_ms=1000, restart_hold_ms=2000, idle_ms=300000, slot_s=60)
    facts["parent"] = {"fallback_da": 60, "power_on_da": 60}
    bench, charged = Bench(facts, guard_class=CascadedGuard).start(), [0] * count
    for e in range(count):
        plug(bench, e)

    def go(grant_da, seconds):
        bench.guard.grant(grant_da)
        for _ in range(seconds):
            for e, drew in enumerate(drive(bench, 1, [needs_da] + [60] * (count - 1))):
                charged[e] += drew
                bench.guard.demands.suspended_ev[e] = not drew and bench.guard.want_da[e] > 0

    go(150, 60)
    go(60, 75)
    charged = [0] * count
    for _ in range(seconds // (on_s + off_s)):
        go(high_da, on_s)
        go(60, off_s)
    return charged, bench.guard.why(0)


def test_section_6_a_pause_that_ends_because_more_is_possible_is_a_trial_of_that():
    """It was offered 6 A once more, at which it had drawn nothing, and paused for twice the time: a car of 7 A never charged."""
    for on_s, off_s in ((50, 240), (58, 300)):
        charged, why = below_in_turns(70, 120, on_s, off_s, 2)
        assert min(charged) > 100, (on_s, charged, why)


def test_section_6_a_trial_that_was_cut_off_is_repeated_at_its_level():
    """It began again at the first level, and was cut off each time before it came to the one that the car needs."""
    charged, why = below_in_turns(120, 180, 100, 100, 3)
    assert min(charged) > 300, (charged, why)
