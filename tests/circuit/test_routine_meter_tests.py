"""Section 3.2: test steps of a meter that is trusted, on each phase, and what they cost the cars."""

from helper_circuit import circuit, evse, meter_facts, site
from helper_meter import Yard, rising, saturates
from test_suspected_meter import charging, suspected

ON_MICROPYTHON_EACH = 3
ALL, SINGLE = (0, 1, 2), (0,)
THREE = [[0], [1], [2]]


def mixed(*terminals):
    """EVSEs with these terminals below a meter, 46 A with 33 A of assumed other load."""
    evses = [evse("evse-%d" % (e + 1), terminals=one) for e, one in enumerate(terminals)]
    facts = site(evses, [circuit(rating=460, assumed=330, meter=0)], [meter_facts()], raise_hold_ms=3000, restart_hold_ms=10000)
    return Yard(facts=facts).start()


def pauses(yard, seconds, each=None):
    """How often each car stops although it charged."""
    counts, drew = [0] * len(yard.cars), [False] * len(yard.cars)

    def count(it, second):
        if each is not None:
            each(it, second)
        for e, car in enumerate(it.cars):
            counts[e] += drew[e] and not car.da
            drew[e] = car.da > 0

    yard.run(seconds, count)
    return counts


def test_each_phase_is_tested_where_the_cars_of_another_one_cannot_be_lowered():
    """The car of L1 is at its minimum; the transformer of L2 saturates, and 49 of 46 A flow there: once for two hours."""
    yard = mixed([[0]], [[1]])
    yard.other = [300, 60, 60]
    yard.plug(0, SINGLE, 60)
    yard.plug(1, SINGLE, 160)
    yard.run(120)
    yard.lie = saturates(1, 370)
    yard.run(1500, rising(1, 330))
    assert yard.state == "lost" and 0 < yard.over_ms <= 900000, yard.over_ms


def test_each_phase_is_tested_in_turn():
    """A car on each phase, and each could be lowered."""
    for p in range(3):
        yard = mixed([[0]], [[1]], [[2]])
        yard.other = [60, 60, 60]
        for e in range(3):
            yard.plug(e, SINGLE, 160)
        yard.run(120)
        yard.lie = saturates(p, 370)
        yard.run(1500, rising(p, 330))
        assert yard.state == "lost" and 0 < yard.over_ms <= 900000, (p, yard.over_ms)


def test_cars_that_cannot_be_lowered_pause_for_a_test_in_turn_once_an_hour():
    """Five cars of 6 A. 63 of 46 A flowed without end below transformers that saturate at 70 %."""
    yard = Yard(count=5, rating=460, assumed=330).start()
    yard.other = [100, 100, 100]
    for e in range(5):
        yard.plug(e, ALL, 60)
    yard.run(120)
    counts = pauses(yard, 7600)
    assert yard.state == "ok" and yard.over_ms == 0 and 2 <= sum(counts) <= 3 and max(counts) == 1, counts
    yard.lie = lambda it, amps: [min(322, da) for da in amps]

    def rise(it, second):
        it.other = [min(330, da + 1) for da in it.other]

    yard.run(4500, rise)
    assert yard.state == "lost" and 0 < yard.over_ms <= 3600000, yard.over_ms


def test_a_car_that_stops_in_a_test_is_lowered_for_one_once_an_hour():
    """It needs 13 A, and nothing speaks against the meter."""
    yard = Yard(count=1, rating=250, assumed=200).start()
    yard.plug(0, ALL, 160)
    yard.cars[0].least_da = 130
    yard.run(120)
    assert pauses(yard, 10800) == [3] and yard.state == "ok"


def test_a_car_that_stops_in_a_test_holds_up_no_test_of_the_others():
    """65 of 46 A on L2 for 42 min, next to a car that could be lowered."""
    yard = mixed(THREE, [[1]])
    yard.other = [20, 20, 20]
    yard.plug(0, ALL, 160)
    yard.cars[0].least_da = 130
    yard.plug(1, SINGLE, 160)
    yard.run(1800)
    yard.lie = saturates(1, 414)
    yard.run(1500, rising(1, 330))
    assert yard.state == "lost" and 0 < yard.over_ms <= 900000, yard.over_ms


def part_of_each_step(limit_da):
    """Transformers that saturate at 95 %: a part of a test step is shown, which tells nothing. How many begin in 45 min, and in 30 after that."""
    yard = mixed([[0]], [[1]], [[2]])
    yard.other = [330, 330, 330]
    yard.lie = lambda it, amps: [min(437, da) for da in amps]
    for e in range(3):
        yard.plug(e, SINGLE, 130)
        yard.guard.limit("console", ("evse", e), limit_da, None, "release")
    estimator = yard.guard.other.estimators[0]
    begun, began = [0, 0], estimator.begin_test

    def begin_test(now_ms):
        begun[yard.now_ms >= then_ms] += 1
        began(now_ms)

    estimator.begin_test = begin_test
    then_ms = yard.now_ms + 2700000
    yard.run(4500)
    return yard, begun


def test_a_suspicion_that_stays_unclear_is_tested_ever_less_often():
    """No overload is possible. Each 20 s the cars were at 7 A for 14 s, for ever."""
    yard, begun = part_of_each_step(130)
    assert yard.state == "ok" and max(yard.guard.other.estimators[0].held_da) >= 0 and yard.over_ms == 0
    assert 3 <= begun[0] <= 24 and begun[1] <= 6, begun


def test_a_doubted_meter_that_tests_cannot_clear_is_tested_seldom_after_a_person_was_asked():
    yard, begun = part_of_each_step(160)
    assert yard.state == "lost" and yard.guard.needs_inspection(0) and begun[1] <= 6, begun


def test_a_phase_is_tested_next_to_one_whose_suspicion_stays_unclear():
    """The same, and the cars of L1 and L3 may draw more: 49 of 46 A flowed there for an hour and longer."""
    yard = mixed([[0]], [[1]], [[2]])
    yard.other = [330, 330, 330]
    for e in range(3):
        yard.plug(e, SINGLE, 130)
    yard.run(120)
    yard.lie = lambda it, amps: [min(437, da) for da in amps]
    yard.run(1800)
    yard.other = [200, 330, 200]
    for e in (0, 2):
        yard.cars[e].most_da = 160
    yard.run(60)
    for _ in range(130):
        yard.other = [yard.other[0] + 1, 330, yard.other[2] + 1]
        yard.run(2)
    yard.run(1500)
    assert yard.over_ms <= 900000, yard.over_ms


def test_a_suspected_meter_that_leaves_no_room_is_the_task_of_a_person_after_20_min():
    """It shows 19 A too much while a limit pauses the car, so that no car draws and no step can come. Before, no person was asked."""
    yard = Yard(count=1, rating=460, assumed=330).start()
    yard.other = [250, 250, 250]
    yard.plug(0, ALL, 160)
    yard.run(120)
    yard.guard.limit("console", ("evse", 0), 0, None, "release")
    yard.run(10)
    yard.lie = lambda it, amps: [440, 440, 440]
    for p in ALL:
        yard.guard.other.estimators[0]._suspect(p)
    yard.guard.limit("console", ("evse", 0), None, None, "release")
    yard.run(1100)
    assert yard.state == "ok" and not yard.cars[0].da and not yard.guard.needs_inspection(0)
    yard.run(300)
    assert yard.guard.needs_inspection(0) and "suspected; no EVSE has margin for a test step: inspection required" in yard.guard.why(0)
    yard.lie = lambda it, amps: amps
    yard.guard.trust_meter(0)
    yard.run(60)
    assert not yard.guard.needs_inspection(0) and yard.cars[0].da == 160


def test_transformers_that_saturate_are_found_below_limits_in_turn_where_a_turn_takes_12_s_or_more():
    for turn_s in (12, 20, 30, 60):
        yard = Yard(count=3).start()
        yard.other = [200, 200, 200]
        for e in range(3):
            yard.plug(e)
        yard.run(60)
        yard.lie, yard.over_ms = lambda it, amps: [min(250, da) for da in amps], 0
        yard.run(40, lambda it, second, turn_s=turn_s: all_limited(it, 60 if second % turn_s < turn_s // 2 else 320))
        assert yard.state == "lost" and yard.over_ms <= 6000, (turn_s, yard.state, yard.over_ms)


def all_limited(yard, da):
    for e in range(len(yard.cars)):
        yard.guard.limit("console", ("evse", e), da, None, "release")


def test_a_meter_that_saturates_above_what_two_of_three_draw_is_found_although_the_pause_of_the_third_is_followed():
    """All are at their minimum, and the next pause begins from what the first one left: below the saturation."""
    yard = Yard(count=3, rating=320, assumed=192).start()
    for e in range(3):
        yard.plug(e, ALL, 74)
    yard.other = [96, 96, 96]
    yard.run(120)
    assert [car.da for car in yard.cars] == [74, 74, 74]
    estimator = yard.guard.other.estimators[0]
    for p in ALL:
        estimator._suspect(p)
    yard.lie = lambda it, amps: [min(da, 280) for da in amps]
    ended = [second for second in range(150) if yard.run(1).state == "ok" and max(estimator.held_da) < 0]
    assert ended and yard.state == "lost", "a test step ended it, and its minute went on"


def test_a_car_that_ends_by_itself_makes_a_meter_suspected_and_a_test_decides():
    """No order caused it, and other load was calm: but it may have risen in that second."""
    for lies in (True, False):
        yard = charging(rating=460, assumed=320)
        if lies:
            yard.lie = lambda it, amps: [330, 330, 330]
        yard.run(12)
        assert yard.state == "ok"
        drawn_da = yard.cars[0].da
        yard.cars[0].most_da = 0
        while yard.cars[0].da:
            yard.run(1)
        yard.other = [da + drawn_da for da in yard.other]
        yard.run(6)
        assert yard.state == "ok" and suspected(yard) == [0, 1, 2]
        yard.run(60)
        assert (yard.state == "lost") == lies and not suspected(yard), lies


def test_a_pause_for_an_urgent_test_comes_soon_where_none_was_for_five_minutes():
    """All are at their minimum: with half a minute for each first pause hardly a second step fits into the minute."""
    for gap_s, least_s, most_s in ((310, 5, 15), (150, 30, 45)):
        yard = Yard(count=3, rating=320, assumed=192).start()
        for e in range(3):
            yard.plug(e, ALL, 74)
        yard.other = [96, 96, 96]
        yard.run(120)
        estimator = yard.guard.other.estimators[0]
        for _ in range(2):
            for p in ALL:
                estimator._suspect(p)
            waited_s = 0
            while min([car.da for car in yard.cars]) > 0:
                yard.run(1)
                waited_s += 1
            yard.run(gap_s)
            assert yard.state == "ok" and max(estimator.held_da) < 0
        assert least_s <= waited_s <= most_s, (gap_s, waited_s)
