"""Section 2, the bound and its sums: what each part counts, what time does to it, and what is left beside it."""

from helper_circuit import circuit, evse, foreign_evse, mute_evse, site
from life import LAPSE_MS, Life

from ampacity.circuit.trusted.errors import InvariantBroken
from ampacity.circuit.trusted.ledger import Ledger
from ampacity.circuit.trusted.site.tree import Site
from check import raises


def standing(da=60, *evses, **more):
    return Life(*(evses or (evse(),)), **more).stand(da)


def bound_with(life, **more):
    for name in more:
        setattr(life.s, name, more[name])
    life.bounds.update_bound(life.s)
    return life.s.bound_da


def test_the_bound_is_the_greatest_current_that_may_be_drawn():
    for more, bound_da in (
        ({}, 60), ({"reserve_da": 61}, 61), ({"reserve_da": 60}, 60), ({"reported_da": 70}, 70), ({"reported_old_da": 80, "reported_da": 70}, 80),
        ({"reported_da": 60}, 60), ({"measured_da": 62}, 62), ({"measured_da": 59}, 59 + 1), ({"overdraw_da": 7}, 67), ({"isolated": True}, 0),
        ({"disobeys": True}, 160), ({"disobeys": True, "disobeyed_da": 170}, 170), ({"disobeys": True, "measured_da": 180}, 180),
        ({"locked": "swapped"}, 160), ({"locked": "disobeyed"}, 60), ({"disobeyed_da": 170}, 60),
    ):  # fmt: skip
        life = standing()
        assert bound_with(life, **more) == bound_da, more
        assert life.sums == [bound_da] * 3
    life = standing(0)
    assert bound_with(life, overdraw_da=7) == 0, "of a pause no car makes anything"
    assert life.bounds.with_overdraw_da(life.s, 0) == 0 and life.bounds.with_overdraw_da(life.s, 1) == 8
    for order_da, most_da in ((60, 70), (100, 110), (109, 119), (110, 121), (200, 220), (259, 284), (260, 286), (270, 297), (279, 306), (320, 347)):
        life.s.overdraw_da = 27
        assert life.bounds.with_overdraw_da(life.s, order_da) == most_da, "1 A or 10 % of a low order, whatever it made of a higher one"


def test_rule_10_what_a_car_makes_of_its_orders_it_makes_of_the_reserve_of_an_evse_that_does_not_obey_now():
    for ok, reserve_da, order_da, bound_da in ((True, 60, 0, 60), (False, 60, 0, 67), (True, 60, 55, 62), (False, 60, 55, 67), (False, 0, 0, 0),
                                               (True, 60, 80, 87), (False, 60, 80, 87)):  # fmt: skip
        life = standing(order_da)
        life.s.ok = ok
        assert bound_with(life, reserve_da=reserve_da, overdraw_da=7) == bound_da, (ok, reserve_da, order_da)
        assert life.sums == [bound_da] * 3


def test_rule_10_the_reserve_of_one_that_is_lost_counts_with_it_at_once_and_no_longer_than_until_it_is_back():
    life = Life(evse(fallback_da=60, power_on_da=60)).stand(50)
    life.s.overdraw_da = 7
    life.bounds.update_bound(life.s)
    assert life.s.bound_da == 60 and life.s.ok
    life.intake.lost(0, life.now_ms)
    assert life.s.bound_da == 67 and life.sums == [67] * 3
    life.s.proved = True
    for key, value in life.s.evidence.values.items():
        life.intake.put_evidence(0, key, value, life.now_ms)
    assert life.s.ok and life.s.bound_da == 60 and life.sums == [60] * 3
    life.margin.check(life.now_ms)


def test_the_sums_follow_every_change_of_a_bound_or_a_reserve():
    life = Life(evse(), evse("b", circuit=1, terminals=[[1]]), circuits=[circuit(), circuit("row", 0)])
    assert life.sums == [160, 320, 160, 0, 160, 0]
    life.stand(100, 1)
    assert life.sums == [160, 260, 160, 0, 100, 0]
    life.s.evidence.values.update({"fallback_da": 200, "power_on_da": 200})
    life.bounds.update(life.s)
    assert life.sums == [200, 300, 200, 0, 100, 0] and life.s.reserve_da == 200
    life.s.isolated = True
    life.bounds.update(life.s)
    assert life.sums == [0, 100, 0, 0, 100, 0] and life.s.reserve_da == 0
    life.margin.check(life.now_ms)


def test_the_former_place_and_switched_off_phases_also_count():
    life = Life(evse(fallback_da=40, power_on_da=40), circuits=[circuit(), circuit("row", 0)]).stand(100)
    life.bounds.set_phases(life.s, [0])
    assert life.sums == [100, 40, 40, 0, 0, 0]
    life.bounds.add_to(life.sums, life.s, -1)
    life.s.old_keys = (3, 4)
    life.bounds.add_to(life.sums, life.s, 1)
    assert life.sums == [100, 40, 40, 100, 100, 0]
    life.margin.check(life.now_ms)
    life.sums[2] += 1
    with raises(InvariantBroken):
        life.margin.check(life.now_ms)


def test_rule_5_silence_releases_after_its_time_to_the_reserve_and_is_remembered():
    for after_ms, lapsed in ((LAPSE_MS - 1, False), (LAPSE_MS, True)):
        life = standing(100)
        life.intake.lost(0, life.now_ms)
        life.s.last_feed_ms = life.now_ms
        life.s.reported_da = life.s.reported_old_da = life.s.measured_da = 90
        life.s.reported_until_ms, life.s.memory_da = life.now_ms + 10**6, 30
        life.bounds.refresh(life.now_ms + after_ms)
        s = life.s
        assert (s.lapsed, s.bound_da, s.memory_da) == ((True, 0, 100) if lapsed else (False, 100, 30))
        assert (s.reported_da, s.reported_old_da, s.measured_da) == ((0, 0, 0) if lapsed else (90, 90, 90))
    life.s.memory_da, life.s.lapsed = 120, False
    life.bounds.refresh(life.now_ms + LAPSE_MS)
    assert life.s.memory_da == 120


def test_rule_5_no_silence_releases_an_evse_in_service_locked_under_test_or_without_a_watchdog():
    for more, released in (({}, True), ({"ok": True}, False), ({"locked": "disobeyed"}, False), ({"watchdog_under_test": True}, False)):
        life = standing(100)
        life.intake.lost(0, life.now_ms)
        for name in more:
            setattr(life.s, name, more[name])
        assert life.bounds._rule_5_lapse(life.s, life.now_ms + 10**6) == released, more
    assert not life.bounds._rule_5_lapse(life.s, life.now_ms + 2 * 10**6)
    life = standing(100, mute_evse())
    life.intake.lost(0, life.now_ms)
    assert not life.bounds._rule_5_lapse(life.s, life.now_ms + 10**9)
    life = standing(100, foreign_evse(watchdog_ms=1, watchdog_fixed=True))
    life.s.evidence.values["watchdog_ms"] = 1
    life.intake.lost(0, life.now_ms)
    assert life.bounds._rule_5_lapse(life.s, life.now_ms + 10**6)
    life.s.lapsed, life.s.memory_da = True, 5
    life.s.book.add(99, 100, 0)
    assert not life.bounds._rule_5_lapse(life.s, life.now_ms + 10**7) and life.s.book.orders, "only once"


def test_a_proven_and_settled_pause_is_recorded_for_an_evse_in_service():
    for da, ok, noted in ((0, True, True), (0, False, False), (60, True, False)):
        life = Life(evse()).pass_at(100)
        life.audit()
        order_id = life.permits._rule_1_record(life.s, da, 100)
        life.intake.proven(0, order_id, da, 100)
        life.s.ok = ok
        life.bounds.refresh(5099)
        assert not life.s.paused_proven
        life.bounds.refresh(5100)
        assert life.s.paused_proven == noted, (da, ok)


def test_two_events_due_at_the_same_time_are_both_handled():
    life = standing(100)
    life.s.reported_old_da, life.s.reported_until_ms = 150, life.now_ms
    life.bounds.update_bound(life.s)
    assert life.s.bound_da == 150
    life.bounds.refresh(life.now_ms - 1)
    assert life.s.bound_da == 150
    life.bounds.refresh(life.now_ms)
    assert life.s.bound_da == 100 == life.sums[0] and life.s.reported_old_da == 0


def lowering():
    """At 100, and ordered to 60: the order is proven."""
    life = standing(100).audit()
    order_id = life.permits.send(0, 60, life.now_ms)
    assert life.s.lower_ms == life.now_ms and life.s.fell_ms == -1
    life.intake.proven(0, order_id, 60, life.now_ms + 100)
    return life


def test_a_sequence_of_lowers_ends_when_the_bound_has_fallen_to_the_last_one():
    life = lowering()
    life.bounds.refresh(life.now_ms + 5000)
    assert life.s.lower_ms >= 0 and life.s.bound_da == 100
    life.bounds.refresh(life.now_ms + 5100)
    assert life.s.lower_ms == -1 and life.s.bound_da == 60
    life = lowering()
    life.s.reported_old_da, life.s.reported_until_ms = 80, life.now_ms + 7000
    life.bounds.refresh(life.now_ms + 5100)
    assert life.s.lower_ms >= 0 and life.s.fell_ms == life.now_ms + 5100 and life.s.bound_da == 80, "it fell, and not yet to the last"
    life.bounds.refresh(life.now_ms + 6000)
    assert life.s.fell_ms == life.now_ms + 5100
    life.bounds.refresh(life.now_ms + 7000)
    assert (life.s.lower_ms, life.s.fell_ms, life.s.bound_da) == (-1, -1, 60)
    life = lowering()
    life.s.lower_ms = -1
    life.s.reported_old_da, life.s.reported_until_ms = 80, life.now_ms + 7000
    life.bounds.refresh(life.now_ms + 5100)
    assert life.s.fell_ms == -1, "no row of lowers is out"


def test_a_sequence_of_lowers_ends_at_the_reserve():
    for reserve_da, ended in ((100, True), (99, False)):
        life = lowering()
        life.s.reserve_da = reserve_da
        life.bounds.update_bound(life.s)
        assert (life.s.lower_ms < 0) == ended


def watched(allowed_above, seconds, order_da=100):
    life = standing(order_da)
    life.intake.measured(0, [order_da + allowed_above] * 3, life.now_ms, life.now_ms)
    began_ms = life.now_ms
    while life.now_ms < began_ms + seconds * 1000 and not life.s.disobeys:
        life.intake.measured(0, [order_da + allowed_above] * 3, life.now_ms, life.now_ms)
        life.bounds.refresh(life.now_ms + 100)
        life.now_ms += 100
    return life, life.now_ms - began_ms


def test_rule_10_an_excess_of_twice_the_tolerance_or_more_lasts_the_settle_time():
    for above_da, order_da, takes_ms in ((11, 60, 9100), (15, 60, 6700), (20, 60, 5000), (60, 60, 5000), (11, 100, 9100), (14, 130, 9300),
        (26, 130, 5000)):
        life, elapsed_ms = watched(above_da, 30, order_da)
        assert life.s.disobeys and elapsed_ms == takes_ms, (above_da, order_da, elapsed_ms)
        assert life.s.bound_da == max(160, order_da + above_da)
    life, _ = watched(10, 30, 100)
    assert not life.s.disobeys and life.s.excess == 0


def test_rule_10_an_excess_that_is_over_leaks_a_sixteenth_of_the_tolerance():
    life, _ = watched(20, 4)
    assert life.s.excess == 4000 * 20
    life.intake.measured(0, [100] * 3, life.now_ms, life.now_ms)
    life.bounds.refresh(life.now_ms + 1600)
    assert life.s.excess == 80000 - 1000 and life.s.watched_ms == life.now_ms + 1600
    life.bounds.refresh(life.now_ms + 10**6)
    assert life.s.excess == 0 and not life.s.disobeys


def test_rule_10_a_disobeying_evse_counts_by_its_orders_again_when_no_current_flows():
    life, _ = watched(30, 30)
    assert life.s.bound_da == 160 and life.s.escalation_level == 1
    life.intake.measured(0, [0] * 3, life.now_ms, life.now_ms)
    life.bounds.refresh(life.now_ms + 4999)
    assert life.s.disobeys and life.s.bound_da == 160
    life.bounds.refresh(life.now_ms + 5000)
    assert not life.s.disobeys and life.s.bound_da == 100 == life.sums[0] and life.s.escalation_level == 0


def test_rule_10_the_tolerance_is_an_ampere_or_a_tenth_of_its_orders():
    life = standing(0)
    for more, allowed_da in (({}, 10), ({"reserve_da": 109}, 10), ({"reserve_da": 110}, 11), ({"reserve_da": 99}, 10),
        ({"reported_old_da": 125}, 12)):
        life.s.reserve_da = life.s.reported_old_da = 0
        for name in more:
            setattr(life.s, name, more[name])
        assert life.bounds.allowed_above_da(life.s) == allowed_da, more


def test_rule_14_terminals_that_are_shown_count_at_once_and_those_that_went_after_settling():
    life = Life(evse(fallback_da=40, power_on_da=40)).stand(100)
    bounds, s = life.bounds, life.s
    assert bounds.terminals_of(s) == [0, 1, 2]
    bounds.phases_proven(0, [1], 0)
    assert bounds.terminals_of(s) == [1] and life.sums == [100] * 3
    bounds.refresh(4999)
    assert life.sums == [100] * 3
    bounds.refresh(5000)
    assert life.sums == [40, 100, 40] and s.set_gone_ms == -1 and bounds.terminals_of(s) == [1]
    bounds.phases_shown(0, [1], 6000)
    assert life.sums == [40, 100, 40] and "phases" not in life.told()
    bounds.phases_shown(0, [2], 6000)
    assert life.sums == [40, 100, 100] and life.told().count("phases") == 1 and bounds.terminals_of(s) == [1, 2]
    bounds.phases_proven(0, [2], 7000)
    bounds.set_phases(s, [0, 2])
    bounds.refresh(20000)
    assert life.sums == [100, 40, 100], "a switch that was sent since is not narrowed by an older proof"


def test_the_least_time_of_all_is_that_of_the_slowest_watchdog():
    assert Life(evse(), foreign_evse("b", watchdog_ms=30000)).margin.budget_ms == 30000 + 3000 + 5050
    assert Life(mute_evse()).margin.budget_ms == 1000 + 5050
    life = Life(evse())
    life.s.evidence.values.update({"fallback_da": 0, "watchdog_ms": 40000})
    assert life.margin.exposure_ms() == 40000 + 4000 + 5050
    assert Ledger(Site(site([])), 0).margin.budget_ms == 0


def test_rule_11_an_excess_exceeds_its_budget_after_the_time_of_the_orders_and_per_phase():
    life = Life(evse(), rating=160)
    margin = life.margin
    assert not margin.over and margin.over_ms == [-1] * 3
    margin.low_other_da[1] = 1
    for now_ms, over_budget in ((0, False), (LAPSE_MS, False), (LAPSE_MS + 1, True)):
        margin.check(now_ms)
        assert margin.over and margin.over_ms == [-1, 0, -1] and margin.over_budget == [False, over_budget, False]
    margin.low_other_da[1] = 0
    margin.check(LAPSE_MS + 2)
    assert not margin.over and margin.over_ms == [-1] * 3 and margin.over_budget == [False] * 3
    margin.cap_da[2] = 159
    margin.check(LAPSE_MS + 3)
    assert margin.over and margin.over_ms == [-1, -1, LAPSE_MS + 3]


def test_the_margin_is_the_rating_less_other_load_less_the_bounds():
    life = Life(evse()).stand(100)
    life.margin.other_da[1] = 30
    assert [life.margin.free_da(key) for key in range(3)] == [220, 190, 220]
    life.margin.other_da[1] = 220
    assert life.margin.fits((0, 1, 2))
    life.margin.other_da[1] = 221
    assert not life.margin.fits((0, 1, 2)) and life.margin.fits((0, 2)) and life.margin.fits(())


def test_rule_2_with_an_order_all_places_that_it_loads_must_fit():
    life = Life(evse(), circuits=[circuit(), circuit("old", 0)]).stand(100)
    life.margin.other_da[0] = 200
    for da, fits in ((120, True), (121, False), (100, True), (50, True)):
        assert life.margin.fits_with(life.s, da) == fits and life.sums == [100, 100, 100, 0, 0, 0]
    life.margin.other_da[0] = 221
    assert not life.margin.fits_with(life.s, 100) and not life.margin.fits_with(life.s, 50)
    life.margin.other_da[0], life.s.old_keys = 0, (3,)
    life.sums[3], life.margin.other_da[3] = 100, 200
    assert life.margin.fits_with(life.s, 120) and not life.margin.fits_with(life.s, 121)


def test_rule_7_the_default_state_counts_reserves_orders_without_watchdog_and_the_assumption():
    life = Life(mute_evse(), evse("b", fallback_da=60, power_on_da=60), mute_evse("c"), circuits=[circuit(), circuit("old", 0)])
    life.pass_at(100)
    for e in range(3):
        life.stand(0, e)
    life.stand(40, 2)
    margin = life.margin
    margin.assumed_da[1] = 100
    for da, holds in ((120, True), (121, False)):
        assert margin.default_fits_with(life.s, da) == holds
    margin.assumed_da[1], life.s.old_keys, margin.cap_da[3] = 0, (3,), 70
    assert margin.default_fits_with(life.s, 70) and not margin.default_fits_with(life.s, 71)
    life.s.old_keys, life.evse_states[2].old_keys = (), (0,)
    assert margin.default_fits_with(life.s, 180) and not margin.default_fits_with(life.s, 181)
    life.evse_states[2].old_keys, life.evse_states[1].off_keys = (), (2,)
    assert margin.default_fits_with(life.s, 160) and not margin.default_fits_with(life.s, 161)
    life.evse_states[1].off_keys = ()
    life.evse_states[1].isolated = True
    assert margin.default_state_da(life.evse_states[1]) == 60 and margin.default_state_da(life.evse_states[2]) == 40


def test_no_raise_below_a_meter_that_missed_two_frames():
    circuits = [circuit(), circuit("a", 0), circuit("b", 0)]
    life = Life(evse(circuit=1), evse("two", circuit=2), circuits=circuits)
    assert not life.margin.blind(life.s)
    for below, blind in ((0, (True, True)), (1, (True, False)), (2, (False, True))):
        life.margin.no_raise = [c == below for c in range(3)]
        assert (life.margin.blind(life.s), life.margin.blind(life.evse_states[1])) == blind


def test_section_7_quarantine_waits_for_a_proof_or_for_the_full_silence_time():
    life = Life(evse())
    for name, value in (("isolated", True), ("lapsed", True), ("locked", "x")):
        setattr(life.s, name, value)
        assert life.resolved(life.s, 0)
        setattr(life.s, name, type(value)())
    assert not life.resolved(life.s, 30000) and life.resolved(life.s, 30001)
    life.margin.budget_ms = 40000
    assert not life.resolved(life.s, 40000) and life.resolved(life.s, 40001)
    life.stand(0)
    assert life.resolved(life.s, 0)
    life.s.ok = False
    assert not life.resolved(life.s, 10**6), "proven and not back"
    life.s.evse.removed = True
    assert life.resolved(life.s, 0)


def test_an_unproven_order_of_zero_is_not_a_pause_whatever_else_happens():
    for more in ({}, {"excess": 5}, {"above_da": 30, "measured_da": 30}, {"disobeys": True}, {"reported_old_da": 5, "reported_until_ms": 10**9}):
        life = Life(evse()).pass_at(100).audit()
        life.s.book.orders = []
        life.permits._rule_1_record(life.s, 0, 100)
        life.s.ok = True
        for name in more:
            setattr(life.s, name, more[name])
        life.bounds.refresh(200)
        assert not life.s.paused_proven, more


def test_a_settled_order_is_released_independent_of_other_timers():
    for more in ({"ok": False}, {"excess": 5}, {"excess": 5, "ok": False}):
        life = lowering()
        for name in more:
            setattr(life.s, name, more[name])
        life.s.watched_ms = life.now_ms
        life.bounds.refresh(life.now_ms + 5100)
        assert life.s.bound_da == 60 == life.sums[0], more


def test_a_sequence_of_lowers_that_began_at_time_zero_is_valid():
    life = lowering()
    life.s.lower_ms, life.s.fell_ms = 0, 0
    life.s.reported_old_da, life.s.reported_until_ms = 80, life.now_ms + 7000
    life.bounds.refresh(life.now_ms + 5100)
    assert life.s.fell_ms == life.now_ms + 5100 and life.s.lower_ms == 0
    life.s.reported_old_da, life.s.fell_ms = 0, 0
    life.bounds.update_bound(life.s)
    assert life.s.lower_ms == -1


def test_a_change_without_effect_on_the_bound_does_not_follow_a_lower():
    life = lowering()
    life.s.reported_old_da, life.s.reported_until_ms = 90, life.now_ms + 10
    life.bounds.refresh(life.now_ms + 10)
    assert life.s.bound_da == 100 and life.s.reported_old_da == 0 and life.s.fell_ms == -1
