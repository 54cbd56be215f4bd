"""Section 3.2: a meter that did not show a step which an order may have caused is suspected, until a test step of the EVSEs decides."""

from helper_circuit import circuit, evse, meter_facts, site
from helper_meter import Yard

ON_MICROPYTHON_EACH = 6
ALL = (0, 1, 2)
SOURCE = "meter test step"


def limited(yard, da):
    for e in range(len(yard.cars)):
        yard.guard.limit("console", ("evse", e), da, None, "release")


def charging(rating=400, assumed=200, count=2, **more):
    yard = Yard(count=count, rating=rating, assumed=assumed, **more).start()
    for e in range(count):
        yard.plug(e, ALL, 160)
    return yard.run(90)


def make_room(yard, da=120):
    """Other load comes, and within the same second a limit from outside lowers the EVSEs by as much: the meter shows the same."""
    limited(yard, yard.cars[0].da - da // len(yard.cars))
    yard.run(1)
    yard.other = [each + da for each in yard.other]
    return yard.run(4)


def estimator(yard, at=0):
    return yard.guard.other.estimators[at]


def suspect_all(yard, at=0):
    for p in ALL:
        estimator(yard, at)._suspect(p)


def suspected(yard, at=0):
    return [p for p in ALL if estimator(yard, at).held_da[p] >= 0]


def count_tests(yard, seconds):
    """How many test steps begin in this time."""
    times = [0, False]

    def count(it, second):
        on = SOURCE in "".join([it.guard.why(e) for e in range(len(it.cars))])
        times[0] += on and not times[1]
        times[1] = on

    yard.run(seconds, count)
    return times[0]


def test_a_correct_meter_whose_evses_make_room_for_other_load_is_tested_and_never_lost():
    yard = make_room(charging(rating=460, assumed=300))
    assert yard.state == "ok" and suspected(yard) == [0, 1, 2], estimator(yard).held_da
    limited(yard, None)
    yard.other = [100, 100, 100]
    assert count_tests(yard, 60) >= 1
    assert yard.state == "ok" and not suspected(yard) and yard.over_ms == 0
    yard.run(30)
    assert yard.cars[0].da + yard.cars[1].da >= 230


def test_a_meter_that_lies_in_the_same_scene_is_lost_within_half_a_minute():
    for lie in (lambda it, amps: [min(350, da) for da in amps], lambda it, amps: [350, 350, 350]):
        yard = charging(rating=460, assumed=300)
        yard.lie = lie
        yard.run(12)
        make_room(yard)
        yard.run(25)
        assert yard.state == "lost" and "did not follow a step" in yard.guard.meter_reason(0), estimator(yard).held_da


def test_what_is_in_force_may_return_while_a_meter_is_suspected_and_no_more():
    yard = charging(rating=460, count=2)
    limited(yard, 100)
    yard.run(30)
    view, held_da = estimator(yard), yard.ledger.sums[0]
    yard.other = [0, 0, 0]
    view._suspect(0)
    assert view.held_da[0] == held_da == 200
    yard.guard.optional.meter_test_steps = None
    limited(yard, 60)
    yard.run(8)
    limited(yard, None)
    yard.run(40)
    assert yard.state == "ok" and yard.ledger.sums[0] == 460 - 200, "with what is assumed it fits"
    yard = charging(rating=460, assumed=300, count=2)
    limited(yard, 100)
    yard.run(30)
    yard.other = [0, 0, 0]
    estimator(yard)._suspect(0)
    yard.guard.optional.meter_test_steps = None
    limited(yard, 60)
    yard.run(8)
    limited(yard, None)
    yard.run(40)
    assert yard.state == "ok" and yard.ledger.sums[0] == 200, "it was in force before"
    yard.run(30)
    assert yard.state == "lost", "for a minute no test step was made, and the circuit could be above its rating"


def test_a_suspicion_lasts_where_no_overload_is_possible_and_costs_nothing_there():
    yard = charging(rating=1000)
    estimator(yard)._suspect(0)
    assert count_tests(yard, 300) == 0
    assert yard.state == "ok" and suspected(yard) == [0] and yard.cars[0].da == 160


def test_a_lone_car_at_its_minimum_is_paused_for_a_test_where_an_overload_is_possible():
    yard = charging(rating=240, assumed=180, count=1)
    limited(yard, 70)
    yard.run(30)
    estimator(yard)._suspect(0)
    least_da = [999]

    def watch(it, second):
        least_da[0] = min(least_da[0], it.cars[0].da)

    yard.run(60, watch)
    assert yard.state == "ok" and not suspected(yard) and least_da[0] == 0 and yard.cars[0].da == 70


def test_a_parent_without_a_meter_counts_what_is_assumed_below_whatever_the_child_shows():
    facts = site([evse("evse-1", max_da=320, limit_da=320, circuit=1), evse("evse-2", max_da=320, limit_da=320)],
                 [circuit(rating=500, assumed=0), circuit("shop", rating=400, parent=0, meter=0, assumed=200)], [meter_facts()])  # fmt: skip
    yard = Yard(facts=facts).start()
    yard.plug(0, ALL, 160)
    limited(yard, 100)
    yard.run(60)
    assert yard.guard.meter_state(1) == "ok" and yard.ledger.other_da[3] < 110 and yard.ledger.other_da[0] == 200
    estimator(yard, 1)._suspect(0)
    yard.run(1)
    assert yard.ledger.other_da[3] == yard.ledger.other_da[0] == 200


def test_a_suspicion_outlives_a_gap_of_the_meter_and_ends_with_an_inspection_or_a_failure():
    yard = charging()
    estimator(yard)._suspect(0)
    yard.guard.meter(0, None, yard.now_ms, 0)
    assert yard.state == "lost" and suspected(yard) == [0]
    estimator(yard).inspected()
    assert not suspected(yard)
    yard = charging(rating=460)
    estimator(yard)._suspect(1)
    yard.lie = lambda it, amps: [10, amps[1], amps[2]]
    yard.run(10)
    assert yard.state == "lost" and not suspected(yard)


def test_no_minute_runs_where_no_car_draws():
    """It ended by itself while other load came: none of ours can make a test step, and none of ours can exceed the rating."""
    yard = charging(rating=250, assumed=160, count=1)
    yard.cars[0].most_da = 0
    yard.other = [160, 160, 160]
    yard.run(20)
    estimator(yard)._suspect(0)
    yard.run(120)
    assert yard.state == "ok" and suspected(yard) == [0]
    yard.other = [100, 100, 100]
    yard.cars[0].most_da = 160
    yard.run(240)
    assert yard.state == "ok" and not suspected(yard) and yard.cars[0].da >= 60


def test_all_phases_that_were_suspected_for_a_minute_need_a_step():
    yard = charging(rating=400, assumed=300)
    yard.guard.optional.meter_test_steps = None
    for p in (1, 2):
        estimator(yard)._suspect(p)
    yard.run(70)
    assert yard.state == "lost" and [steps > 0 for steps in yard.trust.missing_steps] == [False, True, True] and yard.trust.blame[0] == 12


def test_one_missed_step_up_makes_a_meter_suspected_and_a_test_decides():
    """Other load may have fallen in that second, for example that of an energy manager which then ends its limit."""
    yard = charging(rating=630, assumed=400)
    limited(yard, 100)
    yard.other = [200, 200, 200]
    yard.run(30)
    yard.lie = lambda it, amps: [400, 400, 400]
    limited(yard, None)
    yard.run(8)
    assert yard.state == "ok" and suspected(yard) == [0, 1, 2]
    yard.run(30)
    assert yard.state == "lost" and yard.over_ms == 0


def released(yard):
    """An energy manager ends its limit of 10 A in the very second in which the load that it made room for stops."""
    limited(yard, 100)
    yard.other = [220, 220, 220]
    yard.run(30)
    limited(yard, None)
    yard.run(1)
    yard.other = [100, 100, 100]
    return yard.run(4)


def test_a_correct_meter_outlives_a_limit_that_ends_as_other_load_stops():
    yard = charging(rating=630, assumed=400)
    for _ in range(4):
        released(yard)
        assert yard.state == "ok" and suspected(yard) == [0, 1, 2]
        yard.run(120)
        assert not suspected(yard) and yard.cars[0].da == 160 and yard.over_ms == 0


def waits_without_current(yard):
    """The meter is suspected when nothing is in force any more; then the car may charge again."""
    limited(yard, 0)
    yard.run(20)
    assert yard.ledger.sums[0] == 0 and yard.state == "ok"
    suspect_all(yard)
    limited(yard, None)
    return yard


def test_where_no_car_draws_one_may_start_as_a_test():
    """With what is assumed there is no room for a car: once no car charged there any more, and no person was asked."""
    yard = waits_without_current(charging(rating=460, assumed=420, count=1))
    yard.run(30)
    assert yard.cars[0].da == 0
    assert "other load 42.0 A (meter: it awaits a test step of the EVSEs on L1)" in yard.guard.why(0), yard.guard.why(0)
    yard.run(140)
    assert yard.state == "ok" and not suspected(yard) and yard.cars[0].da == 160, yard.guard.why(0)


def test_a_start_shows_a_meter_that_lies():
    yard = charging(rating=460, assumed=420, count=1)
    yard.lie = lambda it, amps: [260, 260, 260]
    yard.run(12)
    waits_without_current(yard)
    yard.run(150)
    assert yard.state == "lost" and "did not follow a step" in yard.guard.meter_reason(0), yard.guard.why(0)


def test_one_start_in_a_quarter_of_an_hour_and_then_a_person():
    """The car draws nothing at 6 A: what is let for a start is bounded, and nothing is asked of a person while it has its order."""
    yard = charging(rating=460, assumed=420, count=2)
    yard.guard.demand(1, False)
    limited(yard, 60)
    yard.run(30)
    estimator(yard)._suspect(0)
    yard.cars[0].most_da = 0
    limited(yard, 0)
    yard.run(30)
    limited(yard, None)
    held_da = []
    yard.run(1700, lambda it, second: held_da.append(estimator(it).held_da[0]))
    assert max(held_da) <= 60 + 132 and yard.state == "ok" and not yard.guard.needs_inspection(0)


def test_no_start_is_let_where_the_meter_itself_shows_that_there_is_no_room():
    yard = waits_without_current(charging(rating=460, assumed=420, count=1))
    yard.other = [430, 430, 430]
    yard.run(1300)
    assert yard.state == "ok" and estimator(yard).held_da == [0, 0, 0] and not yard.guard.needs_inspection(0)
    yard.other = [100, 100, 100]
    yard.run(170)
    assert not suspected(yard) and yard.cars[0].da == 160


def test_an_overload_by_a_car_that_nothing_measures_is_urgent():
    yard = Yard(count=2, rating=300, assumed=250)
    yard.unmeasured = (1,)
    yard.start()
    for e in range(2):
        yard.plug(e, ALL, 160)
    yard.run(60)
    yard.unplug(0)
    yard.run(40)
    estimator(yard)._suspect(0)
    assert yard.ledger.sums[0] > 60 and estimator(yard).is_urgent(0)
    yard.run(70)
    assert yard.state == "lost"


def test_a_moment_without_current_does_not_put_a_test_off():
    """Where no overload is possible the suspicion keeps the cars low, and the lone one at 9 A is paused after a minute: each moment
    without current began that minute anew, for half an hour."""
    yard = charging(rating=500, assumed=400, count=2)
    yard.guard.limit("console", ("chargers", 0), 90, None, "release")

    def dips(it, second):
        for car in it.cars:
            car.most_da = 0 if second % 40 > 36 else 160

    yard.run(120)
    suspect_all(yard)
    yard.run(80, dips)
    assert yard.state == "ok" and not suspected(yard), (suspected(yard), yard.guard.why(0), yard.guard.why(1))


def with_a_shop(rating=500, shop_da=300):
    """EVSEs 1 and 2 are below the shop, which has a meter, as the connection; EVSE 3 is not."""
    facts = site([evse("evse-%d" % n, max_da=320, limit_da=320, circuit=1 if n < 3 else 0) for n in (1, 2, 3)],
                 [circuit(rating=rating, assumed=300, meter=0), circuit("shop", rating=shop_da, parent=0, meter=1, assumed=250)],
                 [meter_facts(), meter_facts(name="m2", unit=101)])  # fmt: skip
    yard = Yard(facts=facts)

    def both(it, amps):
        it.guard.meter(1, [50 + it.mark % 2 + sum([car.da for car in it.cars[:2] if car is not None])] * 3, it.now_ms, it.mark + 1)
        return amps

    yard.lie = both
    return yard.start()


def test_one_test_serves_every_suspected_meter_above_an_evse():
    yard = with_a_shop(shop_da=360)
    for e in range(3):
        yard.plug(e, ALL, 100)
    yard.run(90)
    assert yard.guard.meter_state(0) == yard.guard.meter_state(1) == "ok" and yard.cars[2].da == 100
    suspect_all(yard, 0)
    suspect_all(yard, 1)
    lows = [0]

    def count(it, second):
        lows[0] += sum([car.da for car in it.cars]) < 270

    yard.run(40, count)
    assert 8 <= lows[0] <= 18, "one test of 14 s for both"
    assert not suspected(yard, 0) and not suspected(yard, 1) and yard.guard.meter_state(0) == yard.guard.meter_state(1) == "ok"


def test_a_meter_that_saturates_far_below_the_rating_is_tested_where_the_circuit_could_be_above_it():
    """All transformers saturate at 33 A, and other load rises slowly next to constant cars: once 57 of 50 A for an hour."""
    yard = Yard(count=2, rating=500, assumed=330).start()
    yard.lie = lambda it, amps: [min(330, da) for da in amps]
    yard.other = [60, 60, 60]
    for e in range(2):
        yard.plug(e, ALL, 120)

    def rise(it, second):
        it.other = [min(330, da + 1) for da in it.other]

    yard.run(1500, rise)
    assert yard.state == "lost" and yard.over_ms <= 900000, (yard.over_ms, yard.worst_da)


def test_a_car_that_stops_in_a_routine_test_is_spared_by_the_next_ones_for_an_hour():
    """It needs 13 A, and nothing speaks against the meter."""
    yard = charging(rating=250, count=1)
    yard.cars[0].least_da = 130
    stops = [0]

    def count(it, second):
        stops[0] += it.cars[0].da == 0 and it.limits_da[0] >= 60

    yard.run(930, count)
    assert stops[0] > 0 and yard.cars[0].da >= 140
    stops[0] = 0
    yard.run(2700, count)
    assert not stops[0]
    yard.run(1800, count)
    assert stops[0] > 0 and yard.state == "ok"


def test_a_car_with_a_large_minimum_may_start_for_a_test():
    for minimum_da in (80, 130):
        yard = waits_without_current(charging(rating=460, assumed=395, count=1))
        yard.cars[0].least_da = minimum_da
        yard.run(1500)
        assert yard.state == "ok" and not suspected(yard) and yard.cars[0].da >= 130, (minimum_da, yard.guard.why(0))


def test_what_an_order_began_before_a_test_is_no_step_of_it():
    """A limit pauses the cars while as much other load comes, just when a test begins: once a correct meter was lost in one frame."""
    yard = charging(rating=460, assumed=300)
    limited(yard, 0)
    yard.run(1)
    estimator(yard).begin_test(yard.now_ms)
    assert estimator(yard).steps.test_steps == [1, 1, 1]
    yard.other = [each + 320 for each in yard.other]
    yard.run(6)
    assert yard.state == "ok"
    yard = charging(rating=460, assumed=300).run(20)
    estimator(yard).begin_test(yard.now_ms)
    assert estimator(yard).steps.test_steps == [2, 2, 2]


def hiding(yard, falls):
    """Other load hides one step of a test: when the EVSEs fall, or when they return. (each, the seconds in which it did)"""
    sums, found = [sum([car.da for car in yard.cars])], []

    def hide(it, second):
        moved_da = sum([car.da for car in it.cars]) - sums[0]
        testing = SOURCE in "".join([it.guard.why(e) for e in range(2)])
        if moved_da and (moved_da < 0) == falls and (testing or not falls) and (not found or second < found[0] + 3):
            it.other = [each - moved_da for each in it.other]
            found.append(second)
        sums[0] += moved_da

    return hide, found


def test_one_step_of_a_routine_test_that_other_load_hides_costs_a_correct_meter_nothing():
    """Other load changes in the second in which the EVSEs fall, or return: once a correct meter was lost in one frame."""
    for falls in (True, False):
        yard = charging(rating=400, assumed=330).run(1000)
        assert not suspected(yard) and estimator(yard).trust.is_trusted(yard.now_ms)
        hide, found = hiding(yard, falls)
        yard.run(1000, hide)
        assert found and yard.state == "ok" and not yard.trust.blame[0], (falls, found, yard.trust.reason)


def test_a_meter_that_misses_both_steps_of_a_routine_test_is_lost():
    yard = charging(rating=400, assumed=330).run(30)
    last = yard.flows()
    yard.lie = lambda it, amps: [last[0]] + amps[1:]
    count_tests(yard, 900)
    assert yard.state == "lost" and yard.trust.missing_steps == [2, 0, 0]


def test_a_test_begins_when_its_step_down_counts_also_after_a_lower_order():
    """A paused car returns late, and other EVSEs start meanwhile: once nothing but its return counted for a minute."""
    units = [evse("evse-%d" % (e + 1), max_da=320, limit_da=320, settle_ms=10000) for e in range(2)]
    facts = site(units, [circuit(rating=460, assumed=300, meter=0)], [meter_facts()], raise_hold_ms=3000, restart_hold_ms=60000)
    yard = make_room(charging(facts=facts))
    assert suspected(yard) == [0, 1, 2]
    began = []

    def note(it, second):
        if SOURCE in it.guard.why(0) + it.guard.why(1) and suspected(it):
            began.append(second)

    yard.run(40, note)
    assert began and began[-1] - began[0] < 8 and began[-1] < 25, began
    assert yard.state == "ok" and not suspected(yard)


def starts_after(yard, e):
    """Seconds from the begin of a test until this EVSE, whose car is plugged in then, draws current."""
    began = []

    def note(it, second):
        if not began and SOURCE in "".join([it.guard.why(each) for each in range(3)]):
            began.append(second)
            it.plug(e, ALL, 60)
        if began and it.cars[e].da:
            began.append(second)
    yard.run(100, note)
    return began[1] - began[0]


def test_no_other_evse_starts_before_the_return_from_a_test_was_seen():
    """Once the orders of the others were released with those that were lowered, and one that started or paused hid their return."""
    yard = Yard(count=3, rating=460, assumed=330).start()
    yard.plug(0, ALL, 160)
    yard.run(100)
    suspect_all(yard)
    assert 24 <= starts_after(yard, 2) <= 34


def test_no_other_evse_starts_so_soon_where_the_suspicion_of_one_of_its_meters_is_urgent():
    yard = with_a_shop(rating=520, shop_da=600)
    yard.plug(0, ALL, 160)
    yard.run(100)
    suspect_all(yard, 0)
    suspect_all(yard, 1)
    assert [estimator(yard, at).is_urgent(0) for at in (0, 1)] == [True, False]
    assert 24 <= starts_after(yard, 1) <= 34


def test_where_only_pauses_are_steps_one_that_other_load_half_hides_is_followed_by_the_next_in_time():
    """Once the next one waited for the return, and the minute of the suspicion was over before."""
    units = [evse("evse-%d" % (e + 1), max_da=320, limit_da=320) for e in range(3)]
    facts = site(units, [circuit(rating=300, assumed=250, meter=0)], [meter_facts()], raise_hold_ms=3000, restart_hold_ms=60000)
    yard = charging(rating=300, count=3, facts=facts)
    limited(yard, 60)
    yard.run(60)
    suspect_all(yard)
    hidden, last_da = [], [180]

    def hide(it, second):
        fell_da = last_da[0] - sum([car.da for car in it.cars])
        if fell_da > 0 and (not hidden or second <= hidden[0] + 3):
            it.other = [da + fell_da // 2 for da in it.other]
            hidden.append(second)
        last_da[0] -= fell_da

    yard.run(120, hide)
    assert hidden and yard.state == "ok" and not suspected(yard), (hidden, estimator(yard).suspect_ms)
