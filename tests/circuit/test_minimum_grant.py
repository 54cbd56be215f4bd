"""A primary below tells with how little somebody can begin there: that is its minimum, as far as others can give it."""

from helper_circuit import Bench, circuit, evse, meter_facts, mute_evse, site
from helper_picky_cars import draw

from ampacity.circuit.cascaded_guard import CascadedGuard


def above(rating, *neighbours, **own):
    """A primary below with a reserve of 6 A, and neighbours, under a circuit."""
    below = evse("row", **dict({"primary": True, "max_da": 320, "limit_da": 320, "fallback_da": 60, "power_on_da": 60}, **own))
    facts = site([below] + list(neighbours), [circuit(rating=rating)], slot_s=60, restart_hold_ms=5000, raise_hold_ms=2000, wake_ms=7200000)
    bench = Bench(facts).start()
    for e in range(len(facts["evses"])):
        bench.guard.demand(e, True)
    return bench


def test_its_share_is_never_between_its_reserve_and_the_least_of_use():
    bench = above(320, evse("e"), evse("f"))
    bench.guard.minimum_grant(0, 120)
    bench.follow(30)
    assert bench.guard.want_da[0] == 120 and bench.guard.want_da[1:] == [100, 100]
    bench.guard.minimum_grant(0, 0)
    bench.follow(30)
    assert max(bench.guard.want_da) - min(bench.guard.want_da) <= 6


def test_an_unreachable_share_is_not_waited_for():
    bench = above(150, evse("e", fallback_da=60, power_on_da=60))
    bench.guard.minimum_grant(0, 120)
    bench.follow(30)
    assert bench.guard.want_da[0] >= 60


def test_of_an_unreachable_share_the_whole_amperes_that_others_have_beyond_their_minimum():
    bench = above(203, evse("e", fallback_da=60, power_on_da=60))
    bench.guard.minimum_grant(0, 180)
    bench.follow(30)
    assert bench.guard.want_da == [140, 63] and bench.guard.site.evses[0].min_da == 140
    bench.guard.minimum_grant(0, 120)
    bench.follow(30)
    assert bench.guard.want_da == [120, 83]
    bench = above(203, evse("e", fallback_da=60, power_on_da=60, min_da=80), evse("f", fallback_da=60, power_on_da=60))
    bench.guard.demand(2, False)
    bench.guard.minimum_grant(0, 180)
    assert bench.guard.site.evses[0].min_da == 60, "less than its reserve is left"


def test_two_rows_that_ask_for_more_than_can_be_take_turns_with_what_can_be():
    bench = above(320, evse("row-2", primary=True, max_da=320, limit_da=320, fallback_da=120, power_on_da=120), evse("e"))
    had = [0, 0, 0]
    for _ in range(300):
        for e in (0, 1):
            bench.guard.minimum_grant(e, 280)
        bench.follow(1)
        for e, least_da in enumerate((130, 190, 60)):
            had[e] += bench.guard.want_da[e] >= least_da
    assert min(had) >= 40, had


def test_a_limit_below_the_least_useful_current_leaves_its_own_value():
    bench = above(320)
    bench.guard.limit("ems", ("evse", 0), 100, None, "hold")
    bench.guard.minimum_grant(0, 120)
    bench.follow(20)
    assert bench.guard.want_da[0] == 100
    bench.guard.limit("ems", ("evse", 0), 130, None, "hold")
    bench.guard.minimum_grant(0, 120)
    bench.follow(20)
    assert bench.guard.want_da[0] == 130


def test_an_evse_of_higher_priority_keeps_its_current():
    bench = above(260, evse("e", priority=2))
    bench.follow(30)
    assert bench.guard.want_da == [100, 160]
    bench.guard.minimum_grant(0, 120)
    bench.follow(30)
    assert bench.guard.want_da == [100, 160], "who has a reserve below charges on"


def shed_to(rating_da, reported_da):
    """Targets of a primary below that is last in the queue and reports reported_da, and of an EVSE, when 40 A fall to rating_da."""
    bench = above(400, evse("e"), fallback_da=0, power_on_da=0)
    bench.guard.demand(0, False)
    bench.guard.demand(0, True)
    bench.guard.minimum_grant(0, reported_da)
    bench.follow(30)
    assert min(bench.guard.want_da) >= 160
    bench.shrink(rating_da)
    bench.tick()
    return bench.guard.want_da


def test_a_shed_leaves_a_primary_below_what_is_left_where_it_reports_more():
    assert shed_to(200, 160) == [140, 60]  # some of its cars need less than 16 A; before, 0 A until a restart
    assert shed_to(125, 160) == [65, 60]
    assert shed_to(115, 160) == [0, 60], "less than 6 A is left"
    assert shed_to(220, 160) == [160, 60]


def raised_and_shed_to(limit_da):
    """Targets of the same two, before at 6.3 and 6.2 A, when a limit rises to 36 A, and falls before the raise of the primary was proven."""
    bench = above(600, evse("e"), fallback_da=0, power_on_da=0)
    bench.guard.demand(0, False)
    bench.guard.demand(0, True)
    bench.guard.limit("ems", ("circuit", 0), 125, None, "hold")
    bench.guard.minimum_grant(0, 160)
    bench.follow(30)
    assert sorted(bench.guard.want_da) == [62, 63]
    bench.guard.limit("ems", ("circuit", 0), 360, None, "hold")
    for _ in range(200):
        bench.guard.minimum_grant(0, 160)
        bench.tick()
    assert bench.guard.want_da[0] > 160 and bench.guard.want_da[1] >= 60
    assert bench.send(bench.guard.want_da[0], 0) is not None
    bench.guard.limit("ems", ("circuit", 0), limit_da, None, "hold")
    bench.guard.tick(bench.now_ms)
    return bench.guard.want_da


def test_a_shed_right_after_a_raise_leaves_a_primary_below_the_order_that_may_still_be_in_force():
    assert raised_and_shed_to(150)[0] in (62, 63), "9 A would be a new raise; before, 0 A until a restart"
    assert raised_and_shed_to(330)[0] in (62, 63), "where what it reports does fit"


def raised_from(first_da, least_da, reported_da=0):
    """(target, minimum) of an EVSE alone, of a primary where it reports, at first_da, when a limit rises to 15 A and falls to 9 A before the raise
    was proven. least_da: its minimum by then."""
    bench = above(600, fallback_da=0, power_on_da=0, primary=reported_da > 0)
    bench.guard.limit("ems", ("circuit", 0), first_da, None, "hold")
    bench.follow(30)
    assert bench.guard.want_da == [first_da]
    if reported_da:
        bench.guard.minimum_grant(0, reported_da)
    bench.guard.limit("ems", ("circuit", 0), 150, None, "hold")
    bench.tick(20000)
    assert bench.guard.want_da == [150] and bench.send(150) is not None
    bench.guard.site.evses[0].min_da = least_da
    bench.guard.limit("ems", ("circuit", 0), 90, None, "hold")
    bench.guard.tick(bench.now_ms)
    return bench.guard.want_da[0], bench.guard.site.evses[0].min_da


def test_only_the_minimum_that_a_primary_reports_gives_way_to_what_may_still_be_in_force():
    assert raised_from(70, 80) == (0, 80), "a car that needs 8 A draws nothing at 7 A"
    assert raised_from(70, 80, 80) == (70, 70)
    assert raised_from(70, 60, 60) == (70, 60), "it is never raised"


def test_a_shed_right_after_the_first_order_of_a_primary_below_takes_it_to_0():
    assert raised_from(0, 60, 60) == (0, 60), "0 A may still be in force"


def test_what_is_left_in_a_shed_goes_to_one_primary_below():
    one = {"terminals": [[0]]}  # a second phase would be judged after the first
    bench = above(600, evse("e", **one), evse("row-2", primary=True, max_da=320, limit_da=320, **one), fallback_da=0, power_on_da=0, **one)
    for e in (0, 2):
        bench.guard.demand(e, False)
        bench.guard.demand(e, True)
        bench.guard.minimum_grant(e, 160)
    bench.follow(30)
    bench.guard.limit("ems", ("circuit", 0), 200, None, "hold")
    bench.guard.tick(bench.now_ms)
    assert bench.guard.want_da == [140, 60, 0]


def test_two_evses_whose_minimums_do_not_fit_together_take_turns():
    bench = above(200, evse("other", primary=True, max_da=320, limit_da=320))
    had = [0, 0]
    for _ in range(200):
        for e in (0, 1):
            bench.guard.minimum_grant(e, 120)
        bench.follow(1)
        for e in (0, 1):
            had[e] += bench.guard.want_da[e] >= 120
    assert min(had) >= 40, had


def told(evses, wants=None, fallback_da=0, rating=630):
    facts = site(evses, [circuit(rating=rating)])
    facts["parent"] = {"fallback_da": fallback_da, "power_on_da": fallback_da}
    bench = Bench(facts, guard_class=CascadedGuard).start()
    for e in range(len(evses)) if wants is None else wants:
        bench.guard.demand(e, True)
    bench.tick()
    return bench


def test_the_least_useful_grant_serves_one_requesting_evse_in_addition_to_all_other_reserves():
    reserved = {"fallback_da": 60, "power_on_da": 60}
    evses = lambda: [evse("a", **reserved), evse("b", **reserved), evse("c", min_da=80)]  # noqa: E731
    assert told(evses(), ()).guard.minimum_grant_da() == 0
    assert told(evses(), (0,)).guard.minimum_grant_da() == 120
    assert told(evses(), (0, 2)).guard.minimum_grant_da() == 200
    assert told(evses(), (0, 2), rating=190).guard.minimum_grant_da() == 120, "what no rating carries is not asked for"


def asked(request_da, rating_da, overdraw_da=0):
    """The minimum of a primary below that reports this grant, next to an EVSE with a reserve of 6 A."""
    evses = [evse("garage", primary=True, max_da=320, limit_da=320), evse("b", unit=2, fallback_da=60, power_on_da=60)]
    bench = Bench(site(evses, [circuit(rating=rating_da)])).start()
    for e in (0, 1):
        bench.guard.demand(e, True)
    bench.ledger.evse_states[1].overdraw_da = overdraw_da
    bench.guard.minimum_grant(0, request_da)
    return bench.guard.site.evses[0].min_da


def test_a_request_that_was_rounded_up_counts_as_the_most_that_is_possible_where_that_may_be_enough():
    for rating_da, least_da in ((300, 240), (299, 239), (291, 231), (290, 230)):
        assert asked(240, rating_da) == least_da, "23.0 A or less is less than it asks for: 24.0 A may stand for 23.1 A"


def test_a_request_that_is_not_possible_counts_as_far_as_it_is_possible_next_to_what_cars_take_above_their_minimums():
    assert asked(250, 290) == 230 and asked(250, 290, 10) == 220
    assert asked(240, 290, 10) == 220, "a request of 24 A never is 23 A"


def test_the_least_useful_grant_carries_what_a_car_is_known_to_draw_above_its_order():
    bench = told([evse("a", fallback_da=60, power_on_da=60), evse("b")], (1,))
    assert bench.guard.minimum_grant_da() == 120
    bench.ledger.evse_states[1].overdraw_da = 3
    assert bench.guard.minimum_grant_da() == 123


def test_what_one_draws_that_does_not_measure_stays_no_other_load_of_the_least_useful_grant():
    facts = site([evse("a", fallback_da=160, power_on_da=160), evse("b")], [circuit(rating=370, meter=0)], [meter_facts()])
    facts["parent"] = {"fallback_da": 160, "power_on_da": 160}
    bench = Bench(facts, guard_class=CascadedGuard).start()
    for e in range(2):
        bench.guard.demand(e, True)
    for _ in range(20):
        bench.guard.grant(160)
        bench.tick(1000)
        order_id = bench.send(bench.guard.want_da[0], 0)
        if order_id is not None:
            bench.prove(order_id, bench.guard.want_da[0], 0)
        bench.meter(160 + bench.mark % 2, 160, 160)
    assert bench.guard.want_da == [160, 0]
    assert bench.guard.minimum_grant_da() == 220


def test_a_car_that_draws_above_its_order_gets_its_slot_below_a_parent_that_gives_what_is_asked_for():
    bench = told([evse("a", fallback_da=60, power_on_da=60), evse("b", fallback_da=60, power_on_da=60), evse("c")], None, 120)
    bench.ledger.evse_states[2].overdraw_da = 3
    drew = 0
    for _ in range(200):
        bench.guard.grant(max(180, bench.guard.minimum_grant_da()))
        bench.follow(1)
        drew += bench.guard.want_da[2] > 0
    assert drew > 20, drew


def test_the_least_goes_up_level_by_level_whatever_is_granted_now():
    bench = told([evse("row", primary=True, max_da=320, limit_da=320, fallback_da=60, power_on_da=60), evse("m")], fallback_da=60)
    bench.guard.grant(100)
    bench.guard.minimum_grant(0, 120)
    assert bench.guard.minimum_grant_da() == 120
    bench.guard.demand(0, False)
    assert bench.guard.minimum_grant_da() == 120, "6 A of the other beside the reserve"


def row_of_picky_cars(needs_da, grant_da, seconds):
    """A primary below with two reserves whose cars draw nothing below what they need; granted is what it asks for, at least grant_da."""
    reserved = {"fallback_da": 60, "power_on_da": 60}
    bench = told([evse("a", **reserved), evse("b", **reserved)], (), 120)
    for e in range(2):
        bench.guard.plugged(e, True)
        bench.guard.demand(e, True)
    return bench, play(bench, needs_da, lambda: grant_da, seconds)


def play(bench, needs_da, grant_da, seconds):
    drew = [0] * len(needs_da)
    for _ in range(seconds):
        bench.guard.grant(grant_da())
        for e, least_da in enumerate(needs_da):
            want_da = bench.guard.want_da[e]
            bench.audit(e)
            order_id = bench.send(want_da, e)
            if order_id is not None:
                bench.prove(order_id, want_da, e)
            draws_da = want_da if want_da >= least_da else 0
            drew[e] += draws_da > 0
            bench.measure(e, draws_da, draws_da, draws_da)
        bench.tick(1000)
    return drew


def test_a_row_whose_cars_drew_nothing_at_the_grant_asks_for_more_and_they_charge():
    bench, drew = row_of_picky_cars((80, 80), 120, 900)
    assert drew == [0, 0] and bench.guard.minimum_grant_da() == 140, bench.guard.minimum_grant_da()
    drew = play(bench, (80, 80), lambda: max(120, bench.guard.minimum_grant_da()), 900)
    assert min(drew) > 0, drew


def test_a_row_of_sleeping_cars_asks_for_more_only_rarely_once_all_was_tried():
    """They may charge later (learnt_minimum.py): one after the other has a last trial in every second retry."""
    bench, _ = row_of_picky_cars((1000, 1000), 120, 900)
    asked = []
    for _ in range(1200):
        play(bench, (1000, 1000), lambda: max(120, bench.guard.minimum_grant_da()), 10)
        asked.append(bench.guard.minimum_grant_da() > 120)
    assert any(asked[:300]) and 0 < sum(asked[600:]) < 0.1 * 600, (sum(asked[:300]), sum(asked[600:]))


def test_cars_below_that_wait_for_a_later_time_charge_although_all_was_tried_before():
    bench, _ = row_of_picky_cars((1000, 1000), 120, 900)
    grant = lambda: max(120, bench.guard.minimum_grant_da())  # noqa: E731
    play(bench, (1000, 1000), grant, 9000)
    drew = play(bench, (80, 80), grant, 10800)
    assert min(drew) > 900, (drew, bench.guard.why(0), bench.guard.why(1))


def test_the_pause_of_a_row_ends_early_once_where_the_grant_that_it_asks_for_is_possible():
    bench = above(320, evse("e"), evse("f"))
    bench.guard.minimum_grant(0, 120)
    asleep(bench, 1000)
    assert "next retry" in bench.guard.why(0)
    bench.guard.minimum_grant(0, 150)
    offered = asleep(bench, 1300)
    assert 0 < offered < 1200 and "next retry" in bench.guard.why(0), (offered, bench.guard.why(0))
    assert asleep(bench, 300) == 0


def test_a_row_that_reports_a_request_keeps_its_turns_next_to_a_car_that_draws_nothing():
    """Its first car needs more than the grant and its second one stopped when its turn was over: the row is not asleep."""
    bench = above(160, evse("e"), evse("f"))
    offered = 0
    for second in range(1200):
        bench.guard.minimum_grant(0, 60)
        draws = second % 400 < 100
        bench.guard.optional.suspended_ev(0, not draws)
        offered += asleep(bench, 1, draws)
        assert "next retry" not in bench.guard.why(0), second
    assert offered > 300, offered


def asleep(bench, seconds, draws=False):
    """The first draws nothing (draws: all that it is ordered), the others all; seconds in which the first had current to draw."""
    offered = 0
    for _ in range(seconds):
        draw(bench, (320 if draws else 0, 320, 320))
        offered += bench.guard.want_da[0] > 0
    return offered


def test_phases_loaded_only_by_others_need_no_further_current():
    bench = told([evse("a", terminals=[[0]], fallback_da=60, power_on_da=60), evse("b", terminals=[[1]])], (1,), 60)
    assert bench.guard.minimum_grant_da() == 60


def test_an_evse_that_cannot_be_lowered_is_not_asked_to_yield():
    bench = above(260, mute_evse("e"))
    bench.guard.demand(0, False)
    bench.follow(30)
    assert bench.bound(1) == 160
    bench.guard.lost(1, bench.now_ms)
    bench.guard.demand(0, True)
    bench.tick()
    bench.guard.minimum_grant(0, 120)
    bench.follow(20, silent=(1,))
    assert 60 <= bench.guard.want_da[0] <= 100


def test_what_one_draws_that_does_not_measure_counts_once_next_to_a_request_that_is_not_possible():
    neighbour = evse("e", fallback_da=60, power_on_da=60)
    facts = site([evse("row", primary=True, max_da=400, limit_da=400), neighbour], [circuit(rating=400, meter=0)], [meter_facts()])
    bench = Bench(facts).start()
    bench.guard.demand(1, True)
    bench.follow_unread(20, 1, 160)
    assert bench.guard.want_da == [0, 160] and bench.ledger.other_da[0] >= 160
    bench.guard.demand(0, True)
    bench.guard.minimum_grant(0, 380)
    assert bench.guard.site.evses[0].min_da == 340


def test_a_primary_below_that_waits_with_its_reserve_uses_up_no_slot():
    """Interrupted in its slot it went to the end of the queue after each slot that it did not have, and could wait without end."""
    evses = [evse("row", primary=True, max_da=480, limit_da=480, fallback_da=160, power_on_da=160), evse("a"), evse("b")]
    bench = Bench(site(evses, [circuit(rating=285)], slot_s=60, restart_hold_ms=10000)).start()
    demands = bench.guard.demands

    def tickets(until):
        seen = []
        while not until() and len(seen) < 300:
            bench.guard.minimum_grant(0, 230)
            bench.follow(1)
            seen.append(demands.ticket[0])
        return seen

    for e in range(3):
        bench.guard.demand(e, True)
    tickets(lambda: bench.guard.want_da[0] < 230)
    tickets(lambda: bench.guard.want_da[0] >= 230)
    tickets(lambda: bench.now_ms - demands.turn_since_ms[0] >= 20000)
    for e in (1, 2):  # they have waited for a whole slot, and came before it
        demands.slots.had[e] = 0
        demands.waits_since_ms[e] = bench.now_ms - 60000
    demands.to_the_back(0)
    tickets(lambda: bench.guard.want_da[0] < 230)
    waited = tickets(lambda: bench.guard.want_da[0] >= 230)
    assert 30 <= len(waited) <= 150 and len(set(waited)) == 1, waited
