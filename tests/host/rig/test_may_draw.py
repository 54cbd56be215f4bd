"""What a car may draw at once is judged, whatever it draws: until its deadline, and after it was unplugged."""

import pytest
from small_site import evse, run_ms, site

from ampacity_host.rig.base.timeline import Timeline
from ampacity_host.rig.plant.car import Car
from ampacity_host.rig.plant.plant import Plant

BUDGETS_MS = [(7_000, 12_000, 4_000, 3_000, 30_000), (7_000, 12_000, 4_000, 3_000, 30_000)]


def row(*evses, **changes):
    """EVSEs on a row of 32 A."""
    time = Timeline()
    return Plant(site(list(evses), **changes), time, budgets_ms=BUDGETS_MS), time


def wrong_ms(plant, circuit="row", phase=0):
    plant.close()
    return plant.circuit[circuit].accounts[phase].violation_ms


def two(car=None):
    """One that was offered 31.9 A, one whose car waits."""
    plant, time = row(evse("evse-1"), evse("evse-2"))
    plant.point["evse-1"].plug(car or Car(need_wh=0))
    plant.point["evse-1"].drive("pwm", 533, True)
    plant.point["evse-2"].plug(Car(need_wh=0))
    run_ms(time, 20_000)
    return plant, time, *plant.points


def test_what_is_offered_to_another_car_before_the_deadline_of_a_lower_offer_is_wrong_though_nothing_flows():
    for wait_ms in (0, 2_000, 5_000):
        plant, time, first, second = two()
        first.drive("pwm", 266, True)
        run_ms(time, wait_ms)
        second.drive("pwm", 266, True)
        run_ms(time, 60_000)
        assert wrong_ms(plant) == 5_000 - wait_ms and plant.circuit["row"].amps_da == [0, 0, 0]


def test_a_device_that_declares_more_time_for_its_car_has_it():
    plant, time = row(evse("evse-1", settle_ms=9_000), evse("evse-2"))
    for point in plant.points:
        point.plug(Car(need_wh=0))
    plant.points[0].drive("pwm", 533, True)
    plant.points[0].drive("x1", 1000, False)
    plant.points[1].drive("pwm", 533, True)
    run_ms(time, 60_000)
    assert wrong_ms(plant) == 9_000


def test_an_evse_whose_car_was_just_unplugged_counts_until_its_deadline():
    plant, time, first, second = two(Car())
    first.unplug()
    first.drive("x1", 1000, False)
    second.drive("pwm", 266, True)
    run_ms(time, 60_000)
    assert wrong_ms(plant) == 5_000


def test_phases_that_no_car_uses_count_for_no_car_and_further_ones_from_their_first_current_on():
    plant, time = row(evse("evse-1"), evse("evse-2", terminals=[[1]]))
    first, second = plant.points
    first.plug(Car(phases=1, then_phases=2, then_ms=30_000, need_wh=10**6))
    second.plug(Car(phases=1, need_wh=0))
    for point in plant.points:
        point.drive("pwm", 533, True)
    run_ms(time, 30_000)
    assert wrong_ms(plant, phase=1) == 0
    run_ms(time, 30_000)
    assert wrong_ms(plant, phase=1) == 30_000 - BUDGETS_MS[1][2] and wrong_ms(plant, phase=2) == 0


def test_an_open_feeder_offers_nothing():
    plant, time, first, second = two()
    first.feeder(True)
    second.drive("pwm", 533, True)
    run_ms(time, 60_000)
    assert wrong_ms(plant) == 0


@pytest.mark.parametrize(("fields", "wrong"), [((("current_l1",), ("current_l2",), ("current_l3",)), True), ((("state",),), False)])
def test_an_order_that_the_car_of_an_unmeasured_evse_does_not_draw_counts_where_no_meter_is(fields, wrong):
    evses = [evse("evse-1", kind="profile", profile="any"), evse("evse-2")]
    plant, time = row(*evses, profiles={"any": {"fields": fields}})
    for point in plant.points:
        point.plug(Car(need_wh=0))
        point.drive("pwm", 533, True)
    plant.set_background(plant.circuit["main"], [150] * 3)
    run_ms(time, 60_000)
    assert wrong_ms(plant, "row") > 50_000 and (wrong_ms(plant, "main") > 50_000) == wrong


def test_a_device_that_rounds_up_is_excused_for_one_ampere_and_one_that_ignores_orders_for_what_it_was_not_told():
    for kind, ends, wrong in (("round_up", 270, False), ("round_up", 300, True), ("ignore_writes", 220, False), ("ignore_writes", 280, True)):
        plant, time, first, second = two()
        first.drive("pwm", 266, True)
        run_ms(time, 10_000)
        first.set_fault(kind, True)
        if kind == "ignore_writes":
            first.drive("pwm", 200, True)
        else:
            first.drive("pwm", 261, True)
        run_ms(time, 10_000)
        second.drive("pwm", ends if kind == "round_up" else ends + 66, True)
        run_ms(time, 10_000)
        assert (wrong_ms(plant) > 0) == wrong, (kind, ends)


def test_a_simulated_device_that_ignores_orders_and_shows_that_is_no_excuse():
    plant, time, first, second = two()
    first.device_fault("ignore_writes", True)
    second.drive("pwm", 266, True)
    run_ms(time, 10_000)
    assert wrong_ms(plant) == 10_000


def test_what_a_device_fault_leaves_is_excused_until_its_car_has_settled_and_no_longer():
    for kind in ("round_up", "ignore_writes"):
        plant, time, first, second = two()
        first.set_fault(kind, True)
        first.drive("pwm", 261, True)
        run_ms(time, 10_000)
        second.drive("pwm", 270, True)
        first.set_fault(kind, False)
        assert first.permille == 261
        run_ms(time, 60_000)
        assert wrong_ms(plant) == 0
        first.drive("pwm", 272, True)
        run_ms(time, 10_000)
        assert wrong_ms(plant) == 10_000
