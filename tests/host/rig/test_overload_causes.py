"""What an excuse covers of an overload: each attack what it causes and no more, each step what was there before it."""

import pytest
from judged_site import AGAIN_MS, EXPOSURE_MS, LATE_MS, READING_MS, WELL_MS, excused_ms, judged, needs, other
from small_site import run_ms

from ampacity_host.rig.plant.car import Car
from ampacity_host.rig.plant.overdraw import Overdraw
from ampacity_host.rig.plant.overload_allowance import DETECTIONS

QUICK = {"ramp_da_per_s": 1_000, "need_wh": 10**6}


@pytest.mark.parametrize("ends", [lambda point: point.unplug(), lambda point: point.want(False), None])
def test_the_piece_in_which_an_attacker_leaves_is_judged_by_what_it_drew(ends):
    plant, time = judged([Car(overdraw=Overdraw(3.0), max_da=320, **QUICK), Car(max_da=60, **QUICK)], offers=(166, 266))
    other(plant, 430)
    run_ms(time, 9_400)
    if ends:
        ends(plant.points[0])
    run_ms(time, 500)
    plant.close()
    assert plant.circuit["main"].accounts[1].violation_ms == 0


def test_a_current_above_the_rating_is_no_idle_one_because_its_car_becomes_full_later():
    plant, time = judged([Car(max_da=160, **QUICK)])
    needs(plant.points[0], 158)
    run_ms(time, 1_000)
    other(plant, 600)
    run_ms(time, 12_500)
    plant.points[0].want(False)
    run_ms(time, 3_000)
    plant.close()
    assert plant.circuit["main"].accounts[1].violation_ms >= 12_500 - WELL_MS


@pytest.mark.parametrize("falls", [False, True])
def test_a_car_hides_no_more_of_a_step_than_its_current_fell_by(falls):
    plant, time = judged([Car(max_da=60, **QUICK), Car(max_da=160, **QUICK)])
    if falls:
        needs(plant.points[0], 59)
        run_ms(time, 1_000)
    other(plant, 400)
    assert excused_ms(plant, time, 30_000) == WELL_MS + READING_MS


@pytest.mark.parametrize("lowered, longer_ms", [(1, READING_MS), (2, WELL_MS)])
def test_cars_that_fall_hide_together_what_they_fell_by(lowered, longer_ms):
    plant, time = judged([Car(max_da=160, **QUICK), Car(max_da=160, **QUICK), Car(max_da=30, min_da=30, **QUICK)])
    for point in plant.points[:lowered]:
        point.drive("pwm", 174, True)  # 5.5 A less
    run_ms(time, 3_000)
    other(plant, 339 if lowered == 2 else 284)  # 7.6 A more than may be drawn 5 s after that order
    assert excused_ms(plant, time, 30_000) == WELL_MS + longer_ms


@pytest.mark.parametrize("to_permille, over_da, longer_ms", [(150, 20, WELL_MS), (150, 21, 0), (240, 15, WELL_MS), (240, 16, 0)])
def test_a_fall_hides_a_rest_of_2_a_of_a_current_above_the_rating_and_no_more_than_it_fell_by(to_permille, over_da, longer_ms):
    plant, time = judged([Car(max_da=160, **QUICK), Car(max_da=160, **QUICK)])
    account = plant.circuit["main"].accounts[1]
    plant.points[0].drive("pwm", to_permille, True)  # 240: 1.5 A less
    run_ms(time, 2_000)
    other(plant, 630 + over_da - account.amps_da)
    assert excused_ms(plant, time, 25_000) == WELL_MS + longer_ms


@pytest.mark.parametrize("from_permille, over_da, longer_ms", [(150, 20, WELL_MS), (150, 21, 0), (250, 9, WELL_MS), (250, 10, 0)])
def test_a_rise_hides_a_rest_of_2_a_and_no_more_than_it_rose_by(from_permille, over_da, longer_ms):
    plant, time = judged([Car(max_da=160, **QUICK), Car(max_da=160, **QUICK)], offers=(from_permille, 266))
    account = plant.circuit["main"].accounts[1]
    plant.points[0].drive("pwm", 266, True)
    run_ms(time, 2_000)
    other(plant, 630 + over_da - account.may_da)
    assert excused_ms(plant, time, 25_000) == WELL_MS + longer_ms


@pytest.mark.parametrize("phase, other_da, over_ms", [(1, [0, 316, 0], 2 * WELL_MS - 2_000), (0, [318, 0, 0], WELL_MS)])
def test_a_rise_on_further_phases_hides_a_rest_there_and_nowhere_else(phase, other_da, over_ms):
    plant, time = judged([Car(phases=1, then_phases=3, then_ms=22_000, need_wh=10**6), Car(max_da=160, need_wh=10**6)])
    plant.set_background(plant.circuit["main"], other_da)
    assert excused_ms(plant, time, 30_000, phase=phase) == pytest.approx(over_ms, abs=100)


@pytest.mark.parametrize("terminals", [[[0], [2], [1]], [[0], [1], [1]]])
def test_what_flows_of_further_phases_does_not_depend_on_shared_terminals(terminals):
    shared = terminals[1] != [2]
    plant, time = judged([Car(phases=2, then_phases=3, then_ms=26_100, max_da=200, **QUICK), Car(max_da=320, **QUICK), Car(max_da=200, **QUICK)],
                         offers=(533, 533, 0 if shared else 533), main_da=800, each=[terminals])  # fmt: skip
    plant.set_background(plant.circuit["main"], [0, 100, 0])
    run_ms(time, 100)
    plant.close()
    plant.circuit["main"].accounts[1].violation_ms = 0
    plant.set_background(plant.circuit["main"], [0, 200, 0])
    assert excused_ms(plant, time, 12_000) == WELL_MS + READING_MS


@pytest.mark.parametrize("ignores", [False, True])
def test_what_a_device_may_offer_and_its_car_does_not_draw_excuses_no_current_of_others(ignores):
    plant, time = judged([Car(max_da=160, **QUICK), Car(max_da=160, **QUICK)])
    if ignores:
        plant.points[0].set_fault("ignore_writes", True)
        plant.points[0].drive("pwm", 100, True)
        run_ms(time, 6_000)
    needs(plant.points[0], 60)
    run_ms(time, 1_500)
    other(plant, 509)
    assert excused_ms(plant, time, 40_000) == WELL_MS


def test_two_attacks_of_one_car_excuse_its_current_once():
    for foreign in (False, True):
        plant, time = judged([Car(phases=1, then_phases=3, then_ms=30_000, **QUICK)], offers=(100,), row_da=340)
        plant.set_background(plant.circuit["row"], [0, 390, 390])
        if foreign:
            plant.foreign_writes(plant.points, True)
        run_ms(time, 9_950)
        assert excused_ms(plant, time, 20_000, "row") == 0, "other load alone is above the rating"


@pytest.mark.parametrize("step_da", [0, 50, 300])
def test_a_lie_of_a_meter_excuses_no_current_of_cars(step_da):
    plant, time = judged([Car(max_da=320, **QUICK)], main_da=300, offers=(533,))
    run_ms(time, 60_000)
    plant.meter["grid"].set_fault("scaled", True, {})
    run_ms(time, 1_000)
    other(plant, step_da)
    assert excused_ms(plant, time, 20_000) == 0


def test_a_step_that_no_meter_sees_is_not_excused():
    for stopped in (False, True):
        plant, time = judged([Car(max_da=100, **QUICK)], metered=False)
        if stopped:
            plant.primary_runs("primary", False)
        other(plant, 500)
        assert excused_ms(plant, time, 60_000) == 0


def test_a_primary_that_stops_long_after_a_step_and_a_lie_that_is_over_excuse_nothing_more():
    plant, time = judged([Car(max_da=160, **QUICK)])
    other(plant, 500)
    run_ms(time, 33_000)
    plant.primary_runs("primary", False)
    run_ms(time, 30_000)
    plant.close()
    late_ms = LATE_MS + EXPOSURE_MS - 33_000
    assert abs(plant.circuit["main"].accounts[1].violation_ms - (63_000 - WELL_MS - late_ms)) <= 1_000
    plant, time = judged([Car(max_da=160, **QUICK)])
    plant.meter["grid"].set_fault("scaled", True, {})
    other(plant, 500)
    run_ms(time, 1_000)
    plant.meter["grid"].set_fault("scaled", False, {})
    run_ms(time, 60_000)
    plant.close()
    assert abs(plant.circuit["main"].accounts[1].violation_ms - 30_000) <= 1_000


def test_the_last_piece_of_a_foreign_write_is_excused_like_the_others():
    plant, time = judged([Car(max_da=320, **QUICK)], row_da=50, offers=(0,))
    plant.foreign_writes(plant.points, True)
    run_ms(time, 1_000)
    plant.foreign_writes(plant.points, False)
    run_ms(time, 24_000)
    plant.points[0].drive("pwm", 100, True)
    assert abs(excused_ms(plant, time, 20_000, "row") - 6_000) <= 50


def test_a_small_attack_excuses_1_a_whatever_its_car_does():
    plant, time = judged([Car(max_da=160, hold_ms=40_000, overdraw=Overdraw(over_da=10), **QUICK)], row_da=100)
    plant.points[0].drive("pwm", 100, True)
    run_ms(time, 5_050)
    assert excused_ms(plant, time, 30_000, "row") == 0


@pytest.mark.parametrize("faults", [("disobeys", "disobeys"), ("ignore_writes", "round_up"), ("round_up", "ignore_writes")])
def test_a_small_attack_with_a_greater_fault_of_the_same_evse_is_a_large_one(faults):
    plant, time = judged([Car(max_da=320, **QUICK)], row_da=150)
    point = plant.points[0]
    point.set_fault(faults[0], True, Overdraw(over_da=10) if faults[0] == "disobeys" else None)
    point.set_fault(faults[1], True)
    point.drive("pwm", 100, True)
    assert excused_ms(plant, time, 200_000, "row") == pytest.approx(DETECTIONS * point.detect_ms, abs=600)


def test_further_phases_of_a_car_that_was_unplugged_have_their_time():
    plant, time = judged([Car(phases=1, then_phases=3, then_ms=20_100, need_wh=10**6)], row_da=100)
    run_ms(time, 1_200)
    plant.points[0].unplug()
    plant.points[0].drive("x1", 1_000, False)
    excused = excused_ms(plant, time, 6_000, "row")
    assert abs(excused - (AGAIN_MS - 1_100)) <= 100


def test_a_car_that_is_wired_otherwise_hides_nothing():
    plant, time = judged([Car(max_da=60, **QUICK)])
    plant.points[0].rewire([[1], [2], [0]])
    other(plant, 500)
    assert excused_ms(plant, time, 30_000) == WELL_MS + READING_MS
