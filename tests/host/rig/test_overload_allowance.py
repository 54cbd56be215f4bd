"""Each excuse of the plant's judge, played for ever: it ends after its time, and is spent once."""

import pytest
from small_site import evse, run_ms, site

from ampacity_host.rig.base.timeline import Timeline
from ampacity_host.rig.plant.car import Car
from ampacity_host.rig.plant.overdraw import Overdraw
from ampacity_host.rig.plant.overload_allowance import (
    AGAIN,
    ALLOWED,
    CUT_OFF,
    DETECTIONS,
    FOREIGN,
    HIDDEN,
    IDLE,
    LARGE,
    LATE,
    LIE,
    REST,
    SMALL,
    STEP,
    STOPPED,
)
from ampacity_host.rig.plant.plant import Plant

BUDGETS_MS = [(7_000, 12_000, 4_000, 3_000, 30_000), (7_000, 12_000, 4_000, 3_000, 30_000)]
LONG_MS = 900_000


def charging(car, rating_da=160, **changes):
    """A car that has followed 15.9 A, on a row of 16 A."""
    facts = site([evse("evse-1", **changes)])
    facts["circuits"][1]["rating_da"] = [rating_da] * 3
    time = Timeline()
    plant = Plant(facts, time, budgets_ms=BUDGETS_MS)
    plant.points[0].plug(car)
    plant.points[0].drive("pwm", 266, True)
    run_ms(time, 20_000)
    return plant, time


def step(trouble=None, to_da=500):
    plant, time = charging(Car())
    if trouble:
        plant.meter["grid"].set_fault(trouble, True, {})
    plant.set_background(plant.circuit["main"], [to_da] * 3)
    run_ms(time, LONG_MS)
    return plant, "main"


def step_without_a_primary(stops_ms=0):
    """It is stopped before the step, or so long after it."""
    plant, time = charging(Car())
    if not stops_ms:
        plant.primary_runs("primary", False)
    plant.set_background(plant.circuit["main"], [500] * 3)
    run_ms(time, stops_ms)
    plant.primary_runs("primary", False)
    run_ms(time, LONG_MS)
    return plant, "main"


def step_at_a_fault_of_a_bus(kind="noise"):
    """A car at 15.9 A; orders do not reach its EVSE when other load steps up."""
    plant, time = charging(Car(need_wh=10**6), bus=0)
    plant.interruptions.note(0, (kind, "rs485-1"), True, plant.now_ms)
    plant.set_background(plant.circuit["main"], [500] * 3)
    run_ms(time, LONG_MS)
    return plant, "main"


def above(overdraw=None, again_each_ms=0):
    """It is above its order for ever; again_each_ms: with pauses of its charging."""
    plant, time = charging(Car(obeys=overdraw is not None, overdraw=overdraw, need_wh=10**6))
    for _ in range(10 if again_each_ms else 0):
        run_ms(time, again_each_ms)
        plant.points[0].drive("x1", 1000, False)
        run_ms(time, 10_000)
        plant.points[0].drive("pwm", 266, True)
    run_ms(time, LONG_MS)
    return plant, "row"


def further_phases():
    plant, time = charging(Car(phases=1, then_phases=3, then_ms=40_000, need_wh=10**6))
    plant.set_background(plant.circuit["row"], [0, 10, 10])
    run_ms(time, LONG_MS)
    return plant, "row"


def lie():
    facts = site([evse("evse-1")])
    time = Timeline()
    plant = Plant(facts, time, budgets_ms=BUDGETS_MS)
    plant.set_background(plant.circuit["main"], [500] * 3)
    run_ms(time, LONG_MS)
    plant.meter["grid"].set_fault("reversed", True, {})
    plant.points[0].plug(Car(need_wh=10**6))
    plant.points[0].drive("pwm", 266, True)
    run_ms(time, LONG_MS)
    return plant, "main"


def foreign():
    plant, time = charging(Car(need_wh=10**6), rating_da=50)
    plant.points[0].drive("x1", 1000, False)
    run_ms(time, 10_000)
    plant.points[0].plug(plant.points[0].unplug())
    plant.circuit["row"].accounts[1].violation_ms = plant.circuit["row"].accounts[1].over_ms = 0
    plant.foreign_writes(plant.points, True)
    plant.points[0].drive("pwm", 100, True)
    run_ms(time, LONG_MS)
    return plant, "row"


def step_at_a_rise(until_ms=LONG_MS, low_ms=0):
    """The car rises to 15.9 A, and other load with it; low_ms: it falls for so long, each until_ms, and the car stays."""
    plant, time = charging(Car(ramp_da_per_s=40, need_wh=10**6))
    plant.points[0].drive("pwm", 100, True)
    run_ms(time, 20_000)
    plant.points[0].drive("pwm", 266, True)
    run_ms(time, 3_000)
    for _ in range(LONG_MS // until_ms):
        plant.set_background(plant.circuit["main"], [480] * 3)
        run_ms(time, until_ms)
        if low_ms:
            plant.set_background(plant.circuit["main"], [0] * 3)
            run_ms(time, low_ms)
    return plant, "main"


def step_at_a_fall(after_ms=0, returns_ms=0, lowered=False):
    """A car that was offered 15.9 A is full, or is lowered to 10 A, and other load steps up after_ms later; it returns, or not."""
    plant, time = charging(Car(need_wh=10**6))
    point = plant.points[0]
    if lowered:
        point.drive("pwm", 166, True)
        run_ms(time, 4_600)  # it has followed, and until its deadline it may draw as before
    else:
        point.want(False)
        run_ms(time, 1_000)
    run_ms(time, after_ms)
    plant.set_background(plant.circuit["main"], [500] * 3)
    if returns_ms:
        run_ms(time, returns_ms)
        point.want(True)
    run_ms(time, LONG_MS - returns_ms)
    return plant, "main"


def step_beside_a_car_that_draws_less():
    """A car that needs 10 A of the 15.9 A that it is offered."""
    plant, time = charging(Car(max_da=100, need_wh=10**6))
    plant.set_background(plant.circuit["main"], [500] * 3)
    run_ms(time, LONG_MS)
    return plant, "main"


def two_cars(draws_da=100, ramp_da_per_s=20):
    """The second one draws draws_da of the 15.9 A that it is offered."""
    time = Timeline()
    plant = Plant(site([evse("evse-1"), evse("evse-2")]), time, budgets_ms=BUDGETS_MS)
    for point, most_da in zip(plant.points, (160, draws_da), strict=True):
        point.plug(Car(max_da=most_da, ramp_da_per_s=ramp_da_per_s, need_wh=10**6))
        point.drive("pwm", 266, True)
    run_ms(time, 20_000)
    return plant, time


def step_at_an_ordered_fall(to_da=104, other_da=400, draws_da=100, after_ms=1_000, back=False):
    """A car is lowered from 15.9 A to to_da, and other load steps up after_ms later. back: it was raised again before."""
    plant, time = two_cars(draws_da, 1_000)
    plant.points[0].drive("pwm", -(-to_da * 10 // 6), True)
    run_ms(time, after_ms)
    if back:
        plant.points[0].drive("pwm", 266, True)
        run_ms(time, 1_200)
    plant.set_background(plant.circuit["main"], [other_da] * 3)
    run_ms(time, LONG_MS)
    return plant, "main"


def step_before(ms, change, to_da=370):
    """Other load steps up, and ms later the first car does something."""
    plant, time = two_cars(ramp_da_per_s=1_000)
    plant.set_background(plant.circuit["main"], [to_da] * 3)
    run_ms(time, ms)
    change(plant.points[0])
    run_ms(time, LONG_MS - ms)
    return plant, "main"


def lowered(point):
    point.drive("pwm", 217, True)


def full(point):
    point.want(False)


def step_before_a_rise(ms):
    """Other load leaves 1 A less than the car may draw, and ms later it draws that."""
    plant, time = charging(Car(ramp_da_per_s=1_000, max_da=149, need_wh=10**6))
    plant.set_background(plant.circuit["main"], [481] * 3)
    run_ms(time, ms)
    needs(plant.points[0], 159)
    run_ms(time, LONG_MS - ms)
    return plant, "main"


def needs(point, most_da):
    """Its car draws at most this much from now on, whatever it is offered."""
    point.car.max_da = most_da
    point.want(False)
    point.want(True)


def two_falls_without_an_order():
    """The second one is long after the step that the first one hid."""
    plant, time = charging(Car(max_da=160, ramp_da_per_s=1_000, need_wh=10**6))
    needs(plant.points[0], 100)
    run_ms(time, 2_000)
    plant.set_background(plant.circuit["main"], [500] * 3)
    run_ms(time, 11_000)
    needs(plant.points[0], 90)
    run_ms(time, LONG_MS - 11_000)
    return plant, "main"


def step_beside_a_car_that_is_not_above_its_order(fault_draws_da=60):
    """A device ignores the order for 6 A and offers 15.9 A, and its car draws fault_draws_da; one is lowered, and a step leaves current above."""
    time = Timeline()
    facts = site([evse("evse-%d" % (at + 1)) for at in range(3)])
    facts["circuits"][1]["rating_da"] = [2_000] * 3
    plant = Plant(facts, time, budgets_ms=BUDGETS_MS)
    for point, most_da in zip(plant.points, (fault_draws_da, 320, 100), strict=True):
        point.plug(Car(max_da=most_da, need_wh=10**6))
        point.drive("pwm", 350 if point.index == 1 else 266, True)
    run_ms(time, 20_000)
    plant.points[0].set_fault("ignore_writes", True)
    plant.points[0].drive("pwm", 100, True)
    plant.points[1].drive("pwm", 134, True)
    run_ms(time, 4_600)
    plant.set_background(plant.circuit["main"], [400] * 3)
    run_ms(time, LONG_MS)
    return plant, "main"


def a_younger_step_beside_a_car_that_draws_less(to_da, after_ms):
    """The first step leaves room for what the car draws and not for what it may draw; the second one for neither."""
    plant, time = charging(Car(max_da=100, need_wh=10**6))
    plant.set_background(plant.circuit["main"], [480] * 3)
    run_ms(time, after_ms)
    plant.set_background(plant.circuit["main"], [to_da] * 3)
    run_ms(time, LONG_MS - after_ms)
    return plant, "main"


PLAYED = {
    STEP: [step], LATE: [lambda: step("dead"), lambda: step("nan")],
    CUT_OFF: [step_at_a_fault_of_a_bus, lambda: step_at_a_fault_of_a_bus("cut")],
    STOPPED: [step_without_a_primary, lambda: step_without_a_primary(2_000)],
    SMALL: [lambda: above(Overdraw(over_da=10)), lambda: above(Overdraw(over_da=8, beyond_ms=3_000, obeys_ms=2_000))],
    LARGE: [lambda: above(Overdraw(1.5)), lambda: above(Overdraw(1.5, beyond_ms=8_000, obeys_ms=1_500)),
            lambda: above(Overdraw(1.5), 12_000), above, lambda: above(None, 12_000)],
    REST: [step_at_a_rise], HIDDEN: [step_at_a_fall, step_at_an_ordered_fall], IDLE: [step_beside_a_car_that_draws_less],
    AGAIN: [further_phases], LIE: [lie], FOREIGN: [foreign],
}  # fmt: skip


@pytest.mark.parametrize("kind", ALLOWED)
def test_an_attack_without_end_is_excused_for_the_time_of_its_row_and_no_longer(kind):
    for play in PLAYED[kind]:
        plant, circuit = play()
        plant.close()
        account = plant.circuit[circuit].accounts[1]
        judged_ms = LONG_MS if kind in (HIDDEN, IDLE) else account.over_ms  # a car that is offered it counts at once
        excused_ms = judged_ms - account.violation_ms
        kinds = [STEP, kind] if kind in (REST, HIDDEN, IDLE) else [kind]
        assert excused_ms == sum(ALLOWED[each].ms(account.allowance, plant.points[0]) for each in kinds) < judged_ms


def test_the_rest_of_a_step_is_excused_only_where_cars_moved_with_it():
    well_ms = BUDGETS_MS[0][0]
    for play, wrong_ms in (
        (lambda: step(to_da=480), LONG_MS - well_ms),
        (lambda: step_at_a_rise(13_000, 1_000), LONG_MS // 13_000 * (13_000 - well_ms) - well_ms),
    ):
        plant, circuit = play()
        plant.close()
        account = plant.circuit[circuit].accounts[1]
        assert wrong_ms - 1_000 <= account.violation_ms <= wrong_ms + 1_000


def test_a_step_is_excused_longer_only_as_long_as_no_current_above_the_rating_flows():
    well_ms, reading_ms = BUDGETS_MS[0][0], BUDGETS_MS[0][3]
    for play, excused_ms in (
        (lambda: step_at_a_fall(after_ms=1_000), 2 * well_ms),
        (lambda: step_at_a_fall(after_ms=6_000), well_ms + reading_ms),
        (lambda: step_at_a_fall(after_ms=6_000, returns_ms=7_000), 8_700),
        (lambda: step_at_a_fall(after_ms=6_000, returns_ms=3_000), well_ms),
        (lambda: step_at_a_fall(returns_ms=9_000), 10_700),  # at 10.7 s it draws more than the rating leaves
        (lambda: step_at_a_fall(returns_ms=3_000), well_ms),
        (lambda: step_at_an_ordered_fall(), 2 * well_ms),
        (lambda: step_at_an_ordered_fall(after_ms=6_000), well_ms + reading_ms),
        (lambda: step_at_an_ordered_fall(to_da=120, other_da=405), well_ms + reading_ms),  # it explains less than what cars may draw there
        (lambda: step_at_an_ordered_fall(draws_da=150), well_ms),  # a current above the rating flows
        (lambda: step_at_an_ordered_fall(other_da=360, back=True), well_ms + reading_ms),
        (lambda: step_before(0, lowered), 2 * well_ms),
        (lambda: step_before(1_600, lowered), well_ms + reading_ms),  # that order is the answer to the step
        (lambda: step_before(500, full, 460), 2 * well_ms),
        (lambda: step_before(1_600, full, 460), well_ms + reading_ms),
        (lambda: step_before_a_rise(500), 2 * well_ms),
        (lambda: step_before_a_rise(5_000), well_ms),
        (two_falls_without_an_order, 2 * well_ms),
        (step_beside_a_car_that_is_not_above_its_order, well_ms),
        (lambda: a_younger_step_beside_a_car_that_draws_less(540, 6_000), well_ms + reading_ms),
        (lambda: a_younger_step_beside_a_car_that_draws_less(540, 1_000), 1_000 + well_ms),  # that current flows for longer than its time
    ):
        plant, circuit = play()
        plant.close()
        account = plant.circuit[circuit].accounts[1]
        assert excused_ms - 1_000 <= LONG_MS - account.violation_ms <= excused_ms + 1_000


def test_what_a_car_could_draw_of_a_device_that_rounds_up_and_does_not_is_excused_as_long_as_if_it_drew_it():
    plant, time = charging(Car(max_da=100, need_wh=10**6), rating_da=150)
    plant.points[0].set_fault("round_up", True)
    plant.points[0].drive("pwm", 248, True)
    run_ms(time, 10_000)
    account = plant.circuit["row"].accounts[1]
    account.violation_ms = 0
    for _ in range(2):
        run_ms(time, LONG_MS)
    plant.close()
    assert account.over_ms == 0 and 0 < 2 * LONG_MS - account.violation_ms <= plant.points[0].detect_ms


def test_another_car_above_its_order_is_another_attack():
    plant, time = charging(Car(obeys=False, need_wh=10**6))
    run_ms(time, LONG_MS)
    plant.points[0].unplug()
    plant.points[0].plug(Car(obeys=False, need_wh=10**6))
    run_ms(time, LONG_MS)
    plant.close()
    account = plant.circuit["row"].accounts[0]
    assert account.over_ms - account.violation_ms == 2 * DETECTIONS * plant.points[0].detect_ms


def test_a_fault_that_stays_is_one_attack_whatever_car_is_there():
    plant, time = charging(Car(need_wh=10**6))
    for _ in range(3):
        plant.points[0].set_fault("disobeys", True)
        run_ms(time, LONG_MS)
        plant.points[0].unplug()
        plant.points[0].plug(Car(need_wh=10**6))
    plant.close()
    account = plant.circuit["row"].accounts[0]
    assert account.over_ms - account.violation_ms == DETECTIONS * plant.points[0].detect_ms


def test_other_load_above_its_declaration_excuses_nothing_more_next_to_reserves_and_without_a_meter():
    plant, time = charging(Car(need_wh=10**6), fallback_da=160, power_on_da=160, kind="profile")
    plant.meter["grid"].set_fault("dead", True, {})
    plant.set_background(plant.circuit["main"], [500] * 3)
    run_ms(time, LONG_MS)
    plant.close()
    assert plant.circuit["main"].accounts[0].violation_ms == LONG_MS - BUDGETS_MS[0][1]


def test_the_piece_in_which_a_car_leaves_its_further_phases_is_excused_like_the_others():
    plant, time = charging(Car(phases=1, then_phases=3, then_ms=40_000, need_wh=10**6), rating_da=150)
    run_ms(time, 21_000)
    plant.points[0].unplug()
    plant.close()
    account = plant.circuit["row"].accounts[1]
    assert account.over_ms > 0 == account.violation_ms
